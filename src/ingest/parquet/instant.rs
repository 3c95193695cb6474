//! Writes dates and timestamps as ISO 8601 text.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Writes the date that is `days` after 1970-01-01.
pub(super) fn write_date(days: i64, out: &mut String) -> Option<()> {
    let second = days.checked_mul(86_400)?;
    let date = Timestamp::from_second(second).ok()?;
    write!(out, "{}", TimeZone::UTC.to_datetime(date).date()).ok()
}

/// Writes the timestamp that is `value` units after 1970-01-01, with `per_second` units in a second. If the type has a time
/// zone, the text is in UTC and ends in Z.
pub(super) fn write_instant(
    value: i64,
    per_second: i64,
    zoned: bool,
    out: &mut String,
) -> Option<()> {
    let second = Timestamp::from_second(value.div_euclid(per_second)).ok()?;
    let nanos = value.rem_euclid(per_second) * (1_000_000_000 / per_second);
    let at = TimeZone::UTC.to_datetime(second);
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    write!(out, "{}T{hour:02}:{minute:02}:{second:02}", at.date()).ok()?;
    match nanos {
        0 => {}
        n if n % 1_000_000 == 0 => write!(out, ".{:03}", n / 1_000_000).ok()?,
        n if n % 1_000 == 0 => write!(out, ".{:06}", n / 1_000).ok()?,
        n => write!(out, ".{n:09}").ok()?,
    }
    if zoned {
        out.push('Z');
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_written_as_iso_8601() {
        let check = |value: i64, per_second: i64, zoned: bool, expected: &str| {
            let mut out = String::new();
            write_instant(value, per_second, zoned, &mut out).unwrap();
            assert_eq!(out, expected);
        };
        check(1_706_702_400, 1, false, "2024-01-31T12:00:00");
        check(1_706_702_400_500, 1000, true, "2024-01-31T12:00:00.500Z");
        check(
            1_706_702_400_000_001,
            1_000_000,
            false,
            "2024-01-31T12:00:00.000001",
        );
        check(-1, 1_000_000_000, true, "1969-12-31T23:59:59.999999999Z");
        let mut out = String::new();
        write_date(19_753, &mut out).unwrap();
        assert_eq!(out, "2024-01-31");
        assert_eq!(write_date(i64::MAX, &mut out), None);
        assert_eq!(write_instant(i64::MAX, 1, true, &mut out), None);
    }
}
