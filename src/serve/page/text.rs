//! Formatting of times and numbers for people.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::clock;

/// Draws a time in UTC, which the page's script turns into that of the viewer's clock.
pub(super) fn when(time: Timestamp) -> Markup {
    time_of(&clock::rfc3339(time))
}

/// As [`when`], of an RFC 3339 text.
pub(super) fn time_of(time: &str) -> Markup {
    html! { @if !time.is_empty() { time datetime=(time) { (minute(time)) } } }
}

/// Formats an RFC 3339 time in UTC to the minute (`2026-01-31 12:30 UTC`). Any other text is returned unchanged.
pub(super) fn minute(time: &str) -> String {
    match (time.get(..10), time.get(10..11), time.get(11..16)) {
        (Some(day), Some("T" | "t" | " "), Some(minute)) if time.ends_with(['Z', 'z']) => {
            format!("{day} {minute} UTC")
        }
        _ => time.to_owned(),
    }
}

/// Groups the digits of a number by thousands: `1234567` → `1,234,567`.
pub(super) fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_cut_to_the_minute_only_where_they_are_utc() {
        assert_eq!(minute("2026-03-02T14:05:09.123Z"), "2026-03-02 14:05 UTC");
        assert_eq!(
            minute("2026-03-02T14:05:09+01:00"),
            "2026-03-02T14:05:09+01:00"
        );
        assert_eq!(minute("äöüäöüäöüäöüZ"), "äöüäöüäöüäöüZ");
        assert_eq!(minute(""), "");
    }

    #[test]
    fn numbers_are_grouped() {
        let grouped = [0, 891, 1_000, 12_345, 1_234_567].map(thousands);
        assert_eq!(grouped, ["0", "891", "1,000", "12,345", "1,234,567"]);
    }
}
