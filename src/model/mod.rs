//! An immutable model: spec, fitted recipe, kernel, calibration, reference profile and model card.
//!
//! A model file contains everything that a prediction needs and gives the same predictions on any machine. It does not
//! contain the version number, which the registry assigns, so that the same table, spec and seed give the same bytes.

pub mod artifact;
pub mod card;
pub mod diff;
mod error;
pub mod evaluation;
pub mod explain;
pub mod lines;
pub mod members;
pub mod spec;
mod stored;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::features::{Recipe, Scratch};
use crate::kernel::{AttributionScratch, Calibration, Kernel};
use crate::schema::column::Label;
use crate::schema::row::Purpose;
use crate::schema::{Row, RowView, Schema, Table};
use crate::stats::profile::Profile;

pub use card::Card;
pub use error::ModelError;
pub use evaluation::Evaluation;
pub use explain::Explanation;
pub use members::Member;
pub use spec::Spec;

#[derive(Clone, Debug)]
pub struct Model {
    spec: Spec,
    recipe: Recipe,
    kernel: Kernel,
    calibration: Calibration,
    profile: Profile,
    card: Card,
    base: f64,
}

/// The parts of a model, as training produces them.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The spec that the model was trained with.
    pub spec: Spec,
    /// The recipe fitted on all rows.
    pub recipe: Recipe,
    pub kernel: Kernel,
    /// The mapping from the kernel's score to a probability.
    pub calibration: Calibration,
    /// Reference statistics of the training table.
    pub profile: Profile,
    pub card: Card,
}

/// Buffers of one caller, reused from row to row and usable with any model.
#[derive(Debug, Default)]
pub struct Workspace {
    scratch: Scratch,
    features: Vec<f32>,
    phi: Vec<f64>,
    attribution: AttributionScratch,
}

impl Model {
    /// Assembles a model and checks that its parts fit together.
    ///
    /// # Errors
    /// Names the part that does not fit.
    pub fn new(parts: Parts) -> Result<Model, ModelError> {
        let Parts {
            spec,
            recipe,
            kernel,
            calibration,
            profile,
            card,
        } = parts;
        recipe
            .check(&spec.schema)
            .map_err(|why| ModelError::part("recipe", why))?;
        kernel.check().map_err(|e| ModelError::part("kernel", e))?;
        calibration
            .check()
            .map_err(|e| ModelError::part("calibration", e))?;
        profile
            .check()
            .map_err(|e| ModelError::part("profile", e))?;
        if kernel.width() != recipe.width() {
            let why = format!(
                "it takes {} features, the recipe makes {}",
                kernel.width(),
                recipe.width()
            );
            return Err(ModelError::part("kernel", why));
        }
        let base = match card.rows {
            0 => 0.5,
            rows => card.positives as f64 / rows as f64,
        };
        let model = Model {
            spec,
            recipe,
            kernel,
            calibration,
            profile,
            card,
            base,
        };
        model.rehearse()?;
        Ok(model)
    }

    /// Predicts an empty row, to detect an unusable model and to warm it up before it goes live.
    fn rehearse(&self) -> Result<(), ModelError> {
        let empty = Row::new(&self.spec.schema, Purpose::Predict);
        let p = self.probability(empty.view(), &mut Workspace::default());
        if (0.0..=1.0).contains(&p) {
            Ok(())
        } else {
            Err(ModelError::part("kernel", format!("it answers {p}")))
        }
    }

    /// The fitted learners whose mean the model is, or the only one.
    pub fn members(&self) -> Vec<Member> {
        Member::of(&self.kernel)
    }

    /// Sets the base of explanations to the mean probability that the model predicts for the rows of its training table. Ends
    /// early, with another base, when it is `stopped`.
    pub fn with_base_of(mut self, table: &Table, stopped: &dyn Fn() -> bool) -> Model {
        const BLOCK: usize = 1024; // rows whose features are held at a time
        let (mut work, mut scores, mut sum) = (Workspace::default(), [0.0; BLOCK], 0.0);
        for from in (0..table.len()).step_by(BLOCK) {
            if stopped() {
                break;
            }
            let scores = &mut scores[..BLOCK.min(table.len() - from)];
            self.probabilities(table, from, scores, &mut work);
            sum += scores.iter().sum::<f64>();
        }
        if !table.is_empty() {
            self.base = (sum / table.len() as f64).clamp(0.0, 1.0);
        }
        self
    }

    /// Adds to the card how the model did in its training.
    pub fn with_evaluation(mut self, evaluation: Evaluation) -> Model {
        self.card.evaluation = Some(Box::new(evaluation));
        self
    }

    /// Sets the base of explanations to a value from a model file.
    fn with_base(mut self, base: f64) -> Result<Model, ModelError> {
        if !(0.0..=1.0).contains(&base) {
            let why = format!("{base} is no probability");
            return Err(ModelError::part("mean probability", why));
        }
        self.base = base;
        Ok(self)
    }

    /// The start of every explanation: the mean probability of the training rows. Files of revision 1 do not store it; for
    /// their models it is the share of positive training rows.
    pub fn base(&self) -> f64 {
        self.base
    }

    /// The spec that the model was trained with.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    pub fn schema(&self) -> &Arc<Schema> {
        &self.spec.schema
    }

    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Indices in the schema of the columns that the recipe reads.
    pub fn columns_read(&self) -> BTreeSet<usize> {
        self.recipe.columns_read()
    }

    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// Reference statistics of its training table.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The features of one row, in the order of [`Recipe::features`].
    pub fn features<'w>(&self, row: RowView<'_>, work: &'w mut Workspace) -> &'w [f32] {
        work.features.resize(self.recipe.width(), 0.0);
        self.recipe
            .transform(row, &mut work.scratch, &mut work.features);
        &work.features
    }

    /// Probability of the positive value for one validated row, in [0, 1].
    pub fn probability(&self, row: RowView<'_>, work: &mut Workspace) -> f64 {
        work.features.resize(self.recipe.width(), 0.0);
        self.recipe
            .transform(row, &mut work.scratch, &mut work.features);
        self.calibration.apply(self.kernel.score(&work.features))
    }

    /// [`Model::probability`] of row `i` of a table.
    pub fn probability_of(&self, table: &Table, i: usize, work: &mut Workspace) -> f64 {
        let mut probability = [0.0];
        self.probabilities(table, i, &mut probability, work);
        probability[0]
    }

    /// Probabilities of rows `from..from + out.len()` of a table: bit-identical to [`Model::probability`], but faster.
    pub fn probabilities(&self, table: &Table, from: usize, out: &mut [f64], work: &mut Workspace) {
        let width = self.recipe.width();
        work.features.resize(width * out.len(), 0.0);
        for (i, features) in work.features.chunks_exact_mut(width).enumerate() {
            self.recipe
                .transform_row(table, from + i, &mut work.scratch, features);
        }
        self.kernel.score_batch(&work.features, out);
        out.iter_mut().for_each(|p| *p = self.calibration.apply(*p));
    }

    /// Whether the probability reaches the decision threshold.
    pub fn decide(&self, probability: f64) -> bool {
        probability >= self.spec.decision.threshold
    }

    /// The predicted label for a probability, as the table writes it.
    pub fn label(&self, probability: f64) -> &Label {
        self.schema().target().label(self.decide(probability))
    }
}
