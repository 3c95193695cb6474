//! Times on the command line.

use jiff::Timestamp;

use crate::clock;

/// Parses a timestamp, or a date, which means its start in UTC.
pub fn parse_time(text: &str) -> Result<Timestamp, String> {
    clock::moment(text)
        .ok_or_else(|| "write a day as 2026-01-31 or a moment as 2026-01-31T09:15:00Z".into())
}
