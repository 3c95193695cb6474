//! The cursor of a query while its rows arrive.

use std::borrow::Cow;

use super::cell::Found;

/// Tracks the cursor while rows arrive. Several rows may share a cursor value, so a value is complete only when a row
/// with another value arrives.
#[derive(Default)]
pub(super) struct Trail {
    pub current: Option<String>,
    highest: Option<f64>,
}

impl Trail {
    /// Records the cursor of a row; returns the previous cursor if this row completes it.
    pub(super) fn step(&mut self, value: &Found<'_>) -> Result<Option<String>, String> {
        let number = match value {
            Found::Missing => {
                return Err("the cursor is null in a row; leave such rows out of the query".into());
            }
            Found::Whole(v) => Some(*v as f64),
            Found::Number(v) => Some(*v),
            _ => None,
        };
        if let (Some(now), Some(before)) = (number, self.highest)
            && now < before
        {
            return Err(format!(
                "the rows are not in the order of the cursor ({now} after {before}): order the query by it"
            ));
        }
        self.highest = number;
        let text = value.text().map(Cow::into_owned);
        match text == self.current {
            true => Ok(None),
            false => Ok(std::mem::replace(&mut self.current, text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_passed_when_another_comes() {
        let mut trail = Trail::default();
        let mut step = |v: i64| trail.step(&Found::Whole(v));
        assert_eq!(step(1), Ok(None));
        assert_eq!(step(1), Ok(None));
        assert_eq!(step(2), Ok(Some("1".into())));
        assert_eq!(step(5), Ok(Some("2".into())));
        assert!(
            step(4)
                .unwrap_err()
                .contains("(4 after 5): order the query by it")
        );
        assert!(Trail::default().step(&Found::Missing).is_err());
    }
}
