//! The integrity check of a store: every event is read, and every index is compared with the events.

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::block;
use super::error::StoreError;
use super::event::{Entry, Event, PredictionEvent};
use super::file::File;
use super::ids::KeptIds;
use super::kind::Kind;
use super::labels;
use super::layout::{self, BLOCKS, Key, LABELS, NEWEST, OWN_IDS, WAITING};
use super::read;

/// Maximum number of findings in a report; nobody would read more of them.
const MOST_TOLD: usize = 20;

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Number of events that can be read.
    pub events: u64,
    /// Descriptions of what is wrong.
    pub findings: Vec<String>,
    /// Number of further findings that are not listed.
    pub untold: usize,
}

impl Report {
    fn say(&mut self, finding: String) {
        if self.findings.len() < MOST_TOLD {
            self.findings.push(finding);
        } else {
            self.untold += 1;
        }
    }
}

/// Checks a store. The database pages below it are verified by [`File::open_verified`].
pub fn check(file: &File) -> Result<Report, StoreError> {
    check_until(file, &|| false).map(Option::unwrap_or_default)
}

/// Does the same as [`check`] until `stopped` returns true, which is checked at every block; returns none then.
pub fn check_until(file: &File, stopped: &dyn Fn() -> bool) -> Result<Option<Report>, StoreError> {
    file.read(|snapshot| {
        let mut check = Check {
            ids: KeptIds::of(snapshot)?,
            oldest: 0,
            labels: snapshot.open_table(LABELS)?,
            waiting: snapshot.open_table(WAITING)?,
            newest_of: snapshot.open_table(NEWEST)?,
            own_ids: snapshot.open_table(OWN_IDS)?,
            newest: 0,
            known: 0,
            report: Report::default(),
        };
        if !check.events(snapshot, stopped)? || !check.labels(stopped)? {
            return Ok(None);
        }
        check.beside(snapshot);
        Ok(Some(check.report))
    })
}

struct Check {
    ids: KeptIds,
    /// Sequence number of the oldest event.
    oldest: u64,
    labels: ReadOnlyTable<&'static [u8], &'static [u8]>,
    waiting: ReadOnlyTable<&'static [u8], i64>,
    newest_of: ReadOnlyTable<&'static [u8], u64>,
    own_ids: ReadOnlyTable<&'static [u8], (u64, &'static [u8])>,
    /// Number of predictions found that the index of rows' own ids points to.
    newest: u64,
    /// Number of events found that the index of ids has to contain.
    known: u64,
    report: Report,
}

impl Check {
    /// Checks the events and their indices; returns false where it was stopped before the end.
    fn events(
        &mut self,
        snapshot: &ReadTransaction,
        stopped: &dyn Fn() -> bool,
    ) -> Result<bool, StoreError> {
        let last = read::last(snapshot)?;
        let (mut oldest, mut next) = (None, None);
        for entry in snapshot.open_table(BLOCKS)?.iter()? {
            if stopped() {
                return Ok(false);
            }
            let (first, bytes) = entry?;
            let first = first.value();
            oldest = oldest.or(Some(first));
            if let Some(next) = next.filter(|next| *next != first) {
                self.gap(next, first);
            }
            next = self.block(first, bytes.value())?;
        }
        if let Some(next) = next.filter(|next| *next != last + 1) {
            self.gap(next, last + 1);
        }
        self.oldest = oldest.unwrap_or(last + 1);
        let entries = self.newest_of.len()? + self.own_ids.len()?;
        if entries != self.newest {
            let newest = self.newest;
            self.report.say(format!(
                "the index of rows' own ids has {entries} entries for {newest} rows with predictions"
            ));
        }
        self.index(last)?;
        Ok(true)
    }

    /// Checks a block; returns the sequence number with which the next one should begin, or none where the block is damaged.
    fn block(&mut self, first: u64, bytes: &[u8]) -> Result<Option<u64>, StoreError> {
        let mut next = first;
        for entry in block::read(first, bytes) {
            match entry {
                Ok(entry) => self.event(entry)?,
                Err(broken) => {
                    let seq = broken.seq;
                    let rest = "nor can what follows it in its block";
                    self.report
                        .say(format!("event {seq} cannot be read, {rest}"));
                    return Ok(None);
                }
            }
            next += 1;
        }
        Ok(Some(next))
    }

