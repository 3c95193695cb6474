//! Detectors of change in a stream of numbers: one file a detector, one line in the table below.
//!
//! They are those of River, with its names, parameters and defaults, and fire at the same index of the same stream. State
//! is bounded and goes through serde: one that is written down and taken up again goes on as if nothing had been.

pub mod adwin;
mod buckets;
pub mod page_hinkley;
mod parameter;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use parameter::{Allowed, Parameter, ParameterFault};

/// What a detector is.
pub trait Detect {
    /// Its parameters; their names are River's.
    type Parameters: Serialize + for<'de> Deserialize<'de> + Default;
    /// As it is asked for: `page-hinkley`.
    const NAME: &'static str;
    /// As it stands in JSON: `page_hinkley`.
    const KEY: &'static str;
    /// As it stands in sentences.
    const TITLE: &'static str;
    /// What each parameter takes; as many as [`Detect::Parameters`] has fields.
    const PARAMETERS: &'static [Parameter];

    /// One that has seen nothing.
    fn new(parameters: Self::Parameters) -> Self;

    /// What it was made with.
    fn parameters(&self) -> &Self::Parameters;

    /// Takes in one finite number; says whether the stream has changed, as of this number.
    fn update(&mut self, value: f64) -> Option<Change>;
}

/// A change that was noticed: the numbers before it and those since, as the detector parts them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ErrorChange")]
pub struct Change {
    pub before: Part,
    /// Those since, up to the one at which it was noticed.
    pub after: Part,
}

/// Some numbers of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ErrorPart")]
pub struct Part {
    /// How many, ≥ 1.
    pub n: u64,
    pub mean: f64,
}

impl Part {
    fn of(n: f64, total: f64) -> Part {
        let mean = total / n;
        Part { n: n as u64, mean }
    }
}

impl Change {
    /// Whether the numbers went up.
    pub fn rose(&self) -> bool {
        self.after.mean > self.before.mean
    }
}

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
    parameter::check_names(kinds, settings)?;
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

#[cfg(test)]
mod tests;
