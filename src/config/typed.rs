//! Deserializes the tree into the typed settings with serde; errors carry key and place.

use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};

use super::{
    error::ConfigError,
    fault::Fault,
    node::{Key, Node, Value},
};

/// Deserializes a tree as `T`.
pub(super) fn read<T: DeserializeOwned>(root: &Node) -> Result<T, ConfigError> {
    T::deserialize(Reader(root)).map_err(Fault::into_error)
}

#[derive(Clone, Copy)]
struct Reader<'a>(&'a Node);

impl<'a> Reader<'a> {
    fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Unsigned(value) => visitor.visit_u64(*value),
            Value::Signed(value) => visitor.visit_i64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(text) => visitor.visit_str(text),
            Value::Word(word) => visit_word(word, visitor),
            Value::List(items) => visitor.visit_seq(Items {
                rest: items.iter(),
                at: 0,
            }),
            Value::Map(entries) => visitor.visit_map(Entries {
                rest: entries.iter(),
                value: None,
            }),
        }
    }

    /// The text of a scalar. Text that looks like a number need not be quoted in a file.
    fn text(self) -> Option<String> {
        match &self.0.value {
            Value::Null | Value::List(_) | Value::Map(_) => None,
            scalar => Some(scalar.to_string()),
        }
    }

    /// The items of a list given as one word: `a,b`.
    fn words(self) -> Option<Vec<Node>> {
        let Value::Word(word) = &self.0.value else {
            return None;
        };
        let words = word
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty());
        Some(
            words
                .map(|word| Node {
                    value: Value::Word(word.into()),
                    place: self.0.place.clone(),
                })
                .collect(),
        )
    }
}

/// Visits a word as null, a boolean or a number if it looks like one, else as text.
fn visit_word<'de, V: Visitor<'de>>(word: &str, visitor: V) -> Result<V::Value, Fault> {
    match word {
        "" | "null" | "~" => return visitor.visit_unit(),
        "true" => return visitor.visit_bool(true),
        "false" => return visitor.visit_bool(false),
        _ => {}
    }
    if let Ok(number) = word.parse::<u64>() {
        visitor.visit_u64(number)
    } else if let Ok(number) = word.parse::<i64>() {
        visitor.visit_i64(number)
    } else {
        match word.parse::<f64>() {
            Ok(number) if number.is_finite() => visitor.visit_f64(number),
            _ => visitor.visit_str(word),
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.visit(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.text() {
            Some(text) => visitor.visit_string(text),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let none = match &self.0.value {
            Value::Null => true,
            Value::Word(word) => matches!(word.as_str(), "" | "null" | "~"),
            _ => false,
        };
        if none {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.words() {
            Some(words) => visitor.visit_seq(Items {
                rest: words.iter(),
                at: 0,
            }),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match (&self.0.value, self.text()) {
            (_, Some(text)) => {
                visitor.visit_enum(IntoDeserializer::<Fault>::into_deserializer(text))
            }
            (Value::Map(entries), _) => {
                visitor.visit_enum(de::value::MapAccessDeserializer::new(Entries {
                    rest: entries.iter(),
                    value: None,
                }))
            }
            _ => self.visit(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct map
        struct identifier ignored_any
    }
}

struct Items<'a> {
    rest: std::slice::Iter<'a, Node>,
    at: usize,
}

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some(item) = self.rest.next() else {
            return Ok(None);
        };
        let at = self.at;
        self.at += 1;
        seed.deserialize(Reader(item))
            .map(Some)
            .map_err(|fault| fault.at(&item.place).under(&at.to_string()))
    }
}

struct Entries<'a> {
    rest: std::slice::Iter<'a, (Key, Node)>,
    value: Option<(&'a str, &'a Node)>,
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some((key, node)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some((&key.name, node));
        let name = IntoDeserializer::<Fault>::into_deserializer(key.name.as_str());
        seed.deserialize(name)
            .map(Some)
            .map_err(|fault| fault.at(&key.place))
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (name, node) = self
            .value
            .take()
            .expect("serde asks for a key before its value");
        seed.deserialize(Reader(node))
            .map_err(|fault| fault.at(&node.place).under(name))
    }
}
