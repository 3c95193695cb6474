//! Time and time-ordered ids. Code that needs the current time is given a [`Clock`], so that tests can set it
//! and need not sleep.
//!
//! Times leave the process as RFC 3339 in UTC with milliseconds (`2026-01-31T09:15:00.250Z`), always of the same width, so
//! that they also sort as text. [`timestamp`] gives structs that form through serde.

use std::sync::Mutex;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uuid::{NoContext, Uuid};

pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    /// A new id for the current time.
    fn id(&self) -> Uuid {
        id(self.now())
    }
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// The ids of this process are in the order of their creation, also within a millisecond.
    fn id(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// A clock for tests that stands still until it is moved.
#[derive(Debug)]
pub struct Manual(Mutex<Timestamp>);

impl Manual {
    pub fn new(start: Timestamp) -> Self {
        Manual(Mutex::new(start))
    }

    /// Sets the clock to `now`, forwards or backwards.
    pub fn set(&self, now: Timestamp) {
        *self.hand() = now;
    }

    /// # Panics
    /// Beyond the year 9999, where jiff's timestamps end.
    pub fn advance(&self, by: std::time::Duration) {
        let mut hand = self.hand();
        let by = SignedDuration::try_from(by)
            .expect("a test moves the clock by less than 292 billion years");
        *hand += by;
    }

    fn hand(&self) -> std::sync::MutexGuard<'_, Timestamp> {
        // A timestamp is never partially written, so that it is valid even if a holder of the lock panicked.
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Clock for Manual {
    fn now(&self) -> Timestamp {
        *self.hand()
    }
}

/// A new id for this time: a UUID of version 7, so that ids sort by the millisecond of their creation.
pub fn id(time: Timestamp) -> Uuid {
    let second = u64::try_from(time.as_second()).unwrap_or(0);
    let nanos = u32::try_from(time.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, second, nanos))
}

/// Formats `time` as RFC 3339 in UTC, truncated (not rounded) to milliseconds.
pub fn rfc3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Parses a moment, or a day, which means its start in UTC.
pub fn moment(text: &str) -> Option<Timestamp> {
    match text.parse::<Date>() {
        Ok(day) if text.len() == "2026-01-31".len() => format!("{day}T00:00:00Z").parse().ok(),
        _ => text.parse().ok(),
    }
}

/// For `#[serde(with = "crate::clock::timestamp")]`: written like [`rfc3339`], read from any RFC 3339 text.
pub mod timestamp {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::rfc3339(*time))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse()
            .map_err(|_| D::Error::custom(format!("`{text}` is not an RFC 3339 time")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_with_three_digits_of_fraction() {
        let check =
            |time: &str, expected: &str| assert_eq!(rfc3339(time.parse().unwrap()), expected);
        check("2026-01-31T10:15:00.25+01:00", "2026-01-31T09:15:00.250Z");
        check("2026-01-31T09:15:00Z", "2026-01-31T09:15:00.000Z");
        check("2026-01-31T09:15:00.999999999Z", "2026-01-31T09:15:00.999Z");
        check("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z");
    }

    #[test]
    fn a_day_is_its_start() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(moment(text).map(rfc3339).as_deref(), expected, "{text}");
        };
        check("2026-01-31", Some("2026-01-31T00:00:00.000Z"));
        check("2026-01-31T09:15:00Z", Some("2026-01-31T09:15:00.000Z"));
        check("2026-01-31T09:15:00", None); // of which zone?
        check("yesterday", None);
    }

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let clock = Manual::new(start);
        assert_eq!(clock.now(), start);
        clock.advance(std::time::Duration::from_millis(1500));
        assert_eq!(rfc3339(clock.now()), "2026-01-01T00:00:01.500Z");
        clock.set(start);
        assert_eq!(clock.now(), start);
    }

    #[test]
    fn serde_writes_and_reads_the_same_text() {
        #[derive(Debug, serde::Serialize, serde::Deserialize)]
        struct Entry(#[serde(with = "timestamp")] Timestamp);
        let text = r#""2026-01-31T09:15:00.250Z""#;
        let entry: Entry = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&entry).unwrap(), text);
        assert!(
            serde_json::from_str::<Entry>(r#""yesterday""#)
                .unwrap_err()
                .to_string()
                .contains("yesterday")
        );
    }
}
