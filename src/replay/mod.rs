//! Replay: scores stored predictions again with another version and compares both. It only reads, page by page, so that it
//! neither holds a snapshot of the store for long nor needs more memory for more predictions.

mod compare;
mod document;

pub use document::{ByLevel, Flips, Labelled, Replay};

use jiff::Timestamp;

use crate::model::{Model, Workspace};
use crate::registry::{Registry, RegistryError, VersionRef};
use crate::schema::Row;
use crate::schema::row::Purpose;
use crate::store::event::{PredictionEvent, Record};
use crate::store::{File, Snapshot, StoreError};
use crate::trainset::labelled::through;
use compare::{Compare, Known, Pair};

/// Event numbers per page, so that a page takes some tens of milliseconds.
const PAGE: u64 = 2048;

/// What to replay.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The version that scores the rows again.
    pub model: VersionRef,
    /// Only predictions made at or after this time.
    pub since: Option<Timestamp>,
    /// Only predictions made before this time.
    pub until: Option<Timestamp>,
}

/// Why there is no replay.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "the store holds no prediction of another version than {0} in this range of time; there is nothing to compare it with"
    )]
    NoPredictions(String),
}

/// Reports the share of the work that is done; returns whether the replay continues.
pub type GoOn<'a> = &'a mut dyn FnMut(f64) -> bool;

/// Replays the predictions of one version: of those that stored predictions in the range of time, the one that made the
/// newest, other than the replayed version itself. Differences from several versions at once would mean nothing. Returns
/// `None` if `go_on` ended it.
///
/// # Errors
/// [`ReplayError`].
pub fn run(
    file: &File,
    registry: &Registry,
    asked: &Asked,
    go_on: GoOn<'_>,
) -> Result<Option<Replay>, ReplayError> {
    let (version, model) = registry.decode(&asked.model, Model::from_bytes)?;
    let (to, through) = (version.to_string(), through(registry, &version)?);

    // The first half of the progress finds the version to compare with, the second half compares.
    let mut from = None;
    let mut first_half = |share: f64| go_on(share / 2.0);
    let is_whole = pages(file, asked, &mut first_half, &mut |_, _, prediction| {
        if *prediction.model != *to && from.as_ref() != Some(&prediction.model) {
            from = Some(prediction.model.clone());
        }
        Ok(())
    })?;
    if !is_whole {
        return Ok(None);
    }
    let Some(from) = from else {
        return Err(ReplayError::NoPredictions(to));
    };

    let mut scorer = Scorer::new(&model, through);
    let mut second_half = |share: f64| go_on(0.5 + share / 2.0);
    let is_whole = pages(
        file,
        asked,
        &mut second_half,
        &mut |snapshot, record, prediction| match prediction.model == from {
            true => scorer.compare(snapshot, record, prediction),
            false => Ok(()),
        },
    )?;
    Ok(is_whole.then(|| scorer.compare.finish(from.to_string(), to)))
}

/// Passes the predictions in the range of time to `each`, in pages of one snapshot each. Returns false if `go_on` ended it.
fn pages(
    file: &File,
    asked: &Asked,
    go_on: GoOn<'_>,
    each: &mut dyn FnMut(Snapshot<'_>, &Record<'_>, &PredictionEvent<'_>) -> Result<(), StoreError>,
) -> Result<bool, StoreError> {
    let (first, last) = file.snapshot(|snapshot| {
        let mut first = 0; // retention may have dropped the oldest
        snapshot.after(0, |record| {
            first = record.seq;
            false
        })?;
        Ok((first, snapshot.last()?))
    })?;
    let is_in_range = |time: Timestamp| {
        asked.since.is_none_or(|since| since <= time)
            && asked.until.is_none_or(|until| time < until)
    };
    let begin = first.saturating_sub(1);
    let mut seen = begin;
    while seen < last {
        let end = last.min(seen + PAGE);
        file.snapshot(|snapshot| {
            let mut done = Ok(());
            snapshot.after(seen, |record| {
                if record.seq > end {
                    return false;
                }
                if let Some(prediction) = record.prediction()
                    && is_in_range(record.time)
                {
                    done = each(snapshot, record, prediction);
                }
                done.is_ok()
            })?;
            done
        })?;
        seen = end;
        if !go_on((seen - begin) as f64 / (last - begin) as f64) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The replayed version with its scratch memory.
struct Scorer<'m> {
    model: &'m Model,
    /// The last event that the version's training read.
    through: u64,
    row: Row,
    work: Workspace,
    compare: Compare<'m>,
}

impl Scorer<'_> {
    fn new(model: &Model, through: u64) -> Scorer<'_> {
        Scorer {
            model,
            through,
            row: Row::new(model.schema(), Purpose::Predict),
            work: Workspace::default(),
            compare: Compare::new(model.schema()),
        }
    }

    fn compare(
        &mut self,
        snapshot: Snapshot<'_>,
        record: &Record<'_>,
        stored: &PredictionEvent<'_>,
    ) -> Result<(), StoreError> {
        let target = self.model.schema().target();
        stored.row.read(self.model.schema(), &mut self.row);
        let decided = target.read(stored.label.value());
        let (Some(decided), true) = (decided, self.row.faults.is_empty()) else {
            self.compare.skip(); // the contract of this version is another one
            return Ok(());
        };
        let label = snapshot.label_of(record.id)?;
        let label = label.and_then(|label| {
            Some(Known {
                positive: target.read(label.label.value())?,
                seen: label.seq <= self.through,
            })
        });
        let to = self.model.probability(self.row.view(), &mut self.work);
        let pair = Pair {
            from: stored.probability,
            to,
            decisions: (decided, self.model.decide(to)),
            label,
        };
        self.compare.update(self.row.view(), pair);
        Ok(())
    }
}
