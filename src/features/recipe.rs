//! A recipe: fitted on a table, applied to one row.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

use super::frame::Frame;
use super::frames::Rows;
use super::scope::{Scope, SlotInfo, SlotKind, StepError, Trend};
use super::step::Step;
use super::steps::{FittedStep, StepSpec};
use super::training::{FitWarning, Training};
use crate::schema::column::Monotone;
use crate::schema::spec::{About, Needed, SpecError};
use crate::schema::{Cell, RowView, Schema, Table};

/// A recipe as written in the spec.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipeSpec {
    #[serde(default)]
    steps: Needed<Vec<Spanned<StepSpec>>>,
    /// Names of the numbers that form the feature vector, in order; `prefix*` selects several.
    #[serde(default)]
    features: Needed<Spanned<Vec<Spanned<String>>>>,
}

/// Buffers of a transform, reused from row to row.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    cells: Vec<Cell>,
    key: Vec<u8>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recipe {
    columns: u32,
    steps: Vec<FittedStep>,
    features: Vec<Feature>,
}

/// One number of the feature vector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    pub name: String,
    slot: u32,
    /// Indices of the input columns that it is computed from and that explanations credit, ascending.
    pub sources: Vec<u32>,
    /// Whether it is computed from the labels of other rows.
    pub from_target: bool,
    /// Which way the probability may move with it, by the columns that it rises with. Only a training needs it.
    #[serde(skip)]
    pub monotone: Option<Monotone>,
}

#[derive(Clone, Debug)]
pub struct Fitted {
    pub recipe: Recipe,
    /// Features of the training rows, row-major; steps that use the target exclude each row's own label.
    pub matrix: Vec<f32>,
    /// Unusual properties of the training rows that the fit found.
    pub warnings: Vec<FitWarning>,
}

impl RecipeSpec {
    /// Reports the required keys that the recipe lacks, at the position of the recipe.
    pub fn check_keys(typed: &Spanned<RecipeSpec>, faults: &mut Vec<SpecError>) {
        typed.value.steps.of(typed, "steps", faults);
        typed.value.features.of(typed, "features", faults);
    }

    /// Checks every name, kind and option, without data; missing keys count as empty.
    /// Returns the first error of each step and feature, with its line.
    pub fn check(&self, schema: &Schema) -> Result<(), Vec<SpecError>> {
        let none = Rows::none(schema.columns().len());
        self.run(schema, none, &mut Vec::new()).map(|_| ())
    }

    /// Whether some of the features are computed from the labels of other rows and others are not, so that a model without
    /// the former is possible.
    pub fn can_do_without_target(&self, schema: &Schema) -> bool {
        let none = Rows::none(schema.columns().len());
        let found = self.run(schema, none, &mut Vec::new());
        found.is_ok_and(|(_, features)| {
            let from_target = features.iter().filter(|f| f.from_target).count();
            0 < from_target && from_target < features.len()
        })
    }

    /// Fits every step, in order, on the given rows of a table: `rows` are indices into the table, `labels` the targets of
    /// exactly those rows. A spec that passed [`RecipeSpec::check`] can be fitted on any table of its schema.
    pub fn fit(
        &self,
        table: &Table,
        rows: &[usize],
        labels: &[bool],
    ) -> Result<Fitted, Vec<SpecError>> {
        let mut warnings = Vec::new();
        let rows = Rows::new(table, rows, labels);
        let (mut steps, features) = self.run(table.schema(), rows, &mut warnings)?;
        let slots: Vec<usize> = features.iter().map(|f| f.slot as usize).collect();
        let mut matrix = Vec::with_capacity(labels.len() * slots.len());
        rows.frames(&steps).each(&slots, |frame, _| {
            matrix.extend(slots.iter().map(|slot| number(frame.cell(*slot))));
        });
        steps.iter_mut().for_each(Step::fitted);
        let recipe = Recipe {
            columns: table.schema().columns().len() as u32,
            steps,
            features,
        };
        recipe.note_absent(&matrix, &mut warnings);
        Ok(Fitted {
            recipe,
            matrix,
            warnings,
        })
    }

