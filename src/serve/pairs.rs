//! JSON objects without duplicate keys, for bodies that are checked key by key.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::schema::fault::excerpt;

/// Maximum keys of an object, far more than any body needs. The limit bounds the search for duplicates, which compares each key
/// with all earlier ones.
pub const MOST_KEYS: usize = 64;

/// The members of a JSON object, without duplicate keys.
#[derive(Debug, Default, PartialEq)]
pub struct Pairs(pub Vec<(String, Value)>);

/// An element of a list: an object or any other value.
#[derive(Debug, PartialEq)]
pub enum Item {
    Object(Pairs),
    Other(Value),
}

/// The value as a whole number; `None` if it is not one. `5` and `5.0` are the same number in JSON.
pub fn whole(value: &Value) -> Option<u64> {
    let is_exact = |v: &f64| v.fract() == 0.0 && (0.0..=MOST_EXACT).contains(v);
    value
        .as_u64()
        .or_else(|| value.as_f64().filter(is_exact).map(|v| v as u64))
}

/// 2^53: all whole numbers up to this one are exact as an `f64`.
const MOST_EXACT: f64 = 9_007_199_254_740_992.0;

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Pairs, D::Error> {
        json.deserialize_map(Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object such as {\"folds\": 5}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs: Vec<(String, Value)> = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            if pairs.iter().any(|(other, _)| *other == key) {
                return Err(A::Error::custom(format_args!(
                    "the key {:?} stands twice in one object",
                    excerpt(&key)
                )));
            }
            if pairs.len() == MOST_KEYS {
                let detail = format_args!("an object of more than {MOST_KEYS} keys");
                return Err(A::Error::custom(detail));
            }
            pairs.push((key, value));
        }
        Ok(Pairs(pairs))
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Item, D::Error> {
        json.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Item, A::Error> {
        Object.visit_map(map).map(Item::Object)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Item, A::Error> {
        while list.next_element::<Item>()?.is_some() {}
        Ok(Item::Other(Value::Array(Vec::new())))
    }
    fn visit_bool<E: Error>(self, v: bool) -> Result<Item, E> {
        Ok(Item::Other(v.into()))
    }
    fn visit_i64<E: Error>(self, v: i64) -> Result<Item, E> {
        Ok(Item::Other(v.into()))
    }
    fn visit_u64<E: Error>(self, v: u64) -> Result<Item, E> {
        Ok(Item::Other(v.into()))
    }
    fn visit_f64<E: Error>(self, v: f64) -> Result<Item, E> {
        Ok(Item::Other(v.into()))
    }
    fn visit_str<E: Error>(self, v: &str) -> Result<Item, E> {
        Ok(Item::Other(v.into()))
    }
    fn visit_unit<E: Error>(self) -> Result<Item, E> {
        Ok(Item::Other(Value::Null))
    }
}
