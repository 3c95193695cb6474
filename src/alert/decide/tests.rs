//! Scenarios advanced second by second, and property tests over random ones.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::alert::condition::{Condition, Rule};
use crate::alert::notification::Notification;
use crate::alert::options::{Retry, RuleOptions};
use crate::alert::silence::{Matcher, Silence};
use crate::alert::state::{Phase, fingerprint};

const SECOND: Duration = Duration::from_secs(1);

fn rule(wait: u64, keep: u64, repeat: u64) -> RuleOptions {
    RuleOptions {
        wait: SECOND * wait as u32,
        keep_firing_for: SECOND * keep as u32,
        repeat: SECOND * repeat as u32,
        channels: Vec::new(),
        inhibited_by: Vec::new(),
    }
}

fn options(rules: impl IntoIterator<Item = (Rule, RuleOptions)>) -> Options {
    Options {
        group_wait: SECOND * 10,
        retry: Retry {
            first: SECOND,
            max: SECOND,
            give_up: SECOND,
        },
        rules: rules.into_iter().collect(),
        channels: vec!["hook".into()],
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

/// A scenario that is advanced step by step.
struct Story {
    state: State,
    options: Options,
    ids: u64,
}

impl Story {
    fn new(options: Options) -> Story {
        Story {
            state: State::default(),
            options,
            ids: 0,
        }
    }

    fn with(&mut self, second: i64, conditions: &[Condition], whole: &[Rule]) -> Decision {
        let news = News { conditions, whole };
        let Story { ids, .. } = self;
        let mut id = || {
            *ids += 1;
            format!("id{ids}")
        };
        let state = std::mem::take(&mut self.state);
        let (state, decision) = decide(state, &news, at(second), &self.options, &mut id);
        self.state = state;
        decision
    }

    /// Advances to `second` and returns one line per notification: `channel rule: +subject -subject`.
    fn step(&mut self, second: i64, conditions: &[Condition]) -> Vec<String> {
        let line = |notification: &Notification| {
            let told = notification.alerts.iter().map(|told| {
                let sign = if told.fires() { "+" } else { "-" };
                format!("{sign}{}", told.labels["subject"])
            });
            let told: Vec<String> = told.collect();
            let rule = crate::alert::condition::name(notification.rule);
            format!("{} {rule}: {}", notification.channel, told.join(" "))
        };
        let decision = self.with(second, conditions, &[]);
        decision.notifications.iter().map(line).collect()
    }

    fn word(&self, rule: Rule, subject: &str) -> &'static str {
        let alert = self.state.alerts.get(&fingerprint(rule, subject));
        alert.map_or("none", |alert| alert.word())
    }
}

fn on(rule: Rule, subject: &str) -> Condition {
    Condition::holds(rule, subject, "it holds")
}

fn off(rule: Rule, subject: &str) -> Condition {
    Condition::over(rule, subject)
}

const NOBODY: [&str; 0] = [];

#[test]
fn an_alert_waits_fires_repeats_and_ends() {
    let mut story = Story::new(options([(Rule::Latency, rule(60, 0, 100))]));
    assert_eq!(story.step(0, &[on(Rule::Latency, "rest")]), NOBODY);
    assert_eq!(story.word(Rule::Latency, "rest"), "pending");
    assert_eq!(story.step(59, &[]), NOBODY);
    assert_eq!(story.word(Rule::Latency, "rest"), "pending");
    assert_eq!(story.step(60, &[]), NOBODY, "others may come");
    assert_eq!(story.word(Rule::Latency, "rest"), "firing");
    assert_eq!(story.step(69, &[]), NOBODY);
    assert_eq!(story.step(70, &[]), ["hook latency: +rest"]);
    assert_eq!(story.step(71, &[on(Rule::Latency, "rest")]), NOBODY, "once");
    assert_eq!(story.step(169, &[]), NOBODY);
    assert_eq!(story.step(170, &[]), ["hook latency: +rest"]);
    assert_eq!(story.step(200, &[off(Rule::Latency, "rest")]), NOBODY);
    assert_eq!(story.word(Rule::Latency, "rest"), "resolved");
    assert_eq!(story.step(210, &[]), ["hook latency: -rest"]);
    assert_eq!(story.step(9999, &[]), NOBODY);
    assert_eq!(story.step(200 + 24 * 3600, &[]), NOBODY);
    assert_eq!(story.state, State::default(), "forgotten");
}

#[test]
fn what_is_over_before_it_was_told_is_not_told() {
    let mut story = Story::new(options([(Rule::Drift, rule(0, 0, 100))]));
    assert_eq!(story.step(0, &[on(Rule::Drift, "m")]), NOBODY);
    assert_eq!(story.word(Rule::Drift, "m"), "firing");
    assert_eq!(story.step(5, &[off(Rule::Drift, "m")]), NOBODY);
    assert_eq!(story.step(500, &[]), NOBODY);
    // Pending, and over before it fired.
    let mut story = Story::new(options([(Rule::Drift, rule(60, 0, 100))]));
    story.step(0, &[on(Rule::Drift, "m")]);
    let decision = story.with(30, &[off(Rule::Drift, "m")], &[]);
    assert_eq!(decision.transitions[0].state, "inactive");
    assert_eq!(story.state, State::default());
}

#[test]
fn a_flapping_condition_is_one_alert() {
    let mut story = Story::new(options([(Rule::Store, rule(0, 30, 1000))]));
    let (on, off) = ([on(Rule::Store, "s")], [off(Rule::Store, "s")]);
    let mut told = Vec::new();
    for second in 0..300 {
        let condition = if second % 7 == 0 { &on } else { &off };
        told.extend(story.step(second, condition));
    }
    assert_eq!(told, ["hook store: +s"]);
    // The condition held until second 294 and not from 295 on.
    assert_eq!(story.step(324, &off), NOBODY);
    assert_eq!(story.word(Rule::Store, "s"), "firing");
    assert_eq!(story.step(325, &off), NOBODY);
    assert_eq!(story.step(335, &off), ["hook store: -s"]);
}

#[test]
fn one_that_fires_again_before_its_end_was_told_goes_on() {
    let mut story = Story::new(options([(Rule::Store, rule(0, 0, 1000))]));
    story.step(0, &[on(Rule::Store, "s")]);
    assert_eq!(story.step(10, &[]), ["hook store: +s"]);
    story.step(20, &[off(Rule::Store, "s")]);
    assert_eq!(story.step(25, &[on(Rule::Store, "s")]), NOBODY);
    assert_eq!(story.step(50, &[]), NOBODY);
    let alert = &story.state.alerts[&fingerprint(Rule::Store, "s")];
    assert_eq!(
        (alert.starts_at, alert.ends_at, alert.phase),
        (Some(at(0)), None, Phase::Firing)
    );
    // Once the end was notified, a new episode starts.
    story.step(60, &[off(Rule::Store, "s")]);
    assert_eq!(story.step(70, &[]), ["hook store: -s"]);
    story.step(80, &[on(Rule::Store, "s")]);
    assert_eq!(story.step(90, &[]), ["hook store: +s"]);
    let alert = &story.state.alerts[&fingerprint(Rule::Store, "s")];
    assert_eq!(alert.starts_at, Some(at(80)));
    assert_eq!(alert.id, "id1", "whoever links to it finds it");
}

#[test]
fn an_end_is_told_while_it_is_pending_anew() {
    let mut story = Story::new(options([(Rule::Latency, rule(60, 0, 1000))]));
    story.step(0, &[on(Rule::Latency, "s")]);
    story.step(60, &[]);
    assert_eq!(story.step(70, &[]), ["hook latency: +s"]);
    story.step(80, &[off(Rule::Latency, "s")]);
    story.step(85, &[on(Rule::Latency, "s")]);
    assert_eq!(story.word(Rule::Latency, "s"), "pending");
    let told = story.with(90, &[], &[]).notifications;
    assert_eq!(told[0].alerts[0].status, "resolved");
    assert_eq!(told[0].alerts[0].starts_at, at(60));
    assert_eq!(told[0].alerts[0].ends_at, Some(at(80)));
    story.step(145, &[]);
    assert_eq!(story.step(155, &[]), ["hook latency: +s"]);
}

#[test]
fn alerts_of_a_rule_are_told_together() {
    let mut story = Story::new(options([
        (Rule::Drift, rule(0, 0, 1000)),
        (Rule::DroppedPredictions, rule(0, 0, 1000)),
    ]));
    story.step(0, &[on(Rule::Drift, "b")]);
    story.step(
        9,
        &[on(Rule::Drift, "a"), on(Rule::DroppedPredictions, "p")],
    );
    let mut drift: Vec<String> = story.step(10, &[]);
    assert_eq!(drift.len(), 1);
    let words = drift.pop().unwrap();
    assert!(words.contains("+a") && words.contains("+b"), "{words}");
    assert_eq!(
        story.step(19, &[off(Rule::Drift, "b")]),
        ["hook dropped_predictions: +p"]
    );
    assert_eq!(story.step(29, &[]), ["hook drift: -b +a"]);
}

#[test]
fn channels_are_those_of_the_rule() {
    let mut options = options([
        (Rule::Drift, rule(0, 0, 1000)),
        (Rule::DroppedPredictions, rule(0, 0, 1000)),
    ]);
    options.channels = vec!["hook".into(), "log".into()];
    let loss = options.rules.get_mut(&Rule::DroppedPredictions).unwrap();
    loss.channels = vec!["log".into()];
    let mut story = Story::new(options);
    story.step(
        0,
        &[on(Rule::Drift, "m"), on(Rule::DroppedPredictions, "p")],
    );
    let told = story.step(10, &[]);
    assert_eq!(
        told,
        [
            "hook drift: +m",
            "log drift: +m",
            "log dropped_predictions: +p"
        ]
    );
}

#[test]
fn a_silence_keeps_beginnings_and_repeats_quiet_and_ends_itself() {
    let mut story = Story::new(options([(Rule::Drift, rule(0, 0, 50))]));
    story.state.silences.push(Silence {
        id: "s".into(),
        matchers: vec![Matcher::parse("subject=m").unwrap()],
        since: at(0),
        until: at(100),
        comment: String::new(),
    });
    story.step(0, &[on(Rule::Drift, "m"), on(Rule::Drift, "n")]);
    assert_eq!(story.word(Rule::Drift, "m"), "silenced");
    assert_eq!(story.step(10, &[]), ["hook drift: +n"]);
    assert_eq!(story.step(60, &[]), ["hook drift: +n"]);
    assert_eq!(story.step(100, &[]), NOBODY);
    assert_eq!(story.word(Rule::Drift, "m"), "firing");
    assert_eq!(story.state.silences, []);
    assert_eq!(story.step(110, &[]), ["hook drift: +m +n"]);
    // The end of a silenced alert is notified if its beginning was.
    story.state.silences.push(Silence {
        id: "s".into(),
        matchers: vec![Matcher::parse("alertname=drift").unwrap()],
        since: at(111),
        until: at(999),
        comment: String::new(),
    });
    assert_eq!(story.step(200, &[]), NOBODY, "no repeat");
    story.step(210, &[off(Rule::Drift, "m")]);
    assert_eq!(story.step(220, &[]), ["hook drift: -m"]);
}

#[test]
fn a_parent_keeps_its_children_quiet() {
    let mut options = options([
        (Rule::Store, rule(0, 0, 1000)),
        (Rule::DroppedPredictions, rule(0, 0, 1000)),
    ]);
    let loss = options.rules.get_mut(&Rule::DroppedPredictions).unwrap();
    loss.inhibited_by = vec![Rule::Store];
    let mut story = Story::new(options);
    story.step(
        0,
        &[on(Rule::Store, "s"), on(Rule::DroppedPredictions, "p")],
    );
    assert_eq!(story.word(Rule::DroppedPredictions, "p"), "firing");
    assert_eq!(story.step(10, &[]), ["hook store: +s"]);
    story.step(100, &[off(Rule::Store, "s")]);
    assert_eq!(
        story.step(110, &[]),
        ["hook store: -s", "hook dropped_predictions: +p"],
        "the parent is over, the child is not"
    );
}

#[test]
fn the_whole_keeps_its_parts_quiet() {
    let mut story = Story::new(options([(Rule::Drift, rule(0, 0, 1000))]));
    let part = on(Rule::Drift, "m/women").within("m");
    story.step(0, &[on(Rule::Drift, "m"), part.clone()]);
    assert_eq!(story.step(10, &[]), ["hook drift: +m"]);
    story.step(20, &[off(Rule::Drift, "m")]);
    assert_eq!(story.step(30, &[]), ["hook drift: +m/women -m"]);
    // An alert that names itself as its containing subject does not suppress itself.
    let mut story = Story::new(options([(Rule::Drift, rule(0, 0, 1000))]));
    story.step(0, &[on(Rule::Drift, "m").within("m")]);
    assert_eq!(story.step(10, &[]), ["hook drift: +m"]);
}

#[test]
fn what_is_not_named_where_all_is_told_is_over() {
    let mut story = Story::new(options([
        (Rule::Drift, rule(0, 0, 1000)),
        (Rule::Decay, rule(0, 0, 1000)),
    ]));
    let all = [
        on(Rule::Drift, "1"),
        on(Rule::Drift, "2"),
        on(Rule::Decay, "1"),
    ];
    story.with(0, &all, &[]);
    story.with(1, &[on(Rule::Drift, "2")], &[Rule::Drift]);
    assert_eq!(story.word(Rule::Drift, "1"), "resolved");
    assert_eq!(story.word(Rule::Drift, "2"), "firing");
    assert_eq!(story.word(Rule::Decay, "1"), "firing");
}

#[test]
fn a_rule_that_is_switched_off_ends_its_alerts() {
    let mut story = Story::new(options([(Rule::Drift, rule(0, 60, 1000))]));
    story.step(0, &[on(Rule::Drift, "m")]);
    assert_eq!(story.step(10, &[]), ["hook drift: +m"]);
    story.options.rules.clear();
    story.step(20, &[on(Rule::Drift, "m")]);
    assert_eq!(story.word(Rule::Drift, "m"), "resolved");
    assert_eq!(story.step(30, &[on(Rule::Drift, "m")]), ["hook drift: -m"]);
    assert_eq!(story.step(99, &[on(Rule::Drift, "m")]), NOBODY);
    // When a rule moves to another channel, the old channel receives the end of what it was notified of.
    let mut story = Story::new(options([(Rule::Drift, rule(0, 0, 15))]));
    story.step(0, &[on(Rule::Drift, "m")]);
    assert_eq!(story.step(10, &[]), ["hook drift: +m"]);
    story.options.channels = vec!["hook".into(), "mail".into()];
    let moved = story.options.rules.get_mut(&Rule::Drift).unwrap();
    moved.channels = vec!["mail".into()];
    story.step(11, &[]);
    assert_eq!(story.step(30, &[]), ["mail drift: +m"]);
    story.step(40, &[off(Rule::Drift, "m")]);
    let mut told = story.step(50, &[]);
    told.sort();
    assert_eq!(told, ["hook drift: -m", "mail drift: -m"]);
    // A channel that was removed receives nothing.
    let mut story = Story::new(options([(Rule::Drift, rule(0, 0, 1000))]));
    story.step(0, &[on(Rule::Drift, "m")]);
    story.step(10, &[]);
    story.options.channels = vec!["other".into()];
    story.step(20, &[off(Rule::Drift, "m")]);
    assert_eq!(story.step(30, &[]), NOBODY);
    assert!(story.state.groups.is_empty());
}

#[test]
fn more_than_fit_are_told_in_parts() {
    let mut story = Story::new(options([(Rule::Drift, rule(0, 0, 1000))]));
    let many: Vec<_> = (0..150)
        .map(|n| on(Rule::Drift, &format!("m{n}")))
        .collect();
    story.with(0, &many, &[]);
    let told = story.with(10, &[], &[]).notifications;
    assert_eq!((told[0].alerts.len(), told[0].truncated), (100, 50));
    story.with(11, &[], &[]);
    let told = story.with(21, &[], &[]).notifications;
    assert_eq!((told[0].alerts.len(), told[0].truncated), (100, 50));
    assert_eq!(story.with(99, &[], &[]).notifications, []);
    let subjects: Vec<_> = story.state.groups["drift/hook"].told.keys().collect();
    assert_eq!(subjects.len(), 150, "each was told");
}

#[test]
fn there_is_room_for_so_many() {
    let mut story = Story::new(options([(Rule::Drift, rule(0, 0, 1000))]));
    let many = |from: usize, to: usize| -> Vec<_> {
        (from..to)
            .map(|n| on(Rule::Drift, &format!("m{n}")))
            .collect()
    };
    assert_eq!(story.with(0, &many(0, 1001), &[]).dropped, 1);
    assert_eq!(story.state.alerts.len(), 1000);
    story.with(1, &[off(Rule::Drift, "m7")], &[]);
    assert_eq!(story.with(2, &many(2000, 2002), &[]).dropped, 1);
    assert_eq!(story.word(Rule::Drift, "m7"), "none");
    assert_eq!(story.word(Rule::Drift, "m2000"), "firing");
}

#[test]
fn a_clock_that_is_set_back_tells_nothing_twice() {
    let mut story = Story::new(options([(Rule::Drift, rule(0, 0, 100))]));
    story.step(5000, &[on(Rule::Drift, "m")]);
    assert_eq!(story.step(5010, &[]), ["hook drift: +m"]);
    assert_eq!(story.step(0, &[on(Rule::Drift, "m")]), NOBODY);
    assert_eq!(story.step(99, &[]), NOBODY);
    assert_eq!(story.step(100, &[]), ["hook drift: +m"], "a repeat later");
    let alert = &story.state.alerts[&fingerprint(Rule::Drift, "m")];
    assert_eq!(alert.starts_at, Some(at(5000)), "it is the same alert");
    story.step(101, &[off(Rule::Drift, "m")]);
    assert_eq!(story.step(111, &[]), ["hook drift: -m"]);
}

#[test]
fn the_state_is_the_same_after_a_restart() {
    let mut story = Story::new(options([(Rule::Drift, rule(0, 0, 100))]));
    story.step(0, &[on(Rule::Drift, "m").value(0.25).label("a", "b")]);
    story.step(10, &[]);
    story.step(20, &[off(Rule::Drift, "m")]);
    let json = serde_json::to_string(&story.state).unwrap();
    assert_eq!(serde_json::from_str::<State>(&json).unwrap(), story.state);
}

#[test]
fn what_was_pending_waits_anew_after_a_restart() {
    let mut story = Story::new(options([
        (Rule::Latency, rule(60, 0, 100)),
        (Rule::Drift, rule(0, 0, 100)),
    ]));
    story.step(0, &[on(Rule::Latency, "s"), on(Rule::Drift, "m")]);
    story.state = std::mem::take(&mut story.state).resumed(at(7200));
    story.step(7200, &[]);
    assert_eq!(story.word(Rule::Latency, "s"), "pending");
    assert_eq!(story.word(Rule::Drift, "m"), "firing");
    story.step(7201, &[off(Rule::Latency, "s")]);
    assert_eq!(story.word(Rule::Latency, "s"), "none");
}

#[derive(Clone, Debug)]
struct Move {
    step: i64,
    subject: usize,
    rule: usize,
    active: bool,
    silence: Option<i64>,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = (
        prop_oneof![9 => 0i64..40, 1 => -200i64..0],
        0usize..3,
        0usize..3,
        any::<bool>(),
        proptest::option::weighted(0.1, 1i64..100),
    );
    let one = one.prop_map(|(step, subject, rule, active, silence)| Move {
        step,
        subject,
        rule,
        active,
        silence,
    });
    proptest::collection::vec(one, 1..120)
}

proptest! {
    #![proptest_config(crate::proptest_config())]
    /// For random conditions at random times, also backwards, the notifications that a channel receives are consistent.
    #[test]
    fn what_a_channel_hears_makes_sense(
        moves in moves(),
        waits in proptest::collection::vec(0u64..30, 3),
        keeps in proptest::collection::vec(0u64..30, 3),
        repeat in 20u64..200,
    ) {
        const RULES: [Rule; 3] = [Rule::Store, Rule::DroppedPredictions, Rule::Drift];
        let mut options = options((0..3).map(|n| (RULES[n], rule(waits[n], keeps[n], repeat))));
        options.channels = vec!["a".into(), "b".into()];
        options.rules.get_mut(&Rule::DroppedPredictions).unwrap().inhibited_by = vec![Rule::Store];
        options.rules.get_mut(&Rule::Drift).unwrap().channels = vec!["b".into()];
        let mut story = Story::new(options);
        let mut second = 100_000;
        // Alerts that fire according to each channel, and forward time in seconds since its last notification of a rule.
        let mut believed: BTreeMap<(String, String), Timestamp> = BTreeMap::new();
        let mut quiet: BTreeMap<(String, Rule), i64> = BTreeMap::new();
        for m in moves {
            second += m.step;
            quiet.values_mut().for_each(|quiet| *quiet += m.step.max(0));
            if let Some(time) = m.silence {
                let subject = format!("subject=s{}", m.subject);
                story.state.silences.push(Silence {
                    id: "s".into(),
                    matchers: vec![Matcher::parse(&subject).unwrap()],
                    since: at(second),
                    until: at(second + time),
                    comment: String::new(),
                });
            }
            let mut condition = Condition::holds(RULES[m.rule], format!("s{}", m.subject), "x");
            condition.active = m.active;
            let decision = story.with(second, &[condition], &[]);
            for told in decision.notifications {
                let key = (told.channel.clone(), told.rule);
                let mut news = false;
                prop_assert!(!told.alerts.is_empty());
                prop_assert!(told.rule != Rule::Drift || told.channel == "b");
                for alert in &told.alerts {
                    let key = (told.channel.clone(), alert.fingerprint.clone());
                    let before = believed.get(&key).copied();
                    if alert.fires() {
                        prop_assert!(alert.ends_at.is_none());
                        // Between two beginnings of an alert there is an end.
                        prop_assert!(before.is_none_or(|before| before == alert.starts_at));
                        news |= before.is_none();
                        believed.insert(key, alert.starts_at);
                    } else {
                        // An end belongs to a beginning that was notified.
                        prop_assert_eq!(before, Some(alert.starts_at));
                        prop_assert!(alert.ends_at.is_some());
                        news = true;
                        believed.remove(&key);
                    }
                }
                // A notification without changes is a repeat and must not come early.
                if let (false, Some(quiet)) = (news, quiet.get(&key)) {
                    prop_assert!(*quiet >= repeat as i64, "{} {}", quiet, repeat);
                }
                quiet.insert(key, 0);
            }
        }
        // Finally all alerts are resolved, and every channel knows it.
        for n in 0..9 {
            story.with(second, &[off(RULES[n % 3], &format!("s{}", n / 3))], &[]);
        }
        for _ in 0..3 {
            second += 100;
            for told in story.with(second, &[], &[]).notifications {
                for alert in told.alerts {
                    prop_assert!(!alert.fires());
                    believed.remove(&(told.channel.clone(), alert.fingerprint));
                }
            }
        }
        prop_assert!(believed.is_empty(), "{:?}", believed);
        story.with(second + 2 * 24 * 3600, &[], &[]);
        prop_assert_eq!(&story.state.alerts, &BTreeMap::new());
        prop_assert!(story.state.groups.is_empty());
    }
}