    /// Fits the steps on the rows, and finds the features.
    fn run(
        &self,
        schema: &Schema,
        rows: Rows<'_>,
        warnings: &mut Vec<FitWarning>,
    ) -> Result<(Vec<FittedStep>, Vec<Feature>), Vec<SpecError>> {
        let mut scope = Scope::of(schema);
        let (mut steps, mut faults) = (Vec::new(), Vec::new());
        for spec in self.steps.given().into_iter().flatten() {
            let mut training = Training {
                frames: &rows.frames(&steps),
                labels: rows.labels,
                warnings,
            };
            match spec.value.fit(&mut scope, &mut training) {
                Ok(step) => steps.push(step),
                Err(StepError {
                    problem,
                    remedy,
                    about,
                }) => {
                    // Later steps may need this step's outputs, so that their errors would only be confusing.
                    faults.push(SpecError::at(spec, problem, remedy).about(about));
                    return Err(faults);
                }
            }
        }
        let features = self.features.given();
        let features = features.map(|specs| pick_features(specs, schema, &scope, &mut faults));
        let features = features.unwrap_or_default();
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok((steps, features))
    }
}

fn pick_features(
    specs: &Spanned<Vec<Spanned<String>>>,
    schema: &Schema,
    scope: &Scope,
    faults: &mut Vec<SpecError>,
) -> Vec<Feature> {
    let mut features: Vec<Feature> = Vec::new();
    for spec in &specs.value {
        let slots = match scope.matching(&spec.value) {
            Ok(slots) => slots,
            Err(fault) => {
                let StepError {
                    problem,
                    remedy,
                    about,
                } = fault;
                faults.push(SpecError::at(spec, problem, remedy).about(about));
                continue;
            }
        };
        for slot in slots {
            let info = scope.slot(slot);
            let mut fault = |what: &str, remedy: &str| {
                let problem = format!("the feature {:?} {what}", info.name);
                let fault = SpecError::at(spec, problem, remedy);
                faults.push(fault.about(About::Name(info.name.clone())));
            };
            if info.kind != SlotKind::Number {
                fault(
                    "is not a number",
                    "use one_hot to make numbers of a category",
                );
            } else if features.iter().any(|f| f.slot == slot as u32) {
                fault("stands twice", "remove one");
            } else {
                let monotone = monotone(info, schema).unwrap_or_else(|(what, remedy)| {
                    fault(&what, &remedy);
                    None
                });
                features.push(Feature {
                    name: info.name.clone(),
                    slot: slot as u32,
                    sources: info.sources.clone(),
                    from_target: info.from_target,
                    monotone,
                });
            }
        }
    }
    if specs.value.is_empty() {
        let problem = "the recipe has no features";
        let fault = SpecError::at(specs, problem, "list numbers under recipe: features");
        faults.push(fault.about(About::Nothing));
    }
    features
}

/// A feature's value: the check of the spec guarantees that it is a number, or missing.
fn number(cell: Cell) -> f32 {
    let value = cell.as_number();
    value.map_or(f32::NAN, |v| (v as f32).clamp(f32::MIN, f32::MAX))
}

/// Which way the probability may move with a feature, so that it moves with the columns as the spec allows. The error says
/// what is wrong with the feature, and the remedy.
fn monotone(info: &SlotInfo, schema: &Schema) -> Result<Option<Monotone>, (String, String)> {
    let mut found: Option<(Monotone, &str)> = None;
    for (column, trend) in &info.trends {
        let column = &schema.columns()[*column as usize];
        let Some(monotone) = column.monotone else {
            continue;
        };
        let name = column.name.as_str();
        if *trend == Trend::Unknown {
            let what = format!(
                "does not always rise with {name:?}, which has monotone: {}",
                monotone.word()
            );
            let remedy = format!(
                "leave it out (impute, log1p, standardise, sum and missing keep the order of a column), or remove monotone from {name:?}"
            );
            return Err((what, remedy));
        }
        match found {
            Some((other, before)) if other != monotone => {
                let what = format!(
                    "rises with {before:?}, which has monotone: {}, and with {name:?}, which has monotone: {}",
                    other.word(),
                    monotone.word()
                );
                return Err((
                    what,
                    "leave it out, or remove monotone from one of them".into(),
                ));
            }
            _ => found = Some((monotone, name)),
        }
    }
    Ok(found.map(|(monotone, _)| monotone))
}

