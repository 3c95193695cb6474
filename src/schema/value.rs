//! A value as a source hands it over, before anything is known of its column.

use super::fault::excerpt;

/// A value as a typed source (JSON, Parquet) hands it over.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    Missing,
    /// A number; may still be non-finite.
    Number(f64),
    Flag(bool),
    Text(&'a str),
    /// A list or an object.
    Nested(&'static str),
}

impl std::fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Missing => f.write_str("null"),
            Value::Number(v) => v.fmt(f),
            Value::Flag(v) => v.fmt(f),
            Value::Text(v) => write!(f, "{:?}", excerpt(v)),
            Value::Nested(what) => f.write_str(what),
        }
    }
}
