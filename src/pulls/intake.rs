//! Converts batches of a source for the store, of this process or of a server.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::clock::Clock;
use crate::ingest::{Batch, BatchCounts};
use crate::schema::Rejected;
use crate::store::row::{NewRow, Origin};
use crate::store::rows::{self, Quarantined};
use crate::telemetry::metrics::Transport;

/// Converts a batch for the store, with new ids. `cursor` is the name under which the source's read position is stored.
pub fn batch(batch: &Batch, cursor: Option<&str>, clock: &dyn Clock) -> rows::NewRows {
    // Only a pull stores its read position.
    let transport = match cursor {
        Some(_) => Transport::Pull,
        None => Transport::File,
    };
    let (table, schema) = (&batch.table, batch.table.schema());
    let mut cells = Vec::new();
    let row = |n: usize| {
        let own_id = table.id(n).id_text(table.text());
        let id = clock.id().to_string();
        let origin = Origin::of(batch.origin.clone(), batch.occurrences[n]);
        NewRow::of(
            schema,
            table.row(n, &mut cells),
            own_id,
            table.target(n),
            id,
            origin,
        )
    };
    let aside = batch.bad.iter().map(|rejected| Quarantined {
        id: clock.id().to_string(),
        rejected: rejected.clone(),
    });
    rows::NewRows {
        rows: (0..table.len()).map(row).collect(),
        quarantined: aside.collect(),
        request: None,
        cursor: cursor.and_then(|name| Some((name.to_owned(), batch.cursor.clone()?))),
        transport,
    }
}

/// The counts of a batch that was stored.
pub fn counts(taken: &rows::StoredRows) -> BatchCounts {
    BatchCounts {
        stored: taken.stored as u64,
        repeated: taken.repeated as u64,
        quarantined: taken.quarantined as u64,
    }
}

/// The media type of a batch that a command has parsed and validated: one [`Item`] per line.
pub const MEDIA_TYPE: &str = "application/vnd.titanic.batch+x-ndjson";

/// A line of a batch in transfer.
#[derive(Debug)]
pub enum Item<'a> {
    /// A row that fits the spec.
    Row(GoodRow<'a>),
    /// An invalid row for the quarantine.
    Bad(Rejected),
}

/// A valid row in transfer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoodRow<'a> {
    /// The row, a JSON object with its id and target.
    #[serde(borrow)]
    pub row: &'a RawValue,
    /// Line number in the source.
    pub line: u64,
    /// Number of equal rows before it in this load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurrence: Option<u32>,
}

/// An invalid row in transfer.
#[derive(Serialize)]
struct BadRow<'a> {
    #[serde(flatten)]
    rejected: &'a Rejected,
    row: &'a Option<String>,
}

impl<'a> Item<'a> {
    pub fn parse(line: &'a [u8]) -> Result<Item<'a>, serde_json::Error> {
        match serde_json::from_slice::<GoodRow<'_>>(line) {
            Ok(row) => Ok(Item::Row(row)),
            Err(error) => match serde_json::from_slice::<Rejected>(line) {
                Ok(bad) => Ok(Item::Bad(bad)),
                Err(_) => Err(error),
            },
        }
    }
}

/// The lines of a batch for transfer, in the same order of rows as `batch()`.
pub fn lines(batch: &Batch, clock: &dyn Clock) -> Vec<Vec<u8>> {
    let rows = self::batch(batch, None, clock).rows;
    let target = &batch.table.schema().target().column;
    let good = rows.iter().zip(&batch.lines).map(|(row, line)| {
        let text = row.whole(target);
        let occurrence = Some(row.origin.occurrence);
        let row = RawValue::from_string(text).expect("a row is a JSON object");
        encoded(&GoodRow {
            row: &row,
            line: *line,
            occurrence,
        })
    });
    let bad = batch.bad.iter().map(|rejected| {
        let row = &rejected.row;
        encoded(&BadRow { rejected, row })
    });
    good.chain(bad).collect()
}

fn encoded(item: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(item).expect("its keys are text");
    line.push(b'\n');
    line
}
