//! A valid row that a client or source submits, and the key by which it is stored only once.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::event::{Identity, RowEvent, StoredRow};
use super::layout;
use crate::schema::column::Label;
use crate::schema::{RowView, Schema};

/// A row that satisfies the schema.
#[derive(Clone, Debug)]
pub struct NewRow {
    /// The new id of the row in the store.
    pub id: String,
    /// The value of the row's id column, where the table has one; part of the row's identity.
    pub own_id: Option<String>,
    /// The values of the row, its own id included.
    pub row: StoredRow<'static>,
    /// The label, where the row carries one.
    pub label: Option<Label>,
    /// Where the row came from; part of the identity of a row without an own id.
    pub origin: Origin,
}

/// The source of a row, and how many equal rows of the same load came before it. It identifies rows without an own id: equal
/// rows of one load are different rows, and a repeated load brings the same ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The path, the address, or the name of the request.
    pub source: Arc<str>,
    /// Number of equal rows that came before it in the load.
    pub occurrence: u32,
    /// Whether the row came in a request with an idempotency key. Releases that identified rows by content alone cannot have
    /// stored such a row.
    pub is_named: bool,
}

impl Origin {
    pub fn of(source: Arc<str>, occurrence: u32) -> Origin {
        Origin {
            source,
            occurrence,
            is_named: false,
        }
    }
}

impl NewRow {
    /// Makes a valid row under a new id; `own_id` and `target` are given where the row has them.
    pub fn of(
        schema: &Schema,
        row: RowView<'_>,
        own_id: Option<String>,
        target: Option<bool>,
        id: String,
        origin: Origin,
    ) -> NewRow {
        NewRow {
            id,
            row: StoredRow::of(schema, row, own_id.as_deref()),
            own_id,
            label: target.map(|positive| schema.target().label(positive).clone()),
            origin,
        }
    }

    /// The row as one JSON object, with its own id, and its label under the target's name.
    pub fn whole(&self, target: &str) -> String {
        let label = self.label.as_ref().map(|label| (target, label.scalar()));
        let mut out = Vec::with_capacity(256);
        self.row.write_json_with(label, &mut out);
        String::from_utf8(out).expect("JSON is text")
    }
}

/// The identity of a row: its own id, content and label; without an own id also its source and its position among equal rows.
///
/// Half a SHA-256 is enough to distinguish rows. The first eight bytes of the key sort like the row's own id: rows mostly
/// arrive in the order of their ids, and neighbouring keys are written to the same pages. With keys in random order, every
/// key of a commit would cost a page of its own, ten times the rest of a row.
pub(super) struct RowKey([u8; 24]);

impl RowKey {
    pub(super) fn of(row: &NewRow) -> RowKey {
        let Origin {
            source,
            occurrence,
            is_named: _,
        } = &row.origin;
        match row.own_id {
            Some(_) => RowKey::by_content(row),
            None => RowKey::new(row, |hash| {
                hash.update((source.len() as u64).to_le_bytes());
                hash.update(source.as_bytes());
                hash.update(occurrence.to_le_bytes());
            }),
        }
    }

    /// The key of own id, content and label alone.
    pub(super) fn by_content(row: &NewRow) -> RowKey {
        RowKey::new(row, |_| ())
    }

    fn new(row: &NewRow, more: impl FnOnce(&mut Sha256)) -> RowKey {
        let mut hash = Sha256::new();
        let label = row.label.as_ref().map(ToString::to_string);
        // The digest is taken over the row's JSON, because it must match the keys in stores of every revision.
        let mut json = Vec::with_capacity(256);
        match row.own_id {
            Some(_) => row.row.write_rest(&mut json),
            None => row.row.write_json(&mut json),
        }
        let own_id = row.own_id.as_deref().map(str::as_bytes);
        let label = label.as_deref().map(str::as_bytes);
        for part in [own_id, Some(&*json), label] {
            let part = part.unwrap_or(b"\0");
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        more(&mut hash);
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.finalize()[..16]);
        RowKey::with(row.own_id.as_deref(), digest)
    }

    fn with(own_id: Option<&str>, digest: [u8; 16]) -> RowKey {
        let mut key = [0; 24];
        key[..8].copy_from_slice(&layout::order(own_id.unwrap_or_default()));
        key[8..].copy_from_slice(&digest);
        RowKey(key)
    }

    /// The key of a stored row; none where an earlier revision stored the row and put the key in a table of its own.
    pub(super) fn of_stored(row: &RowEvent<'_>) -> Option<RowKey> {
        let Identity { has_own_id, digest } = row.identity?;
        let own_id = row.row.first().filter(|_| has_own_id);
        Some(RowKey::with(own_id.as_deref(), digest))
    }

    pub(super) fn bytes(&self) -> &[u8; 24] {
        &self.0
    }

    /// The part of the key that early stores used as the whole key, before the own id was put in front of it.
    pub(super) fn digest(&self) -> &[u8; 16] {
        self.0.last_chunk().expect("a key is longer")
    }
}
