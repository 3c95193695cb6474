//! Labels as a CSV table with the columns `id,label`, or the spec's id column and `label`.

use serde_json::{Value, json};

use super::given::{self, KEYS, MOST, invalid};
use crate::schema::csv::Lines;
use crate::schema::fault::nearest;
use crate::schema::{Dialect, Schema};
use crate::serve::problem::{Cell, Entry, Problem, kind};
use crate::store::labels::{By, Given};

/// The column that holds the prediction's id in a CSV response.
const PREDICTION_ID: &str = "prediction_id";

/// For each column of the table, its key in the JSON format.
type Columns = Vec<&'static str>;

/// Reads the labels of a CSV table.
///
/// # Errors
/// 400, 413 and 422, with lines and columns where they apply.
pub fn read(body: &[u8], schema: &Schema) -> Result<Vec<Given>, Problem> {
    let mut lines = Lines::new(body, &Dialect::default())?;
    let names = lines.header()?;
    let names: Vec<&str> = names.iter().map(|name| name.trim()).collect();
    let columns = columns(&names, schema)?;
    // If the spec's id column is named `id`, a value in it may be the prediction's id or the row's own id.
    let is_either = columns.contains(&"id") && schema.id() == Some("id") && names.contains(&"id");
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    let mut places = 0..;
    while let Some((line, cells)) = lines.next()? {
        let place: usize = places.next().expect("there is no end of them");
        if all.len() == MOST {
            let detail = format!("more than {MOST} labels; send them in parts");
            return Err(Problem::new(&kind::TOO_LARGE, detail));
        }
        let cells = cells.map_err(|broken| Problem::broken_line(line, broken))?;
        let texts: Result<Vec<&str>, _> = cells.iter().map(std::str::from_utf8).collect();
        let texts = texts
            .map_err(|_| Problem::new(&kind::UNREADABLE, format!("line {line} is not UTF-8")))?;
        let values: Vec<(&str, Value)> = columns
            .iter()
            .zip(texts)
            .filter(|(_, text)| !text.trim().is_empty())
            .map(|(key, text)| (*key, value(key, text.trim())))
            .collect();
        let pairs = values.iter().map(|(key, value)| (*key, value));
        match given::check(pairs, &format!("/{place}"), schema.target()) {
            Ok(mut one) => {
                if is_either {
                    one.by = By::Either;
                }
                all.push(one);
            }
            Err(found) => faults.extend(found.into_iter().map(|mut entry: Entry| {
                let key = entry.path.rsplit('/').next().unwrap_or_default();
                let place = columns.iter().position(|column| *column == key);
                let column = place.map(|place| names[place].to_owned());
                entry.cell = Some(Cell { line, column });
                entry
            })),
        }
    }
    if !faults.is_empty() {
        return Err(invalid(faults));
    }
    if all.is_empty() {
        return Err(Problem::new(&kind::INVALID, "the table has no labels"));
    }
    Ok(all)
}

/// A cell as the JSON value of a key. Only `correct` is not a string in JSON.
fn value(key: &str, text: &str) -> Value {
    match (key, text.to_ascii_lowercase().as_str()) {
        ("correct", "true" | "1") => json!(true),
        ("correct", "false" | "0") => json!(false),
        _ => text.into(),
    }
}

fn columns(names: &[&str], schema: &Schema) -> Result<Columns, Problem> {
    let key_of = |name: &str| match name {
        PREDICTION_ID => Some("id"),
        "id" | "key" | "label" | "correct" => KEYS.iter().copied().find(|key| *key == name),
        _ if schema.id() == Some(name) => Some("key"),
        _ => None,
    };
    let own = schema.id().filter(|id| *id != "id");
    let own = own.map_or_else(String::new, |id| format!(", or {id} and label"));
    let allowed = format!("id and label{own}; and, if labels are to be replaced, correct");
    let bad = |name: &str, problem: &str, what: &str, remedy: String| {
        let entry = Entry {
            cell: Some(Cell {
                line: 1,
                column: Some(name.to_owned()),
            }),
            ..Entry::new(format!("/{name}"), problem, name.into(), &allowed, remedy)
        };
        let detail = format!("{what}; a table of labels has the columns {allowed}");
        Problem::new(&kind::INVALID, detail).with(vec![entry])
    };
    let mut columns = Columns::new();
    for name in names {
        let Some(key) = key_of(name) else {
            let known = KEYS.iter().copied().chain(schema.id());
            let remedy = match nearest(name, known) {
                _ if *name == schema.target().column => "call it label".to_owned(),
                Some(near) => format!("did you mean {near:?}?"),
                None => "leave the column out".to_owned(),
            };
            let what = format!("the header has the column {name:?}");
            return Err(bad(name, "unknown_column", &what, remedy));
        };
        if columns.contains(&key) {
            let what = match key {
                "id" | "key" => {
                    format!("the header has several columns of ids, {name:?} among them")
                }
                _ => format!("the header has the column {name:?} twice"),
            };
            return Err(bad(name, "repeated", &what, "keep one".into()));
        }
        columns.push(key);
    }
    match ["id", "key"].map(|key| columns.contains(&key)) {
        [true, true] => {
            let what = "the header has the prediction's id and the row's own id";
            Err(bad("id", "ambiguous", what, "keep one of the two".into()))
        }
        [false, false] => {
            let what = "the header has no column of ids";
            Err(bad("id", "missing", what, "add the column id".into()))
        }
        _ if !columns.contains(&"label") => {
            let what = "the header has no column \"label\"";
            Err(bad("label", "missing", what, "add the column label".into()))
        }
        _ => Ok(columns),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::fixture::wines;

    /// Blank lines count as lines, but not as labels.
    #[test]
    fn a_fault_has_the_line_of_the_table_and_the_place_of_its_label() {
        for (body, line, path) in [
            ("id,label\np1,yes\np2,maybe\n", 3, "/1/label"),
            ("id,label\n\np1,yes\n\n\np2,maybe\n", 6, "/1/label"),
            ("\r\nid,label\r\n\r\np1,maybe\r\n", 4, "/0/label"),
            ("id,label\np1,\"yes\n\"\n\np2,maybe\n", 5, "/1/label"),
        ] {
            let problem = read(body.as_bytes(), &wines()).unwrap_err().to_json();
            let problem: Value = serde_json::from_str(&problem).unwrap();
            let error = &problem["errors"][0];
            assert_eq!(
                (&error["line"], &error["path"], &error["column"]),
                (&json!(line), &json!(path), &json!("label")),
                "{body:?}: {problem}"
            );
        }
    }
}
