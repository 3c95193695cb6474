//! Labels as a table of text: `id,label`, or the spec's id column and `label`.

use serde_json::{Value, json};

use super::given::{self, KEYS};
use super::{MOST, invalid};
use crate::schema::csv::Lines;
use crate::schema::{Dialect, Schema};
use crate::serve::problem::{Cell, Entry, Problem, kind};
use crate::store::labels::{By, Given};

/// The prediction's id as a CSV response names it.
const PREDICTION_ID: &str = "prediction_id";

/// What a column holds, by the names of JSON.
type Columns = Vec<&'static str>;

/// Reads the labels of a table.
///
/// # Errors
/// 400 and 422, with lines and columns.
pub fn read(body: &[u8], schema: &Schema) -> Result<Vec<Given>, Problem> {
    let mut lines = Lines::new(body, &Dialect::default())?;
    let names = lines.header()?;
    let names: Vec<&str> = names.iter().map(|name| name.trim()).collect();
    let columns = columns(&names, schema)?;
    // `id` may be the prediction's or, where the table's id column is called so, the row's own.
    let is_either = columns.contains(&"id") && schema.id() == Some("id") && names.contains(&"id");
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    while let Some((line, cells)) = lines.next()? {
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
        match given::check(pairs, &format!("/{}", line - 2), schema.target()) {
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

/// Text as the value of a key: only `correct` is no text in JSON.
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
        "id" | "label" | "correct" => KEYS.iter().copied().find(|key| *key == name),
        _ if schema.id() == Some(name) => Some("key"),
        _ => None,
    };
    let own = schema
        .id()
        .map_or_else(String::new, |id| format!(" or {id},label"));
    let allowed = format!("id,label{own}, and perhaps correct");
    let bad = |name: &str, problem: &str| {
        let mut entry = Entry::new(format!("/{name}"), problem, name.into(), &allowed, "");
        entry.cell = Some(Cell {
            line: 1,
            column: Some(name.to_owned()),
        });
        let detail = format!(
            "the header needs {allowed}; {name:?} is {}",
            problem.replace('_', " ")
        );
        Problem::new(&kind::INVALID, detail).with(vec![entry])
    };
    let mut columns = Columns::new();
    for name in names {
        let key = key_of(name).ok_or_else(|| bad(name, "unknown_column"))?;
        if columns.contains(&key) {
            return Err(bad(name, "repeated"));
        }
        columns.push(key);
    }
    match ["id", "key"].map(|key| columns.contains(&key)) {
        [true, true] => Err(bad("id", "ambiguous")),
        [false, false] => Err(bad("id", "missing")),
        _ if !columns.contains(&"label") => Err(bad("label", "missing")),
        _ => Ok(columns),
    }
}
