//! A message of a client, read in one pass: its `row` goes straight into a row.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::schema::fault::excerpt;
use crate::schema::{Row, Schema, json};
use crate::serve::pairs::MOST_KEYS;

/// Longest name of a message, as it is written: it is kept until its answer is read.
const LONGEST_REF: usize = 256;

/// What a client calls its message, to know the answer by. It is echoed as it was written: a number may have more digits
/// than any type of ours keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Ref<'m> {
    /// It does not.
    #[default]
    None,
    /// A number or text, as JSON.
    Written(&'m str),
    /// Something that cannot be echoed.
    Wrong,
}

impl<'m> Ref<'m> {
    fn of(raw: &'m RawValue) -> Ref<'m> {
        match raw.get().as_bytes() {
            long if long.len() > LONGEST_REF => Ref::Wrong,
            [b'"' | b'-' | b'0'..=b'9', ..] => Ref::Written(raw.get()),
            b"null" => Ref::None,
            _ => Ref::Wrong,
        }
    }

    /// As JSON; null where there is nothing to echo.
    pub fn json(self) -> &'m str {
        match self {
            Ref::Written(text) => text,
            Ref::None | Ref::Wrong => "null",
        }
    }
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
                    message.reference = Ref::of(map.next_value()?);
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
                    "the key {:?} stands twice in one object",
                    excerpt(&key)
                )));
            }
            if message.others.len() > MOST_KEYS {
                let detail = format_args!("an object of more than {MOST_KEYS} keys");
                return Err(A::Error::custom(detail));
            }
        }
        Ok(message)
    }
}

/// Text, borrowed where it can be.
struct Text<'m>(Cow<'m, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Key;

        impl<'de> Visitor<'de> for Key {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(v)))
            }
            fn visit_str<E>(self, v: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(v.to_owned())))
            }
        }

        json.deserialize_str(Key)
    }
}

/// Text or something else.
struct Kind<'m>(Option<Cow<'m, str>>);

impl<'de> Deserialize<'de> for Kind<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let raw: &'de RawValue = Deserialize::deserialize(json)?;
        let quoted = raw.get().starts_with('"');
        let text = quoted.then(|| match raw.get().trim_matches('"') {
            plain if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
            _ => serde_json::from_str(raw.get()).map(Cow::Owned),
        });
        text.transpose().map(Kind).map_err(D::Error::custom)
    }
}
