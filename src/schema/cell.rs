//! One checked value of a row.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

/// A byte range of the text that belongs to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of `part`, which must be a slice of `whole`.
    pub fn of(part: &str, whole: &str) -> Span {
        let start = (part.as_ptr() as usize) - (whole.as_ptr() as usize);
        Span {
            start: start as u32,
            end: (start + part.len()) as u32,
        }
    }

    /// The part of `text` that the span covers.
    pub fn get<'a>(&self, text: &'a str) -> &'a str {
        &text[self.start as usize..self.end as usize]
    }
}

/// A value after checking; never NaN, never infinite.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Cell {
    /// Absent, null or empty.
    #[default]
    Missing,
    Number(f64),
    /// Index of a level that the spec lists.
    Level(u32),
    /// Text. In a category column: a level that the spec does not list, verbatim.
    Text(Span),
}

impl Cell {
    /// A number cell that is always finite: NaN becomes `Missing`, an infinity the largest finite number of its sign.
    pub fn number(value: f64) -> Cell {
        if value.is_nan() {
            Cell::Missing
        } else {
            Cell::Number(value.clamp(f64::MIN, f64::MAX))
        }
    }

    pub fn as_number(&self) -> Option<f64> {
        match self {
            Cell::Number(v) => Some(*v),
            _ => None,
        }
    }

    /// The level's index, if the cell is a known level.
    pub fn as_level(&self) -> Option<u32> {
        match self {
            Cell::Level(v) => Some(*v),
            _ => None,
        }
    }

    /// The text of an id; none if it is missing. `text` is what a text cell's span points into.
    pub fn id_text(&self, text: &str) -> Option<String> {
        match self {
            Cell::Number(v) => Some(v.to_string()),
            Cell::Text(span) => Some(span.get(text).to_owned()),
            Cell::Missing | Cell::Level(_) => None,
        }
    }

    pub fn is_missing(&self) -> bool {
        matches!(self, Cell::Missing)
    }
}

/// A checked value as it is written: typed as in the spec, and understood without it.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    Missing,
    Flag(bool),
    /// A number without a fraction.
    Whole(i64),
    /// Any other finite number.
    Number(f64),
    /// Text; also a date, as its column writes it.
    Text(Cow<'a, str>),
}

impl Scalar<'_> {
    /// The value as a number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Scalar::Whole(v) => Some(*v as f64),
            Scalar::Number(v) => Some(*v),
            _ => None,
        }
    }
}

/// As it is written in a table: nothing for a missing value.
impl std::fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Scalar::Missing => Ok(()),
            Scalar::Flag(v) => write!(f, "{v}"),
            Scalar::Whole(v) => write!(f, "{v}"),
            Scalar::Number(v) => write!(f, "{v}"),
            Scalar::Text(v) => f.write_str(v),
        }
    }
}

impl Serialize for Scalar<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Scalar::Missing => to.serialize_none(),
            Scalar::Flag(v) => to.serialize_bool(*v),
            Scalar::Whole(v) => to.serialize_i64(*v),
            Scalar::Number(v) => to.serialize_f64(*v),
            Scalar::Text(v) => to.serialize_str(v),
        }
    }
}
