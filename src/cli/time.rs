//! Times on the command line.

use jiff::Timestamp;
use jiff::civil::Date;

/// Parses a timestamp, or a date, which means its start in UTC.
pub fn parse_time(text: &str) -> Result<Timestamp, String> {
    let moment = match text.parse::<Date>() {
        Ok(day) if text.len() == "2026-01-31".len() => format!("{day}T00:00:00Z"),
        _ => text.to_owned(),
    };
    moment
        .parse()
        .map_err(|_| "write a day as 2026-01-31 or a moment as 2026-01-31T09:15:00Z".into())
}
