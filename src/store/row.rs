//! A row that is handed in, and the key by which it is stored only once.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::event::{Identity, RowEvent, StoredRow};
use super::layout;
use crate::schema::column::Label;
use crate::schema::{RowView, Schema};

/// A row that keeps the contract.
#[derive(Clone, Debug)]
pub struct NewRow {
    /// Its id in the store, new.
    pub id: String,
    /// Its own id in the table, where it has one: part of what makes it the same row as another.
    pub own_id: Option<String>,
    /// The row, with its own id where it has one.
    pub row: StoredRow<'static>,
    /// The label, where the row brings it.
    pub label: Option<Label>,
    /// Where it came from: part of what makes a row without an id the same as another.
    pub origin: Origin,
}

/// Where a row came from, and how many equal rows came from there before it in the same load. Rows without an id of their
/// own are told apart by it: equal rows of one load are different rows, and the same load again brings the same ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The path, the address, or the name of the request.
    pub source: Arc<str>,
    /// Equal rows that came before it.
    pub occurrence: u32,
    /// Whether it came in a request with a name of its own, which no earlier row can have come with.
    pub is_named: bool,
}

impl Origin {
    /// A row of a source.
    pub fn of(source: Arc<str>, occurrence: u32) -> Origin {
        Origin {
            source,
            occurrence,
            is_named: false,
        }
    }
}

impl NewRow {
    /// A checked row under a new id; `own_id` and `target` where it brings them.
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

    /// The row as one JSON object, with its own id and its label under the target's name.
    pub fn whole(&self, target: &str) -> String {
        let label = self.label.as_ref().map(|label| (target, label.scalar()));
        let mut out = Vec::with_capacity(256);
        self.row.write_json_with(label, &mut out);
        String::from_utf8(out).expect("JSON is text")
    }
}

/// What makes two rows the same: own id, content and label; without an id also where they came from, and which of equal
/// ones they are.
///
/// Half a SHA-256 is enough to tell rows apart. The row's own id stands before it, as far as eight bytes hold it: rows come
/// mostly in the order of their ids, and keys that are neighbours are written to the same pages. In random order every key
/// of a commit costs a page of its own, ten times the rest of a row.
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
        // Stores of every revision hold digests over the JSON of rows.
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

    /// The key of a row that is stored; none where an earlier revision stored it, which keeps it beside the event.
    pub(super) fn of_stored(row: &RowEvent<'_>) -> Option<RowKey> {
        let Identity { has_own_id, digest } = row.identity?;
        let own_id = row.row.first().filter(|_| has_own_id);
        Some(RowKey::with(own_id.as_deref(), digest))
    }

    /// The key.
    pub(super) fn bytes(&self) -> &[u8; 24] {
        &self.0
    }

    /// The key as stores had it that were made before the own id stood in it.
    pub(super) fn digest(&self) -> &[u8; 16] {
        self.0.last_chunk().expect("a key is longer")
    }
}
