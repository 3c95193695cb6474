//! A first spec for any table of text: kinds, levels and ranges as they look, a plain recipe.
//!
//! It is a start for a person to go on from, and says so in its comments.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

use crate::schema::csv::{Broken, CsvFault, Lines};
use crate::schema::fault::nearest;
use crate::schema::text::{HeaderFault, MISSING};

/// A category has at most so many levels.
const MOST_LEVELS: usize = 20;

/// What the person wants.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The yes/no column.
    pub target: &'a str,
    /// Its value that counts as yes.
    pub positive: Option<&'a str>,
    /// What models are called.
    pub name: Option<&'a str>,
}

/// Why no spec can be made.
#[derive(Debug, thiserror::Error)]
pub enum InferFault {
    /// The file cannot be read as CSV or TSV.
    #[error("{path}: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// No such column.
    #[error("there is no column {wanted:?}{suggestion}; there are: {columns}")]
    NoTarget {
        /// As asked for.
        wanted: String,
        /// The nearest name.
        suggestion: String,
        /// All names.
        columns: String,
    },
    /// The target is not a yes/no column.
    #[error("the target {target:?} has {values}; it must have exactly two")]
    NotBinary {
        /// The target.
        target: String,
        /// What it holds.
        values: String,
    },
    /// The positive value is not there.
    #[error("the target has no value {wanted:?}; it has {values}")]
    NoPositive {
        /// As asked for.
        wanted: String,
        /// What it holds.
        values: String,
    },
}

/// What is seen of one column.
#[derive(Default)]
struct Seen {
    name: String,
    rows: usize,
    missing: usize,
    numbers: usize,
    min: f64,
    max: f64,
    values: BTreeMap<String, usize>,
}

impl Seen {
    fn add(&mut self, cell: &str) {
        // More distinct values than this are counted no further: the column is no category.
        const MOST_VALUES: usize = 100_000;
        self.rows += 1;
        if cell.is_empty() || MISSING.contains(&cell) {
            self.missing += 1;
            return;
        }
        if let Some(v) = cell.trim().parse::<f64>().ok().filter(|v| v.is_finite()) {
            let first = self.numbers == 0;
            self.min = if first { v } else { self.min.min(v) };
            self.max = if first { v } else { self.max.max(v) };
            self.numbers += 1;
        }
        if self.values.len() < MOST_VALUES || self.values.contains_key(cell) {
            *self.values.entry(cell.to_owned()).or_default() += 1;
        }
    }

    fn known(&self) -> usize {
        self.rows - self.missing
    }

    fn is_number(&self) -> bool {
        self.known() > 0 && self.numbers == self.known()
    }

    fn looks(&self) -> Looks {
        // A handful of whole numbers are codes (a class, a flag) more often than amounts.
        const CODES: usize = 3;
        let few = self.values.len() <= MOST_LEVELS && self.values.len() * 2 <= self.known().max(2);
        match self.is_number() {
            true if self.values.len() <= CODES && few => Looks::Category,
            true => Looks::Number,
            false if few && !self.values.is_empty() => Looks::Category,
            false => Looks::Text,
        }
    }

