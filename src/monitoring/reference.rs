//! The rows that a champion's windows are compared with: its profile and, for slices, its training table.
//!
//! The profile's scores come from rows the model was not fitted on. Training rows, which come again in trials and replays,
//! get other scores; so a window whose scores differ from the profile's is also compared with the scores of the training
//! rows.
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

/// The references of one champion.
#[derive(Debug)]
pub struct Reference {
    pub champion: Arc<Champion>,
    /// For each stream, all rows first: its slice and the sample that its windows are compared with.
    pub streams: Vec<(Option<Slice>, Sample)>,
    /// Columns that cannot be sliced.
    pub unwatched: Vec<Unwatched>,
    registry: Registry,
    seen: OnceLock<Option<Sample>>,
    /// Errors of the estimated metrics, from cross-validation.
    pub estimates: cbpe::Reference,
    /// Level of each stream's verdicts: the streams share the false alarm rate.
    pub level: f64,
}

impl Reference {
    /// Builds the references. Reads the training table if there are slices.
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
            tracing::warn!(column, why, "monitor.slices: column ignored");
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
    /// All training rows, with the scores that the model gives to them; `None` if the table cannot be read. Reads the table
    /// on the first call.
    pub fn seen(&self) -> Option<&Sample> {
        let make = || {
            let (_, whole) = self.streams.first()?;
            learnt(&self.registry, &self.champion.model, whole)
        };
        self.seen.get_or_init(make).as_ref()
    }
}

/// The reference of a model with the scores that it gives to its own training rows; `None` if the table cannot be read.
/// Reads the table.
pub fn learnt(registry: &Registry, model: &Model, reference: &Sample) -> Option<Sample> {
    let loaded = table::of_model(registry, model).ok()?;
    let rows = loaded.table.len();
    let mut work = Workspace::default();
    let step = rows.div_ceil(MAX_SAMPLE).max(1);
    let scores: Vec<f64> = (0..rows)
        .step_by(step)
        .map(|n| model.probability_of(&loaded.table, n, &mut work))
        .collect();
    let mut learnt = reference.clone();
    let is_score = |c: &Column| matches!(c.observed, Observed::Score(_));
    learnt.columns.retain(|c| !is_score(c));
    Some(learnt.with_scores(&scores))
}

/// The training rows of each slice.
fn samples(
    registry: &Registry,
    champion: &Champion,
    slices: Vec<Slice>,
) -> Result<Vec<(Option<Slice>, Sample)>, String> {
    let loaded = table::of_model(registry, &champion.model);
    let loaded = loaded.map_err(|e| format!("its training table cannot be read: {e}"))?;
    let schema = champion.model.schema();
    let of = |slice: Slice| {
        let mut collector = Collector::new(schema, false);
        let mut cells = Vec::new();
        for n in 0..loaded.table.len() {
            let row = loaded.table.row(n, &mut cells);
            if slice.has(schema, row) {
                collector.push(row, None);
            }
        }
        (Some(slice), collector.finish())
    };
    Ok(slices.into_iter().map(of).collect())
}
