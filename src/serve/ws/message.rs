//! A message of a client, read in one pass: its `row` goes straight into a row.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor,
};
use serde_json::Value;

use crate::schema::{Row, Schema, json};

/// What a client calls its message, to know the answer by.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Ref<'m> {
    /// It does not.
    #[default]
    None,
    /// A number.
    Number(serde_json::Number),
    /// Text.
    Text(Cow<'m, str>),
    /// Something that cannot be echoed.
    #[serde(skip)]
    Wrong,
}

/// A message, its row apart.
#[derive(Debug, Default)]
pub struct Message<'m> {
    /// Its type, where it is text.
    pub kind: Option<Cow<'m, str>>,
    /// What to call the answer.
    pub reference: Ref<'m>,
    /// Whether it had a row.
    pub has_row: bool,
    /// Everything else.
    pub others: Vec<(Cow<'m, str>, Value)>,
}

impl<'m> Message<'m> {
    /// Reads a message; its row, if it has one, goes into `row`.
    ///
    /// # Errors
    /// What is not JSON as promised: syntax, a key twice, a number out of bounds, nesting too deep.
    pub fn read(
        text: &'m str,
        schema: &Schema,
        row: &mut Row,
    ) -> Result<Message<'m>, serde_json::Error> {
        let mut json = serde_json::Deserializer::from_str(text);
        let message = Read { schema, row }.deserialize(&mut json)?;
        json.end()?;
        Ok(message)
    }

    /// The value of another key.
    pub fn other(&self, key: &str) -> Option<&Value> {
        self.others
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }
}

struct Read<'s> {
    schema: &'s Schema,
    row: &'s mut Row,
}

impl<'de> DeserializeSeed<'de> for Read<'_> {
    type Value = Message<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Message<'de>, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Read<'_> {
    type Value = Message<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object with type and ref")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Message<'de>, A::Error> {
        let Read { schema, row } = self;
        let mut message = Message::default();
        let (mut has_kind, mut has_ref) = (false, false);
        while let Some(Text(key)) = map.next_key()? {
            let twice = match &*key {
                "type" => {
                    let Kind(kind) = map.next_value()?;
                    message.kind = kind;
                    std::mem::replace(&mut has_kind, true)
                }
                "ref" => {
                    message.reference = map.next_value()?;
                    std::mem::replace(&mut has_ref, true)
                }
                "row" => {
                    map.next_value_seed(json::one(schema, row, 2))?;
                    std::mem::replace(&mut message.has_row, true)
                }
                _ => {
                    let twice = message.other(&key).is_some();
                    message.others.push((key.clone(), map.next_value()?));
                    twice
                }
            };
            if twice {
                return Err(A::Error::custom(format_args!(
                    "the key {key:?} stands twice in one object"
                )));
            }
        }
        Ok(message)
    }
}

/// Text, borrowed where it can be.
struct Text<'m>(Cow<'m, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        match Ref::deserialize(json)? {
            Ref::Text(text) => Ok(Text(text)),
            _ => Err(D::Error::custom("text is needed")),
        }
    }
}

/// Text or something else.
struct Kind<'m>(Option<Cow<'m, str>>);

impl<'de> Deserialize<'de> for Kind<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        Ok(Kind(match Ref::deserialize(json)? {
            Ref::Text(text) => Some(text),
            _ => None,
        }))
    }
}

impl<'de> Deserialize<'de> for Ref<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct AnyRef;

        impl<'de> Visitor<'de> for AnyRef {
            type Value = Ref<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a number or text")
            }
            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Ref<'de>, E> {
                Ok(Ref::Text(Cow::Borrowed(v)))
            }
            fn visit_str<E>(self, v: &str) -> Result<Ref<'de>, E> {
                Ok(Ref::Text(Cow::Owned(v.to_owned())))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Ref<'de>, E> {
                Ok(Ref::Number(v.into()))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Ref<'de>, E> {
                Ok(Ref::Number(v.into()))
            }
            fn visit_f64<E>(self, v: f64) -> Result<Ref<'de>, E> {
                Ok(serde_json::Number::from_f64(v).map_or(Ref::Wrong, Ref::Number))
            }
            fn visit_unit<E>(self) -> Result<Ref<'de>, E> {
                Ok(Ref::None)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Ref<'de>, E> {
                Ok(Ref::Wrong)
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut seq: A,
            ) -> Result<Ref<'de>, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Ref::Wrong)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ref<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Ref::Wrong)
            }
        }

        json.deserialize_any(AnyRef)
    }
}
