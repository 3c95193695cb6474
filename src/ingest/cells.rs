//! Helpers to read a few columns of a table without a schema: locating the columns and interpreting a text cell.

use super::error::FormatError;
use crate::schema::NumberForm;
use crate::schema::fault::{excerpt, nearest};
use crate::schema::missing::USUAL;
use crate::schema::row::Value;

/// The indices of the `wanted` columns in `names`.
pub(super) fn places(names: &[&str], wanted: &[&str]) -> Result<Vec<usize>, FormatError> {
    let place = |wanted: &&str| match names.iter().position(|name| name == wanted) {
        Some(place) if !names[place + 1..].contains(wanted) => Ok(place),
        Some(_) => Err(format!(
            "the column {wanted:?} stands twice in the header; keep one of them"
        )
        .into()),
        None => Err(no_column(wanted, names).into()),
    };
    wanted.iter().map(place).collect()
}

fn no_column(wanted: &str, names: &[&str]) -> String {
    const SHOWN: usize = 20;
    let near = nearest(wanted, names.iter().copied());
    let suggestion = near.map_or_else(String::new, |n| format!(", did you mean {n:?}?"));
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|n| excerpt(n)).collect();
    if names.len() > SHOWN {
        shown.push(format!("and {} more", names.len() - SHOWN));
    }
    format!(
        "there is no column {:?}{suggestion}; there are: {}",
        excerpt(wanted),
        shown.join(", ")
    )
}

/// Interprets a text cell as missing, a number or text.
pub(super) fn cell<'t>(text: &'t str, form: &NumberForm) -> Value<'t> {
    if text.trim().is_empty() || USUAL.contains(&text.trim()) {
        return Value::Missing;
    }
    form.parse(text).map_or(Value::Text(text), Value::Number)
}
