//! Dates and times of day: parsed into seconds since 1970-01-01 00:00 UTC and formatted again.
//!
//! A time with an offset is converted to UTC; one without an offset is taken to be UTC.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// The date format of a column: a strftime pattern, or ISO 8601 alone if `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DateForm(Option<String>);

/// Why a pattern cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PatternError {
    #[error("the pattern {pattern:?}: {error}")]
    Unreadable { pattern: String, error: jiff::Error },
    #[error(
        "the pattern {0:?} does not make a date: it needs a year, a month and a day, as %Y-%m-%d"
    )]
    NoDate(String),
}

impl DateForm {
    /// ISO 8601, or a pattern (`%d/%m/%Y`) with ISO 8601 accepted as well.
    ///
    /// # Errors
    /// When the pattern does not make a date of the text it makes of a date.
    pub fn new(pattern: Option<String>) -> Result<DateForm, PatternError> {
        let day = jiff::civil::date(2001, 12, 31).at(23, 58, 59, 0);
        let Some(pattern) = pattern else {
            return Ok(DateForm(None));
        };
        let unreadable = |error: jiff::Error| PatternError::Unreadable {
            pattern: pattern.clone(),
            error,
        };
        let written = strtime::format(&pattern, in_utc(day)).map_err(unreadable)?;
        strtime::parse(&pattern, &written).map_err(unreadable)?;
        if read_pattern(&pattern, &written).map(DateTime::date) != Some(day.date()) {
            return Err(PatternError::NoDate(pattern));
        }
        Ok(DateForm(Some(pattern)))
    }

