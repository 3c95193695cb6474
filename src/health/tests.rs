//! Tests of each condition over facts at one-second steps.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use jiff::Timestamp;

use super::*;
use crate::alert::{Condition, Rule};
use crate::config::Settings;
use crate::publish::Behind;
use crate::store::Health;
use crate::telemetry::latency::{Counts, Latency};
use crate::units::Span;

/// The built-in rules, with limits that a test reaches quickly.
fn rules() -> Rules {
    let mut rules = Settings::built_in().alerts.rules;
    let (share, rows, over) = (
        0.1,
        NonZeroU64::new(20).unwrap(),
        Span(Duration::from_secs(60)),
    );
    (
        rules.quarantine.share,
        rules.quarantine.rows,
        rules.quarantine.over,
    ) = (share, rows, over);
    (
        rules.rejected.share,
        rules.rejected.rows,
        rules.rejected.over,
    ) = (share, rows, over);
    rules.latency.p99 = Span(Duration::from_secs(1));
    rules.latency.requests = NonZeroU64::new(100).unwrap();
    rules.latency.over = over;
    rules
}

fn facts(second: i64) -> Facts {
    Facts {
        now: Timestamp::from_second(1_000_000 + second).unwrap(),
        health: Health::Writing,
        lost: 0,
        rows: 0,
        aside: 0,
        answered: 0,
        rejected: 0,
        failed: 0,
        rejected_for: BTreeMap::new(),
        training: None,
        backup: None,
        unpublished: None,
        answers: Counts::default(),
    }
}

/// The condition of a rule; `None` if the facts do not decide it.
fn told(watchers: &mut [Box<dyn Watcher>], facts: &Facts, rule: Rule) -> Option<Condition> {
    let all: Vec<_> = watchers.iter_mut().filter_map(|w| w.look(facts)).collect();
    all.into_iter().find(|condition| condition.rule == rule)
}

fn holds(watchers: &mut [Box<dyn Watcher>], facts: &Facts, rule: Rule) -> bool {
    told(watchers, facts, rule).unwrap().active
}

#[test]
fn trouble_of_the_store_is_told_with_its_reason() {
    let mut all = all(&rules());
    assert!(!holds(&mut all, &facts(0), Rule::Store));
    let health = Health::Failing("no room".into());
    let condition = told(&mut all, &Facts { health, ..facts(1) }, Rule::Store).unwrap();
    assert!(condition.active && condition.description == "no room");
    assert!(!holds(&mut all, &facts(2), Rule::Store));
}

#[test]
fn a_failed_backup_is_told_until_one_is_done() {
    let mut all = all(&rules());
    assert!(!holds(&mut all, &facts(0), Rule::Backup));
    let backup = Some("s3://shop/a: no response within 180s".to_owned());
    let failed = Facts { backup, ..facts(1) };
    let condition = told(&mut all, &failed, Rule::Backup).unwrap();
    assert!(condition.active);
    assert_eq!(
        condition.description,
        "s3://shop/a: no response within 180s"
    );
    assert!(!holds(&mut all, &facts(2), Rule::Backup));
}

#[test]
fn a_place_that_lacks_the_champion_is_told_until_it_has_it() {
    let mut all = all(&rules());
    assert!(!holds(&mut all, &facts(0), Rule::Publish));
    let behind = |error: Option<&str>| Facts {
        unpublished: Some(Behind {
            since: facts(0).now,
            error: error.map(str::to_owned),
        }),
        ..facts(1)
    };
    let hung = told(&mut all, &behind(None), Rule::Publish).unwrap();
    assert!(hung.active && hung.description == "the place has not answered yet");
    let failed = told(&mut all, &behind(Some("no room")), Rule::Publish).unwrap();
    assert!(failed.active && failed.description == "no room");
    assert!(!holds(&mut all, &facts(2), Rule::Publish));
}

#[test]
fn loss_is_what_was_lost_since_the_last_look() {
    let mut all = all(&rules());
    let lost = |second, lost| Facts {
        lost,
        ..facts(second)
    };
    assert!(!holds(&mut all, &lost(0, 0), Rule::DroppedPredictions));
    let condition = told(&mut all, &lost(1, 7), Rule::DroppedPredictions).unwrap();
    assert_eq!((condition.active, condition.value), (true, Some(7.0)));
    // The condition stays active for a while, because one that ends at once may be missed.
    assert!(holds(&mut all, &lost(30, 7), Rule::DroppedPredictions));
    assert!(!holds(&mut all, &lost(31, 7), Rule::DroppedPredictions));
    assert!(holds(&mut all, &lost(33, 8), Rule::DroppedPredictions));
}

