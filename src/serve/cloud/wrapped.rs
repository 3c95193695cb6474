//! Rows within the object in which hosting platforms send them, and predictions within the object that they expect.
//!
//! `{"instances": [row, …], "parameters": {…}}` is Vertex AI's and KServe's; MLflow has `{"dataframe_records": [row, …]}`,
//! `{"inputs": [row, …]}` and `{"dataframe_split": {"columns": […], "data": [[…], …]}}`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::serve::problem::{Problem, kind};

/// The rows of a wrapping object.
#[derive(Debug, PartialEq)]
pub struct Wrapped {
    /// The key under which the rows stand.
    pub key: &'static str,
    /// The rows, as a JSON list of objects.
    pub rows: Vec<u8>,
    /// Parameters of the prediction and their values.
    parameters: Vec<(String, String)>,
}

/// The key of a table whose names and values stand apart.
const SPLIT: &str = "dataframe_split";

/// The parameters that a body may have.
const PARAMETERS: [&str; 3] = ["explain", "partial", "store"];

/// How large a table may become when it is written as a list of objects.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub rows: usize,
    pub bytes: usize,
}

/// The keys of all wrapping objects. A body with none of them is not wrapped.
#[derive(Deserialize)]
struct Keys<'b> {
    #[serde(borrow)]
    instances: Option<&'b RawValue>,
    #[serde(borrow)]
    dataframe_records: Option<&'b RawValue>,
    #[serde(borrow)]
    inputs: Option<&'b RawValue>,
    #[serde(borrow)]
    dataframe_split: Option<&'b RawValue>,
    #[serde(borrow)]
    parameters: Option<&'b RawValue>,
    #[serde(borrow)]
    params: Option<&'b RawValue>,
}

/// A table whose names and values stand apart. MLflow sends an `index` with it, which says nothing about the rows.
#[derive(Deserialize)]
struct Split<'b> {
    columns: Vec<String>,
    #[serde(borrow)]
    data: Vec<Vec<&'b RawValue>>,
}

impl Wrapped {
    /// The rows of a body; `None` if the body is no wrapping object.
    ///
    /// # Errors
    /// 422 if there are rows under two keys, or if a table does not have one value per column; 400 for invalid parameters; 413
    /// if a table is larger than the bounds once its names stand in every row.
    pub fn of(body: &[u8], bounds: Bounds) -> Result<Option<Wrapped>, Problem> {
        // A body that cannot be read is reported by the reader of rows.
        let Ok(keys) = serde_json::from_slice::<Keys<'_>>(body) else {
            return Ok(None);
        };
        // A column may have one of these names; its value is no list.
        let is_table = |key: &str, rows: &RawValue| {
            let begin = if key == SPLIT { '{' } else { '[' };
            rows.get().starts_with(begin)
        };
        let found = [
            ("instances", keys.instances),
            ("dataframe_records", keys.dataframe_records),
            ("inputs", keys.inputs),
            (SPLIT, keys.dataframe_split),
        ];
        let mut found = found
            .into_iter()
            .filter_map(|(key, rows)| Some((key, rows?)))
            .filter(|(key, rows)| is_table(key, rows));
        let Some((key, rows)) = found.next() else {
            return Ok(None);
        };
        if let Some((other, _)) = found.next() {
            let detail =
                format!("rows stand under {key:?} and under {other:?}; send them under one");
            return Err(Problem::new(&kind::INVALID, detail));
        }
        let rows = match key {
            SPLIT => of_split(rows, bounds)?,
            _ => rows.get().as_bytes().to_vec(),
        };
        let parameters = parameters(keys.parameters.or(keys.params))?;
        Ok(Some(Wrapped {
            key,
            rows,
            parameters,
        }))
    }

    /// The query string of the request with the parameters of the body.
    pub fn query<'q>(&self, of_request: &'q str) -> Cow<'q, str> {
        if self.parameters.is_empty() {
            return of_request.into();
        }
        let mut query = of_request.to_owned();
        for (name, value) in &self.parameters {
            let between = if query.is_empty() { "" } else { "&" };
            query.push_str(&format!("{between}{name}={value}"));
        }
        query.into()
    }
}

