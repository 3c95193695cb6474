//! The four acts of the demo: steady traffic, a shift, a training that starts by itself, and the recovery.

use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::figures::Figures;
use super::say::Say;
use super::stage::Stage;
use super::traffic::Case;
use super::visitor::Visitor;
use crate::clock::{Clock, System, rfc3339};
use crate::control::jobs::Made;
use crate::monitor::verdict::Brief;
use crate::serve::views::{Labelled, Models, Monitor, Predictions, StoredPrediction};

/// Number of rows per request.
const AT_ONCE: usize = 5;

/// Interval between two polls of the monitor, which follows the store.
const LOOK: Duration = Duration::from_millis(50);

/// Maximum number of polls: ten seconds in all.
const LOOKS: usize = 200;

/// Number of rows per printed line.
const A_LINE: u64 = 45;

/// The running demo: server, client and output.
pub struct Story<'a> {
    pub(super) stage: &'a Stage,
    pub(super) visitor: Visitor,
    pub(super) pause: Duration,
    pub(super) say: Say,
}

/// Result of the demo.
pub struct Ending {
    acts: Vec<Value>,
    figures: [Figures; 3],
    retrained: Made,
}

/// Result of a part of the traffic.
struct Played {
    figures: Figures,
    /// Model of the last response.
    model: String,
    /// Prediction id of the last row.
    last: String,
}

