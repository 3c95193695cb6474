//! Decides whether to start a training: a pure function of facts, tested as a table.

use jiff::Timestamp;
use serde::Deserialize;

/// The retraining triggers. A trigger that is disabled is `None`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Triggers {
    /// Whether the server retrains automatically at all.
    pub enabled: bool,
    /// Number of new labels that starts a training.
    pub labels: Option<u64>,
    /// Interval between trainings, in seconds; each requires at least one new label.
    pub every: Option<u64>,
    /// Minimum number of new labels for a training that a monitor's verdict of drift or decay requests.
    pub on_drift: Option<u64>,
    /// Minimum time between automatic trainings, in seconds, for every trigger.
    pub cooldown: u64,
}

impl Triggers {
    /// Why no verdict of a monitor may start a training; `None` if it may.
    pub fn retraining_off(&self) -> Option<&'static str> {
        match (self.enabled, self.on_drift) {
            (false, _) => Some("retrain.enabled is false"),
            (true, None) => Some("retrain.on_drift is false"),
            (true, Some(_)) => None,
        }
    }
}

/// The facts that the decision depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Labels that arrived since the champion was trained, or since the last automatic training if that is later.
    pub fresh: u64,
    /// Whether a training is running or queued.
    pub training: bool,
    /// Start time of the last automatic training; `None` before the first.
    pub last: Option<Timestamp>,
    /// Start time of the controller.
    pub begun: Timestamp,
    /// Reason of a monitor's training request that has not been acted on.
    pub verdict: Option<String>,
}

/// The reason to start a training now; `None` for no training.
pub fn retrain(triggers: &Triggers, facts: &Facts, now: Timestamp) -> Option<String> {
    if !triggers.enabled || facts.training {
        return None;
    }
    let since = |then: Timestamp| u64::try_from(now.as_second() - then.as_second()).unwrap_or(0);
    // If the clock was set back, the elapsed time counts as zero.
    if facts
        .last
        .is_some_and(|last| since(last) < triggers.cooldown)
    {
        return None;
    }
    // Without new labels a training would repeat the last one, so a verdict waits for them.
    let is_enough = |least: u64| facts.fresh >= least.max(1);
    if let Some(found) = &facts.verdict
        && triggers.on_drift.is_some_and(is_enough)
    {
        return Some(format!("verdict: {found}"));
    }
    if let Some(least) = triggers.labels
        && facts.fresh >= least.max(1)
    {
        return Some(format!(
            "{} new labels, retrain.labels being {least}",
            facts.fresh
        ));
    }
    let every = triggers.every?;
    let waited = since(facts.last.unwrap_or(facts.begun));
    (waited >= every && facts.fresh > 0).then(|| {
        let fresh = facts.fresh;
        format!(
            "{waited} s since the last training, retrain.every being {every} s; {fresh} new labels"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn triggers_cooldown_and_budget() {
        let usual = Triggers {
            enabled: true,
            labels: Some(500),
            every: None,
            on_drift: Some(100),
            cooldown: 3600,
        };
        let quiet = Facts {
            fresh: 0,
            training: false,
            last: None,
            begun: at(0),
            verdict: None,
        };
        let check = |triggers: &Triggers, facts: Facts, now: i64, expected: Option<&str>| {
            let why = retrain(triggers, &facts, at(now));
            let begins = why
                .as_deref()
                .map(|why| why.split([' ', ':']).next().unwrap());
            assert_eq!(begins, expected, "{facts:?} at {now}");
        };
        let fresh = |fresh: u64| Facts {
            fresh,
            ..quiet.clone()
        };
        check(&usual, quiet.clone(), 10_000, None);
        check(&usual, fresh(499), 10_000, None);
        check(&usual, fresh(500), 10_000, Some("500"));
        let after = |last: i64| Facts {
            last: Some(at(last)),
            ..fresh(500)
        };
        check(&usual, after(10_000), 13_599, None);
        check(&usual, after(10_000), 13_600, Some("500"));
        check(&usual, after(10_000), 9_000, None); // the clock went back
        check(
            &usual,
            Facts {
                training: true,
                ..fresh(500)
            },
            10_000,
            None,
        );
        let verdict = |fresh: u64| Facts {
            fresh,
            verdict: Some("drift".into()),
            ..quiet.clone()
        };
        check(&usual, verdict(0), 10_000, None); // nothing new to learn from
        check(&usual, verdict(99), 10_000, None);
        let drift = verdict(100);
        check(&usual, drift.clone(), 10_000, Some("verdict"));
        check(
            &Triggers {
                on_drift: None,
                ..usual.clone()
            },
            drift,
            10_000,
            None,
        );
        check(
            &Triggers {
                enabled: false,
                ..usual.clone()
            },
            fresh(500),
            10_000,
            None,
        );
        let daily = Triggers {
            labels: None,
            every: Some(86_400),
            ..usual
        };
        check(&daily, fresh(500), 86_399, None);
        check(&daily, fresh(1), 86_400, Some("86400"));
        check(&daily, quiet.clone(), 86_400, None);
    }
}
