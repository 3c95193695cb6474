//! Scalars and lists of a spec that can be written in several forms.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use crate::schema::column::Label;

/// Levels as written in the spec: a list, or the word `any`.
#[derive(Clone, Debug)]
pub enum LevelsSpec {
    /// Every level is admitted.
    Any,
    List(Vec<Label>),
}

impl<'de> Deserialize<'de> for LevelsSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<LevelsSpec, D::Error> {
        from.deserialize_any(LevelsVisitor)
    }
}

struct LevelsVisitor;

impl<'de> Visitor<'de> for LevelsVisitor {
    type Value = LevelsSpec;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list of levels, or any")
    }
    fn visit_str<E: Error>(self, v: &str) -> Result<LevelsSpec, E> {
        match v {
            "any" => Ok(LevelsSpec::Any),
            _ => Err(E::custom(format_args!(
                "{v:?} is not a list of levels; write levels: [a, b], or levels: any"
            ))),
        }
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<LevelsSpec, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(LevelsSpec::List)
    }
}

/// A marker for missing values; any scalar is accepted and read as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word(String);

impl AsRef<str> for Word {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Word, D::Error> {
        from.deserialize_any(WordVisitor)
    }
}

struct WordVisitor;

impl Visitor<'_> for WordVisitor {
    type Value = Word;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a word")
    }
    fn visit_bool<E: Error>(self, v: bool) -> Result<Word, E> {
        Ok(Word(v.to_string()))
    }
    fn visit_i64<E: Error>(self, v: i64) -> Result<Word, E> {
        Ok(Word(v.to_string()))
    }
    fn visit_u64<E: Error>(self, v: u64) -> Result<Word, E> {
        Ok(Word(v.to_string()))
    }
    fn visit_f64<E: Error>(self, v: f64) -> Result<Word, E> {
        Ok(Word(if v.is_nan() {
            "NaN".into()
        } else {
            v.to_string()
        }))
    }
    fn visit_str<E: Error>(self, v: &str) -> Result<Word, E> {
        Ok(Word(v.to_owned()))
    }
    fn visit_unit<E: Error>(self) -> Result<Word, E> {
        Ok(Word("null".into()))
    }
}
