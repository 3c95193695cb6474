//! Condition: the place to which champions are published lacks the current one.

use super::facts::{Facts, Watcher};
use crate::alert::{Condition, Rule};

const SUBJECT: &str = "publish";

pub(super) struct Lag;

impl Watcher for Lag {
    fn look(&mut self, facts: &Facts) -> Option<Condition> {
        Some(match &facts.unpublished {
            None => Condition::over(Rule::Publish, SUBJECT),
            Some(behind) => {
                let summary =
                    "the champion is not published; followers of the place keep the one before";
                let why = behind.error.as_deref();
                let description = why.unwrap_or("the place has not answered yet");
                Condition::holds(Rule::Publish, SUBJECT, summary).describe(description)
            }
        })
    }
}