    /// Every row has one and none is there twice, and the name says so (but amounts are no ids: "bid", "paid").
    fn is_id(&self) -> bool {
        let name = self.name.to_lowercase();
        let named =
            name == "id" || name.ends_with("id") || name.ends_with("_id") || name.ends_with("key");
        let amounts = self.is_number() && self.values.keys().any(|v| v.contains('.'));
        named && !amounts && self.missing == 0 && self.values.len() == self.rows && self.rows > 1
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Looks {
    Number,
    Category,
    Text,
}

/// Text of a spec for a CSV or TSV file.
///
/// # Errors
/// [`InferFault`].
pub fn spec(path: &Path, wanted: &Wanted<'_>) -> Result<String, InferFault> {
    let columns = look(path)?;
    let Some(target) = columns.iter().find(|c| c.name == wanted.target) else {
        let names = || columns.iter().map(|c| c.name.as_str());
        let near = nearest(wanted.target, names());
        return Err(InferFault::NoTarget {
            wanted: wanted.target.into(),
            suggestion: near.map_or_else(String::new, |n| format!(", did you mean {n:?}?")),
            columns: names().collect::<Vec<_>>().join(", "),
        });
    };
    let (positive, negative) = labels(target, wanted.positive)?;
    let id = columns
        .iter()
        .find(|c| c.name != wanted.target && c.is_id());
    let features: Vec<&Seen> = columns
        .iter()
        .filter(|c| c.name != wanted.target && id.is_none_or(|id| id.name != c.name))
        .collect();
    let name = wanted.name.map_or_else(|| name_of(path), str::to_owned);
    Ok(write(
        &name,
        path,
        target,
        (&positive, &negative),
        id,
        &features,
    ))
}

fn look(path: &Path) -> Result<Vec<Seen>, InferFault> {
    let fault = |why: String| InferFault::Unreadable {
        path: path.display().to_string(),
        why,
    };
    let said = |e: CsvFault| fault(e.to_string());
    let tabs = path.extension().is_some_and(|e| e == "tsv" || e == "tab");
    let file = File::open(path).map_err(|e| fault(format!("it cannot be read: {e}")))?;
    let mut lines = Lines::new(file, if tabs { b'\t' } else { b',' }).map_err(said)?;
    let names = lines.header().map_err(said)?;
    if let Some(twice) = (1..names.len()).find(|i| names[..*i].contains(&names[*i])) {
        return Err(said(HeaderFault::Twice(names[twice].clone()).into()));
    }
    let seen = |name| Seen {
        name,
        ..Seen::default()
    };
    let mut columns: Vec<Seen> = names.into_iter().map(seen).collect();
    while let Some((line, cells)) = lines.next().map_err(said)? {
        let cells = cells.map_err(|broken| fault(format!("line {line}: {broken}")))?;
        for (column, cell) in columns.iter_mut().zip(cells) {
            let cell = std::str::from_utf8(cell)
                .map_err(|_| fault(format!("line {line}: {}", Broken::NotUtf8)))?;
            column.add(cell);
        }
    }
    Ok(columns)
}

fn labels(target: &Seen, positive: Option<&str>) -> Result<(String, String), InferFault> {
    let values: Vec<&String> = target.values.keys().collect();
    let listed = || {
        const SHOWN: usize = 10;
        let shown: Vec<String> = values
            .iter()
            .take(SHOWN)
            .map(|v| format!("{v:?}"))
            .collect();
        let more = match values.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        shown.join(", ") + &more
    };
    let [a, b] = values[..] else {
        return Err(InferFault::NotBinary {
            target: target.name.clone(),
            values: match values.len() {
                0 => "no values".into(),
                _ => format!("the values {}", listed()),
            },
        });
    };
    let yes =
        |v: &str| ["1", "true", "yes", "y", "t", "positive"].contains(&v.to_lowercase().as_str());
    match positive {
        Some(p) if p == a => Ok((a.clone(), b.clone())),
        Some(p) if p == b => Ok((b.clone(), a.clone())),
        Some(p) => Err(InferFault::NoPositive {
            wanted: p.into(),
            values: listed(),
        }),
        None if yes(a) && !yes(b) => Ok((a.clone(), b.clone())),
        None => Ok((b.clone(), a.clone())),
    }
}

fn name_of(path: &Path) -> String {
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let name: String = stem
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if name.is_empty() {
        "model".into()
    } else {
        name
    }
}

/// A scalar that YAML reads back as the same text or number.
fn scalar(text: &str) -> String {
    let whole = text.parse::<i64>().is_ok_and(|v| v.to_string() == text);
    if whole || text == "true" || text == "false" {
        text.into()
    } else {
        quoted(text)
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string() // a JSON string is a YAML string
}

const MEMORY: &str = "a String takes every character";

fn write(
    name: &str,
    path: &Path,
    target: &Seen,
    labels: (&str, &str),
    id: Option<&Seen>,
    features: &[&Seen],
) -> String {
    let mut out = String::new();
    let mut line = |text: String| writeln!(out, "{text}").expect(MEMORY);
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    line(format!(
        "# A first spec, inferred from {} rows of {file}. Read it through: ranges and levels are what these rows",
        target.rows
    ));
    line("# happen to hold, kinds are guesses, and the recipe is a plain one. Then: titanic-platform spec check FILE".into());
    line(String::new());
    line("version: 1".into());
    line(format!("name: {}", quoted(name)));
    line(format!("table: {}", quoted(&file)));
    line(format!(
        "target: {{column: {}, positive: {}, negative: {}}}",
        quoted(&target.name),
        scalar(labels.0),
        scalar(labels.1)
    ));
    if let Some(id) = id {
        line(format!("id: {}", quoted(&id.name)));
    }
    line(String::new());
    line("columns:".into());
    features.iter().for_each(|c| line(column(c)));
    line(String::new());
    line("recipe:".into());
    line("  steps:".into());
    let (steps, names) = recipe(features);
    steps.into_iter().for_each(&mut line);
    line("  features:".into());
    names
        .into_iter()
        .for_each(|n| line(format!("    - {}", quoted(&n))));
    line(String::new());
    line("evaluation: {metric: log_loss}".into());
    line("decision: {threshold: 0.5}".into());
    out
}

fn column(c: &Seen) -> String {
    let name = quoted(&c.name);
    match c.looks() {
        Looks::Number => format!(
            "  - {{name: {name}, kind: number, range: [{}, {}], unexpected: warn}}",
            c.min, c.max
        ),
        Looks::Category => {
            let levels: Vec<String> = c.values.keys().map(|v| scalar(v)).collect();
            format!(
                "  - {{name: {name}, kind: category, levels: [{}], unexpected: warn}}",
                levels.join(", ")
            )
        }
        Looks::Text => format!("  - {{name: {name}, kind: text}}"),
    }
}

/// Lines of the steps, names of the features.
fn recipe(features: &[&Seen]) -> (Vec<String>, Vec<String>) {
    let mut steps = Vec::new();
    let mut names = Vec::new();
    for c in features {
        let name = quoted(&c.name);
        match c.looks() {
            Looks::Number => {
                if c.missing > 0 {
                    let flag = format!("{} is missing", c.name);
                    steps.push(format!(
                        "    - missing: {{of: {name}, as: {}}}",
                        quoted(&flag)
                    ));
                    names.push(flag);
                }
                let filled = format!("{} or its median", c.name);
                steps.push(format!(
                    "    - impute: {{of: {name}, as: {}}}",
                    quoted(&filled)
                ));
                names.push(filled);
            }
            Looks::Category => {
                steps.push(format!("    - one_hot: {{of: [{name}]}}"));
                names.push(format!("{}=*", c.name));
            }
            Looks::Text => {}
        }
    }
    (steps, names)
}

#[cfg(test)]
mod tests;
