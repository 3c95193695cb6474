//! Read access to the store without its writer. Each method reads one snapshot and blocks on the disk.

use super::event::Record;
use super::labels::StoredLabel;
use super::read::{self, Snapshot, Stats};
use super::rows::Quarantined;
use super::{Store, StoreError, alerts};

impl Store {
    /// State of the alerts and the notifications of their outbox, as JSON.
    pub fn alerts(&self) -> Result<(Option<String>, Vec<String>), StoreError> {
        alerts::kept(&self.file)
    }

    /// Passes the prediction or row with this id and its label to `look`; returns none where the id is unknown.
    pub fn event<T>(
        &self,
        id: &str,
        look: impl FnOnce(&Record<'_>, Option<StoredLabel>) -> T,
    ) -> Result<Option<T>, StoreError> {
        self.file.event(id, look)
    }

    /// Passes the events after `seq` to `look`, in order, until it returns false.
    pub fn after(&self, seq: u64, look: impl FnMut(&Record<'_>) -> bool) -> Result<(), StoreError> {
        self.file.read(|snapshot| read::after(snapshot, seq, look))
    }

    /// Sequence number of the last event.
    pub fn last(&self) -> Result<u64, StoreError> {
        self.file.read(read::last)
    }

    /// Runs `look` on one snapshot of the store.
    pub fn snapshot<T>(
        &self,
        look: impl FnOnce(Snapshot<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.file.snapshot(look)
    }

    /// The position up to which a source was read.
    pub fn cursor(&self, source: &str) -> Result<Option<String>, StoreError> {
        self.file.read(|snapshot| read::cursor(snapshot, source))
    }

    /// The state that a task has stored under this name, as JSON.
    pub fn remembered(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.file.read(|snapshot| read::note(snapshot, name))
    }

    /// All quarantined rows, oldest first.
    pub fn quarantine(&self) -> Result<Vec<Quarantined>, StoreError> {
        self.file.read(read::quarantine)
    }

    /// At most `most` quarantined rows with an id after `after`, oldest first.
    pub fn quarantine_after(
        &self,
        after: &str,
        most: usize,
    ) -> Result<Vec<Quarantined>, StoreError> {
        self.file
            .read(|snapshot| read::quarantine_after(snapshot, after, most))
    }

    /// The quarantined row with this id.
    pub fn quarantined(&self, id: &str) -> Result<Option<Quarantined>, StoreError> {
        self.file.read(|snapshot| read::quarantined(snapshot, id))
    }

    /// The `most` newest quarantined rows, newest first.
    pub fn newest_aside(&self, most: usize) -> Result<Vec<Quarantined>, StoreError> {
        self.file
            .read(|snapshot| read::newest_aside(snapshot, most))
    }

    /// Statistics of the store.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        let bytes = self.file.size();
        self.file.read(|snapshot| read::stats(snapshot, bytes))
    }
}
