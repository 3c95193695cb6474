//! Groups of rows that share a key, and a value stored for each group.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::condition::{Condition, OneOf};
use super::frame::Frame;
use super::scope::{Scope, StepError};
use crate::schema::Cell;

/// A key as written in the spec: columns, and optionally the rows that it applies to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySpec {
    of: Vec<String>,
    /// The key applies to rows for which any of these holds; to all rows if omitted.
    #[serde(default, rename = "where")]
    only: Option<Vec<OneOf>>,
}

impl KeySpec {
    /// A key over the given columns that applies to every row.
    pub fn over(of: &[String]) -> KeySpec {
        KeySpec {
            of: of.to_vec(),
            only: None,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Key {
    slots: Vec<u32>,
    only: Option<Condition>,
}

impl Key {
    /// Resolves the names of the columns and the condition.
    /// Fails if a name is unknown or the key has no column.
    pub fn resolve(spec: &KeySpec, scope: &Scope) -> Result<Key, StepError> {
        if spec.of.is_empty() {
            return Err(StepError::new(
                "a key without columns",
                "name at least one under of",
            ));
        }
        let slots = spec
            .of
            .iter()
            .map(|name| scope.find(name).map(|s| s as u32));
        let only = spec
            .only
            .as_ref()
            .map(|any| Condition::resolve(any, scope))
            .transpose()?;
        Ok(Key {
            slots: slots.collect::<Result<_, _>>()?,
            only,
        })
    }

    pub fn slots(&self) -> impl Iterator<Item = usize> {
        self.slots
            .iter()
            .map(|s| *s as usize)
            .chain(self.only.iter().flat_map(Condition::slots))
    }

    /// Writes the row's key into `frame.key`. Returns false if the key does not apply or a part of it is missing, as rows
    /// with unknown values do not form a group.
    pub fn write(&self, frame: &mut Frame<'_>) -> bool {
        frame.key.clear();
        if self.only.as_ref().is_some_and(|c| !c.holds(frame)) {
            return false;
        }
        for slot in &self.slots {
            match frame.cells[*slot as usize] {
                Cell::Missing => return false,
                Cell::Number(v) => frame.key.extend_from_slice(&v.to_bits().to_le_bytes()),
                Cell::Level(v) => frame.key.extend_from_slice(&v.to_le_bytes()),
                Cell::Text(span) => {
                    frame.key.extend_from_slice(span.get(frame.text).as_bytes());
                    frame.key.push(0xff); // in no UTF-8 text: ("ab", "c") is not ("a", "bc")
                }
            }
        }
        true
    }
}

/// A value stored per key. Serialized in the order of the keys, so that the same fit gives the same bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(
    from = "Vec<(Vec<u8>, V)>",
    into = "Vec<(Vec<u8>, V)>",
    bound(
        serialize = "V: Clone + Serialize",
        deserialize = "V: Deserialize<'de>"
    )
)]
pub struct Lookup<V>(FxHashMap<Box<[u8]>, V>);

impl<V> Default for Lookup<V> {
    fn default() -> Lookup<V> {
        Lookup(FxHashMap::default())
    }
}

impl<V: Copy> Lookup<V> {
    pub fn find(&self, key: &[u8]) -> Option<V> {
        self.0.get(key).copied()
    }

    pub fn insert(&mut self, key: &[u8], value: V) {
        self.0.insert(key.into(), value);
    }
}

/// Sum and number of rows of each group, including groups of a single row.
pub type Tallies = Lookup<Tally>;

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Sum of the values.
    pub sum: f64,
    pub rows: u32,
}

impl Tallies {
    /// Adds a row to its group.
    pub fn add(&mut self, key: &[u8], value: f64) {
        let tally = match self.0.get_mut(key) {
            Some(tally) => tally,
            None => self.0.entry(key.into()).or_default(),
        };
        tally.sum += value;
        tally.rows += 1;
    }

    /// The group's tally; zero for an unknown group.
    pub fn get(&self, key: &[u8]) -> Tally {
        self.find(key).unwrap_or_default()
    }
}

impl<V> From<Vec<(Vec<u8>, V)>> for Lookup<V> {
    fn from(list: Vec<(Vec<u8>, V)>) -> Lookup<V> {
        Lookup(list.into_iter().map(|(k, v)| (k.into(), v)).collect())
    }
}

impl<V> From<Lookup<V>> for Vec<(Vec<u8>, V)> {
    fn from(lookup: Lookup<V>) -> Self {
        let entries = lookup.0.into_iter().map(|(k, v)| (k.into_vec(), v));
        let mut list: Vec<_> = entries.collect();
        list.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        list
    }
}
