//! A value from a source, before it is checked against its column.

use super::fault::excerpt;

/// A value of a typed source (JSON, Parquet).
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    Missing,
    /// A number, which may still be infinite or NaN.
    Number(f64),
    Flag(bool),
    Text(&'a str),
    /// A list or an object, which no column admits.
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
