//! Determines the two values of the target and which of them is positive.

use std::collections::BTreeMap;

use super::column::Column;
use super::error::InferError;
use crate::schema::column::Label;
use crate::schema::level::{canonical, flag, number_of, scalar, shortest};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Labels {
    pub positive: Label,
    pub negative: Label,
    /// Why this value was chosen as positive, and how to choose the other one.
    pub why: String,
    /// Notices about irregular values.
    pub notices: Vec<String>,
}

/// A distinct value with its rows and its spellings.
struct Value {
    label: Label,
    rows: u64,
    spellings: Vec<(String, u64)>,
}

/// Derives the two labels of the target from the column statistics.
pub(super) fn labels(
    column: &Column,
    rows: u64,
    positive: Option<&str>,
) -> Result<Labels, InferError> {
    let mut values = values(column);
    if values.len() == 1 && column.words.len() == 1 {
        // If there is only one other value, a word such as None is the second label and not a mark of missing values.
        values.extend(column.words.iter().map(|(word, rows)| Value {
            label: Label::Text(word.clone()),
            rows: *rows,
            spellings: vec![(word.clone(), *rows)],
        }));
    }
    let [a, b] = &values[..] else {
        return Err(not_binary(column, rows, &values));
    };
    let (first_positive, why) = match positive {
        Some(wanted) if is(a, wanted) => (true, "as given".to_owned()),
        Some(wanted) if is(b, wanted) => (false, "as given".to_owned()),
        Some(wanted) => {
            return Err(InferError::NoPositive {
                wanted: wanted.into(),
                values: listed(&values),
            });
        }
        None => chosen(a, b),
    };
    let (yes, no) = if first_positive { (a, b) } else { (b, a) };
    let turn = match positive {
        Some(_) => String::new(),
        None => format!("; --positive {} turns it", quoted(&no.label)),
    };
    let spelt = |v: &Value| -> Option<String> {
        let shown: Vec<String> = v
            .spellings
            .iter()
            .map(|(s, n)| format!("{s:?} {n}"))
            .collect();
        (shown.len() > 1).then(|| {
            format!(
                "{}: spelt in {} ways that count as one: {}",
                column.name,
                shown.len(),
                shown.join(", ")
            )
        })
    };
    Ok(Labels {
        why: format!(
            "{} is the positive value ({why}), in {} of {} rows{turn}",
            quoted(&yes.label),
            yes.rows,
            yes.rows + no.rows
        ),
        notices: [yes, no].into_iter().filter_map(spelt).collect(),
        positive: yes.label.clone(),
        negative: no.label.clone(),
    })
}

/// The distinct values, ignoring case: numbers first, in numeric order, then text.
fn values(column: &Column) -> Vec<Value> {
    let mut by_value: BTreeMap<String, Vec<(String, u64)>> = BTreeMap::new();
    for (spelling, rows) in &column.values {
        let key = match number_of(spelling) {
            Some(number) => shortest(number),
            None => canonical(spelling).to_lowercase(),
        };
        by_value
            .entry(key)
            .or_default()
            .push((spelling.clone(), *rows));
    }
    let mut values: Vec<Value> = by_value
        .into_values()
        .map(|mut spellings| {
            spellings.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
            let commonest = match number_of(&spellings[0].0) {
                Some(number) => shortest(number).into(),
                None => canonical(&spellings[0].0),
            };
            Value {
                label: match flag(&commonest) {
                    Some(v) => Label::Flag(v),
                    None => scalar(&commonest),
                },
                rows: spellings.iter().map(|(_, rows)| rows).sum(),
                spellings,
            }
        })
        .collect();
    values.sort_by(|a, b| match (a.label.number(), b.label.number()) {
        (Some(x), Some(y)) => x.total_cmp(&y),
        (x, y) => x
            .is_none()
            .cmp(&y.is_none())
            .then_with(|| a.label.to_string().cmp(&b.label.to_string())),
    });
    values
}

fn is(value: &Value, wanted: &str) -> bool {
    let as_flag = match value.label {
        Label::Integer(v @ (0 | 1)) => flag(wanted) == Some(v == 1),
        _ => false,
    };
    as_flag || canonical(wanted).to_lowercase() == value.label.to_string().to_lowercase()
}

/// Whether the first of two values is the positive one, and why.
fn chosen(a: &Value, b: &Value) -> (bool, String) {
    const YES: &[&str] = &["1", "true", "yes", "y", "t", "positive", "pos", "on"];
    let yes = |v: &Value| YES.contains(&v.label.to_string().to_lowercase().as_str());
    match (a.label.number(), b.label.number()) {
        (Some(x), Some(y)) => (x > y, "the larger number".into()),
        _ if yes(a) != yes(b) => (yes(a), "it means yes".into()),
        _ if a.rows == b.rows => (
            false,
            "both are equally frequent; the last in alphabetical order".into(),
        ),
        _ => (a.rows < b.rows, "the rarer one".into()),
    }
}

fn not_binary(column: &Column, rows: u64, values: &[Value]) -> InferError {
    let blank = rows - column.known();
    InferError::NotBinary {
        target: column.name.clone(),
        values: match values.len() {
            0 => "no values".into(),
            1 if blank > 0 => format!(
                "only the value {} and {blank} blanks; if a blank means the other value, write it into these cells",
                listed(values)
            ),
            1 => format!("only the value {}", listed(values)),
            _ => format!("the values {}", listed(values)),
        },
    }
}

fn listed(values: &[Value]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<String> = values
        .iter()
        .take(SHOWN)
        .map(|v| quoted(&v.label))
        .collect();
    match values.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The label as a user would type it, with quotes around text.
fn quoted(label: &Label) -> String {
    match label {
        Label::Text(text) => format!("{text:?}"),
        other => other.to_string(),
    }
}
