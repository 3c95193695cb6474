//! `interaction`: every combination of two categories as one category; a map can merge combinations.

use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize};

use crate::features::frame::Frame;
use crate::features::scope::{Scope, SlotKind, StepError};
use crate::features::step::Step;
use crate::features::training::{FitStep, Training};
use crate::schema::Cell;

/// `interaction` as written in the spec; a combination is named `a×b`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InteractionSpec {
    of: (String, String),
    /// Maps combinations, or prefixes of them followed by `*`, to levels; the first match counts.
    #[serde(default)]
    map: IndexMap<String, String>,
    r#as: String,
}

/// The fitted step: the level of each combination, row-major.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interaction {
    of: (u32, u32),
    second: u32,
    levels: Vec<u32>,
}

impl FitStep for InteractionSpec {
    type Fitted = Interaction;

    fn fit(&self, scope: &mut Scope, _: &mut Training<'_>) -> Result<Interaction, StepError> {
        let (a, firsts) = scope.category(&self.of.0)?;
        let (b, seconds) = scope.category(&self.of.1)?;
        let combinations: Vec<String> = firsts
            .iter()
            .flat_map(|x| seconds.iter().map(move |y| format!("{x}×{y}")))
            .collect();
        if let Some(pattern) = self
            .map
            .keys()
            .find(|p| !combinations.iter().any(|c| fits(p, c)))
        {
            return Err(StepError::new(
                format!("no combination fits {pattern:?}"),
                format!(
                    "combinations are written like {:?}",
                    combinations.first().map_or("a×b", |c| c)
                ),
            ));
        }
        let name = |c: &String| {
            self.map
                .iter()
                .find(|(p, _)| fits(p, c))
                .map_or(c, |(_, level)| level)
                .clone()
        };
        let mut levels: IndexSet<String> = IndexSet::new();
        let codes = combinations
            .iter()
            .map(|c| levels.insert_full(name(c)).0 as u32)
            .collect();
        let second = seconds.len() as u32;
        scope.add(
            &self.r#as,
            SlotKind::Category(levels.into_iter().collect()),
            true,
            &[a, b],
        );
        Ok(Interaction {
            of: (a as u32, b as u32),
            second,
            levels: codes,
        })
    }
}

fn fits(pattern: &str, combination: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => combination.starts_with(beginning),
        None => combination == pattern,
    }
}

impl Step for Interaction {
    fn apply(&self, frame: &mut Frame<'_>) {
        let level = |slot: u32| frame.cell(slot as usize).as_level();
        let code = match (level(self.of.0), level(self.of.1)) {
            (Some(a), Some(b)) => self.levels.get((a * self.second + b) as usize),
            _ => None,
        };
        frame.push(code.map_or(Cell::Missing, |code| Cell::Level(*code)));
    }

    fn reach(&self) -> (Vec<usize>, usize) {
        (vec![self.of.0 as usize, self.of.1 as usize], 1)
    }
}
