//! How figures are written.

use serde::Serialize;

use crate::report::chart::plain;
use crate::stats::interval::Interval;
use crate::stats::resampled::Estimate;

/// Confidence of the intervals.
const CONFIDENCE: f64 = 0.95;

/// A mean with its standard error and its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measured {
    pub mean: f64,
    pub se: Option<f64>,
    /// 95 % interval; null for a single fold, which has no spread.
    pub interval: Option<Interval>,
}

impl Measured {
    /// An estimate whose values lie in a range.
    pub fn within(estimate: Estimate, low: f64, high: f64) -> Measured {
        let Estimate { mean, se } = estimate;
        let interval = se.and_then(|se| Interval::normal(mean, se, CONFIDENCE));
        Measured {
            mean,
            se,
            interval: interval.map(|i| i.within(low, high)),
        }
    }

    /// `0.832 ± 0.016`.
    pub fn text(&self) -> String {
        match self.se {
            Some(se) => format!("{} ± {}", three(self.mean), three(se)),
            None => three(self.mean),
        }
    }

    pub fn interval_text(&self) -> String {
        self.interval.map_or_else(none, interval)
    }
}

pub fn interval(interval: Interval) -> String {
    format!("{} to {}", three(interval.low), three(interval.high))
}

/// Three places, with a minus sign that is as wide as a plus.
pub fn three(value: f64) -> String {
    format!("{value:.3}").replace('-', "\u{2212}")
}

pub fn percent(share: f64) -> String {
    format!("{:.1}\u{a0}%", share * 100.0).replace('-', "\u{2212}")
}

pub fn count(rows: u64) -> String {
    plain(rows as f64)
}

/// A count with its noun.
pub fn counted(rows: u64, noun: &str) -> String {
    match rows {
        1 => format!("1 {noun}"),
        _ => format!("{} {noun}s", count(rows)),
    }
}

pub fn plain_or_none(value: Option<f64>) -> String {
    value.map_or_else(none, plain)
}

/// A time of RFC 3339 to the second, for tables whose heading says that it is UTC.
pub fn time(rfc3339: &str) -> String {
    let second = rfc3339.get(..19).unwrap_or(rfc3339);
    second.replace('T', "\u{a0}")
}

/// What stands in a cell without a value.
pub fn none() -> String {
    "–".into()
}
