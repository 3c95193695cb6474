//! The spec: the YAML that describes a table, its target, the recipe and how models of it are evaluated and decide.
//!
//! As typed (`SpecFile`) → checked ([`Spec`]); past that step nothing of it is validated again. A spec travels inside
//! a model as the text it was written in, comments included.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::features::RecipeSpec;
use crate::schema::column::{Extra, Order};
use crate::schema::dialect::DialectFile;
use crate::schema::fault::nearest;
use crate::schema::missing;
use crate::schema::spec::without::Rest;
use crate::schema::spec::{ColumnSpec, SpecFault, TableSpec, TargetSpec, Word, yaml};
use crate::schema::{Dialect, Schema};
use crate::stats::metric::{METRICS, Metric};

/// The spec compiled into the binary.
pub const BUNDLED: &str = include_str!("../../assets/titanic.yaml");

/// Version of the format that is read.
const VERSION: &str = "1";

/// The fault of a spec without a version.
const UNVERSIONED: &str = "the spec does not say its version";

/// A checked spec.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Models are called `name@1`, `name@2`, …
    pub name: String,
    /// The table to train from when there is no model yet.
    pub table: Option<TableSource>,
    /// How tables of text are written that commands read.
    pub format: Dialect,
    /// Columns, target, id.
    pub schema: Arc<Schema>,
    /// The recipe as typed, known to fit the schema.
    pub recipe: RecipeSpec,
    /// How models are evaluated.
    pub evaluation: Evaluation,
    /// From probability to label.
    pub decision: Decision,
    text: String,
}

/// Where a spec's own table is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableSource {
    /// Compiled into the binary.
    Bundled,
    /// A file, relative to the spec.
    File(PathBuf),
}

/// How models are evaluated.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Folds of the cross-validation; none leaves it to the number of rows.
    pub folds: Option<usize>,
    /// Repeats of it; none leaves it to the number of rows.
    pub repeats: Option<usize>,
    /// The metric that chooses and compares.
    pub metric: &'static Metric,
    /// Worst values a model may have and be promoted by itself.
    pub floors: Vec<(&'static Metric, f64)>,
}

/// From probability to label: yes where the probability reaches the threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// Between 0 and 1.
    pub threshold: f64,
}

/// Everything that is wrong with a spec.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct SpecFaults(pub Vec<SpecFault>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpecFile {
    version: Spanned<String>,
    name: Spanned<String>,
    #[serde(default)]
    table: Option<String>,
    #[serde(default)]
    format: Option<Spanned<DialectFile>>,
    target: TargetSpec,
    #[serde(default)]
    id: Option<Spanned<String>>,
    columns: Vec<ColumnSpec>,
    /// What a column gets that is not listed.
    #[serde(default)]
    extra: Extra,
    /// Words that mean missing.
    #[serde(default)]
    missing: Option<Vec<Word>>,
    recipe: RecipeSpec,
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
    /// Rows of the same value stay in one fold.
    groups: Option<Spanned<String>>,
    /// Rows are scored from those before them.
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

/// Only the version: read first, so that a spec of another version is called that and not a heap of unknown keys.
#[derive(Deserialize)]
struct VersionOnly {
    version: Option<Spanned<String>>,
}

impl Spec {
    /// The spec compiled into the binary.
    pub fn bundled() -> Spec {
        Spec::parse(BUNDLED).expect("the bundled spec is checked by a test")
    }

    /// Reads and checks a spec.
    ///
    /// # Errors
    /// All faults, each with line, column and remedy.
    pub fn parse(text: &str) -> Result<Spec, SpecFaults> {
        Spec::parse_with(text, missing::USUAL)
    }

    /// Reads the spec of a model file of format revision 1, whose missing values were fewer words.
    ///
    /// # Errors
    /// As [`Spec::parse`].
    pub fn parse_revision_1(text: &str) -> Result<Spec, SpecFaults> {
        Spec::parse_with(text, missing::REVISION_1)
    }

