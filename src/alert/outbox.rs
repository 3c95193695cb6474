//! The outbox: notifications that wait for delivery, and those that were given up. Pure: time and randomness are parameters.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::channels::{Failure, Parcel};
use super::condition::Rule;
use super::options::Retry;
use super::view::{Letter, OutboxView};
use super::wait::after;

/// Maximum number of notifications that wait for one channel; beyond it the oldest are given up.
pub const MOST_WAITING: usize = 1000;

/// Maximum number of dead letters per channel; beyond it the oldest are deleted.
pub const MOST_DEAD: usize = 1000;

/// A notification and the result of its delivery so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Id of the notification, the same at every attempt.
    pub id: String,
    pub channel: String,
    pub rule: Rule,
    /// Position among all notifications: times can be equal and can go backwards.
    pub order: u64,
    /// When the notification was created.
    pub created: Timestamp,
    /// When it was queued: at its creation, or when an operator requested it again.
    pub queued: Timestamp,
    /// The document, the same at every attempt.
    pub body: String,
    /// Number of delivery attempts.
    pub attempts: u32,
    /// Time of the next attempt.
    pub next: Timestamp,
    /// Error of the last attempt.
    pub error: String,
    /// Whether the notification was given up.
    pub dead: bool,
}

/// The outbox rows, and which of them changed since they were last persisted.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    rows: BTreeMap<String, Row>,
    changed: BTreeSet<String>,
}

impl Outbox {
    pub fn of(rows: impl IntoIterator<Item = Row>) -> Outbox {
        let rows = rows.into_iter().map(|row| (row.id.clone(), row));
        Outbox {
            rows: rows.collect(),
            changed: BTreeSet::new(),
        }
    }

    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    pub fn get(&self, id: &str) -> Option<&Row> {
        self.rows.get(id)
    }

    /// Adds a notification behind all others.
    pub fn put(&mut self, mut row: Row) {
        row.order = 1 + self.rows.values().map(|r| r.order).max().unwrap_or(0);
        let (channel, id) = (row.channel.clone(), row.id.clone());
        self.changed.insert(id.clone());
        self.rows.insert(id, row);
        let waiting = self
            .rows
            .values()
            .filter(|r| r.channel == channel && !r.dead);
        let waiting: Vec<_> = waiting.map(|row| (row.order, row.id.clone())).collect();
        if waiting.len() > MOST_WAITING
            && let Some((_, oldest)) = waiting.into_iter().min()
        {
            self.give_up(
                &oldest,
                format!("more than {MOST_WAITING} wait for this channel"),
            );
        }
    }

    /// Removes a notification that was delivered.
    pub fn taken(&mut self, id: &str) {
        if self.rows.remove(id).is_some() {
            self.changed.insert(id.into());
        }
    }

    /// Records a failed attempt: schedules the next one or gives up. Returns whether it gave up.
    pub fn failed(
        &mut self,
        id: &str,
        failure: &Failure,
        now: Timestamp,
        retry: &Retry,
        random: f64,
    ) -> bool {
        let Some(row) = self.rows.get_mut(id) else {
            return false;
        };
        self.changed.insert(id.into());
        row.attempts = row.attempts.saturating_add(1);
        row.error.clone_from(&failure.why);
        row.queued = row.queued.min(now);
        let wait = retry.backoff().wait(row.attempts, random);
        let asked = failure.after.unwrap_or_default().min(retry.max);
        row.next = after(now, wait.max(asked));
        let (channel, rule, next) = (row.channel.clone(), row.rule, row.next);
        let late = now >= after(row.queued, retry.give_up);
        // Later notifications of the same rule wait with this one.
        let behind = self.rows.values_mut();
        let behind = behind.filter(|r| r.channel == channel && r.rule == rule && r.next < next);
        for row in behind {
            row.next = next;
            self.changed.insert(row.id.clone());
        }
        if failure.gone || late {
            self.give_up(id, failure.why.clone());
        }
        failure.gone || late
    }

    /// Makes a notification a dead letter.
    pub fn give_up(&mut self, id: &str, why: String) {
        let Some(row) = self.rows.get_mut(id) else {
            return;
        };
        (row.dead, row.error) = (true, why);
        let channel = row.channel.clone();
        self.changed.insert(id.into());
        // The limit applies to each channel, so a broken channel does not push out dead letters of others.
        let of_channel = self.rows.values().filter(|row| row.channel == channel);
        let dead = of_channel.filter(|row| row.dead);
        let dead: Vec<_> = dead.map(|row| (row.order, row.id.clone())).collect();
        if dead.len() > MOST_DEAD
            && let Some((_, oldest)) = dead.into_iter().min()
        {
            self.taken(&oldest);
        }
    }

