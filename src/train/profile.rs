//! The reference profile of a training table: what monitoring will hold live rows against.

use crate::schema::column::Kind;
use crate::schema::{Cell, Table};
use crate::stats::profile::{
    CategoryProfile, ColumnProfile, NumberProfile, Observed, Profile, TextProfile,
};

/// Profile of every column, and of the probabilities the model gives to rows it has not seen.
pub fn of(table: &Table, scores: impl Iterator<Item = f64>) -> Profile {
    let columns = table
        .schema()
        .columns()
        .iter()
        .enumerate()
        .map(|(i, column)| {
            let cells = || table.rows().map(move |row| row.cells[i]);
            let observed = match &column.kind {
                Kind::Number { .. } => {
                    Observed::Number(NumberProfile::of(cells().map(|c| c.as_number())))
                }
                Kind::Category { levels } => {
                    let text = |cell: Cell| match cell {
                        Cell::Level(level) => Some(levels[level as usize].as_str()),
                        Cell::Text(span) => Some(span.get(table.text())),
                        _ => None,
                    };
                    Observed::Category(CategoryProfile::of(
                        levels.iter().map(String::as_str),
                        cells().map(text),
                    ))
                }
                Kind::Text => Observed::Text(TextProfile::of(
                    cells().map(|c| (!c.is_missing()).then_some(())),
                )),
            };
            ColumnProfile {
                name: column.name.clone(),
                observed,
            }
        });
    Profile {
        columns: columns.collect(),
        scores: Some(NumberProfile::of(scores.map(Some))),
    }
}