    fn parse_with(text: &str, usual: &[&str]) -> Result<Spec, SpecFaults> {
        let unversioned = check_version(text)?;
        let first = match Spec::parse_once(text, usual) {
            Err(SpecFaults(faults)) if yaml::is_readable(text) => faults,
            parsed => return parsed,
        };
        let (mut rest, mut all, mut fresh) = (Rest::of(text), Vec::new(), first);
        let lines_of_text = text.lines().count() as u64; // what stands after it are stand-ins
        if let Some(fault) = unversioned {
            if rest.is_empty() || rest.has_key("version") {
                return Err(SpecFaults(vec![fault]));
            }
            all.push(fault);
            fresh.retain(|fault| !fault.problem.contains("\"version\""));
        }
        // Each stage ends with its first faults: what they are about is left out, and the rest read again.
        let mut explained: Vec<SpecFault> = Vec::new();
        loop {
            // Where a key of the whole document is missing, what stands around the place is not at fault.
            let about = fresh.iter().chain(&explained);
            let about = about.filter(|fault| !rest.is_of_document(&fault.problem));
            let lines: Vec<u64> = about.map(|fault| fault.line).collect();
            all.append(&mut fresh);
            let blanked = lines.into_iter().filter(|line| rest.blank(*line)).count();
            // A key that is missing, or written in another way.
            let missing = |key: &str| format!("the key {key:?} is missing here");
            let is_told = |key: &str| {
                let meant = format!("did you mean {key:?}?");
                let is_told = |fault: &SpecFault| {
                    fault.problem == missing(key)
                        || fault.remedy == meant
                        || (key == "version" && fault.problem == UNVERSIONED)
                };
                all.iter().any(is_told)
            };
            let stands_in = rest.stand_in(is_told);
            if rest.is_empty() || (blanked == 0 && !stands_in) {
                break;
            }
            let Err(SpecFaults(faults)) = Spec::parse_once(&rest.text(), usual) else {
                break;
            };
            let is_meant = |fault: &SpecFault| {
                let key = fault.problem.split('"').nth(1).unwrap_or_default();
                fault.problem == missing(key) && is_told(key)
            };
            let is_new = |fault: &SpecFault| {
                !is_meant(fault)
                    && fault.line <= lines_of_text
                    && !rest.explains(&fault.problem)
                    && !all.contains(fault)
            };
            (fresh, explained) = faults.into_iter().partition(is_new);
            // A fault that another one explains is reported only where nothing else is found.
            if !fresh.is_empty() {
                explained.clear();
            }
        }
        all.sort_by_key(|fault| (fault.line, fault.column));
        Err(SpecFaults(all))
    }

    fn parse_once(text: &str, usual: &[&str]) -> Result<Spec, SpecFaults> {
        check(read(text)?, text, usual)
    }

    /// Whether another spec says the same: comments, blanks, quotes and the order of keys do not matter.
    pub fn says_the_same(&self, other: &Spec) -> bool {
        let document = |text: &str| yaml::read::<serde_json::Value>(text).ok();
        self.text == other.text || document(&self.text) == document(&other.text)
    }

