//! Finds numbers in text tables that would have another value if the decimal sign were the other one of `.` and `,`.

use crate::schema::column::{Schema, Slot};
use crate::schema::dialect::Notice;
use crate::schema::fault::{Problem, excerpt};
use crate::schema::number::NumberForm;

/// Maximum number of distinct values shown as examples per column.
const EXAMPLES: usize = 3;

/// What was found in each column of the file; `None` where no number can be ambiguous or the decimal sign is certain.
pub(super) struct Ambiguity(Vec<Option<Seen>>);

/// Ambiguous numbers of a column, as long as none of its cells shows which decimal sign is meant.
#[derive(Default)]
struct Seen {
    rows: u64,
    examples: Vec<String>,
}

impl Ambiguity {
    pub(super) fn of(schema: &Schema, slots: &[Slot]) -> Ambiguity {
        // A column with its own number format has a known decimal sign.
        let may_be = |slot: &Slot| match slot {
            Slot::Column(i) => schema.is_number(*slot) && schema.columns()[*i].number.is_none(),
            _ => false,
        };
        let seen = |slot: &Slot| may_be(slot).then(Seen::default);
        Ambiguity(slots.iter().map(seen).collect())
    }

    /// Examines a cell. A number whose sign can be read in one way only settles the question for its column.
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

    /// One notice per column that stayed ambiguous.
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
