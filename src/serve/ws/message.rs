//! Messages from the client: read in one pass, the row straight into a [`Row`].

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::schema::fault::nearest;
use crate::schema::{Row, Schema, json};
use crate::serve::problem::{Problem, kind};
use crate::store::feed::{self, Since, TOPICS, Topics};

/// What the client calls a message by; echoed in its answer.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum Reference {
    Number(serde_json::Number),
    Text(String),
}

/// A message, checked.
#[derive(Debug, PartialEq)]
pub(super) struct Asked {
    pub reference: Option<Reference>,
    pub call: Call,
}

/// What it asks for. The row of a prediction is in the [`Row`] handed in, faults included.
#[derive(Debug, PartialEq)]
pub(super) enum Call {
    Predict { explain: bool },
    Subscribe { topics: Topics, since: Option<Since> },
    Unsubscribe { topics: Topics },
}

/// Keys a message may have.
const KEYS: [&str; 10] =
    ["type", "ref", "row", "explain", "topics", "since", "epoch", "id", "label", "correct"];
const TYPES: [&str; 4] = ["predict", "label", "subscribe", "unsubscribe"];

#[derive(Default)]
struct Fields {
    kind: Option<String>,
    reference: Option<Reference>,
    row: bool,
    explain: Option<bool>,
    topics: Option<Vec<String>>,
    since: Option<u64>,
    epoch: Option<String>,
}

/// Reads a message; its row, if it has one, into `row`.
pub(super) fn read(text: &[u8], schema: &Schema, row: &mut Row) -> Result<Asked, Problem> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let fields = Reader { schema, row }.deserialize(&mut json).and_then(|fields| json.end().map(|()| fields));
    let fields = fields.map_err(|e| Problem::new(&kind::UNREADABLE, format!("not readable as a message: {e}")))?;
    let invalid = |detail: String| Problem::new(&kind::INVALID, detail);
    let call = match fields.kind.as_deref() {
        Some("predict") if fields.row => Call::Predict { explain: fields.explain.unwrap_or(false) },
        Some("predict") => return Err(invalid("predict needs a row: {\"column\": value}".into())),
        Some("subscribe") => {
            let epoch = fields.epoch;
            let since = fields.since.map(|seq| Since { seq, epoch });
            Call::Subscribe { topics: topics(fields.topics)?, since }
        }
        Some("unsubscribe") => Call::Unsubscribe { topics: topics(fields.topics)? },
        Some("label") => {
            let detail = "labels are not taken yet: this release keeps no predictions to join them to";
            return Err(Problem::new(&kind::NOT_YET, detail));
        }
        Some(other) => return Err(invalid(unknown("type", other, TYPES))),
        None => return Err(invalid(format!("a message needs a type: {}", TYPES.join(", ")))),
    };
    Ok(Asked { reference: fields.reference, call })
}

/// The reference of a message that was refused, if it can be read at all.
pub(super) fn reference(text: &[u8]) -> Option<Reference> {
    #[derive(Deserialize)]
    struct Only {
        r#ref: Option<Reference>,
    }
    serde_json::from_slice::<Only>(text).ok()?.r#ref
}

fn topics(names: Option<Vec<String>>) -> Result<Topics, Problem> {
    let known = || TOPICS.map(feed::name);
    let names = names.filter(|names| !names.is_empty());
    let names = names.ok_or_else(|| Problem::new(&kind::INVALID, format!("topics is missing: {}", known().join(", "))))?;
    let topic = |name: &String| {
        feed::named(name).ok_or_else(|| Problem::new(&kind::INVALID, unknown("topic", name, known())))
    };
    names.iter().map(topic).collect()
}

fn unknown<const N: usize>(what: &str, name: &str, known: [&'static str; N]) -> String {
    let near = nearest(name, known).map_or_else(String::new, |near| format!(", did you mean {near:?}?"));
    format!("there is no {what} {name:?}{near}; there are: {}", known.join(", "))
}

struct Reader<'s> {
    schema: &'s Schema,
    row: &'s mut Row,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Fields;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Fields, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object like {\"type\": \"predict\", \"ref\": 1, \"row\": {…}}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        let mut seen: u16 = 0;
        while let Some(Key(key)) = map.next_key()? {
            if seen & (1 << key) != 0 {
                return Err(A::Error::custom(format_args!("the key {:?} stands twice", KEYS[key])));
            }
            seen |= 1 << key;
            match KEYS[key] {
                "type" => fields.kind = map.next_value()?,
                "ref" => fields.reference = map.next_value()?,
                "row" => {
                    map.next_value_seed(json::one(self.schema, self.row, 2))?;
                    fields.row = true;
                }
                "explain" => fields.explain = map.next_value()?,
                "topics" => fields.topics = map.next_value()?,
                "since" => fields.since = map.next_value()?,
                "epoch" => fields.epoch = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?), // of a label
            }
        }
        Ok(fields)
    }
}

/// Index of a key in [`KEYS`].
struct Key(usize);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Key, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
                let at = KEYS.iter().position(|key| *key == name);
                at.map(Key).ok_or_else(|| E::custom(unknown("key", name, KEYS)))
            }
        }
        json.deserialize_str(Name)
    }
}