    /// The text it was written in.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Another version is one fault, whatever else the text says; no version is one beside others.
fn check_version(text: &str) -> Result<Option<SpecFault>, SpecFaults> {
    let version: VersionOnly = read(text)?;
    match version.version {
        Some(v) if v.value != VERSION => {
            let problem = format!(
                "the spec is of version {}, this release reads version {VERSION}",
                v.value
            );
            Err(SpecFaults(vec![SpecFault::at(
                &v,
                problem,
                "use a release that reads it, or rewrite it",
            )]))
        }
        None => {
            let problem = UNVERSIONED.to_owned();
            let remedy = format!("begin it with version: {VERSION}");
            Ok(Some(SpecFault {
                line: 1,
                column: 1,
                problem,
                remedy,
            }))
        }
        Some(_) => Ok(None),
    }
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, SpecFaults> {
    yaml::read(text).map_err(|fault| SpecFaults(vec![fault]))
}

fn check(file: SpecFile, text: &str, usual: &[&str]) -> Result<Spec, SpecFaults> {
    let mut faults = Vec::new();
    let named = !file.name.value.is_empty()
        && file
            .name
            .value
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c));
    if !named {
        let problem = format!("{:?} cannot name files", file.name.value);
        faults.push(SpecFault::at(
            &file.name,
            problem,
            "use lower-case letters, digits, - and _",
        ));
    }
    let _ = file.version;
    let table = TableSpec {
        columns: &file.columns,
        target: &file.target,
        id: file.id.as_ref(),
        extra: file.extra,
        missing: file.missing.as_deref(),
        usual,
    };
    let schema = table.check().map_err(|more| faults.extend(more)).ok();
    let schema = schema.and_then(|schema| check_order(schema, &file.evaluation, &mut faults));
    if let Some(schema) = &schema {
        faults.extend(file.recipe.check(schema).err().into_iter().flatten());
    }
    let format = check_format(file.format.as_ref(), &mut faults);
    let evaluation = check_evaluation(&file.evaluation, &mut faults);
    let decision = check_decision(file.decision.as_ref(), &mut faults);
    match (schema, evaluation) {
        (Some(schema), Some(evaluation)) if faults.is_empty() => Ok(Spec {
            name: file.name.value,
            table: file.table.map(|t| match t.as_str() {
                "bundled" => TableSource::Bundled,
                path => TableSource::File(path.into()),
            }),
            format,
            schema: Arc::new(schema),
            recipe: file.recipe,
            evaluation,
            decision,
            text: text.to_owned(),
        }),
        _ => Err(SpecFaults(faults)),
    }
}

/// The schema with the column that keeps rows of an evaluation together or in order.
fn check_order(
    schema: Schema,
    file: &EvaluationFile,
    faults: &mut Vec<SpecFault>,
) -> Option<Schema> {
    let (column, what) = match (&file.groups, &file.time) {
        (None, None) => return Some(schema),
        (Some(column), None) => (column, Order::Groups),
        (None, Some(column)) => (column, Order::Time),
        (Some(_), Some(time)) => {
            let problem = "an evaluation goes by groups or by time, not by both";
            faults.push(SpecFault::at(time, problem, "keep one of them"));
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
        faults.push(SpecFault::at(column, problem, remedy));
    }
    ordered
}

fn check_format(file: Option<&Spanned<DialectFile>>, faults: &mut Vec<SpecFault>) -> Dialect {
    let Some(file) = file else {
        return Dialect::default();
    };
    Dialect::try_from(file.value.clone()).unwrap_or_else(|fault| {
        faults.push(SpecFault::at(file, fault.problem, fault.remedy));
        Dialect::default()
    })
}

fn check_evaluation(file: &EvaluationFile, faults: &mut Vec<SpecFault>) -> Option<Evaluation> {
    let mut metric = |name: &str, place: SpecFault| {
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
            faults.push(SpecFault {
                problem: format!("there is no metric {name:?}"),
                remedy,
                ..place
            });
        }
        found
    };
    let primary = match &file.metric {
        Some(name) => metric(&name.value, SpecFault::at(name, "", "")),
        None => Metric::named("log_loss"),
    };
    let mut floors = Vec::new();
    for (name, value) in &file.floors {
        floors.extend(metric(name, SpecFault::at(value, "", "")).map(|m| (m, value.value)));
    }
    let mut count = |typed: &Option<Spanned<usize>>, least: usize, what: &str| {
        let typed = typed.as_ref()?;
        if typed.value < least {
            let problem = format!("an evaluation needs at least {least} {what}");
            faults.push(SpecFault::at(
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

fn check_decision(file: Option<&Spanned<DecisionFile>>, faults: &mut Vec<SpecFault>) -> Decision {
    let Some(file) = file else {
        return Decision { threshold: 0.5 };
    };
    let threshold = match (file.value.threshold, file.value.costs) {
        (Some(threshold), None) => Some(threshold),
        // Yes pays where p · cost of a miss ≥ (1 − p) · cost of a false alarm (Elkan 2001, equation 2).
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
            faults.push(SpecFault::at(file, problem, remedy));
            Decision { threshold: 0.5 }
        }
    }
}

#[cfg(test)]
mod tests;