    /// Queues a dead letter for delivery again; returns its channel, or `None` if there is no such dead letter.
    pub fn revive(&mut self, id: &str, now: Timestamp) -> Option<String> {
        let row = self.rows.get_mut(id).filter(|row| row.dead)?;
        (row.dead, row.next, row.queued) = (false, now, now);
        self.changed.insert(id.into());
        Some(row.channel.clone())
    }

    /// The next notification to send through a channel: of the rules with a due one, the rule whose due one is oldest, and
    /// its oldest notification. The end of an alert must not arrive before its beginning, or the receiver
    /// would consider it firing forever.
    pub fn due(&self, channel: &str, now: Timestamp, retry: &Retry) -> Option<Parcel> {
        // After the clock was set back, nothing waits longer than the maximum backoff from now on.
        let latest = after(now, retry.max);
        let is_due = |row: &Row| row.next <= now || row.next > latest;
        let living = || {
            let rows = self.rows.values();
            rows.filter(|row| row.channel == channel && !row.dead)
        };
        let rules: BTreeSet<Rule> = living().filter(|r| is_due(r)).map(|r| r.rule).collect();
        let first = living().filter(|row| rules.contains(&row.rule));
        let row = first.min_by_key(|row| row.order)?;
        Some(Parcel {
            id: row.id.clone(),
            created: row.created,
            body: row.body.clone(),
        })
    }

    /// Changes since the last call: rows to store, and ids of rows to delete.
    pub fn take_changes(&mut self) -> (Vec<(String, String)>, Vec<String>) {
        let (mut put, mut gone) = (Vec::new(), Vec::new());
        for id in std::mem::take(&mut self.changed) {
            match self.rows.get(&id) {
                Some(row) => {
                    let json = serde_json::to_string(row).expect("its keys are text");
                    put.push((id, json));
                }
                None => gone.push(id),
            }
        }
        (put, gone)
    }

    /// Marks the rows from [`Outbox::take_changes`] as changed again, after they could not be persisted.
    pub fn still_changed(&mut self, ids: impl IntoIterator<Item = String>) {
        self.changed.extend(ids);
    }

    /// Numbers of waiting notifications and of dead letters of a channel.
    pub fn counts(&self, channel: &str) -> (usize, usize) {
        let of = self.rows.values().filter(|row| row.channel == channel);
        of.fold((0, 0), |(waiting, dead), row| match row.dead {
            true => (waiting, dead + 1),
            false => (waiting + 1, dead),
        })
    }

    /// The outbox as displayed.
    pub fn view(&self) -> OutboxView {
        let dead = self.rows.values().filter(|row| row.dead);
        let mut dead_letters: Vec<Letter> = dead.map(Row::letter).collect();
        dead_letters.sort_by_key(|letter| std::cmp::Reverse((letter.created, letter.id.clone())));
        OutboxView {
            waiting: self.rows.len() - dead_letters.len(),
            dead: dead_letters.len(),
            dead_letters,
        }
    }
}

