//! A row's own id in a canonical text form, so that CSV, JSON and labels identify the same row.

use super::cell::{Cell, Scalar};
use super::level::{canonical, shortest};
use super::number::whole_text;

/// Maximum length in bytes of an id that can serve as a key. A row with a longer id is accepted but cannot be found by it.
pub const LONGEST: usize = 256;

/// The key of an id cell; a text cell's span points into `text`. `None` if the row has no id or too long a one.
pub fn key(id: Cell, text: &str) -> Option<String> {
    match id {
        Cell::Number(v) => Some(shortest(v)),
        Cell::Text(span) => of_text(span.get(text)),
        _ => None,
    }
}

/// The key of an id given as text. Tables that passed through floating point write whole ids as `892.0`.
pub fn of_text(id: &str) -> Option<String> {
    let key = canonical(id);
    (1..=LONGEST).contains(&key.len()).then(|| key.into_owned())
}

/// An id as it is written: a whole number is one, where JSON readers keep it whole.
pub fn scalar(id: &str) -> Scalar<'_> {
    match whole_text(id) {
        Some(number) if number.unsigned_abs() < 1 << 53 => Scalar::Whole(number),
        _ => Scalar::Text(id.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_id_is_one_key_in_every_spelling() {
        for (id, key) in [
            ("892", Some("892")),
            (" 892 ", Some("892")),
            ("892.0", Some("892")),
            ("-7.00", Some("-7")),
            ("0892", Some("0892")), // a code
            ("0892.0", Some("0892.0")),
            ("892.", Some("892.")),
            ("892.5", Some("892.5")),
            ("892.50", Some("892.5")),
            ("h1.0", Some("h1.0")),
            ("  ", None),
        ] {
            assert_eq!(of_text(id).as_deref(), key, "{id:?}");
        }
        assert_eq!(key(Cell::Number(892.0), "").as_deref(), Some("892"));
        assert_eq!(of_text(&"x".repeat(LONGEST + 1)), None);
    }
}
