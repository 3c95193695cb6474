//! `frequent`: a category whose levels are the most frequent values of a text or category, with one more level for all others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::features::frame::Frame;
use crate::features::group::{Key, KeySpec, Lookup};
use crate::features::scope::{Scope, SlotKind, StepError};
use crate::features::step::Step;
use crate::features::training::{FitStep, Training};
use crate::schema::Cell;

/// `frequent` as written in the spec. The output is a category; it is missing if the value is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrequentSpec {
    of: String,
    /// Maximum number of levels besides `other`.
    #[serde(default = "twenty")]
    at_most: usize,
    /// Minimum number of training rows of a level.
    #[serde(default = "ten")]
    at_least: usize,
    /// Name of the level of all other values.
    #[serde(default = "other")]
    other: String,
    r#as: String,
}

fn twenty() -> usize {
    20
}

fn ten() -> usize {
    10
}

fn other() -> String {
    "other".into()
}

/// The fitted step: the level of each frequent value; all other values have the next level after these.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Frequent {
    of: Key,
    levels: Lookup<u32>,
    others: u32,
}

impl FitStep for FrequentSpec {
    type Fitted = Frequent;

    fn fit(&self, scope: &mut Scope, training: &mut Training<'_>) -> Result<Frequent, StepError> {
        let slot = scope.counted(&self.of)?;
        if self.at_most == 0 {
            return Err(StepError::new("at_most is 0", "keep at least one level"));
        }
        let of = Key::resolve(&KeySpec::over(std::slice::from_ref(&self.of)), scope)?;
        let known = scope.levels(slot);
        let mut counts: BTreeMap<Vec<u8>, (usize, String)> = BTreeMap::new();
        training.each(&[slot], |frame, _| {
            if of.write(frame) {
                let cell = frame.cell(slot);
                let name = || (0, name(cell, frame.text, known));
                counts.entry(frame.key.clone()).or_insert_with(name).0 += 1;
            }
        });
        let mut common: Vec<(Vec<u8>, (usize, String))> = counts.into_iter().collect();
        common.retain(|(_, (rows, _))| *rows >= self.at_least);
        // The sort is stable: equally frequent values stay in the order of their keys.
        common.sort_by_key(|(_, (rows, _))| std::cmp::Reverse(*rows));
        common.truncate(self.at_most);
        let mut levels = Lookup::default();
        let mut names = Vec::new();
        for (level, (key, (_, name))) in (0..).zip(common) {
            levels.insert(&key, level);
            names.push(name);
        }
        let others = names.len() as u32;
        let mut other = self.other.clone();
        while names.contains(&other) {
            other.push('_'); // a value may be called like the level of the others
        }
        names.push(other);
        scope.add(&self.r#as, SlotKind::Category(names), true, &[slot]);
        Ok(Frequent { of, levels, others })
    }
}

fn name(cell: Cell, text: &str, known: &[String]) -> String {
    match cell {
        Cell::Level(level) => known.get(level as usize).cloned().unwrap_or_default(),
        Cell::Text(span) => span.get(text).to_owned(),
        Cell::Missing | Cell::Number(_) => String::new(),
    }
}

impl Step for Frequent {
    fn apply(&self, frame: &mut Frame<'_>) {
        let level = match self.of.write(frame) {
            false => Cell::Missing,
            true => Cell::Level(self.levels.find(frame.key).unwrap_or(self.others)),
        };
        frame.push(level);
    }

    fn reach(&self) -> (Vec<usize>, usize) {
        (self.of.slots().collect(), 1)
    }
}
