//! A client's message, parsed in one pass: the value of `row` is parsed directly into a [`Row`].

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::schema::fault::excerpt;
use crate::schema::{Row, Schema, json};
use crate::serve::pairs::MOST_KEYS;

/// Maximum length of a `ref` in bytes of JSON. It is limited because it stays in memory until the client reads the response.
const LONGEST_REF: usize = 256;

/// The `ref` by which a client matches a response to its message. It is echoed exactly as written, because a number may have
/// more digits than our numeric types can hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Ref<'m> {
    /// The message has no `ref`.
    #[default]
    None,
    /// A number or a string, as JSON.
    Written(&'m str),
    /// A value that cannot be echoed: another JSON type, or too long.
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

    /// The `ref` as JSON; `null` if there is nothing to echo.
    pub fn json(self) -> &'m str {
        match self {
            Ref::Written(text) => text,
            Ref::None | Ref::Wrong => "null",
        }
    }
}

/// A parsed message without its row.
#[derive(Debug, Default)]
pub struct Message<'m> {
    /// The value of `type`, if it is a string.
    pub kind: Option<Cow<'m, str>>,
    /// The `ref` to echo in the response.
    pub reference: Ref<'m>,
    /// Whether the message had the key `row`.
    pub has_row: bool,
    /// All other keys with their values.
    pub others: Vec<(Cow<'m, str>, Value)>,
}

impl<'m> Message<'m> {
    /// Parses a message; the value of its key `row` goes into `row`.
    ///
    /// # Errors
    /// When the text is not acceptable JSON: a syntax error, a repeated key, a number out of range, too deep nesting, too many
    /// keys or not an object.
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

    /// The value of a key other than `type`, `ref` and `row`.
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

/// A string, borrowed from the input where possible.
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

/// The value of `type`: a string, or none for any other JSON type.
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
