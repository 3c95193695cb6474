//! `first_letter`: the first character of a text as a category, whose levels are the sufficiently common letters.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::features::frame::Frame;
use crate::features::scope::{Scope, SlotKind, StepError};
use crate::features::step::Step;
use crate::features::training::{FitStep, Training};
use crate::schema::Cell;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstLetterSpec {
    from: String,
    /// Letters with fewer training rows than this become `other`.
    #[serde(default = "ten")]
    at_least: usize,
    #[serde(default = "other")]
    other: String,
    r#as: String,
}

fn ten() -> usize {
    10
}

fn other() -> String {
    "other".into()
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FirstLetter {
    from: u32,
    letters: Vec<char>,
}

impl FitStep for FirstLetterSpec {
    type Fitted = FirstLetter;

    fn fit(
        &self,
        scope: &mut Scope,
        training: &mut Training<'_>,
    ) -> Result<FirstLetter, StepError> {
        let from = scope.text(&self.from)?;
        let mut counts: BTreeMap<char, usize> = BTreeMap::new();
        for cell in training.frames.cells(from) {
            if let Some(letter) = letter(cell, training.frames.text()) {
                *counts.entry(letter).or_default() += 1;
            }
        }
        let common = counts.into_iter().filter(|(_, n)| *n >= self.at_least);
        let letters: Vec<char> = common.map(|(letter, _)| letter).collect();
        let levels = letters
            .iter()
            .map(char::to_string)
            .chain([self.other.clone()])
            .collect();
        scope.add(&self.r#as, SlotKind::Category(levels), true, &[from]);
        Ok(FirstLetter {
            from: from as u32,
            letters,
        })
    }
}

fn letter(cell: Cell, text: &str) -> Option<char> {
    match cell {
        Cell::Text(span) => span.get(text).chars().next(),
        _ => None,
    }
}

impl Step for FirstLetter {
    fn apply(&self, frame: &mut Frame<'_>) {
        let cell = match letter(frame.cell(self.from as usize), frame.text) {
            None => Cell::Missing,
            Some(letter) => {
                let known = self.letters.iter().position(|l| *l == letter);
                Cell::Level(known.unwrap_or(self.letters.len()) as u32)
            }
        };
        frame.push(cell);
    }

    fn reach(&self) -> (Vec<usize>, usize) {
        (vec![self.from as usize], 1)
    }
}