#[test]
fn quarantine_is_a_share_of_the_last_minutes() {
    let mut all = all(&rules());
    let rows = |second, rows, aside| Facts {
        rows,
        aside,
        ..facts(second)
    };
    let mut check = |second, of, aside, expected| {
        let found = holds(&mut all, &rows(second, of, aside), Rule::Quarantine);
        assert_eq!(found, expected, "{second}");
    };
    check(0, 1000, 900, false); // before anybody looked
    check(1, 1019, 919, false); // too few to say
    check(2, 1020, 920, true);
    check(3, 1200, 920, false); // 20 of 200 are not more than a tenth
    check(4, 1200, 921, true);
    check(70, 1200, 921, false); // long ago
}

#[test]
fn refused_is_a_share_of_what_was_asked_with_the_columns_it_was_refused_for() {
    let mut all = all(&rules());
    let asked = |second, answered, rejected, columns: &[(&str, u64)]| Facts {
        answered,
        rejected,
        rejected_for: columns.iter().map(|(c, n)| ((*c).into(), *n)).collect(),
        ..facts(second)
    };
    let mut tell = |facts| told(&mut all, &facts, Rule::Rejected).unwrap();
    let before = [("a", 50), ("b", 500)];
    let first = tell(asked(0, 0, 550, &before));
    assert!(!first.active, "before anybody looked");
    assert!(!tell(asked(1, 9, 560, &before)).active, "too few to say");
    // 26 of 35 rows were rejected, for three columns and for unknown ones; the count of b did not increase.
    let since = [("", 1), ("a", 75), ("b", 500), ("c", 2), ("d", 3)];
    let condition = tell(asked(2, 9, 576, &since));
    assert!(condition.active);
    let words = "74 % of the rows sent lately got no prediction";
    assert_eq!(condition.summary, words);
    assert_eq!(condition.value, Some(26.0 / 35.0));
    let words = "26 of 35 rows broke the contract of the table, for a (25), d (3), c (2). ";
    let said = &condition.description;
    assert!(said.starts_with(words), "{said}");
    let unknown = [("", 9), ("a", 75), ("b", 500), ("c", 2), ("d", 3)];
    let condition = tell(asked(3, 9, 584, &unknown));
    let words = "a (25), no column of the table (9), d (3). ";
    assert!(condition.description.contains(words));
    let few = tell(asked(4, 400, 584, &unknown));
    assert!(!few.active, "34 of 434 are not more than a tenth");
    assert!(!tell(asked(70, 400, 584, &unknown)).active, "long ago");
}

#[test]
fn a_few_bad_rows_in_many_bodies_leave_nobody_an_answer() {
    let mut all = all(&rules());
    let asked = |second, answered, rejected, failed| Facts {
        answered,
        rejected,
        failed,
        ..facts(second)
    };
    let mut tell = |facts| told(&mut all, &facts, Rule::Rejected).unwrap();
    assert!(!tell(asked(0, 0, 0, 0)).active);
    assert!(
        !tell(asked(1, 0, 1, 2999)).active,
        "one bad row of somebody's"
    );
    assert!(!tell(asked(2, 0, 19, 2999)).active, "still few");
    let condition = tell(asked(3, 0, 20, 2980));
    assert!(condition.active);
    assert_eq!(condition.value, Some(1.0));
    let words =
        "20 of 3000 rows broke the contract of the table, and 2980 valid ones got none because ";
    let said = &condition.description;
    assert!(said.starts_with(words), "{said}");
    assert!(!tell(asked(4, 3000, 20, 2980)).active, "half are answered");
}

#[test]
fn a_training_that_failed_is_told_until_one_succeeds() {
    let mut all = all(&rules());
    assert_eq!(told(&mut all, &facts(0), Rule::Training), None);
    let ended = |error: Option<&str>| Facts {
        training: Some(Ended {
            job: "j".into(),
            error: error.map(str::to_owned),
        }),
        ..facts(1)
    };
    let failed = told(&mut all, &ended(Some("no rows")), Rule::Training).unwrap();
    assert!(failed.active && failed.description == "job j: no rows");
    assert!(!holds(&mut all, &ended(None), Rule::Training));
}

#[test]
fn slowness_is_one_request_of_a_hundred() {
    let mut all = all(&rules());
    let latency = Latency::default();
    let mut check = |second, quick, slow, expected| {
        (0..quick).for_each(|_| latency.record(Duration::from_millis(5)));
        (0..slow).for_each(|_| latency.record(Duration::from_secs(2)));
        let facts = Facts {
            answers: latency.counts(),
            ..facts(second)
        };
        let condition = told(&mut all, &facts, Rule::Latency).unwrap();
        assert_eq!(condition.active, expected, "{second}");
        if expected {
            assert!((2.0..2.25).contains(&condition.value.unwrap()));
        }
    };
    check(0, 0, 0, false);
    check(1, 0, 50, false); // too few to say
    check(2, 50, 0, true);
    check(30, 4850, 0, true); // 50 of 4950
    check(31, 100, 0, false); // 50 of 5050
    check(100, 0, 0, false);
}
