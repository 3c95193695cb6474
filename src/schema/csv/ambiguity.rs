//! Numbers of a table of text that would mean something else under the other decimal sign.

use crate::schema::column::{Schema, Slot};
use crate::schema::dialect::Notice;
use crate::schema::fault::{Problem, excerpt};
use crate::schema::number::NumberForm;

/// Different values that are shown of one column.
const EXAMPLES: usize = 3;

/// What was seen of each column of the file.
pub(super) struct Ambiguity(Vec<Option<Seen>>);

/// What was seen of a column of numbers, as long as no cell of it shows which sign is meant.
#[derive(Default)]
struct Seen {
    rows: u64,
    examples: Vec<String>,
}

impl Ambiguity {
    pub(super) fn of(schema: &Schema, slots: &[Slot]) -> Ambiguity {
        // A column with a form of its own says which sign is meant.
        let may_be = |slot: &Slot| match slot {
            Slot::Column(i) => schema.is_number(*slot) && schema.columns()[*i].number.is_none(),
            _ => false,
        };
        let seen = |slot: &Slot| may_be(slot).then(Seen::default);
        Ambiguity(slots.iter().map(seen).collect())
    }

    /// Sees a cell. A number with a sign that can be read in one way only settles its column.
    pub(super) fn see(&mut self, place: usize, cell: &str, form: &NumberForm) {
        let Some(seen) = &mut self.0[place] else {
            return;
        };
        if !cell.bytes().any(|b| matches!(b, b'.' | b',')) {
            return;
        }
        if form.is_ambiguous(cell) {
            seen.rows += 1;
            if seen.examples.len() < EXAMPLES {
                let example = excerpt(cell.trim());
                if !seen.examples.contains(&example) {
                    seen.examples.push(example);
                }
            }
        } else if form.parse(cell).is_some() {
            self.0[place] = None;
        }
    }

    /// One notice a column that stayed ambiguous.
    pub(super) fn notices<'a>(
        self,
        schema: &'a Schema,
        slots: &'a [Slot],
    ) -> impl Iterator<Item = Notice> + 'a {
        let columns = slots.iter().zip(self.0);
        columns.filter_map(|(slot, seen)| {
            let seen = seen.filter(|seen| seen.rows > 0)?;
            Some(Notice {
                column: schema.name(*slot).to_owned(),
                problem: Some(Problem::AmbiguousNumber),
                rows: seen.rows,
                examples: seen.examples,
                text: String::new(),
            })
        })
    }
}
