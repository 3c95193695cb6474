//! Rows of the quarantine checked again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ingest::identity;
use crate::schema::row::Purpose;
use crate::schema::{Row, Schema, json};
use crate::store::maintenance::Retried;
use crate::store::rows::{NewRow, Origin, Quarantined, QuarantinedView, Taken};

/// What came of a retry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Retry {
    /// Rows that are stored now.
    pub stored: usize,
    /// Rows that were stored already.
    pub repeated: usize,
    /// Rows that stay in quarantine.
    pub remaining: usize,
    /// Those, with what is wrong now.
    pub quarantine: Vec<QuarantinedView>,
}

impl Retry {
    /// What came of rows that were checked and stored.
    pub fn of(taken: &Taken, bad: Vec<Quarantined>) -> Retry {
        Retry {
            stored: taken.stored,
            repeated: taken.repeated,
            remaining: bad.len(),
            quarantine: bad.into_iter().map(Into::into).collect(),
        }
    }

    /// Adds what came of others.
    pub fn add(&mut self, other: Retry) {
        self.stored += other.stored;
        self.repeated += other.repeated;
        self.remaining += other.remaining;
        self.quarantine.extend(other.quarantine);
    }
}

/// Checks one row again; it goes where it belongs.
pub fn check(schema: &Schema, mut aside: Quarantined, retried: &mut Retried) {
    let Some(text) = &aside.row else {
        aside.reason = without_row(&aside.reason);
        retried.bad.push(aside);
        return;
    };
    let mut row = Row::new(schema, Purpose::Keep);
    if let Err(error) = json::line(schema, text.as_bytes(), &mut row) {
        aside.reason = format!("the row is no JSON object: {error}");
        retried.bad.push(aside);
        return;
    }
    let (id, source) = (aside.id.clone(), &aside.source);
    match Quarantined::of(schema, &row, id, source, aside.line) {
        // The row keeps the id under which it was quarantined.
        None => retried.good.push(NewRow::of(
            schema,
            row.view(),
            row.id_text(),
            row.target(),
            aside.id,
            // It comes after the equal rows that are there.
            Origin::of(identity(&aside.source).into(), 0),
        )),
        Some(fault) => retried.bad.push(Quarantined {
            row: aside.row,
            ..fault
        }),
    }
}

/// A row that cannot be tried again says so, once.
fn without_row(reason: &str) -> String {
    const SAYS: &str = "the row itself was not kept, send it again from its source";
    if reason.ends_with(SAYS) {
        return reason.to_owned();
    }
    format!("{reason}; {SAYS}")
}