impl Story<'_> {
    /// Prepares the demo on a running server.
    pub fn new(stage: &Stage, pause: Duration, say: Say) -> anyhow::Result<Story<'_>> {
        Ok(Story {
            stage,
            visitor: Visitor::new(stage.address())?,
            pause,
            say,
        })
    }

    pub async fn tell(&self) -> anyhow::Result<Ending> {
        let (traffic, say) = (&self.stage.traffic, self.say);
        let segment = &traffic.segment;
        say.line(format_args!("watch it: http://{}", self.stage.address()))?;
        let mut acts = Vec::new();
        let mut note = |act: &str, model: &str, more: Value| {
            let mut noted = json!({"act": act, "time": rfc3339(System.now()), "model": model});
            let more = more.as_object().into_iter().flatten();
            more.for_each(|(key, value)| noted[key] = value.clone());
            acts.push(noted);
        };

        say.act(
            "steady",
            format_args!("rows as the model knows them, and their labels"),
        )?;
        let before = self.play(&traffic.steady).await?;
        note("steady", &before.model, before.figures.to_json());

        say.act(
            "shift",
            format_args!(
                "most rows now have {} = {}, {:.1} % of the table; there the outcome is the other one",
                segment.column,
                segment.level,
                100.0 * segment.share
            ),
        )?;
        let during = self.play(&traffic.during).await?;
        let found = self.drift(&during.last).await?;
        let mut told = during.figures.to_json();
        told["drift"] = found;
        note("shift", &during.model, told);

        let retrained = self.retraining().await?;
        let live: Models = self.visitor.get("/v1/models").await?;
        let live = live.champion.context("there is no champion")?;
        note("retrain", &live, json!({"job": retrained}));

        say.act(
            "recovery",
            format_args!("the shifted rows go on; {live} answers"),
        )?;
        let after = self.play(&traffic.after).await?;
        note("recovery", &after.model, after.figures.to_json());

        let ending = Ending {
            acts,
            figures: [before, during, after].map(|played| played.figures),
            retrained,
        };
        ending.sum_up(say)?;
        Ok(ending)
    }

    /// Returns and prints what the monitor found in the last windows.
    async fn drift(&self, last: &str) -> anyhow::Result<Value> {
        let seen = self.monitor(last).await?;
        let found: Vec<&Brief> = seen.history.iter().filter(|brief| brief.drift).collect();
        // The history is newest first; the demo prints it oldest first.
        for brief in found.iter().rev() {
            self.say.line(format_args!(
                "  the monitor, from rows alone: {}",
                brief.change.as_deref().unwrap_or_default()
            ))?;
        }
        Ok(json!(found.first().map(|brief| &brief.change)))
    }

    /// The monitor, once it has read the event of the demo's last prediction: those before it are stored before it. What
    /// other clients ask meanwhile makes no difference.
    async fn monitor(&self, last: &str) -> anyhow::Result<Monitor> {
        // Its label was acknowledged, so it is stored.
        let path = format!("/v1/predictions/{last}");
        let stored: StoredPrediction = self.visitor.get(&path).await?;
        let seq = stored.event.seq;
        for _ in 0..LOOKS {
            let seen: Monitor = self.visitor.get("/v1/monitor").await?;
            if seen.seq >= seq {
                return Ok(seen);
            }
            tokio::time::sleep(LOOK).await;
        }
        bail!("the monitor has not read prediction {last}, event {seq}")
    }

    /// Sends the rows and their labels in small requests.
    async fn play(&self, cases: &[Case]) -> anyhow::Result<Played> {
        let mut played = Played {
            figures: Figures::default(),
            model: String::new(),
            last: String::new(),
        };
        let (mut line, mut first) = (Figures::default(), 1);
        for (n, few) in cases.chunks(AT_ONCE).enumerate() {
            self.ask_and_tell(few, &mut played, &mut line).await?;
            let is_last = (n + 1) * AT_ONCE >= cases.len();
            if line.rows() >= A_LINE || is_last {
                let (last, model) = (first + line.rows() - 1, &played.model);
                self.say
                    .line(format_args!("  rows {first:>3}–{last:<3}  {model}: {line}"))?;
                (line, first) = (Figures::default(), last + 1);
            }
            tokio::time::sleep(self.pause).await;
        }
        Ok(played)
    }

    async fn ask_and_tell(
        &self,
        cases: &[Case],
        played: &mut Played,
        line: &mut Figures,
    ) -> anyhow::Result<()> {
        let target = self.stage.spec.schema.target();
        let rows: Vec<&Value> = cases.iter().map(|case| &case.row).collect();
        let answers: Predictions = self.visitor.post("/v1/predict", &json!(rows)).await?;
        let mut labels = Vec::new();
        for (case, prediction) in cases.iter().zip(answers.predictions) {
            let prediction = prediction.context("a row was not answered")?;
            let truth = target.label(case.positive);
            let right = prediction.label.0 == *truth;
            for figures in [&mut played.figures, &mut *line] {
                figures.update(prediction.probability, right, case.positive);
            }
            played.model = prediction.model;
            played.last = prediction.id.context("a prediction without an id")?;
            labels.push(json!({"id": played.last, "label": truth}));
        }
        let _: Labelled = self.visitor.post("/v1/labels", &json!(labels)).await?;
        Ok(())
    }
}

impl Ending {
    /// The document that `--json` prints.
    pub fn document(&self) -> Value {
        let [before, during, after] = self.figures.each_ref().map(Figures::to_json);
        json!({
            "acts": self.acts,
            "figures": {"before": before, "during": during, "after": after},
            "promoted": self.retrained.promoted,
            "recovered": self.fault().is_none(),
        })
    }

    /// What went wrong, if the demo did not end as expected.
    pub fn fault(&self) -> Option<String> {
        if !self.retrained.promoted {
            let reason = &self.retrained.reason;
            return Some(format!("the candidate was not promoted: {reason}"));
        }
        let models: Vec<&Value> = self.acts.iter().map(|act| &act["model"]).collect();
        if models[3] != models[2] {
            return Some(format!("{} was rolled back", models[2]));
        }
        let [_, during, after] = self.figures.each_ref().map(Figures::log_loss);
        (after >= during).then(|| "the log loss did not recover".into())
    }

    fn sum_up(&self, say: Say) -> anyhow::Result<()> {
        say.line(format_args!(""))?;
        for (word, figures) in ["before", "during", "after"].iter().zip(&self.figures) {
            say.line(format_args!(
                "{word:<7} {:>4} rows  {figures}",
                figures.rows()
            ))?;
        }
        Ok(())
    }
}
