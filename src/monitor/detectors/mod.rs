//! Detectors of change in a stream of numbers: one file a detector, one line in the table below.
//!
//! They are those of River, with its names, parameters and defaults, and fire at the same index of the same stream. State
//! is bounded and goes through serde: one that is written down and taken up again goes on as if nothing had been.

pub mod adwin;
mod buckets;
mod detect;
pub mod page_hinkley;
mod parameter;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::schema::fault::{excerpt, nearest};

pub use detect::{Change, Detect, Part};
pub use parameter::{Allowed, Parameter, ParameterFault};

/// A kind of detector, as a row of the table.
#[derive(Debug)]
pub struct Kind {
    /// As it is asked for: `page-hinkley`.
    pub name: &'static str,
    /// As it stands in JSON: `page_hinkley`.
    pub key: &'static str,
    /// As it stands in sentences.
    pub title: &'static str,
    /// What can be set, by River's names.
    pub parameters: &'static [Parameter],
    build: fn(Map<String, Value>) -> Detector,
}

macro_rules! detectors {
    ($($variant:ident($type:ty),)*) => {
        /// A detector at work.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Detector {
            $(#[doc = concat!("[`", stringify!($type), "`].")] $variant($type),)*
        }

        pub static KINDS: &[Kind] = &[$(Kind {
            name: <$type as Detect>::NAME,
            key: <$type as Detect>::KEY,
            title: <$type as Detect>::TITLE,
            parameters: <$type as Detect>::PARAMETERS,
            build: |given| Detector::$variant(Detect::new(parameter::filled(given))),
        },)*];

        impl Detector {
            /// Takes in one finite number; says whether the stream has changed, as of this number.
            pub fn update(&mut self, value: f64) -> Option<Change> {
                match self { $(Detector::$variant(detector) => detector.update(value),)* }
            }

            /// Its row in the table.
            pub fn kind(&self) -> &'static Kind {
                let name = match self { $(Detector::$variant(_) => <$type as Detect>::NAME,)* };
                KINDS.iter().find(|kind| kind.name == name).expect("the table has every variant")
            }

            /// What it was made with, by River's names.
            pub fn parameters(&self) -> Value {
                let json = match self { $(Detector::$variant(d) => serde_json::to_value(d.parameters()),)* };
                json.expect("parameters are numbers and words")
            }
        }
    };
}

detectors! {
    Adwin(adwin::Adwin),
    PageHinkley(page_hinkley::PageHinkley),
}

/// One of each kind, at River's defaults.
pub fn defaults() -> Vec<Detector> {
    KINDS.iter().map(|kind| (kind.build)(Map::new())).collect()
}

/// One of each of these kinds. A setting (a parameter's name and its value as text) goes to every kind that has it.
///
/// # Errors
/// A name that none of them has or that is set twice, and a value the parameter does not take.
pub fn with(
    kinds: &[&'static Kind],
    settings: &[(String, String)],
) -> Result<Vec<Detector>, ParameterFault> {
    check_names(kinds, settings)?;
    let build = |kind: &&'static Kind| {
        let mut given = Map::new();
        for (name, text) in settings {
            if let Some(parameter) = kind.parameters.iter().find(|p| p.name == name) {
                given.insert(name.clone(), parameter.read(text)?);
            }
        }
        Ok((kind.build)(given))
    };
    kinds.iter().map(build).collect()
}

/// Whether every setting's name is known to a kind, and none stands twice.
fn check_names(
    kinds: &[&'static Kind],
    settings: &[(String, String)],
) -> Result<(), ParameterFault> {
    let known = || {
        kinds
            .iter()
            .flat_map(|kind| kind.parameters)
            .map(|p| p.name)
    };
    for (i, (name, _)) in settings.iter().enumerate() {
        if !known().any(|known| known == name) {
            let near = nearest(name, known());
            let mut names: Vec<&str> = known().collect();
            names.sort_unstable();
            names.dedup();
            let of: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
            let has = if of.len() == 1 { "has" } else { "have" };
            return Err(ParameterFault::Unknown {
                of: format!("{} {has}", of.join(" and ")),
                name: excerpt(name),
                suggestion: near.map_or_else(String::new, |n| format!(", did you mean {n:?}?")),
                known: names.join(", "),
            });
        }
        if settings[..i].iter().any(|(before, _)| before == name) {
            return Err(ParameterFault::Twice(name.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
