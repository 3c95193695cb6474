//! Detectors of change in a stream of numbers: one file per detector, one line in the table below.
//!
//! Names, parameters and defaults are those of River, and each detector fires at the same index of the same stream as
//! River's. The state is bounded and serialisable: a restored detector continues as if it had not been interrupted.

pub mod adwin;
mod buckets;
mod detect;
pub mod page_hinkley;
mod parameter;

use serde::{Deserialize, Serialize};

use crate::schema::fault::{excerpt, nearest};

pub use detect::{Change, Detect, Part};
pub use parameter::{Allowed, Parameter, ParameterError, Setting};

/// A row of the detector table.
#[derive(Debug)]
pub struct Kind {
    /// Name on the command line: `page-hinkley`.
    pub name: &'static str,
    /// Key in JSON: `page_hinkley`.
    pub key: &'static str,
    pub title: &'static str,
    /// The parameters, named as in River.
    pub parameters: &'static [Parameter],
    build: fn(&[(&'static str, Setting)]) -> Detector,
}

macro_rules! detectors {
    ($($variant:ident($type:ty),)*) => {
        /// A detector with its state.
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
            /// Adds a finite number and returns the change, if this number makes the detector report one.
            pub fn update(&mut self, value: f64) -> Option<Change> {
                match self { $(Detector::$variant(detector) => detector.update(value),)* }
            }

            /// The detector's row in the table.
            pub fn kind(&self) -> &'static Kind {
                let name = match self { $(Detector::$variant(_) => <$type as Detect>::NAME,)* };
                KINDS.iter().find(|kind| kind.name == name).expect("the table has every variant")
            }

            pub fn parameters(&self) -> Parameters<'_> {
                match self { $(Detector::$variant(d) => Parameters::$variant(d.parameters()),)* }
            }
        }

        /// The parameters of a detector, named as in River.
        #[derive(Debug, Serialize)]
        #[serde(untagged)]
        pub enum Parameters<'a> {
            $($variant(&'a <$type as Detect>::Parameters),)*
        }
    };
}

detectors! {
    Adwin(adwin::Adwin),
    PageHinkley(page_hinkley::PageHinkley),
}

/// One detector of each kind, with River's defaults.
pub fn defaults() -> Vec<Detector> {
    KINDS.iter().map(|kind| (kind.build)(&[])).collect()
}

/// One detector of each of these kinds. A setting (parameter name and value as text) applies to every kind
/// that has the parameter.
///
/// # Errors
/// If no kind has the parameter, if it is set twice, or if the value is not allowed.
pub fn with(
    kinds: &[&'static Kind],
    settings: &[(String, String)],
) -> Result<Vec<Detector>, ParameterError> {
    check_names(kinds, settings)?;
    let build = |kind: &&'static Kind| {
        let mut given = Vec::new();
        for (name, text) in settings {
            if let Some(parameter) = kind.parameters.iter().find(|p| p.name == name) {
                given.push((parameter.name, parameter.read(text)?));
            }
        }
        Ok((kind.build)(&given))
    };
    kinds.iter().map(build).collect()
}

/// Rejects settings that no kind has, and duplicates.
fn check_names(
    kinds: &[&'static Kind],
    settings: &[(String, String)],
) -> Result<(), ParameterError> {
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
            return Err(ParameterError::Unknown {
                of: format!("{} {has}", of.join(" and ")),
                name: excerpt(name),
                suggestion: near.map_or_else(String::new, |n| format!(", did you mean {n:?}?")),
                known: names.join(", "),
            });
        }
        if settings[..i].iter().any(|(before, _)| before == name) {
            return Err(ParameterError::Twice(name.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
