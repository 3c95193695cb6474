//! Parses the YAML of a spec and phrases its errors for users.
//!
//! The YAML version is 1.2: `yes`, `no` and `on` are text, `007` keeps its zeros. Levels and labels must equal the values of
//! the table, and a table does not mean `false` when it holds `no`.

use serde::Deserialize;
use serde_saphyr::{Error, Options};

use super::error::{About, SpecError};
use super::needed::{add, lacks};
use crate::schema::fault::nearest;

/// Parses the YAML of a spec.
///
/// # Errors
/// The first error, with its position and a remedy.
pub fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, SpecError> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        let place = error.location();
        let error = error.without_snippet();
        let (problem, remedy) = in_words(error);
        SpecError {
            line: place.map_or(0, |l| l.line()),
            column: place.map_or(0, |l| l.column()),
            problem,
            remedy,
            about: about(error),
        }
    })
}

/// Whether the text is valid YAML, regardless of its content.
pub fn is_readable(text: &str) -> bool {
    serde_saphyr::from_str_with_options::<serde::de::IgnoredAny>(text, options()).is_ok()
}

fn options() -> Options {
    let mut options = Options::default();
    options.strict_booleans = true;
    options.leading_zero_numbers_as_strings = true;
    options.underscored_numbers_as_strings = true;
    options
}

fn about(error: &Error) -> About {
    match error {
        Error::SerdeUnknownField {
            field, expected, ..
        } => About::UnknownKey {
            meant: nearest(field, expected.iter().copied()).map(str::to_owned),
        },
        Error::SerdeMissingField { field, .. } => About::UnreadWithout((*field).to_owned()),
        _ => About::Place,
    }
}

/// The problem and the remedy of an error.
fn in_words(error: &Error) -> (String, String) {
    match error {
        Error::SerdeUnknownField {
            field, expected, ..
        } => (
            format!("there is no key {field:?} here"),
            instead(field, expected),
        ),
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => (
            format!("there is no {variant:?} here"),
            instead(variant, expected),
        ),
        Error::SerdeMissingField { field, .. } => (lacks(field), add(field)),
        Error::DuplicateMappingKey { key, .. } => (
            format!(
                "the key {:?} stands twice",
                key.as_deref().unwrap_or_default()
            ),
            "keep one".into(),
        ),
        Error::InvalidBooleanStrict { .. } => scalar("bool"),
        Error::InvalidScalar { ty, .. } => scalar(ty),
        Error::NonFiniteFloat { value, .. } => (
            format!("{value} is not finite"),
            "write a finite number".into(),
        ),
        Error::NullIntoString { .. } => (
            "nothing stands here, a text is needed".into(),
            "write one, in quotes if it is null".into(),
        ),
        Error::Unexpected {
            expected: "mapping start",
            ..
        } => (
            "keys with values are needed here".into(),
            "write key: value, or {key: value}".into(),
        ),
        Error::Unexpected {
            expected: "sequence start",
            ..
        } => (
            "a list is needed here".into(),
            "write [a, b], or one entry a line after dashes".into(),
        ),
        Error::SerdeInvalidLength { len, expected, .. } => (
            format!(
                "a list of {len} where {} is needed",
                expected.replace("tuple of size", "list of length")
            ),
            "write as many".into(),
        ),
        Error::SerdeInvalidType {
            unexpected,
            expected,
            ..
        }
        | Error::SerdeInvalidValue {
            unexpected,
            expected,
            ..
        } => (
            format!("{unexpected} where {expected} is needed"),
            "write that instead".into(),
        ),
        Error::MultipleDocuments { .. } => (
            "a second document begins here".into(),
            "remove the line --- and what follows".into(),
        ),
        Error::Message { msg, .. } => {
            let (problem, remedy) = msg.split_once("; ").unwrap_or((msg, ""));
            (problem.to_owned(), remedy.to_owned())
        }
        other => (
            format!("the YAML breaks off here: {}", placeless(other)),
            "look for a bracket, a quote or an indentation just before".into(),
        ),
    }
}

fn instead(typed: &str, known: &[&str]) -> String {
    match nearest(typed, known.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("one of {}", known.join(", ")),
    }
}

fn scalar(wanted: &str) -> (String, String) {
    let (what, example) = match wanted {
        bool if bool.contains("bool") => ("true or false", "true or false"),
        float if float.contains("float") => ("a number", "one such as 0.5"),
        _ => ("a whole number", "one such as 5"),
    };
    (format!("{what} is needed here"), format!("write {example}"))
}

/// The error's message without its position, which is printed before the message.
fn placeless(error: &Error) -> String {
    let message = error.to_string();
    let message = message.lines().next().unwrap_or_default();
    let place = error
        .location()
        .map(|l| format!(" at line {}, column {}", l.line(), l.column()));
    message.replace(&place.unwrap_or_default(), "")
}
