//! What the store answers without its writer: each method reads the disk as it stands at one moment.

use super::event::{Id, Record};
use super::labels::Truth;
use super::read::{self, Snapshot, Stats};
use super::rows::Quarantined;
use super::{Store, StoreError, alerts};

impl Store {
    /// State and outbox of alerts, as JSON. Reads the disk.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn alerts(&self) -> Result<(Option<String>, Vec<String>), StoreError> {
        alerts::kept(&self.file)
    }

    /// The prediction or row of an id with its label, handed to `look`; none where there is none. Reads the disk.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn event<T>(
        &self,
        id: &str,
        look: impl FnOnce(&Record<'_>, Option<Truth>) -> T,
    ) -> Result<Option<T>, StoreError> {
        self.file.read(|snapshot| {
            let id = Id::of(id);
            let truth = read::truth(snapshot, id)?;
            read::by_id(snapshot, id, |record| look(record, truth))
        })
    }

    /// Events after a number, in order, until `look` has enough. Reads the disk.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn after(&self, seq: u64, look: impl FnMut(&Record<'_>) -> bool) -> Result<(), StoreError> {
        self.file.read(|snapshot| read::after(snapshot, seq, look))
    }

    /// Number of the last event. Reads the disk.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn last(&self) -> Result<u64, StoreError> {
        self.file.read(read::last)
    }

    /// Looks at the store at one moment. Reads the disk.
    ///
    /// # Errors
    /// When it cannot be read, or what `look` says.
    pub fn snapshot<T>(
        &self,
        look: impl FnOnce(Snapshot<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.file.snapshot(look)
    }

    /// How far a source was read. Reads the disk.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn cursor(&self, source: &str) -> Result<Option<String>, StoreError> {
        self.file.read(|snapshot| read::cursor(snapshot, source))
    }

    /// What a task remembers. Reads the disk.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn remembered(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.file.read(|snapshot| read::note(snapshot, name))
    }

    /// The rows in quarantine, oldest first. Reads the disk.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn quarantine(&self) -> Result<Vec<Quarantined>, StoreError> {
        self.file.read(read::quarantine)
    }

    /// Some of the quarantined rows: at most so many after an id, oldest first. Reads the disk.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn quarantine_after(
        &self,
        after: &str,
        most: usize,
    ) -> Result<Vec<Quarantined>, StoreError> {
        self.file
            .read(|snapshot| read::quarantine_after(snapshot, after, most))
    }

    /// One quarantined row. Reads the disk.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn quarantined(&self, id: &str) -> Result<Option<Quarantined>, StoreError> {
        self.file.read(|snapshot| read::quarantined(snapshot, id))
    }

    /// The rows quarantined last, at most so many, newest first. Reads the disk.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn newest_aside(&self, most: usize) -> Result<Vec<Quarantined>, StoreError> {
        self.file
            .read(|snapshot| read::newest_aside(snapshot, most))
    }

    /// What is in it. Reads the disk.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        let bytes = self.file.size();
        self.file.read(|snapshot| read::stats(snapshot, bytes))
    }
}
