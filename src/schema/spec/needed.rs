//! Required keys of a spec, read so that a missing key does not stop the reading of the others.

use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use super::error::{About, SpecError};

/// The value of a required key. With `#[serde(default)]` the key may be missing, but not null.
#[derive(Clone, Debug, Default)]
pub enum Needed<T> {
    #[default]
    Missing,
    Given(T),
}

impl<T> Needed<T> {
    pub fn given(&self) -> Option<&T> {
        match self {
            Needed::Missing => None,
            Needed::Given(value) => Some(value),
        }
    }

    /// The value; if the key is missing, adds an error at the mapping around it and returns `None`.
    pub fn of<M>(
        &self,
        mapping: &Spanned<M>,
        key: &str,
        faults: &mut Vec<SpecError>,
    ) -> Option<&T> {
        let given = self.given();
        if given.is_none() {
            let fault = SpecError::at(mapping, lacks(key), add(key));
            faults.push(fault.about(About::MissingKey(key.to_owned())));
        }
        given
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Needed<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Needed<T>, D::Error> {
        T::deserialize(from).map(Needed::Given)
    }
}

/// The message for a missing key.
pub fn lacks(key: &str) -> String {
    format!("the key {key:?} is missing here")
}

/// The remedy for a missing key.
pub fn add(key: &str) -> String {
    format!("add {key}: …")
}
