//! Checks quarantined rows again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ingest::identity;
use crate::schema::row::Purpose;
use crate::schema::{Rejected, Row, Schema, json};
use crate::store::maintenance::Retried;
use crate::store::row::{NewRow, Origin};
use crate::store::rows::{Quarantined, StoredRows};

/// Result of checking quarantined rows again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Retry {
    /// Rows that have now been stored.
    pub stored: usize,
    /// Rows that were in the store already.
    pub repeated: usize,
    /// Rows that stay in quarantine.
    pub remaining: usize,
    /// The remaining rows with their current errors.
    pub quarantine: Vec<Quarantined>,
}

impl Retry {
    /// The result for rows that were checked and stored.
    pub fn of(taken: &StoredRows, bad: Vec<Quarantined>) -> Retry {
        Retry {
            stored: taken.stored,
            repeated: taken.repeated,
            remaining: bad.len(),
            quarantine: bad,
        }
    }

    /// Adds the counts and rows of another result.
    pub fn add(&mut self, other: Retry) {
        self.stored += other.stored;
        self.repeated += other.repeated;
        self.remaining += other.remaining;
        self.quarantine.extend(other.quarantine);
    }
}

/// Checks one row again, and adds it to the valid or to the invalid rows.
pub fn check(schema: &Schema, mut aside: Quarantined, retried: &mut Retried) {
    let Quarantined { id, rejected } = &mut aside;
    let Some(text) = &rejected.row else {
        rejected.reason = without_row(&rejected.reason);
        retried.bad.push(aside);
        return;
    };
    let mut row = Row::new(schema, Purpose::Keep);
    if let Err(error) = json::line(schema, text.as_bytes(), &mut row) {
        rejected.reason = format!("the row is not a JSON object: {error}");
        retried.bad.push(aside);
        return;
    }
    let as_it_came = || rejected.row.clone();
    match Rejected::of(&row.faults, &rejected.source, rejected.line, as_it_came) {
        // The row retains the id under which it was quarantined.
        None => retried.good.push(NewRow::of(
            schema,
            row.view(),
            row.id_text(),
            row.target(),
            std::mem::take(id),
            // The row is ordered after equal rows that are already stored.
            Origin::of(identity(&rejected.source).into(), 0),
        )),
        Some(still) => {
            *rejected = still;
            retried.bad.push(aside);
        }
    }
}

/// Adds once that the original row is not stored, and so cannot be checked again.
fn without_row(reason: &str) -> String {
    const SAYS: &str = "the row itself was not kept, send it again from its source";
    if reason.ends_with(SAYS) {
        return reason.to_owned();
    }
    format!("{reason}; {SAYS}")
}
