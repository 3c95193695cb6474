//! JSON Schemas of what goes in and comes out, as the OpenAPI document has them.
//!
//! The schema of a document is derived from its struct ([`Schemas::of`]). What depends on the live model, a row above all, is
//! made from its spec ([`Schemas::define`]) and takes the place of a derived schema of the same name.

mod levels;
pub mod row;

use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

pub use levels::target;

use crate::model::Model;

/// Where the document keeps its schemas.
const PLACE: &str = "/components/schemas";

/// The schemas of one document: those that were asked for, and those that they refer to.
pub struct Schemas<'m> {
    model: &'m Model,
    generator: SchemaGenerator,
    defined: Map<String, Value>,
}

impl<'m> Schemas<'m> {
    /// None yet, for documents of a model.
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

    /// The schema of a type: a reference, where it has a name.
    pub fn of<T: JsonSchema>(&mut self) -> Value {
        self.generator.subschema_for::<T>().into()
    }

    /// A reference to a schema that depends on the model.
    pub fn define(&mut self, name: &str, schema: impl FnOnce(&Model) -> Value) -> Value {
        self.defined.insert(name.into(), schema(self.model));
        json!({"$ref": format!("#{PLACE}/{name}")})
    }

    /// All of them, by name.
    pub fn finish(mut self) -> Map<String, Value> {
        let mut all = self.generator.take_definitions(true);
        all.values_mut().for_each(tidy);
        all.extend(self.defined);
        all.sort_keys();
        all
    }
}

/// Leaves out what says nothing to a client: the width of our integers, and the words beside each value of an enumeration,
/// which becomes a plain list of values.
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

/// The values of alternatives that are a value each.
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

/// An id that a client names: text without control characters. Its length counts bytes, which schemas cannot.
pub fn id(longest: usize) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": longest, "pattern": NO_CONTROL})
}

const NO_CONTROL: &str = r"^[^\u0000-\u001f\u007f-\u009f]+$";