/// The rows of a table whose names and values stand apart, as a JSON list of objects.
fn of_split(table: &RawValue, bounds: Bounds) -> Result<Vec<u8>, Problem> {
    let Split { columns, data } = serde_json::from_str(table.get()).map_err(|fault| {
        let detail = format!(
            "\"dataframe_split\" is no table: {fault}; pandas writes one with df.to_dict(orient=\"split\")"
        );
        Problem::new(&kind::INVALID, detail)
    })?;
    let names: Vec<String> = columns
        .iter()
        .map(|name| serde_json::to_string(name).expect("text is JSON"))
        .collect();
    let names_of_a_row: usize = names.iter().map(|name| name.len() + 2).sum();
    let bytes = names_of_a_row
        .saturating_mul(data.len())
        .saturating_add(table.get().len());
    if data.len() > bounds.rows || bytes > bounds.bytes {
        let detail = format!(
            "\"dataframe_split\" has {} rows, and {bytes} bytes as a list of objects; at most {} rows and {} bytes are taken: \
             send it in parts",
            data.len(),
            bounds.rows,
            bounds.bytes
        );
        return Err(Problem::new(&kind::TOO_LARGE, detail));
    }
    let mut rows = String::from("[");
    for (n, values) in data.iter().enumerate() {
        if values.len() != names.len() {
            let detail = format!(
                "row {n} of \"dataframe_split\" has {} values for {} columns",
                values.len(),
                names.len()
            );
            return Err(Problem::new(&kind::INVALID, detail));
        }
        let pairs = names.iter().zip(values);
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}:{}", value.get()))
            .collect();
        rows.push_str(if n > 0 { ",{" } else { "{" });
        rows.push_str(&pairs.join(","));
        rows.push('}');
    }
    rows.push(']');
    Ok(rows.into_bytes())
}

/// The parameters of a prediction: those of the query string of `POST /v1/predict`.
fn parameters(given: Option<&RawValue>) -> Result<Vec<(String, String)>, Problem> {
    let Some(given) = given else {
        return Ok(Vec::new());
    };
    let flags: Option<std::collections::BTreeMap<String, bool>> = serde_json::from_str(given.get())
        .map_err(|_| {
            let detail = "the parameters are flags, such as {\"explain\": true, \"partial\": true}";
            Problem::new(&kind::BAD_REQUEST, detail)
        })?;
    let flags = flags.unwrap_or_default();
    if let Some(name) = flags.keys().find(|name| !PARAMETERS.contains(&&***name)) {
        let detail = format!(
            "there is no parameter {:?}; there are explain, partial and store",
            crate::schema::fault::excerpt(name)
        );
        return Err(Problem::new(&kind::BAD_REQUEST, detail));
    }
    Ok(flags
        .into_iter()
        .map(|(name, value)| (name, value.to_string()))
        .collect())
}

/// The predictions of a response to a list of rows.
#[derive(Deserialize)]
struct Response<'b> {
    #[serde(borrow)]
    predictions: &'b RawValue,
    #[serde(borrow)]
    errors: Option<&'b RawValue>,
}

/// A prediction, of which the id alone matters here; `None` for a row without a prediction.
#[derive(Deserialize)]
struct Prediction {
    id: Option<String>,
}

/// Predictions as the platforms expect them.
#[derive(Serialize)]
struct Predictions<'b> {
    predictions: &'b RawValue,
    /// The id of each prediction, by which its label can be sent later.
    ids: Vec<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'b RawValue>,
}

