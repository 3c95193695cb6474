//! What a champion's rows are held against: its own profile, and for slices the table it learnt from.
//!
//! The profile's scores are those of rows the model had not seen. Rows of its own table, which come again in trials and
//! replays, get other ones; so where a window's scores are not like the former, they are held against the latter, too.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use crate::live::Champion;
use crate::model::{Model, Workspace};
use crate::monitor::cbpe;
use crate::monitor::collect::Collector;
use crate::monitor::options::Options;
use crate::monitor::sample::{Column, Observed, Sample};
use crate::monitor::slice::{Slice, Unwatched};
use crate::registry::Registry;
use crate::stats::profile::MAX_SAMPLE;
use crate::trainset::table;

/// References of one champion.
#[derive(Debug)]
pub struct Reference {
    pub champion: Arc<Champion>,
    /// Of each stream, all rows first: which rows, and what they are held against.
    pub streams: Vec<(Option<Slice>, Sample)>,
    /// Columns that make no slices.
    pub unwatched: Vec<Unwatched>,
    registry: Registry,
    seen: OnceLock<Option<Sample>>,
    /// How far estimates of its performance were off.
    pub estimates: cbpe::Reference,
    /// Level of each stream's verdicts: they share the chance of a false alarm.
    pub level: f64,
}

impl Reference {
    /// Makes them. Where there are slices it reads the table.
    pub fn of(registry: &Registry, champion: Arc<Champion>, options: &Options) -> Reference {
        let whole = Sample::of_profile(champion.model.profile());
        let mut streams = vec![(None, whole)];
        let mut unwatched = Vec::new();
        let mut slices = Vec::new();
        let wanted: BTreeSet<&String> = options.slices.iter().collect(); // each once
        for column in wanted.iter().copied() {
            match Slice::of(champion.model.schema(), column) {
                Ok(of_column) => slices.extend(of_column),
                Err(why) => unwatched.push(why),
            }
        }
        if !slices.is_empty() {
            match samples(registry, &champion, slices) {
                Ok(samples) => streams.extend(samples),
                Err(why) => {
                    let refused: BTreeSet<String> =
                        unwatched.iter().map(|u| u.column.clone()).collect();
                    let others = wanted.iter().filter(|column| !refused.contains(**column));
                    unwatched.extend(others.map(|column| Unwatched {
                        column: (*column).clone(),
                        why: why.clone(),
                    }));
                }
            }
        }
        for Unwatched { column, why } in &unwatched {
            tracing::warn!(column, why, "monitor.slices: a column makes no slices");
        }
        let model = &champion.model;
        let scores = model.profile().scores.as_ref();
        let estimates = cbpe::Reference::new(
            scores.map_or(&[], |scores| &scores.sample),
            model.card().cv.threshold,
            |metric| model.card().cv.get(metric),
        );
        Reference {
            registry: registry.clone(),
            seen: OnceLock::new(),
            estimates,
            level: options.level / streams.len() as f64,
            champion,
            streams,
            unwatched,
        }
    }
}

impl Reference {
    /// All rows, with the scores the model gives to those it has learnt from; none where its table cannot be read. Reads the
    /// table the first time.
    pub fn seen(&self) -> Option<&Sample> {
        let make = || {
            let (_, whole) = self.streams.first()?;
            learnt(&self.registry, &self.champion.model, whole)
        };
        self.seen.get_or_init(make).as_ref()
    }
}

/// A model's reference with the scores it gives, now that it has learnt from them, to its own rows; none where its table cannot
/// be read. Reads the table.
pub fn learnt(registry: &Registry, model: &Model, reference: &Sample) -> Option<Sample> {
    let loaded = table::of_model(registry, model).ok()?;
    let rows = loaded.table.len();
    let mut work = Workspace::default();
    let step = rows.div_ceil(MAX_SAMPLE).max(1);
    let scores: Vec<f64> = (0..rows)
        .step_by(step)
        .map(|n| model.probability(loaded.table.row(n), &mut work))
        .collect();
    let mut learnt = reference.clone();
    let is_score = |c: &Column| matches!(c.observed, Observed::Score(_));
    learnt.columns.retain(|c| !is_score(c));
    Some(learnt.with_scores(&scores))
}

/// Each slice's rows of the table the champion learnt from.
fn samples(
    registry: &Registry,
    champion: &Champion,
    slices: Vec<Slice>,
) -> Result<Vec<(Option<Slice>, Sample)>, String> {
    let loaded = table::of_model(registry, &champion.model);
    let loaded = loaded.map_err(|e| format!("the table it learnt from cannot be read: {e}"))?;
    let schema = champion.model.schema();
    let of = |slice: Slice| {
        let mut collector = Collector::new(schema, false);
        for row in loaded.table.rows().filter(|row| slice.has(schema, *row)) {
            collector.push(row, None);
        }
        (Some(slice), collector.finish())
    };
    Ok(slices.into_iter().map(of).collect())
}
