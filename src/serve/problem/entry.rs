//! An entry of a problem document's `errors`: one fault.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::schema::fault::{Fault, Problem, cut};

/// Maximum characters of a client's key or value that an error response repeats.
const ECHOED: usize = 256;

/// A fault: its location, its code, what is allowed and how to fix it. All members are always present, except for the location
/// in a text table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Fault")]
pub struct Entry {
    /// JSON pointer to the fault in the request body; on the WebSocket, in the row.
    pub path: String,
    /// Code of the fault.
    pub problem: String,
    /// The value as received, shortened; null if there was none.
    pub got: Value,
    /// The values that are accepted.
    pub allowed: String,
    /// How to fix the fault.
    pub remedy: String,
    /// Location of the fault in a text table such as CSV.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub cell: Option<Cell>,
}

/// Location of a fault in a text table such as CSV.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Cell {
    /// Number of the line; the header is line 1.
    pub line: u64,
    /// Name of the column; null if the fault concerns the whole line.
    pub column: Option<String>,
}

impl Entry {
    /// An entry for a fault of a row. `row` is the JSON pointer to the row; it is empty if the body is the row. `line` is the
    /// line of the row in a text table.
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

    /// An entry for a fault outside of rows.
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

/// Shortens a value for an error response. A list or object that is too long becomes the beginning of its JSON text.
/// The value of a fault: what came as a number or a boolean becomes one again.
fn as_json(problem: Problem, value: &str) -> Value {
    match problem {
        Problem::OutOfRange | Problem::WrongType | Problem::TargetIgnored => {
            let scalar = serde_json::from_str(value).ok();
            scalar
                .filter(|v: &Value| !v.is_array() && !v.is_object())
                .unwrap_or_else(|| value.into())
        }
        _ => value.into(),
    }
}

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

/// Escapes a key for use in a JSON pointer (RFC 6901).
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
