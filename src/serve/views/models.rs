//! Documents about model versions: the list, the card of one version, and a promotion.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::card::{self, CrossValidated, Work};
use crate::model::{Evaluation, Member, Model};
use crate::registry::{self, Listed, Role};
use crate::schema::column::{Column, Label, Monotone, Target};
use crate::schema::{ColumnWarning, Kind};
use crate::stats::profile;

/// All model versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Models {
    /// Version name of the champion; null before the first promotion.
    pub champion: Option<String>,
    /// Number of the last ledger entry. It only grows within an epoch.
    pub seq: u64,
    /// Identifies the history of the ledger. It changes when the state is restored from a backup.
    pub epoch: String,
    /// All versions, oldest first.
    pub models: Vec<Line>,
}

/// A version in the list. If its model file is damaged, only the facts that the ledger records are present.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ModelLine")]
pub struct Line {
    /// Version name, such as `titanic@7`.
    pub model: String,
    /// Time of the training, RFC 3339.
    pub trained: Option<String>,
    /// Name of the learner.
    pub learner: Option<String>,
    /// Current role of the version.
    pub role: Role,
    /// Cross-validated metrics, each with its mean and standard error.
    pub cv: Option<CrossValidated>,
    /// SHA-256 of the model file.
    pub sha256: Option<String>,
    /// Size of the model file in bytes.
    pub bytes: Option<u64>,
}

impl Line {
    /// The list entry of a version. `facts` are those of its model file; `None` if the file cannot be read.
    pub fn of(listed: &Listed, facts: Option<&Facts>) -> Line {
        Line {
            model: listed.version.to_string(),
            trained: listed.trained_text(),
            learner: facts.map(|facts| facts.learner.clone()),
            role: listed.role,
            cv: facts.map(|facts| facts.cv.clone()),
            sha256: listed.sha256.clone(),
            bytes: listed.bytes,
        }
    }
}

/// The result of a promotion or rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Promotion {
    /// Version name of the new champion.
    pub model: String,
    /// Version name of the previous champion; null if there was none.
    pub previous: Option<String>,
    /// Number of the ledger entry that records the promotion.
    pub seq: u64,
}

impl From<registry::Promotion> for Promotion {
    fn from(promotion: registry::Promotion) -> Promotion {
        Promotion {
            model: promotion.version.to_string(),
            previous: promotion.previous.map(|version| version.to_string()),
            seq: promotion.seq,
        }
    }
}

/// All facts about a version.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Card {
    /// Version name, such as `titanic@7`.
    pub model: String,
    /// Time of the training, RFC 3339.
    pub trained: Option<String>,
    /// Current role of the version; null if the ledger does not list it.
    pub role: Option<Role>,
    /// SHA-256 of the model file, as recorded in the ledger.
    pub sha256: Option<String>,
    /// Facts from the model file.
    #[serde(flatten)]
    pub facts: Facts,
}

/// The facts in a version's model file, which never change.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Facts {
    /// Name of the selected learner.
    pub learner: String,
    /// The fitted learners that the model consists of: those whose probabilities a blend averages, else the one.
    pub members: Vec<Member>,
    /// Why this learner was selected.
    pub choice: String,
    /// Name of the selected calibration.
    pub calibration: String,
    /// Seed of all random decisions in the training.
    pub seed: u64,
    /// Number of training rows.
    pub rows: usize,
    /// Number of training rows whose target is the positive value.
    pub positives: usize,
    /// Number of rows excluded from the training because they violate the spec.
    pub left_out: usize,
    /// SHA-256 of the training table, which is also its name in the directory `tables`.
    pub table: String,
    /// Cross-validated metrics, each with its mean and standard error.
    pub cv: CrossValidated,
    /// Cross-validated metrics without the features derived from the labels of other rows; null if there are no such features.
    pub without_companions: Option<CrossValidated>,
    /// All learners that were evaluated, with their metrics.
    pub candidates: Vec<Candidate>,
    /// Mean predicted probability of the training rows, from which explanations start.
    pub base: f64,
    /// Warnings from fitting the recipe.
    pub fit_warnings: Vec<String>,
    /// Data-quality warnings of the training table, by column.
    pub warnings: Vec<ColumnWarning>,
    /// Decision threshold: the predicted label is positive from this probability on.
    pub threshold: f64,
    /// The target column.
    pub target: CardTarget,
    /// The input columns: the constraints of the spec, with statistics of the training rows.
    pub columns: Vec<CardColumn>,
    /// Names of the features that the recipe computes.
    pub features: Vec<String>,
    /// How the model did on rows that it was not fitted on; null in model files of earlier releases.
    pub evaluation: Option<Box<Evaluation>>,
    /// What the training took; null in model files of earlier releases.
    pub work: Option<Work>,
    /// Text of the spec, YAML.
    pub spec: String,
}

/// A learner that was evaluated in the training.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Candidate {
    /// Name of the learner.
    pub learner: String,
    /// Name of its calibration.
    pub calibration: String,
    /// Cross-validated metrics of the learner.
    pub cv: CrossValidated,
}

