//! How to make the model again.

use serde::Serialize;

use super::facts::Facts;
use crate::model::Spec;
use crate::report::document::{Block, Section, Text};
use crate::units::Latency;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reproduce {
    /// Version of the platform that wrote the report.
    pub platform: String,
    pub seed: u64,
    pub folds: u64,
    pub repeats: u64,
    /// SHA-256 of the training table as stored.
    pub table: String,
    /// SHA-256 of the model file.
    pub model: String,
    /// Whether the model was trained with the spec that is compiled into the binary.
    pub is_bundled_spec: bool,
    /// Lines of a shell.
    pub commands: Vec<String>,
}

impl Reproduce {
    pub fn of(facts: &Facts<'_>) -> Reproduce {
        let card = facts.model.card();
        let is_bundled_spec = facts.model.spec().says_the_same(&Spec::bundled());
        let version = &facts.version;
        let (folds, repeats) = (card.cv.folds, card.cv.repeats);
        let (spec, mut commands) = match is_bundled_spec {
            true => ("", Vec::new()),
            false => (
                " --spec spec.yaml",
                vec![format!(
                    "titanic-platform models show {version} --json | jq -r .spec > spec.yaml"
                )],
            ),
        };
        let learner = match card.candidates.as_slice() {
            [only] => format!(" --learner {}", only.learner),
            _ => String::new(),
        };
        let work = card.work.iter();
        let budget = work.clone().filter_map(|work| work.budget);
        let latency = work.filter_map(|work| work.max_latency);
        let limits: String = budget
            .map(|units| format!(" --budget-units {units}"))
            .chain(latency.map(|nanoseconds| format!(" --max-latency {}", Latency(nanoseconds))))
            .collect();
        commands.extend([
            "titanic-platform --state again train \\".to_owned(),
            format!("  state/tables/{}.parquet \\", card.table),
            format!(
                "  --seed {} --folds {folds} --repeats {repeats}{learner}{limits}{spec}",
                card.seed
            ),
            format!("titanic-platform report --model {version}"),
        ]);
        Reproduce {
            platform: env!("CARGO_PKG_VERSION").into(),
            seed: card.seed,
            folds: folds as u64,
            repeats: repeats as u64,
            table: card.table.clone(),
            model: facts.sha256.clone(),
            is_bundled_spec,
            commands,
        }
    }

    pub fn section(&self) -> Section {
        let spec = match self.is_bundled_spec {
            true => "the bundled one",
            false => "stored in the model file",
        };
        let facts = [
            ("Platform", format!("titanic-platform {}", self.platform)),
            ("Seed", self.seed.to_string()),
            (
                "Cross-validation",
                format!("{} folds × {} repeats", self.folds, self.repeats),
            ),
            ("Spec", spec.to_owned()),
            ("Table, SHA-256", self.table.clone()),
            ("Model, SHA-256", self.model.clone()),
        ];
        let facts = facts.map(|(name, value)| (name.to_owned(), Text::from(value)));
        Section::new("reproduce", "How to reproduce it")
            .with(
                "The same table, spec and seed give the same model file, byte for byte, on the same release. These commands train \
                 it again in a folder of its own and write this report.",
            )
            .with(Block::Facts(facts.into()))
            .with(Block::Code(self.commands.join("\n")))
    }
}
