//! The document of the service level: response times of predictions, and the error budget.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::telemetry::answers::{Answers, MINUTES, Minute, Tally};
use crate::telemetry::latency::Counts;

/// Share of the predictions that meet the objective: the alert rule `latency` is about the 99th percentile.
const SHARE: f64 = 0.99;
/// Intervals shown at most.
const MOST: i64 = 60;

/// How predictions were answered over the last hours, beside the objective. Trials do not count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceLevel {
    pub objective: Objective,
    /// Length of the time that is looked at, in seconds. A restart begins it anew.
    pub over_seconds: i64,
    /// Responses to requests for predictions, over REST or the WebSocket, in this time.
    pub answers: u64,
    /// Responses by which the server failed: those with a status from 500 on.
    pub failed: u64,
    /// Other responses that took longer than the objective allows.
    pub slow: u64,
    /// Share of the error budget that is spent: failed and slow responses by those that the objective allows; above 1 the
    /// objective is missed. Null without responses.
    pub budget_spent: Option<f64>,
    /// Median of the response times, at most an eighth too high; null without responses.
    pub p50_seconds: Option<f64>,
    pub p99_seconds: Option<f64>,
    /// Intervals with responses, oldest first.
    pub intervals: Vec<Interval>,
}

/// What is aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ServiceObjective")]
pub struct Objective {
    /// Share of the responses that are neither failed nor slow.
    pub share: f64,
    /// The longest time of a response that is not slow: the setting `alerts.rules.latency.p99`.
    pub within_seconds: f64,
}

/// The responses of an interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ServiceInterval")]
pub struct Interval {
    /// When it began.
    #[serde(with = "clock::timestamp")]
    #[schemars(with = "String")]
    pub begin: Timestamp,
    /// Its length in seconds.
    pub seconds: i64,
    pub answers: u64,
    pub failed: u64,
    pub slow: u64,
    pub p50_seconds: Option<f64>,
    pub p99_seconds: Option<f64>,
}

impl ServiceLevel {
    /// The service level at this time.
    pub fn of(answers: &Answers, now: Timestamp) -> ServiceLevel {
        let minutes = answers.minutes(now);
        let mut whole = Tally::default();
        minutes.iter().for_each(|minute| whole.add(&minute.tally));
        let total = whole.took.total();
        let allowed = total as f64 * (1.0 - SHARE);
        ServiceLevel {
            objective: Objective {
                share: SHARE,
                within_seconds: answers.objective().as_secs_f64(),
            },
            over_seconds: MINUTES * 60,
            answers: total,
            failed: whole.failed,
            slow: whole.slow,
            budget_spent: (total > 0).then(|| (whole.failed + whole.slow) as f64 / allowed),
            p50_seconds: quantile(&whole.took, 0.5),
            p99_seconds: quantile(&whole.took, 0.99),
            intervals: intervals(&minutes),
        }
    }
}

fn quantile(took: &Counts, share: f64) -> Option<f64> {
    took.quantile(share).map(|found| found.as_secs_f64())
}

/// The minutes, put together where they are many.
fn intervals(minutes: &[Minute]) -> Vec<Interval> {
    let (Some(first), Some(last)) = (minutes.first(), minutes.last()) else {
        return Vec::new();
    };
    // One interval more is needed where the first minute is in the middle of one.
    let width = (last.begin - first.begin + 1).div_euclid(MOST - 1).max(0) + 1;
    let place = |minute: &Minute| minute.begin.div_euclid(width);
    let runs = minutes.chunk_by(|a, b| place(a) == place(b));
    let interval = |run: &[Minute]| {
        let mut tally = Tally::default();
        run.iter().for_each(|minute| tally.add(&minute.tally));
        let begin = place(&run[0]) * width * 60;
        Interval {
            begin: Timestamp::from_second(begin).unwrap_or_default(), // it is near a timestamp
            seconds: width * 60,
            answers: tally.took.total(),
            failed: tally.failed,
            slow: tally.slow,
            p50_seconds: quantile(&tally.took, 0.5),
            p99_seconds: quantile(&tally.took, 0.99),
        }
    };
    runs.map(interval).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_040 + 60 * minute).unwrap()
    }

    #[test]
    fn the_budget_is_what_the_objective_allows_to_fail() {
        let answers = Answers::within(Duration::from_millis(250));
        let empty = ServiceLevel::of(&answers, at(0));
        assert_eq!((empty.answers, empty.budget_spent), (0, None));
        assert_eq!((empty.p99_seconds, empty.intervals.len()), (None, 0));
        (0..994).for_each(|_| answers.record(200, Duration::from_millis(1)));
        (0..4).for_each(|_| answers.record(200, Duration::from_millis(400)));
        (0..2).for_each(|_| answers.record(503, Duration::from_millis(400)));
        let level = ServiceLevel::of(&answers, at(1));
        assert_eq!((level.answers, level.failed, level.slow), (1000, 2, 4));
        // 6 of the 10 that 99 % of 1,000 leave.
        assert!((level.budget_spent.unwrap() - 0.6).abs() < 1e-9);
        assert_eq!(level.objective.within_seconds, 0.25);
        let p99 = level.p99_seconds.unwrap();
        assert!((0.001..0.0012).contains(&p99), "{p99}");
    }

    #[test]
    fn many_minutes_are_put_together() {
        let answers = Answers::default();
        for minute in 0..MINUTES {
            answers.turn(at(minute));
            answers.record(200, Duration::from_millis(1));
        }
        let level = ServiceLevel::of(&answers, at(MINUTES - 1));
        assert!(level.intervals.len() <= MOST as usize);
        assert!(level.intervals.len() > 40);
        let sum: u64 = level.intervals.iter().map(|i| i.answers).sum();
        assert_eq!(sum, MINUTES as u64);
        let begins = level.intervals.windows(2);
        assert!(
            begins.into_iter().all(
                |pair| pair[1].begin.as_second() - pair[0].begin.as_second() == pair[0].seconds
            )
        );
        // A few minutes stay what they are.
        let few = Answers::default();
        for minute in 0..30 {
            few.turn(at(minute));
            few.record(200, Duration::from_millis(1));
        }
        let level = ServiceLevel::of(&few, at(29));
        assert_eq!(
            (level.intervals.len(), level.intervals[0].seconds),
            (30, 60)
        );
        assert_eq!(level.intervals[0].begin, at(0));
    }
}
