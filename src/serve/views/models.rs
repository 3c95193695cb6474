//! The versions: the list, the card, a promotion.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Model;
use crate::model::card::{self, CrossValidated};
use crate::registry::{self, Listed, Role};
use crate::schema::column::{Column, Label, Target};
use crate::schema::{ColumnWarning, Kind};
use crate::stats::profile;

/// Every version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Models {
    /// The champion; null before the first.
    pub champion: Option<String>,
    /// The last line of the ledger; it only grows within an epoch.
    pub seq: u64,
    /// Changes where a state is restored.
    pub epoch: String,
    /// The versions, oldest first.
    pub models: Vec<Line>,
}

/// A version in the list. Of a damaged file nothing is known but what the ledger says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ModelLine")]
pub struct Line {
    /// The version.
    pub model: String,
    /// When it was trained, RFC 3339.
    pub trained: Option<String>,
    /// The learner it is made of.
    pub learner: Option<String>,
    /// What it is at the moment.
    pub role: Role,
    /// Cross-validated metrics, each with mean and standard error.
    pub cv: Option<CrossValidated>,
    /// SHA-256 of its file.
    pub sha256: Option<String>,
    /// Bytes of its file.
    pub bytes: Option<u64>,
}

impl Line {
    /// A version, with what its file says where that can be read.
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

/// A promotion or rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Promotion {
    /// The champion now.
    pub model: String,
    /// The champion before.
    pub previous: Option<String>,
    /// The line of the ledger that says so.
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

/// All that is known of a version.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Card {
    /// The version.
    pub model: String,
    /// When it was trained, RFC 3339.
    pub trained: Option<String>,
    /// What it is at the moment; null where the ledger does not list it.
    pub role: Option<Role>,
    /// SHA-256 of its file, as the ledger has it.
    pub sha256: Option<String>,
    /// What its file says.
    #[serde(flatten)]
    pub facts: Facts,
}

/// What the file of a version says. It never changes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Facts {
    /// The learner it is made of.
    pub learner: String,
    /// Why it was chosen.
    pub choice: String,
    /// Its calibration.
    pub calibration: String,
    /// Seed of everything random.
    pub seed: u64,
    /// Training rows.
    pub rows: usize,
    /// Training rows whose target is the positive value.
    pub positives: usize,
    /// Rows left out because they broke the table's contract.
    pub left_out: usize,
    /// SHA-256 of the table, as it is kept under `tables`.
    pub table: String,
    /// Cross-validated metrics, each with mean and standard error.
    pub cv: CrossValidated,
    /// The same without the features that come from the labels of other rows, where there are any.
    pub without_companions: Option<CrossValidated>,
    /// Every learner tried.
    pub candidates: Vec<Candidate>,
    /// Mean probability of the training rows.
    pub base: f64,
    /// What was odd about the fit of the recipe.
    pub fit_warnings: Vec<String>,
    /// What was odd about the table, by column.
    pub warnings: Vec<ColumnWarning>,
    /// From this probability on the predicted label is the positive one.
    pub threshold: f64,
    /// What is predicted.
    pub target: CardTarget,
    /// The contract of each column, with what the training rows had in it.
    pub columns: Vec<CardColumn>,
    /// The features that the recipe makes.
    pub features: Vec<String>,
    /// The spec as YAML.
    pub spec: String,
}

/// A learner that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Candidate {
    /// The learner.
    pub learner: String,
    /// Its calibration.
    pub calibration: String,
    /// Its cross-validated metrics.
    pub cv: CrossValidated,
}

/// The column that is predicted, and its two values.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CardTarget {
    /// The column.
    pub column: String,
    /// The value whose probability is predicted.
    pub positive: Label,
    /// The other one.
    pub negative: Label,
}

/// A column: its contract and its training rows.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CardColumn {
    /// The column.
    pub name: String,
    /// What it holds.
    pub kind: String,
    /// Its unit; empty where it has none.
    pub unit: String,
    /// A sentence about it; may be empty.
    pub about: String,
    /// Whether a row without it is rejected.
    pub required: bool,
    /// Smallest number expected.
    pub min: Option<f64>,
    /// Largest number expected.
    pub max: Option<f64>,
    /// Its levels, of a category.
    pub levels: Option<Vec<String>>,
    /// What the training rows had in it.
    pub observed: Option<Observed>,
}

/// What the training rows had in a column.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Observed {
    /// Numbers.
    Numbers {
        /// Rows.
        rows: u64,
        /// Rows without a value.
        missing: u64,
        /// Mean.
        mean: Option<f64>,
        /// Standard deviation.
        sd: Option<f64>,
        /// Smallest value.
        min: Option<f64>,
        /// Largest value.
        max: Option<f64>,
    },
    /// Levels.
    Levels {
        /// Rows.
        rows: u64,
        /// Rows without a value.
        missing: u64,
        /// Rows of a level that is not listed.
        unseen: u64,
        /// Rows of each level.
        #[schemars(with = "std::collections::BTreeMap<String, u64>")]
        levels: IndexMap<String, u64>,
    },
    /// Free text.
    Text {
        /// Rows.
        rows: u64,
        /// Rows without a value.
        missing: u64,
    },
}

impl Facts {
    /// What the file of a model says.
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
