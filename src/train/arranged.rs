//! How the rows of a table depend on each other: the groups or times by which the spec has it evaluated.

use super::cross_validate::Arrangement;
use super::error::TrainError;
use super::splits;
use crate::schema::Table;

/// Checks that the rows can be split by these times: every block needs rows.
pub(super) fn check_times(times: &[Option<f64>], folds: usize) -> Result<(), TrainError> {
    if times.iter().all(Option::is_none) {
        return Err(TrainError::Request(
            "the column of evaluation: time holds no number and no date; name another, or a column as 2024-01-31".into(),
        ));
    }
    let fold_of = splits::forward(times, folds);
    let is_empty = |fold: &usize| !fold_of.contains(&Some(*fold));
    let empty = (0..folds).filter(is_empty).count();
    if empty == 0 {
        return Ok(());
    }
    let blocks = folds - empty;
    Err(TrainError::Request(format!(
        "rows of one time stay together, and the times of evaluation: time leave {empty} of {folds} folds empty; use {} or fewer with --folds, or name a finer column",
        blocks.max(2)
    )))
}

/// The column that orders the rows and the number of rows without a time; `None` if the rows are not ordered.
pub(super) fn untimed(table: &Table) -> Option<(&str, usize)> {
    let times = table.times()?;
    let by = table.schema().by()?;
    let rows = times.iter().filter(|time| time.is_none()).count();
    Some((table.schema().name(by.slot), rows))
}

/// Rejects a table in which more than the share `max_bad` of the rows has no time.
pub fn check_untimed(table: &Table, max_bad: f64) -> Result<(), TrainError> {
    match untimed(table) {
        Some((column, rows)) if rows as f64 > max_bad * table.len() as f64 => {
            Err(TrainError::Untimed {
                column: column.to_owned(),
                rows,
                all: table.len(),
            })
        }
        _ => Ok(()),
    }
}

/// The groups or the time order of the rows, by the column that the spec's evaluation names.
pub(super) fn arrangement(table: &Table) -> Arrangement {
    let groups = table.groups().map(Arrangement::Groups);
    let arranged = groups.or_else(|| table.times().map(Arrangement::Time));
    arranged.unwrap_or(Arrangement::Rows)
}

/// The group of each row, if the evaluation names a column for it.
pub(super) fn groups(arrangement: &Arrangement) -> Option<&[Option<u64>]> {
    match arrangement {
        Arrangement::Groups(groups) => Some(groups),
        Arrangement::Rows | Arrangement::Time(_) => None,
    }
}
