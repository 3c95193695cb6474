//! Rows of a source on their way into the store.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::ingest::Batch;
use crate::schema::Cell;
use crate::store::rows::{self, NewRow, Quarantined};

/// The id of a bad row, the same whenever its source is read again: it is put aside once.
fn same_again(bad: &crate::ingest::Quarantined) -> String {
    let text = serde_json::to_vec(bad).expect("its keys are text");
    let digest = Sha256::digest(&text);
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(half)
        .into_uuid()
        .to_string()
}

/// A batch as the store takes it, with new ids. `cursor` is the name under which it is kept how far the source was read.
pub fn batch(batch: &Batch, cursor: Option<&str>) -> rows::Batch {
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
        id: same_again(&bad),
        source: bad.source,
        line: Some(bad.line),
        column: bad.column.unwrap_or_default(),
        value: bad.value,
        reason: bad.reason,
        row: None,
    });
    rows::Batch {
        rows: (0..table.len()).map(row).collect(),
        quarantined: aside.collect(),
        request: None,
        cursor: cursor.and_then(|name| Some((name.to_owned(), batch.cursor.clone()?))),
    }
}