/// Puts the predictions of a response of `POST /v1/predict` into the object that the platforms expect.
///
/// # Errors
/// The bytes are no response to a list of rows.
pub fn predictions(response: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let Response {
        predictions,
        errors,
    } = serde_json::from_slice(response)?;
    let all: Vec<Option<Prediction>> = serde_json::from_str(predictions.get())?;
    let ids = all.into_iter().map(|prediction| prediction?.id).collect();
    serde_json::to_vec(&Predictions {
        predictions,
        ids,
        errors,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        rows: 3,
        bytes: 1000,
    };

    fn rows(body: &str) -> String {
        let wrapped = Wrapped::of(body.as_bytes(), BOUNDS).unwrap().unwrap();
        String::from_utf8(wrapped.rows).unwrap()
    }

    #[test]
    fn rows_are_taken_out_of_every_layout() {
        let row = r#"{"size": 3, "kind": "b", "age": 22.0}"#;
        for key in ["instances", "dataframe_records", "inputs"] {
            assert_eq!(
                rows(&format!(r#"{{"{key}": [{row}]}}"#)),
                format!("[{row}]")
            );
        }
        // Values stay as they are written: 0.1 and 1e400 are not read here.
        let split = r#"{"dataframe_split": {"index": [0, 1], "columns": ["a", "b\""], "data": [[0.1, "x"], [1e400, null]]}}"#;
        assert_eq!(
            rows(split),
            r#"[{"a":0.1,"b\"":"x"},{"a":1e400,"b\"":null}]"#
        );
        for plain in [
            r#"{"size": 3}"#,
            r#"{"inputs": 3, "instances": null}"#,
            "[{}]",
            "no JSON",
            "3",
        ] {
            assert_eq!(
                Wrapped::of(plain.as_bytes(), BOUNDS).unwrap(),
                None,
                "{plain}"
            );
        }
    }

    #[test]
    fn parameters_join_the_query_string() {
        let body = br#"{"instances": [], "parameters": {"partial": true, "explain": false}}"#;
        let wrapped = Wrapped::of(body, BOUNDS).unwrap().unwrap();
        assert_eq!(wrapped.query(""), "explain=false&partial=true");
        assert_eq!(
            wrapped.query("store=false"),
            "store=false&explain=false&partial=true"
        );
        for empty in ["{}", "null"] {
            let body = format!(r#"{{"instances": [], "parameters": {empty}}}"#);
            assert_eq!(
                Wrapped::of(body.as_bytes(), BOUNDS)
                    .unwrap()
                    .unwrap()
                    .query("a"),
                "a"
            );
        }
    }

    #[test]
    fn what_is_no_wrapped_table_is_rejected_with_a_remedy() {
        let fault = |body: &str| {
            Wrapped::of(body.as_bytes(), BOUNDS)
                .unwrap_err()
                .to_string()
        };
        for (body, part) in [
            (
                r#"{"instances": [], "inputs": []}"#,
                "under \"instances\" and under \"inputs\"",
            ),
            (
                r#"{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}"#,
                "2 values for 1 columns",
            ),
            (r#"{"dataframe_split": {}}"#, "orient=\"split\""),
            (
                r#"{"instances": [], "parameters": {"threshold": 1}}"#,
                "are flags",
            ),
            (
                r#"{"instances": [], "parameters": {"fast": true}}"#,
                "there is no parameter \"fast\"",
            ),
        ] {
            assert!(fault(body).contains(part), "{body}: {}", fault(body));
        }
    }

    #[test]
    fn a_table_does_not_grow_beyond_the_bounds() {
        let table = |name: &str, rows: usize| {
            let rows = vec!["[1]"; rows].join(",");
            format!(r#"{{"dataframe_split": {{"columns": ["{name}"], "data": [{rows}]}}}}"#)
        };
        let of = |table: String| Wrapped::of(table.as_bytes(), BOUNDS);
        assert!(of(table("a", 3)).is_ok());
        let long = "a".repeat(400);
        for (name, rows) in [("a", 4), (long.as_str(), 3)] {
            let fault = of(table(name, rows)).unwrap_err().to_string();
            assert!(fault.contains("in parts"), "{fault}");
        }
    }

    #[test]
    fn predictions_keep_their_bytes_and_their_ids_stand_beside_them() {
        let response = br#"{"model":"titanic@1","predictions":[{"id":"a","probability":0.10000000000000001},null,{"probability":1}],"errors":[1]}"#;
        let wrapped = String::from_utf8(predictions(response).unwrap()).unwrap();
        assert_eq!(
            wrapped,
            r#"{"predictions":[{"id":"a","probability":0.10000000000000001},null,{"probability":1}],"ids":["a",null,null],"errors":[1]}"#
        );
    }
}
