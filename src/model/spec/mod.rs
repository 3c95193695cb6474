//! The spec: a YAML document that describes a table, its target, the recipe, and how models of it are evaluated and make
//! decisions.
//!
//! The YAML as typed (`SpecFile`) is validated into a [`Spec`], which needs no further validation. A model contains its spec
//! as the original text, including comments.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::features::RecipeSpec;
use crate::schema::column::{Extra, Order};
use crate::schema::dialect::DialectFile;
use crate::schema::fault::nearest;
use crate::schema::missing;
use crate::schema::spec::without::{self, Rest};
use crate::schema::spec::{
    About, ColumnSpec, Needed, SpecError, TableSpec, TargetSpec, Word, yaml,
};
use crate::schema::{Dialect, Schema};
use crate::stats::metric::{METRICS, Metric};

/// The spec compiled into the binary.
pub const BUNDLED: &str = include_str!("../../../assets/titanic.yaml");

/// The supported version of the spec format.
const VERSION: &str = "1";

#[derive(Clone, Debug)]
pub struct Spec {
    /// The name of the models: their versions are `name@1`, `name@2`, …
    pub name: String,
    /// The table that the first model is trained from.
    pub table: Option<TableSource>,
    /// The dialect of the text tables that commands read.
    pub format: Dialect,
    pub schema: Arc<Schema>,
    /// The recipe as typed, validated against the schema.
    pub recipe: RecipeSpec,
    /// How models are evaluated.
    pub evaluation: Evaluation,
    /// How a probability becomes a label.
    pub decision: Decision,
    text: String,
}

/// The location of a spec's own table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableSource {
    /// The table that is compiled into the binary.
    Bundled,
    /// A file path, relative to the spec.
    File(PathBuf),
}

/// How models are evaluated.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Number of folds of the cross-validation; `None` derives it from the number of rows.
    pub folds: Option<usize>,
    /// Number of repeats of the cross-validation; `None` derives it from the number of rows.
    pub repeats: Option<usize>,
    /// The metric that selects learners and compares models.
    pub metric: &'static Metric,
    /// The worst values of metrics with which a model may still be promoted automatically.
    pub floors: Vec<(&'static Metric, f64)>,
}

/// How a probability becomes a label: positive if it reaches the threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// The threshold, between 0 and 1.
    pub threshold: f64,
}