    /// The pattern; `None` if the format is ISO 8601 alone.
    pub fn pattern(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Parses to seconds since 1970-01-01 00:00; `None` if the text is not a date.
    pub fn read(&self, text: &str) -> Option<f64> {
        let text = text.trim();
        let own = self
            .0
            .as_deref()
            .and_then(|pattern| read_pattern(pattern, text));
        own.or_else(|| iso(text)).map(seconds)
    }

    /// Like [`DateForm::read`], but accepts only the pattern, not ISO 8601.
    pub fn read_own(&self, text: &str) -> Option<f64> {
        let pattern = self.0.as_deref()?;
        read_pattern(pattern, text.trim()).map(seconds)
    }

    /// Formats a time so that [`DateForm::read`] restores it: by the pattern, or in ISO 8601 if the pattern would lose
    /// information such as the time of day.
    pub fn write(&self, seconds: f64) -> String {
        let at = datetime(seconds);
        let own = self.0.as_deref().and_then(|pattern| {
            let text = strtime::format(pattern, in_utc(at)).ok()?;
            (read_pattern(pattern, &text) == Some(at)).then_some(text)
        });
        own.unwrap_or_else(|| match at.time() == jiff::civil::Time::midnight() {
            true => at.date().to_string(),
            false => at.to_string(),
        })
    }
}

/// A time with offset UTC, for patterns that contain `%z`.
fn in_utc(at: DateTime) -> BrokenDownTime {
    let mut parts = BrokenDownTime::from(at);
    parts.set_offset(Some(Offset::UTC));
    parts
}

fn read_pattern(pattern: &str, text: &str) -> Option<DateTime> {
    let parsed = strtime::parse(pattern, text).ok()?;
    if let Ok(instant) = parsed.to_timestamp() {
        return Some(Offset::UTC.to_datetime(instant));
    }
    let date = parsed.to_date().ok()?;
    Some(parsed.to_datetime().unwrap_or_else(|_| date.at(0, 0, 0, 0)))
}

/// Parses ISO 8601: a date, or a date and a time separated by `T` or a space, with an optional offset.
fn iso(text: &str) -> Option<DateTime> {
    // Texts that are too short for a date or begin with no digit are rejected cheaply.
    if text.len() < 8 || !text.as_bytes()[0].is_ascii_digit() {
        return None;
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(Offset::UTC.to_datetime(instant));
    }
    let civil = text.parse::<DateTime>().ok();
    civil.or_else(|| Some(text.parse::<Date>().ok()?.at(0, 0, 0, 0)))
}

const EPOCH: DateTime = jiff::civil::datetime(1970, 1, 1, 0, 0, 0, 0);

fn seconds(at: DateTime) -> f64 {
    at.duration_since(EPOCH).as_secs_f64()
}

/// The date and time so many seconds after 1970-01-01 00:00, to the microsecond; clamped to the range of [`DateTime`].
pub fn datetime(seconds: f64) -> DateTime {
    const SIGNIFICANT: f64 = 1e6;
    let whole = seconds.floor();
    let micros = ((seconds - whole) * SIGNIFICANT).round() as i32;
    let past = SignedDuration::new(whole as i64, micros * 1000);
    let nearest = if seconds < 0.0 {
        DateTime::MIN
    } else {
        DateTime::MAX
    };
    EPOCH.checked_add(past).unwrap_or(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_dates_and_times_are_read_and_written() {
        let form = DateForm::default();
        // Expected seconds are those of `date -u -d TEXT +%s`.
        for (text, expected, again) in [
            ("2024-01-31", 1_706_659_200.0, "2024-01-31"),
            (" 2024-01-31 ", 1_706_659_200.0, "2024-01-31"),
            (
                "2024-01-31T13:30:05",
                1_706_707_805.0,
                "2024-01-31T13:30:05",
            ),
            (
                "2024-01-31 13:30:05.25",
                1_706_707_805.25,
                "2024-01-31T13:30:05.25",
            ),
            ("2024-01-31 13:30", 1_706_707_800.0, "2024-01-31T13:30:00"),
            (
                "2024-01-31T13:30:05Z",
                1_706_707_805.0,
                "2024-01-31T13:30:05",
            ),
            (
                "2024-01-31 13:30:05+02:00",
                1_706_700_605.0,
                "2024-01-31T11:30:05",
            ),
            ("1969-12-31", -86_400.0, "1969-12-31"),
            ("1969-12-31T23:59:59.5", -0.5, "1969-12-31T23:59:59.5"),
        ] {
            assert_eq!(form.read(text), Some(expected), "{text}");
            assert_eq!(form.write(expected), again);
            assert_eq!(form.read(again), Some(expected), "{again}");
        }
        for text in [
            "2024-13-01",
            "2024-02-30",
            "31.01.2024",
            "2024",
            "today",
            "",
            "12:30",
        ] {
            assert_eq!(form.read(text), None, "{text}");
        }
    }

    #[test]
    fn a_pattern_may_have_an_offset() {
        for (pattern, text) in [
            ("%d/%m/%Y %H:%M:%S %z", "31/01/2024 15:30:05 +0200"),
            ("%d/%m/%Y %H:%M:%S%:z", "31/01/2024 15:30:05+02:00"),
            ("%Y-%m-%dT%H:%M:%S%z", "2024-01-31T08:30:05-0500"),
        ] {
            let form = DateForm::new(Some(pattern.into())).unwrap();
            assert_eq!(form.read_own(text), Some(1_706_707_805.0), "{text}");
            let written = form.write(1_706_707_805.0);
            assert_eq!(form.read_own(&written), Some(1_706_707_805.0), "{written}");
        }
        // A time zone name (`%Z`) cannot be parsed, and the error says so.
        let said = DateForm::new(Some("%d/%m/%Y %H:%M %Z".into())).unwrap_err();
        let said = said.to_string();
        assert!(said.contains("%Z") && !said.contains("a year"), "{said}");
    }

    #[test]
    fn a_pattern_is_read_first_and_written() {
        let form = DateForm::new(Some("%d/%m/%Y".into())).unwrap();
        assert_eq!(form.read("31/01/2024"), Some(1_706_659_200.0));
        assert_eq!(form.read("2024-01-31"), Some(1_706_659_200.0));
        assert_eq!(form.read("01/31/2024"), None);
        assert_eq!(form.write(1_706_659_200.0), "31/01/2024");
        assert_eq!(form.write(1_706_707_805.0), "2024-01-31T13:30:05");
        let short = DateForm::new(Some("%d.%m.%y".into())).unwrap();
        assert_eq!(short.write(1_706_659_200.0), "31.01.24");
        assert_eq!(short.write(-2_014_934_400.0), "1906-02-25");
        let timed = DateForm::new(Some("%d.%m.%Y %H:%M".into())).unwrap();
        assert_eq!(timed.read("31.01.2024 13:30"), Some(1_706_707_800.0));
        for pattern in ["%H:%M", "%Y", "day", "%Q"] {
            assert!(DateForm::new(Some(pattern.into())).is_err(), "{pattern}");
        }
    }
}
