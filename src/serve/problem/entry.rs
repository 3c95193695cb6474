//! One fault in a problem document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::schema::fault::{Fault, as_json, cut};

/// Characters of what the client sent that are sent back to it, a key or a value.
const ECHOED: usize = 256;

/// One fault: where, what, what is allowed, what to do. All keys are always there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Fault")]
pub struct Entry {
    /// JSON pointer into the body; on the WebSocket into the row.
    pub path: String,
    /// What is wrong, as a code.
    pub problem: String,
    /// The value as it came, shortened; null where there was none.
    pub got: Value,
    /// What would have been taken.
    pub allowed: String,
    /// What to do.
    pub remedy: String,
    /// In a table of text: where.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub cell: Option<Cell>,
}

/// Where in a table of text a fault is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Cell {
    /// The line; the header is line 1.
    pub line: u64,
    /// The column's name; null for a fault of the line as a whole.
    pub column: Option<String>,
}

impl Entry {
    /// A fault of a row. `row` is the pointer to the row, empty for the body itself.
    pub fn of(fault: &Fault, row: &str, line: Option<u64>) -> Entry {
        let Fault {
            column,
            problem,
            got,
            typed,
            allowed,
            remedy,
        } = fault;
        let path = match column.as_str() {
            "" => row.to_owned(),
            column => format!("{row}/{}", cut(escape(column), ECHOED)),
        };
        let named = Some(cut(column.clone(), ECHOED)).filter(|column| !column.is_empty());
        Entry {
            path,
            problem: problem.code().to_owned(),
            got: match got.as_str() {
                "" => Value::Null,
                got if *typed => echoed(serde_json::from_str(got).unwrap_or_else(|_| got.into())),
                got => echoed(as_json(*problem, got)),
            },
            allowed: allowed.clone(),
            remedy: remedy.clone(),
            cell: line.map(|line| Cell {
                line,
                column: named,
            }),
        }
    }

    /// A fault of something that is no row.
    pub fn new(
        path: impl Into<String>,
        problem: &str,
        got: Value,
        allowed: &str,
        remedy: impl Into<String>,
    ) -> Entry {
        Entry {
            path: cut(path.into(), ECHOED),
            problem: problem.to_owned(),
            got: echoed(got),
            allowed: allowed.to_owned(),
            remedy: remedy.into(),
            cell: None,
        }
    }
}

/// A value that is sent back, shortened; a list or object that is too long becomes the beginning of its text.
fn echoed(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(cut(text, ECHOED)),
        Value::Array(_) | Value::Object(_) => match value.to_string() {
            text if text.len() > ECHOED => Value::String(cut(text, ECHOED)),
            _ => value,
        },
        other => other,
    }
}

/// A key as it stands in a JSON pointer (RFC 6901).
pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Problem;

    #[test]
    fn b4_what_is_echoed_is_cut() {
        let long = "ü".repeat(10_000);
        let (cut, mark) = (format!("{}…", "ü".repeat(256)), '…');
        let entry = Entry::new("/id", "wrong_type", long.clone().into(), "text", "");
        assert_eq!(entry.got, Value::from(cut.clone()));
        let entry = Entry::new(
            "/id",
            "wrong_type",
            vec![long.clone(); 3].into(),
            "text",
            "",
        );
        assert!(
            entry.got.as_str().unwrap().ends_with(mark)
                && entry.got.as_str().unwrap().chars().count() == 257
        );
        let short = serde_json::json!(["a", 1]);
        assert_eq!(
            Entry::new("/id", "wrong_type", short.clone(), "text", "").got,
            short
        );
        let fault = Fault {
            column: long,
            problem: Problem::UnknownColumn,
            got: String::new(),
            typed: false,
            allowed: String::new(),
            remedy: String::new(),
        };
        assert_eq!(Entry::of(&fault, "/3", Some(5)).path, format!("/3/{cut}"));
    }

    #[test]
    fn a_fault_is_told_with_all_keys() {
        let fault = Fault {
            column: "a/b~c".into(),
            problem: Problem::OutOfRange,
            got: "500".into(),
            typed: false,
            allowed: "a number from 0 to 120".into(),
            remedy: String::new(),
        };
        let json = serde_json::to_value(Entry::of(&fault, "/3", None)).unwrap();
        let expected = serde_json::json!({
            "path": "/3/a~1b~0c", "problem": "out_of_range", "got": 500, "allowed": "a number from 0 to 120", "remedy": "",
        });
        assert_eq!(json, expected);
        let json = serde_json::to_value(Entry::of(&fault, "/3", Some(5))).unwrap();
        assert_eq!(
            (&json["line"], &json["column"]),
            (&5.into(), &"a/b~c".into())
        );
    }
}
