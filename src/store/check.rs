//! Whether a store is whole: every event is read, and every index held against the events.

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::block::{self, Record};
use super::error::StoreError;
use super::file::File;
use super::ids::KeptIds;
use super::kind::Kind;
use super::labels;
use super::layout::{self, BLOCKS, Key, LABELS, OWN_IDS, WAITING};
use super::predictions;
use super::read;

/// Findings that are told; a store with more is beyond reading them.
const MOST_TOLD: usize = 20;

/// What a check came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Events that can be read.
    pub events: u64,
    /// What is wrong.
    pub findings: Vec<String>,
    /// How many more there are.
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

/// Checks a store. The pages under it are verified by [`File::open_verified`].
///
/// # Errors
/// When the file fails under the reading.
pub fn check(file: &File) -> Result<Report, StoreError> {
    check_until(file, &|| false).map(Option::unwrap_or_default)
}

/// The same until `stopped`, which is asked from block to block; gives nothing then.
///
/// # Errors
/// As [`check`].
pub fn check_until(file: &File, stopped: &dyn Fn() -> bool) -> Result<Option<Report>, StoreError> {
    file.read(|snapshot| {
        let mut check = Check {
            ids: KeptIds::of(snapshot)?,
            oldest: 0,
            labels: snapshot.open_table(LABELS)?,
            waiting: snapshot.open_table(WAITING)?,
            own_ids: snapshot.open_table(OWN_IDS)?,
            newest: 0,
            known: 0,
            report: Report::default(),
        };
        if !check.events(snapshot, stopped)? || !check.truths(stopped)? {
            return Ok(None);
        }
        check.beside(snapshot);
        Ok(Some(check.report))
    })
}

struct Check {
    ids: KeptIds,
    /// Number of the oldest event.
    oldest: u64,
    labels: ReadOnlyTable<&'static [u8], &'static [u8]>,
    waiting: ReadOnlyTable<&'static [u8], i64>,
    own_ids: ReadOnlyTable<&'static [u8], (u64, &'static [u8])>,
    /// Predictions that the index of rows' own ids leads to.
    newest: u64,
    /// Events that the index of ids has to know.
    known: u64,
    report: Report,
}

impl Check {
    /// Whether it came to the end.
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
        let entries = self.own_ids.len()?;
        if entries != self.newest {
            let newest = self.newest;
            self.report.say(format!(
                "the index of rows' own ids has {entries} entries for {newest} rows with predictions"
            ));
        }
        self.index(last)?;
        Ok(true)
    }

    /// Reads a block; gives the number the next one should begin with, where it could be read to its end.
    fn block(&mut self, first: u64, bytes: &[u8]) -> Result<Option<u64>, StoreError> {
        let mut next = first;
        for record in block::read(first, bytes) {
            match record {
                Ok(record) => self.event(&record)?,
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

    fn event(&mut self, record: &Record<'_>) -> Result<(), StoreError> {
        let Record { seq, id, .. } = *record;
        if record.check().is_err() {
            self.report
                .say(format!("event {seq}: its body is not a JSON object"));
        }
        self.report.events += 1;
        if !matches!(record.kind, Kind::Prediction | Kind::Row) {
            return Ok(());
        }
        self.known += 1;
        if record.kind == Kind::Prediction {
            self.newest_of(record)?;
        }
        let found = self.ids.find(&layout::key(id))?;
        if found != Some(seq) {
            let found = found.map_or("nowhere".into(), |seq| format!("to event {seq}"));
            let told = format!("event {seq}: the index of ids leads from {id:?} {found}");
            self.report.say(told);
        }
        Ok(())
    }

    /// The index of rows' own ids leads to this prediction, or to a newer one.
    fn newest_of(&mut self, record: &Record<'_>) -> Result<(), StoreError> {
        let Some(own_id) = predictions::own_id_of(record.body) else {
            return Ok(());
        };
        let found = self.own_ids.get(&*layout::own_id_key(&own_id))?;
        let found = found.map(|found| found.value().0);
        match found {
            Some(seq) if seq == record.seq => self.newest += 1,
            Some(seq) if seq > record.seq => {}
            _ => {
                let seq = record.seq;
                self.report.say(format!(
                    "event {seq}: the index of rows' own ids does not lead from {own_id:?} to it or a newer one"
                ));
            }
        }
        Ok(())
    }

    fn gap(&mut self, from: u64, to: u64) {
        self.report.say(if from < to {
            format!("events {from} to {} are not there", to - 1)
        } else {
            format!("events go on to {}, past {}", from - 1, to - 1)
        });
    }

    /// Ids of events that are not there. A run of ids goes with the newest of them: those before it may be of events that
    /// retention took.
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

    /// Checks that each label is of an event, or waits for one. False where it was stopped before the end.
    fn truths(&mut self, stopped: &dyn Fn() -> bool) -> Result<bool, StoreError> {
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
            let known = found.is_some_and(|seq| seq >= self.oldest);
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