/// All errors of a spec.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct SpecErrors(pub Vec<SpecError>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpecFile {
    /// The version is checked before anything else.
    #[serde(default, rename = "version")]
    _version: serde::de::IgnoredAny,
    #[serde(default)]
    name: Needed<Spanned<String>>,
    #[serde(default)]
    table: Option<String>,
    #[serde(default)]
    format: Option<Spanned<DialectFile>>,
    #[serde(default)]
    target: Needed<Spanned<TargetSpec>>,
    #[serde(default)]
    id: Option<Spanned<String>>,
    #[serde(default)]
    columns: Needed<Vec<Spanned<ColumnSpec>>>,
    /// How columns that are not listed are treated.
    #[serde(default)]
    extra: Extra,
    /// Words that mean a missing value.
    #[serde(default)]
    missing: Option<Vec<Word>>,
    #[serde(default)]
    recipe: Needed<Spanned<RecipeSpec>>,
    #[serde(default)]
    evaluation: EvaluationFile,
    #[serde(default)]
    decision: Option<Spanned<DecisionFile>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct EvaluationFile {
    folds: Option<Spanned<usize>>,
    repeats: Option<Spanned<usize>>,
    metric: Option<Spanned<String>>,
    /// Column whose equal values stay in one fold.
    groups: Option<Spanned<String>>,
    /// Column that orders the rows: each row is scored by a model of earlier rows.
    time: Option<Spanned<String>>,
    floors: indexmap::IndexMap<String, Spanned<f64>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionFile {
    threshold: Option<f64>,
    costs: Option<Costs>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Costs {
    false_positive: f64,
    false_negative: f64,
}

/// Only the version. It is read first, so that a spec of another version yields one clear error instead of many unknown keys.
#[derive(Deserialize)]
struct VersionOnly {
    version: Option<Spanned<String>>,
}

impl Spec {
    pub fn bundled() -> Spec {
        Spec::parse(BUNDLED).expect("the bundled spec is checked by a test")
    }

    /// Parses and validates a spec.
    ///
    /// # Errors
    /// All errors of the spec, each with line, column and remedy.
    pub fn parse(text: &str) -> Result<Spec, SpecErrors> {
        Spec::parse_with(text, missing::USUAL)
    }

    /// Parses the spec of a model file of format revision 1, in which fewer words counted as missing values.
    pub fn parse_revision_1(text: &str) -> Result<Spec, SpecErrors> {
        Spec::parse_with(text, missing::REVISION_1)
    }

    fn parse_with(text: &str, usual: &[&str]) -> Result<Spec, SpecErrors> {
        let unversioned = check_version(text)?;
        let first = match Spec::parse_once(text, usual) {
            Err(SpecErrors(faults)) => faults,
            Ok(spec) if unversioned.is_none() => return Ok(spec),
            Ok(_) => Vec::new(),
        };
        let mut all: Vec<SpecError> = unversioned.into_iter().collect();
        let (mut rest, mut found) = (Rest::of(text), first);
        // Each validation stage stops at its first errors. The lines that they concern are blanked and the rest is
        // read again, to find the errors behind them. Every round blanks a new line, so the number of rounds is at
        // most the number of lines.
        loop {
            let told = found.iter().filter(|fault| !rest.explains(fault));
            let fresh: Vec<SpecError> = told.filter(|f| !all.contains(f)).cloned().collect();
            all.extend(fresh);
            let blanked = found.iter().filter(|fault| rest.blank(fault)).count();
            if blanked == 0 || !yaml::is_readable(&rest.text()) {
                break;
            }
            match Spec::parse_once(&rest.text(), usual) {
                Ok(_) => break,
                Err(SpecErrors(faults)) => found = faults,
            }
        }
        without::drop_meant(&mut all);
        all.sort_by_key(|fault| (fault.line, fault.column));
        Err(SpecErrors(all))
    }

    fn parse_once(text: &str, usual: &[&str]) -> Result<Spec, SpecErrors> {
        check(&read(text)?, text, usual)
    }

    /// Whether another spec has the same content; comments, blanks, quotes and the order of keys are ignored.
    pub fn says_the_same(&self, other: &Spec) -> bool {
        let document = |text: &str| yaml::read::<serde_json::Value>(text).ok();
        self.text == other.text || document(&self.text) == document(&other.text)
    }

    /// The original text of the spec.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Checks the version. A wrong version is the only error reported; a missing version is one error among others.
fn check_version(text: &str) -> Result<Option<SpecError>, SpecErrors> {
    let version: VersionOnly = read(text)?;
    match version.version {
        Some(v) if v.value != VERSION => {
            let problem = format!(
                "the spec is of version {}, this release reads version {VERSION}",
                v.value
            );
            let remedy = "use a release that reads it, or rewrite it";
            Err(SpecErrors(vec![SpecError::at(&v, problem, remedy)]))
        }
        Some(_) => Ok(None),
        None => Ok(Some(SpecError {
            line: 1,
            column: 1,
            problem: "the spec does not say its version".into(),
            remedy: format!("begin it with version: {VERSION}"),
            about: About::MissingKey("version".into()),
        })),
    }
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, SpecErrors> {
    yaml::read(text).map_err(|fault| SpecErrors(vec![fault]))
}

fn check(typed: &Spanned<SpecFile>, text: &str, usual: &[&str]) -> Result<Spec, SpecErrors> {
    let file = &typed.value;
    let mut faults = Vec::new();
    let name = file.name.of(typed, "name", &mut faults);
    check_name(name, &mut faults);
    let target = file.target.of(typed, "target", &mut faults);
    let columns = file.columns.of(typed, "columns", &mut faults);
    let recipe = file.recipe.of(typed, "recipe", &mut faults);
    let schema = columns.and_then(|columns| {
        let table = TableSpec {
            columns,
            target,
            id: file.id.as_ref(),
            extra: file.extra,
            missing: file.missing.as_deref(),
            usual,
        };
        table.schema(&mut faults)
    });
    let schema = schema.and_then(|schema| check_order(schema, &file.evaluation, &mut faults));
    if let Some(recipe) = recipe {
        RecipeSpec::check_keys(recipe, &mut faults);
    }
    if let (Some(schema), Some(recipe)) = (&schema, recipe) {
        faults.extend(recipe.value.check(schema).err().into_iter().flatten());
    }
    let format = check_format(file.format.as_ref(), &mut faults);
    let evaluation = check_evaluation(&file.evaluation, &mut faults);
    let decision = check_decision(file.decision.as_ref(), &mut faults);
    match (name, schema, recipe, evaluation) {
        (Some(name), Some(schema), Some(recipe), Some(evaluation)) if faults.is_empty() => {
            Ok(Spec {
                name: name.value.clone(),
                table: file.table.as_deref().map(|t| match t {
                    "bundled" => TableSource::Bundled,
                    path => TableSource::File(path.into()),
                }),
                format,
                schema: Arc::new(schema),
                recipe: recipe.value.clone(),
                evaluation,
                decision,
                text: text.to_owned(),
            })
        }
        _ => Err(SpecErrors(faults)),
    }
}

fn check_name(name: Option<&Spanned<String>>, faults: &mut Vec<SpecError>) {
    let can_be = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    let unfit = |name: &&Spanned<String>| name.value.is_empty() || !name.value.chars().all(can_be);
    faults.extend(name.filter(unfit).map(|name| {
        let problem = format!("{:?} cannot name files", name.value);
        SpecError::at(name, problem, "use lower-case letters, digits, - and _")
    }));
}

/// The schema extended by the group or time column of the evaluation.
fn check_order(
    schema: Schema,
    file: &EvaluationFile,
    faults: &mut Vec<SpecError>,
) -> Option<Schema> {
    let (column, what) = match (&file.groups, &file.time) {
        (None, None) => return Some(schema),
        (Some(column), None) => (column, Order::Groups),
        (None, Some(column)) => (column, Order::Time),
        (Some(_), Some(time)) => {
            let problem = "an evaluation goes by groups or by time, not by both";
            faults.push(SpecError::at(time, problem, "keep one of them"));
            return None;
        }
    };
    let near = nearest(&column.value, schema.names());
    let remedy = match near {
        Some(near) => format!("did you mean {near:?}?"),
        None => "list it under columns; kind: unused will do".into(),
    };
    let ordered = schema.with_order(&column.value, what);
    if ordered.is_none() {
        let problem = format!("there is no column {:?} to evaluate by", column.value);
        let about = About::Name(column.value.clone());
        faults.push(SpecError::at(column, problem, remedy).about(about));
    }
    ordered
}

fn check_format(file: Option<&Spanned<DialectFile>>, faults: &mut Vec<SpecError>) -> Dialect {
    let Some(file) = file else {
        return Dialect::default();
    };
    Dialect::try_from(file.value.clone()).unwrap_or_else(|fault| {
        faults.push(SpecError::at(file, fault.problem, fault.remedy));
        Dialect::default()
    })
}

fn check_evaluation(file: &EvaluationFile, faults: &mut Vec<SpecError>) -> Option<Evaluation> {
    let mut metric = |name: &str, place: SpecError| {
        let found = Metric::named(name);
        if found.is_none() {
            let remedy = match nearest(name, METRICS.iter().map(|m| m.name)) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!(
                    "one of {}",
                    METRICS
                        .iter()
                        .map(|m| m.name)
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            };
            faults.push(SpecError {
                problem: format!("there is no metric {name:?}"),
                remedy,
                ..place
            });
        }
        found
    };
    let primary = match &file.metric {
        Some(name) => metric(&name.value, SpecError::at(name, "", "")),
        None => Metric::named("log_loss"),
    };
    let mut floors = Vec::new();
    for (name, value) in &file.floors {
        floors.extend(metric(name, SpecError::at(value, "", "")).map(|m| (m, value.value)));
    }
    let mut count = |typed: &Option<Spanned<usize>>, least: usize, what: &str| {
        let typed = typed.as_ref()?;
        if typed.value < least {
            let problem = format!("an evaluation needs at least {least} {what}");
            faults.push(SpecError::at(
                typed,
                problem,
                format!("write {least} or more"),
            ));
        }
        Some(typed.value)
    };
    Some(Evaluation {
        folds: count(&file.folds, 2, "folds"),
        repeats: count(&file.repeats, 1, "repeat"),
        metric: primary?,
        floors,
    })
}

fn check_decision(file: Option<&Spanned<DecisionFile>>, faults: &mut Vec<SpecError>) -> Decision {
    let Some(file) = file else {
        return Decision { threshold: 0.5 };
    };
    let threshold = match (file.value.threshold, file.value.costs) {
        (Some(threshold), None) => Some(threshold),
        // A positive prediction pays if p · cost of a false negative ≥ (1 − p) · cost of a false positive
        // (Elkan 2001, equation 2).
        (
            None,
            Some(Costs {
                false_positive,
                false_negative,
            }),
        ) => Some(false_positive / (false_positive + false_negative))
            .filter(|_| false_positive >= 0.0 && false_negative >= 0.0),
        _ => None,
    };
    match threshold.filter(|t| (0.0..=1.0).contains(t)) {
        Some(threshold) => Decision { threshold },
        None => {
            let problem = "the decision is neither a threshold between 0 and 1 nor two costs";
            let remedy =
                "write {threshold: 0.5} or {costs: {false_positive: 1, false_negative: 2}}";
            faults.push(SpecError::at(file, problem, remedy));
            Decision { threshold: 0.5 }
        }
    }
}

#[cfg(test)]
mod tests;
