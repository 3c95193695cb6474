//! Condition: responses take too long.

use std::time::Duration;

use super::facts::{Facts, Watcher};
use super::window::Window;
use crate::alert::settings::LatencyRule;
use crate::alert::{Condition, Rule};
use crate::telemetry::latency::Counts;

const SUBJECT: &str = "http";

pub(super) struct Slowness {
    p99: Duration,
    least: u64,
    window: Window<Counts>,
}

impl Slowness {
    pub(super) fn new(rule: &LatencyRule) -> Slowness {
        Slowness {
            p99: rule.p99.0,
            least: rule.requests.get(),
            window: Window::new(rule.over.0),
        }
    }
}

impl Watcher for Slowness {
    fn look(&mut self, facts: &Facts) -> Option<Condition> {
        let begin = self.window.begin(facts.now, &facts.answers);
        let lately = facts.answers.since(&begin);
        let (requests, p99) = (lately.total(), lately.quantile(0.99));
        let Some(p99) = p99.filter(|p99| requests >= self.least && *p99 > self.p99) else {
            return Some(Condition::over(Rule::Latency, SUBJECT));
        };
        let (found, allowed) = (p99.as_secs_f64(), self.p99.as_secs_f64());
        let summary = format!("one of a hundred requests takes longer than {found:.2} s");
        let description = format!("{requests} requests lately; allowed are {allowed} s.");
        let condition = Condition::holds(Rule::Latency, SUBJECT, summary);
        Some(condition.describe(description).value(found))
    }
}