/// Why a recipe that was read from a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    #[error("the recipe was fitted on another table")]
    OtherTable,
    #[error("step {0} of the recipe reads beyond its row")]
    StepBeyond(usize),
    #[error("the feature {0:?} reads beyond its row")]
    FeatureBeyond(String),
    #[error("the recipe has no features")]
    NoFeatures,
}

impl Recipe {
    /// Length of the feature vector.
    pub fn width(&self) -> usize {
        self.features.len()
    }

    /// The features in order.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// Indices in the schema of the columns that any feature is computed from.
    pub fn columns_read(&self) -> BTreeSet<usize> {
        let sources = self.features.iter().flat_map(|feature| &feature.sources);
        sources.map(|source| *source as usize).collect()
    }

    /// Computes the features of one row into `out` (length [`Recipe::width`]): finite, or NaN where missing.
    pub fn transform(&self, row: RowView<'_>, scratch: &mut Scratch, out: &mut [f32]) {
        scratch.cells.clear();
        scratch.cells.extend_from_slice(row.cells);
        self.apply(row.text, scratch, out);
    }

    /// [`Recipe::transform`] for row `i` of a table.
    pub fn transform_row(&self, table: &Table, i: usize, scratch: &mut Scratch, out: &mut [f32]) {
        table.row(i, &mut scratch.cells);
        self.apply(table.text(), scratch, out);
    }

    /// Applies the steps to the cells of the scratch, whose spans point into `text`.
    fn apply(&self, text: &str, scratch: &mut Scratch, out: &mut [f32]) {
        let mut frame = Frame {
            cells: &mut scratch.cells,
            text,
            key: &mut scratch.key,
        };
        for step in &self.steps {
            step.apply(&mut frame);
        }
        self.pick(frame.cells, out);
    }

    /// Warns of features that no training row has. An impute step warns of its own input.
    fn note_absent(&self, matrix: &[f32], warnings: &mut Vec<FitWarning>) {
        if matrix.is_empty() {
            return;
        }
        for (j, feature) in self.features.iter().enumerate() {
            let mut values = matrix[j..].iter().step_by(self.width());
            if values.all(|value| value.is_nan()) {
                warnings.push(FitWarning {
                    name: feature.name.clone(),
                    detail: "is missing in every row: no model can learn from it".into(),
                });
            }
        }
    }

    fn pick(&self, cells: &[Cell], out: &mut [f32]) {
        for (feature, out) in self.features.iter().zip(out) {
            *out = number(cells[feature.slot as usize]);
        }
    }

    /// Checks a recipe that was read from a file: every step reads only slots that exist before it, and the features exist.
    /// The error says which step or feature reaches too far.
    pub fn check(&self, schema: &Schema) -> Result<(), RecipeError> {
        if self.columns as usize != schema.columns().len() {
            return Err(RecipeError::OtherTable);
        }
        let mut slots = self.columns as usize;
        for (i, step) in self.steps.iter().enumerate() {
            let (inputs, outputs) = step.reach();
            if inputs.iter().any(|s| *s >= slots) {
                return Err(RecipeError::StepBeyond(i));
            }
            slots += outputs;
        }
        let beyond =
            |f: &&Feature| f.slot as usize >= slots || f.sources.iter().any(|s| *s >= self.columns);
        match self.features.iter().find(beyond) {
            Some(f) => Err(RecipeError::FeatureBeyond(f.name.clone())),
            None if self.features.is_empty() => Err(RecipeError::NoFeatures),
            None => Ok(()),
        }
    }
}