impl Row {
    /// The dead letter as displayed.
    pub fn letter(&self) -> Letter {
        Letter {
            id: self.id.clone(),
            channel: self.channel.clone(),
            rule: self.rule,
            created: self.created,
            attempts: self.attempts,
            error: self.error.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const RETRY: Retry = Retry {
        first: Duration::from_secs(5),
        max: Duration::from_secs(3600),
        give_up: Duration::from_secs(3 * 86_400),
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn row(id: &str, created: i64) -> Row {
        Row {
            id: id.into(),
            channel: "hook".into(),
            rule: Rule::Drift,
            order: 0,
            created: at(created),
            queued: at(created),
            body: "{}".into(),
            attempts: 0,
            next: at(created),
            error: String::new(),
            dead: false,
        }
    }

    fn due(outbox: &Outbox, second: i64) -> Option<String> {
        let parcel = outbox.due("hook", at(second), &RETRY);
        parcel.map(|parcel| parcel.id)
    }

    #[test]
    fn waits_double_up_to_the_longest_and_chance_halves_them_at_most() {
        let check = |attempts, random, millis| {
            let wait = RETRY.backoff().wait(attempts, random);
            assert_eq!(wait.as_millis(), millis, "{attempts} {random}");
        };
        check(1, 1.0, 5_000);
        check(1, 0.0, 2_500);
        check(2, 1.0, 10_000);
        check(2, 0.5, 7_500);
        check(10, 1.0, 2_560_000);
        check(11, 1.0, 3_600_000);
        check(40, 0.0, 1_800_000);
        check(u32::MAX, 1.0, 3_600_000);
    }

    #[test]
    fn what_fails_is_sent_again_later_and_given_up_in_the_end() {
        let mut outbox = Outbox::default();
        outbox.put(row("a", 0));
        outbox.put(row("b", 1));
        assert_eq!(due(&outbox, 0).as_deref(), Some("a"));
        let failure = Failure::new("it answered 500");
        assert!(!outbox.failed("a", &failure, at(0), &RETRY, 1.0));
        assert_eq!(due(&outbox, 4), None, "what came after it waits with it");
        outbox.put(Row {
            rule: Rule::Decay,
            ..row("c", 1)
        });
        assert_eq!(
            due(&outbox, 1).as_deref(),
            Some("c"),
            "another rule's does not"
        );
        outbox.taken("c");
        outbox.put(row("d", 3));
        assert_eq!(due(&outbox, 3).as_deref(), Some("a"), "in their order");
        outbox.taken("b");
        outbox.taken("d");
        assert_eq!(due(&outbox, 4), None);
        assert_eq!(due(&outbox, 5).as_deref(), Some("a"));
        assert_eq!(outbox.due("other", at(5), &RETRY), None);
        // A receiver's `Retry-After` is honored up to the maximum backoff.
        let asked = Failure {
            after: Some(Duration::from_secs(100)),
            ..failure.clone()
        };
        outbox.failed("a", &asked, at(5), &RETRY, 1.0);
        assert_eq!(
            (due(&outbox, 104), due(&outbox, 105).is_some()),
            (None, true)
        );
        // The clock is set back by a day: the wait is no longer than the backoff from now.
        assert!(due(&outbox, -86_400).is_some());
        let late = 3 * 86_400;
        assert!(!outbox.failed("a", &failure, at(late - 1), &RETRY, 1.0));
        assert!(outbox.failed("a", &failure, at(late), &RETRY, 1.0));
        assert_eq!(due(&outbox, late + 9999), None);
        let view = outbox.view();
        assert_eq!((view.waiting, view.dead), (0, 1));
        let letter = &view.dead_letters[0];
        assert_eq!((letter.attempts, &*letter.error), (4, "it answered 500"));
        assert_eq!(outbox.revive("a", at(late)).as_deref(), Some("hook"));
        assert_eq!(outbox.revive("a", at(late)), None, "it is not dead");
        assert_eq!(due(&outbox, late).as_deref(), Some("a"));
        assert!(
            !outbox.failed("a", &failure, at(late), &RETRY, 1.0),
            "its time begins anew"
        );
    }

    #[test]
    fn who_is_gone_gets_no_more() {
        let mut outbox = Outbox::default();
        outbox.put(row("a", 0));
        let gone = Failure {
            gone: true,
            ..Failure::new("it answered 410 Gone")
        };
        assert!(outbox.failed("a", &gone, at(0), &RETRY, 1.0));
        assert_eq!(outbox.counts("hook"), (0, 1));
    }

    #[test]
    fn changes_are_kept_once() {
        let mut outbox = Outbox::of([row("a", 0)]);
        assert_eq!(outbox.take_changes(), (Vec::new(), Vec::new()));
        outbox.put(row("b", 0));
        outbox.taken("a");
        outbox.taken("unknown");
        let (put, gone) = outbox.take_changes();
        assert_eq!(
            (put.len(), &*put[0].0, &*gone),
            (1, "b", &["a".to_owned()][..])
        );
        let read: Row = serde_json::from_str(&put[0].1).unwrap();
        let second = Row {
            order: 1,
            ..row("b", 0)
        };
        assert_eq!(read, second);
        outbox.still_changed(["a".into(), "b".into()]);
        let (put, gone) = outbox.take_changes();
        assert_eq!((put.len(), gone.len()), (1, 1));
    }

    #[test]
    fn there_is_room_for_so_many() {
        let mut outbox = Outbox::default();
        for n in 0..MOST_WAITING + 1 {
            outbox.put(row(&format!("{n:05}"), n as i64));
        }
        assert_eq!(outbox.counts("hook"), (MOST_WAITING, 1));
        assert!(outbox.get("00000").unwrap().dead);
        for n in 0..MOST_WAITING + 1 {
            outbox.give_up(&format!("{n:05}"), "over".into());
        }
        assert_eq!(outbox.counts("hook"), (0, MOST_DEAD));
        assert!(outbox.get("00000").is_none());
    }
}