    fn event(&mut self, entry: Entry<'_>) -> Result<(), StoreError> {
        let Entry { seq, id, kind, .. } = entry;
        self.report.events += 1;
        match entry.decode() {
            Err(broken) => self.report.say(broken.to_string()),
            Ok(record) => {
                if let Event::Prediction(prediction) = &record.event {
                    self.newest_of(seq, prediction)?;
                }
            }
        }
        if !matches!(kind, Kind::Prediction | Kind::Row) {
            return Ok(());
        }
        self.known += 1;
        let found = self.ids.find(&id.key())?.map(|found| found.seq);
        if found != Some(seq) {
            let found = found.map_or("nowhere".into(), |seq| format!("to event {seq}"));
            let id = id.to_string();
            let told = format!("event {seq}: the index of ids leads from {id:?} {found}");
            self.report.say(told);
        }
        Ok(())
    }

    /// Checks that the index of rows' own ids points to this prediction, or to a newer one.
    fn newest_of(&mut self, seq: u64, prediction: &PredictionEvent<'_>) -> Result<(), StoreError> {
        let Some(own_id) = &prediction.own_id else {
            return Ok(());
        };
        let found = self.newest_of.get(&*layout::newest_key(own_id))?;
        let found = match found {
            Some(found) => Some(found.value()),
            None => {
                let found = self.own_ids.get(&*layout::own_id_key(own_id))?;
                found.map(|found| found.value().0)
            }
        };
        match found {
            Some(newest) if newest == seq => self.newest += 1,
            Some(newest) if newest > seq => {}
            _ => self.report.say(format!(
                "event {seq}: the index of rows' own ids does not lead from {own_id:?} to it or a newer one"
            )),
        }
        Ok(())
    }

    fn gap(&mut self, from: u64, to: u64) {
        self.report.say(if from < to {
            format!("events {from} to {} are not there", to - 1)
        } else {
            format!(
                "there are events up to {}, beyond {}, the last that is recorded",
                from - 1,
                to - 1
            )
        });
    }

    /// Checks that the index of ids has no events that do not exist. A run of ids is removed together with its newest, so
    /// entries older than the oldest event are allowed.
    fn index(&mut self, last: u64) -> Result<(), StoreError> {
        let Check {
            ids,
            oldest,
            known,
            report,
            ..
        } = self;
        let mut entries = 0;
        ids.each(|key, seq| {
            entries += u64::from(seq >= *oldest);
            if seq > last {
                let id = name(key);
                report.say(format!(
                    "the index of ids leads from {id} to event {seq}, which is not there"
                ));
            }
        })?;
        if entries != *known {
            report.say(format!(
                "the index of ids has {entries} entries for {known} predictions and rows"
            ));
        }
        Ok(())
    }

    /// Checks that each label belongs to an event or waits for one; returns false where it was stopped before the end.
    fn labels(&mut self, stopped: &dyn Fn() -> bool) -> Result<bool, StoreError> {
        for entry in self.labels.iter()? {
            if stopped() {
                return Ok(false);
            }
            let (key, bytes) = entry?;
            let id = name(key.value());
            if labels::read(bytes.value()).is_err() {
                self.report.say(format!("the label of {id} cannot be read"));
            }
            let found = Key::of_bytes(key.value()).map(|key| self.ids.find(&key));
            let found = found.transpose()?.flatten();
            let known = found.is_some_and(|found| found.seq >= self.oldest);
            match (known, self.waiting.get(key.value())?.is_some()) {
                (true, true) => self
                    .report
                    .say(format!("the label of {id} waits for what is there")),
                (false, false) => self
                    .report
                    .say(format!("the label of {id} is of nothing and does not wait")),
                _ => {}
            }
        }
        for entry in self.waiting.iter()? {
            let (key, _) = entry?;
            if self.labels.get(key.value())?.is_none() {
                let id = name(key.value());
                self.report.say(format!("{id} waits without a label"));
            }
        }
        Ok(true)
    }

    fn beside(&mut self, snapshot: &ReadTransaction) {
        if let Err(error) = read::quarantine(snapshot) {
            self.report.say(error.to_string());
        }
    }
}

fn name(key: &[u8]) -> String {
    layout::id_of(key).map_or_else(|| format!("{key:x?}"), |id| format!("{id:?}"))
}