/// The target column and its two values.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CardTarget {
    /// Name of the column.
    pub column: String,
    /// The value whose probability is predicted.
    pub positive: Label,
    /// The other value.
    pub negative: Label,
}

/// An input column: its constraints in the spec, and statistics of the training rows.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CardColumn {
    /// Name of the column.
    pub name: String,
    /// Kind of its values, such as `number` or `category`.
    pub kind: String,
    /// Unit of its values; empty if there is none.
    pub unit: String,
    /// A sentence that describes the column; may be empty.
    pub about: String,
    /// Whether a row without a value in this column is rejected.
    pub required: bool,
    /// Minimum of the expected range; null if there is none.
    pub min: Option<f64>,
    /// Maximum of the expected range; null if there is none.
    pub max: Option<f64>,
    /// Levels of a category; null for other kinds.
    pub levels: Option<Vec<String>>,
    /// The only way in which the probability may move while the number rises; null if it may move either way.
    pub monotone: Option<Monotone>,
    /// Statistics of the column in the training rows.
    pub observed: Option<Observed>,
}

/// Statistics of a column in the training rows.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Observed {
    /// Statistics of a numeric column.
    Numbers {
        /// Number of training rows.
        rows: u64,
        /// Number of rows without a value.
        missing: u64,
        /// Mean of the values.
        mean: Option<f64>,
        /// Standard deviation of the values.
        sd: Option<f64>,
        /// Smallest value.
        min: Option<f64>,
        /// Largest value.
        max: Option<f64>,
    },
    /// Statistics of a category.
    Levels {
        /// Number of training rows.
        rows: u64,
        /// Number of rows without a value.
        missing: u64,
        /// Number of rows with a level that the spec does not list.
        unseen: u64,
        /// Number of rows per level.
        #[schemars(with = "std::collections::BTreeMap<String, u64>")]
        levels: IndexMap<String, u64>,
    },
    /// Statistics of a free-text column.
    Text {
        /// Number of training rows.
        rows: u64,
        /// Number of rows without a value.
        missing: u64,
    },
}

impl Facts {
    /// Reads the facts of a model.
    pub fn of(model: &Model) -> Facts {
        let card = model.card();
        let candidate = |tried: &card::Candidate| Candidate {
            learner: tried.learner.clone(),
            calibration: tried.calibration.clone(),
            cv: tried.cv.document(),
        };
        let profiles = &model.profile().columns;
        let column = |column: &Column| {
            let profile = profiles.iter().find(|profile| profile.name == column.name);
            CardColumn::of(column, profile.map(|profile| &profile.observed))
        };
        let features = model.recipe().features().iter();
        Facts {
            learner: card.learner.clone(),
            members: model.members(),
            choice: card.choice.clone(),
            calibration: card.calibration.clone(),
            seed: card.seed,
            rows: card.rows,
            positives: card.positives,
            left_out: card.left_out,
            table: card.table.clone(),
            cv: card.cv.document(),
            without_companions: card
                .without_companions
                .as_ref()
                .map(card::Figures::document),
            candidates: card.candidates.iter().map(candidate).collect(),
            base: model.base(),
            fit_warnings: card.warnings.clone(),
            warnings: card.table_warnings.clone(),
            threshold: model.spec().decision.threshold,
            target: CardTarget::of(model.schema().target()),
            columns: model.schema().columns().iter().map(column).collect(),
            features: features.map(|feature| feature.name.clone()).collect(),
            evaluation: card.evaluation.clone(),
            work: card.work.clone(),
            spec: model.spec().text().to_owned(),
        }
    }
}

impl CardTarget {
    fn of(target: &Target) -> CardTarget {
        CardTarget {
            column: target.column.clone(),
            positive: target.positive.clone(),
            negative: target.negative.clone(),
        }
    }
}

impl CardColumn {
    fn of(column: &Column, observed: Option<&profile::Observed>) -> CardColumn {
        let (min, max) = match column.kind {
            Kind::Number { min, max } => (Some(min), Some(max)),
            _ => (None, None),
        };
        let levels = column.levels();
        CardColumn {
            name: column.name.clone(),
            kind: column.kind.word().to_owned(),
            unit: column.unit.clone(),
            about: column.about.clone(),
            required: column.required,
            min: min.filter(|bound| bound.is_finite()),
            max: max.filter(|bound| bound.is_finite()),
            levels: (!levels.is_empty()).then(|| levels.to_vec()),
            monotone: column.monotone,
            observed: observed.map(Observed::of),
        }
    }
}

impl Observed {
    fn of(observed: &profile::Observed) -> Observed {
        match observed {
            profile::Observed::Number(numbers) => Observed::Numbers {
                rows: numbers.rows,
                missing: numbers.missing,
                mean: numbers.mean,
                sd: numbers.sd,
                min: numbers.min,
                max: numbers.max,
            },
            profile::Observed::Category(category) => Observed::Levels {
                rows: category.rows,
                missing: category.missing,
                unseen: category.unseen,
                levels: category
                    .levels
                    .iter()
                    .map(|level| (level.name.clone(), level.count))
                    .collect(),
            },
            profile::Observed::Text(text) => Observed::Text {
                rows: text.rows,
                missing: text.missing,
            },
        }
    }
}
