//! JSON Schemas of requests and responses for the OpenAPI document.
//!
//! The schema of a document is derived from its struct ([`Schemas::of`]). A schema that depends on the live model, such as that
//! of a row, is made from the model's spec ([`Schemas::define`]) and replaces a derived schema of the same name.

mod levels;
pub mod row;

use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

pub use levels::target;

use crate::model::Model;

/// Location of the named schemas in the OpenAPI document.
const PLACE: &str = "/components/schemas";

/// The schemas of one OpenAPI document: the requested ones and those that they refer to.
pub struct Schemas<'m> {
    model: &'m Model,
    generator: SchemaGenerator,
    defined: Map<String, Value>,
}

impl<'m> Schemas<'m> {
    /// An empty collection of schemas for the documents of `model`.
    pub fn new(model: &'m Model) -> Schemas<'m> {
        let settings = SchemaSettings::draft2020_12()
            .for_serialize()
            .with(|settings| {
                settings.definitions_path = PLACE.into();
                settings.meta_schema = None;
            });
        Schemas {
            model,
            generator: settings.into_generator(),
            defined: Map::new(),
        }
    }

    /// The schema of a type; a `$ref` if the type's schema has a name.
    pub fn of<T: JsonSchema>(&mut self) -> Value {
        self.generator.subschema_for::<T>().into()
    }

    /// Defines a named schema that depends on the model, and returns a `$ref` to it.
    pub fn define(&mut self, name: &str, schema: impl FnOnce(&Model) -> Value) -> Value {
        self.defined.insert(name.into(), schema(self.model));
        json!({"$ref": format!("#{PLACE}/{name}")})
    }

    /// All schemas by name.
    pub fn finish(mut self) -> Map<String, Value> {
        let mut all = self.generator.take_definitions(true);
        all.values_mut().for_each(tidy);
        all.extend(self.defined);
        all.sort_keys();
        all
    }
}

/// Removes what is irrelevant to a client: the `format` of numbers (their width in Rust), and the descriptions of enumerated
/// values, so that the enumeration becomes a plain `enum`.
fn tidy(schema: &mut Value) {
    let Value::Object(members) = schema else {
        if let Value::Array(schemas) = schema {
            schemas.iter_mut().for_each(tidy);
        }
        return;
    };
    let is_number = |kind: &Value| kind == "integer" || kind == "number";
    let types = members.get("type");
    let is_numeric = types.is_some_and(|kind| {
        is_number(kind) || kind.as_array().is_some_and(|all| all.iter().any(is_number))
    });
    if is_numeric {
        members.shift_remove("format");
    }
    if let Some(values) = members.get("oneOf").and_then(values) {
        members.shift_remove("oneOf");
        members.insert("enum".into(), values);
    }
    members.values_mut().for_each(tidy);
}

/// The values of a `oneOf` whose alternatives are all constants or enumerations; `None` for any other.
fn values(alternatives: &Value) -> Option<Value> {
    let alternatives = alternatives.as_array()?.iter();
    let lists = alternatives.map(|one| match (one.get("const"), one.get("enum")) {
        (Some(value), _) => Some(vec![value.clone()]),
        (None, Some(values)) => values.as_array().cloned(),
        (None, None) => None,
    });
    let lists: Option<Vec<Vec<Value>>> = lists.collect();
    lists.map(|lists| lists.concat().into())
}

/// The schema of an id chosen by a client: text without control characters. The server limits its length to `longest` bytes,
/// but JSON Schema can count characters only.
pub fn id(longest: usize) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": longest, "pattern": NO_CONTROL})
}

const NO_CONTROL: &str = r"^[^\u0000-\u001f\u007f-\u009f]+$";
