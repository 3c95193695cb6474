//! Combines a table with the predictions for it, row by row.

use crate::ingest::collect::{Loaded, OddRow};
use crate::schema::Warning;
use crate::schema::answer::{self, Answer};
use crate::schema::column::Label;
use crate::schema::fault::Problem;

/// A table that was read to predict, with its predictions.
#[derive(Clone, Copy, Debug)]
pub struct Answers<'a> {
    /// The table, and the bad rows that are not in it.
    pub loaded: &'a Loaded,
    /// The predicted label of each row of the table.
    pub labels: &'a [&'a Label],
    /// The probability of each row of the table.
    pub probabilities: &'a [f64],
}

impl<'a> Answers<'a> {
    /// One prediction for each row that was read, with its faults and warnings. A bad row has no predicted label.
    pub(in crate::ingest) fn each(self) -> impl Iterator<Item = (Answer<'a>, Option<&'a OddRow>)> {
        let (table, odd) = (&self.loaded.table, &self.loaded.odd);
        let has_id = self.has_id();
        let mut place = 0;
        let mut odd = odd.iter().peekable();
        (0..self.loaded.read).map(move |n| {
            let odd = odd.next_if(|(at, _)| *at == n).map(|(_, odd)| odd);
            if let Some(bad) = odd.and_then(OddRow::left_out) {
                let answer = bad.answer(n + 1);
                let id = answer.id.filter(|_| has_id);
                return (Answer { id, ..answer }, odd);
            }
            let i = place;
            place += 1;
            let said = Some((self.labels[i], self.probabilities[i]));
            let answer = Answer {
                row: n + 1,
                id: has_id.then(|| table.id(i)),
                text: table.text(),
                said,
            };
            (answer, odd)
        })
    }

    /// Whether the output has an id column; for a table without rows, the schema decides.
    pub(in crate::ingest) fn has_id(self) -> bool {
        let Loaded {
            table, odd, read, ..
        } = self.loaded;
        let may_have = *read == 0 && table.schema().id().is_some();
        may_have
            || answer::has_id(table.schema(), table.ids())
            || odd
                .iter()
                .any(|(_, odd)| odd.left_out().is_some_and(|row| row.id.is_some()))
    }

    /// Whether columnar output has a column for warnings: if any row is bad or has a warning of its own.
    pub(in crate::ingest) fn has_warnings(self) -> bool {
        let worth = |(_, odd): &(usize, OddRow)| match odd {
            OddRow::Bad(_) => true,
            OddRow::Warned(warnings) => warnings.iter().any(is_worth_a_column),
        };
        self.loaded.odd.iter().any(worth)
    }
}

/// Whether a warning belongs into the warnings column. An ignored target concerns every row alike and is reported once instead.
fn is_worth_a_column(warning: &Warning) -> bool {
    warning.problem != Problem::TargetIgnored
}

/// Faults and warnings of a row as text.
pub(in crate::ingest) fn in_words(odd: Option<&OddRow>) -> String {
    let Some(odd) = odd else {
        return String::new();
    };
    let warnings = odd.warnings().iter().filter(|w| is_worth_a_column(w));
    let words = odd.faults().iter().map(ToString::to_string);
    let words: Vec<String> = words.chain(warnings.map(ToString::to_string)).collect();
    words.join("; ")
}
