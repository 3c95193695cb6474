//! The schema of a row according to the live model's spec, and an example row.

use serde_json::{Map, Value, json};

use super::{Schemas, levels};
use crate::model::Model;
use crate::schema::column::Policy;
use crate::schema::{Column, Kind};
use crate::serve::body::Format;
use crate::stats::profile::Observed;

/// The schema of a row or a list of rows.
pub fn one_or_many(schemas: &mut Schemas<'_>) -> Value {
    let row = schemas.define("Row", row);
    json!({"oneOf": [row, {"type": "array", "items": row, "minItems": 1}]})
}

/// The schema of a row, a list of rows, or an object with a list of rows, as hosting platforms send it.
pub fn one_many_or_wrapped(schemas: &mut Schemas<'_>) -> Value {
    let row = schemas.define("Row", row);
    let flag = json!({"type": "boolean"});
    let others = ["dataframe_records", "inputs", "dataframe_split"];
    let others: Vec<Value> = others.map(|key| json!({"required": [key]})).to_vec();
    let wrapped = json!({
        "type": "object",
        "description": "as Vertex AI and KServe send rows; MLflow's dataframe_split, dataframe_records and inputs are read too",
        "required": ["instances"],
        "properties": {
            "instances": {"type": "array", "items": row, "minItems": 1},
            "parameters": {
                "type": ["object", "null"],
                "properties": {"explain": flag, "partial": flag, "store": flag},
                "additionalProperties": false,
            },
        },
        "not": {"anyOf": others},
    });
    json!({"oneOf": [row, {"type": "array", "items": row, "minItems": 1}, wrapped]})
}

/// An example row with typical values of the training rows, in the given format.
pub fn example(model: &Model, format: Format) -> Value {
    match format {
        Format::Json => object(model),
        Format::JsonLines | Format::Batch => format!("{}\n", object(model)).into(),
        Format::Csv => csv(model).into(),
    }
}

fn row(model: &Model) -> Value {
    let schema = model.schema();
    let mut properties: Map<String, Value> = schema
        .columns()
        .iter()
        .map(|column| (column.name.clone(), property(column)))
        .collect();
    if let Some(id) = schema.id() {
        properties.insert(
            id.into(),
            json!({"type": ["number", "string", "null"], "description": "the row's own id"}),
        );
    }
    let target = schema.target();
    let ignored = json!({"description": "ignored, with a warning"});
    properties.insert(target.column.clone(), ignored);
    let required: Vec<&str> = schema
        .columns()
        .iter()
        .filter(|c| c.required)
        .map(|c| c.name.as_str())
        .collect();
    json!({"type": "object", "required": required, "additionalProperties": false, "properties": properties})
}

fn property(column: &Column) -> Value {
    let mut property = match &column.kind {
        Kind::Number { min, max } => {
            let mut number = json!({"type": "number"});
            for (key, bound) in [("minimum", min), ("maximum", max)] {
                // The schema has only bounds that the server enforces; other bounds only cause a warning.
                if bound.is_finite() && column.policy == Policy::Reject {
                    number[key] = json!(bound);
                }
            }
            number
        }
        Kind::Category { levels } if column.policy == Policy::Reject && !levels.is_open() => {
            levels::one_of(levels.scalars(), false)
        }
        Kind::Category { levels } => {
            json!({"type": ["string", "number", "boolean"], "examples": levels.scalars()})
        }
        Kind::Text => json!({"type": "string"}),
        Kind::Date(_) => json!({"type": "string", "description": column.allowed()}),
    };
    if let (false, Some(parts)) = (
        column.required,
        property.get_mut("anyOf").and_then(Value::as_array_mut),
    ) {
        parts.push(json!({"type": "null"}));
    } else if !column.required {
        let mut types = property["type"]
            .as_array()
            .cloned()
            .unwrap_or_else(|| vec![property["type"].clone()]);
        types.push("null".into());
        property["type"] = types.into();
    }
    let unit = Some(&column.unit)
        .filter(|unit| !unit.is_empty())
        .map(|unit| format!("in {unit}"));
    let about = [column.about.clone()]
        .into_iter()
        .chain(unit)
        .filter(|part| !part.is_empty());
    let about = about.collect::<Vec<_>>().join("; ");
    if !about.is_empty() {
        property["description"] = about.into();
    }
    property
}

/// The example row as a JSON object: the median of each number and the most frequent level of each category.
fn object(model: &Model) -> Value {
    let cells = model.schema().columns().iter();
    let cells = cells.filter(|column| column.required || column.kind != Kind::Text);
    cells
        .filter_map(|column| Some((column.name.clone(), typical(model, column)?)))
        .collect::<Map<_, _>>()
        .into()
}

fn csv(model: &Model) -> String {
    let Value::Object(cells) = object(model) else {
        return String::new();
    };
    let names: Vec<&str> = cells.keys().map(String::as_str).collect();
    let values: Vec<String> = cells
        .values()
        .map(|value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        })
        .collect();
    format!("{}\n{}\n", names.join(","), values.join(","))
}

fn typical(model: &Model, column: &Column) -> Option<Value> {
    let mut profiles = model.profile().columns.iter();
    let profile = profiles.find(|profile| profile.name == column.name)?;
    match &profile.observed {
        Observed::Number(numbers) => numbers
            .sample
            .get(numbers.sample.len() / 2)
            .map(|median| number(*median)),
        Observed::Category(levels) => levels
            .levels
            .iter()
            .max_by_key(|level| level.count)
            .map(|level| level.name.as_str().into()),
        Observed::Text(_) => Some("text".into()),
    }
}

/// A number as JSON; whole numbers are written without a fraction.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        (value as i64).into()
    } else {
        value.into()
    }
}
