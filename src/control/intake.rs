//! Rows of a source on their way into the store.

use uuid::Uuid;

use crate::ingest::Batch;
use crate::schema::Cell;
use crate::store::rows::{self, NewRow, Quarantined};
use crate::telemetry::metrics::Transport;

/// A batch as the store takes it, with new ids. `cursor` is the name under which it is kept how far the source was read.
pub fn batch(batch: &Batch, cursor: Option<&str>) -> rows::Batch {
    // Only a pull remembers how far it is.
    let transport = match cursor {
        Some(_) => Transport::Pull,
        None => Transport::File,
    };
    let (table, schema) = (&batch.table, batch.table.schema());
    let row = |n: usize| {
        let own_id = match table.id(n) {
            Cell::Number(v) => Some(v.to_string()),
            Cell::Text(span) => Some(span.get(table.text()).to_owned()),
            _ => None,
        };
        let id = Uuid::now_v7().to_string();
        NewRow::of(schema, table.row(n), own_id, table.target(n), id)
    };
    let aside = batch.quarantined().map(|bad| Quarantined {
        id: Uuid::now_v7().to_string(),
        source: bad.source,
        line: Some(bad.line),
        column: bad.column.unwrap_or_default(),
        value: bad.value,
        reason: bad.reason,
        row: bad.row,
    });
    rows::Batch {
        rows: (0..table.len()).map(row).collect(),
        quarantined: aside.collect(),
        request: None,
        cursor: cursor.and_then(|name| Some((name.to_owned(), batch.cursor.clone()?))),
        transport,
    }
}
