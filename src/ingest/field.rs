//! Finds a field inside a JSON document without keeping the rest of the document in memory.

use std::fmt;
use std::str::FromStr;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::error::FormatError;
use crate::schema::json;

/// Path of a field: its names from the outermost inwards, written as `data.rows` or as the JSON pointer `/data/rows`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    path: Vec<String>,
    text: String,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Text that names no field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a field; write its name, data.rows for one within another, or /data/rows")]
pub struct FieldError(String);

impl FromStr for Field {
    type Err = FieldError;

    fn from_str(text: &str) -> Result<Field, FieldError> {
        let path: Vec<String> = match text.strip_prefix('/') {
            Some(pointer) => {
                let unescaped = |part: &str| part.replace("~1", "/").replace("~0", "~");
                pointer.split('/').map(unescaped).collect()
            }
            None => text.split('.').map(str::to_owned).collect(),
        };
        match path.iter().any(String::is_empty) {
            true => Err(FieldError(text.to_owned())),
            false => Ok(Field {
                path,
                text: text.to_owned(),
            }),
        }
    }
}

impl Field {
    /// The JSON text of the field; `None` if the document does not have the field.
    ///
    /// # Errors
    /// When the document is not valid JSON.
    pub(super) fn pick<'b>(&self, body: &'b [u8]) -> Result<Option<&'b RawValue>, FormatError> {
        let mut json = serde_json::Deserializer::from_slice(body);
        let found = Within(&self.path).deserialize(&mut json);
        let found = found.and_then(|found| json.end().map(|()| found));
        found.map_err(|e| json::explained(e, body).to_string().into())
    }
}

/// The list of rows in a field; null counts as an empty list.
///
/// # Errors
/// When the document has no such field, or the field is not a list.
pub(super) fn list<'b>(field: &Field, body: &'b [u8]) -> Result<&'b [u8], FormatError> {
    let found = field.pick(body)?.map(|raw| raw.get().trim());
    match found {
        Some(list) if list.starts_with('[') => Ok(list.as_bytes()),
        Some("null") => Ok(b"[]"),
        Some(_) => Err(format!("the field `{field}` is not a list of rows").into()),
        None => Err(format!("there is no field `{field}` in the body{}", keys(body)).into()),
    }
}

/// The fields that the document has instead, for the error message.
fn keys(body: &[u8]) -> String {
    const SHOWN: usize = 10;
    let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(body) else {
        return "; it is no object".into();
    };
    let names: Vec<&str> = object.keys().take(SHOWN).map(String::as_str).collect();
    format!("; it has {}", names.join(", "))
}

struct Within<'p>(&'p [String]);

impl<'de> DeserializeSeed<'de> for Within<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        match self.0 {
            [] => serde::Deserialize::deserialize(json).map(Some),
            _ => json.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Within<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<String>()? {
            if key != self.0[0] {
                map.next_value::<IgnoredAny>()?;
            } else if found
                .replace(map.next_value_seed(Within(&self.0[1..]))?)
                .is_some()
            {
                return Err(A::Error::custom(format_args!(
                    "the key {key:?} stands twice in one object"
                )));
            }
        }
        Ok(found.flatten())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let wanted = self.0[0].parse::<usize>().ok();
        let mut found = None;
        for at in 0.. {
            if Some(at) == wanted {
                match seq.next_element_seed(Within(&self.0[1..]))? {
                    Some(inner) => found = inner,
                    None => break,
                }
            } else if seq.next_element::<IgnoredAny>()?.is_none() {
                break;
            }
        }
        Ok(found)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_where_they_are() {
        let body = br#"{"a": {"b.c": [1, {"d": "x"}], "e": null}, "rows": [ {"r": 1} ], "n": 7}"#;
        let check = |field: &str, expected: Option<&str>| {
            let field: Field = field.parse().unwrap();
            let found = field.pick(body).unwrap().map(RawValue::get);
            assert_eq!(found, expected, "{field}");
        };
        check("rows", Some(r#"[ {"r": 1} ]"#));
        check("/rows", Some(r#"[ {"r": 1} ]"#));
        check("/a/b.c/1/d", Some("\"x\""));
        check("a.e", Some("null"));
        check("n", Some("7"));
        check("n.m", None);
        check("a.x", None);
        check("/rows/1", None);
        check("rows.r", None);
    }

    #[test]
    fn what_is_no_field_and_no_json_is_said() {
        for text in ["", "/", "a..b", ".a", "a."] {
            let said = text.parse::<Field>().unwrap_err().to_string();
            assert!(said.contains("is not a field; write"), "{said}");
        }
        let field: Field = "rows".parse().unwrap();
        let check = |body: &str, expected: &str| {
            let said = field.pick(body.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
        };
        check(r#"{"rows": [1, 2"#, "EOF");
        check(r#"{"rows": 1} x"#, "trailing");
        check(r#"{"rows": 1, "rows": 2}"#, "stands twice");
        check("", "EOF");
    }
}
