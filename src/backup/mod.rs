//! Backup and restore of a whole state: one archive with models, ledger, tables, events and settings.
//!
//! ```text
//! titanic-backup-20260131T091500.250Z.tar.zst      tar in Zstandard, with a seal at its end ([`seal`])
//!   events.redb        the event store, as it was at one moment
//!   models/…           version files, ledger, pointer
//!   settings.json      the effective settings; secrets are masked
//!   tables/…           the tables that versions were trained on
//!   manifest.json      counts, and size and SHA-256 of every file ([`manifest`])
//! ```
//!
//! * [`make()`] copies the state, packs the copy, restores the archive for a check, and gives it its name.
//! * [`restore()`] unpacks an archive into an empty state, after everything in it was checked.
//! * [`Backups`] makes them for a running server, one at a time; [`Schedule`] is the task that does so at intervals.
//! * A [`Place`] is a file, a folder or a prefix in a bucket.
//!
//! Nothing is held in memory as a whole, and no archive is visible under its name before it is complete.
//!
//! Architecture invariant: this module knows files, the store and the registry, but neither HTTP handlers nor models.

mod bucket;
mod contents;
mod error;
mod handle;
mod local;
mod make;
mod manifest;
pub mod options;
mod pack;
mod place;
mod record;
mod restore;
mod schedule;
mod scratch;
mod seal;
mod storage;
#[cfg(test)]
mod tests;
mod unpack;
mod watch;

pub use contents::Contents;
pub use error::BackupError;
pub use handle::{Backups, Parts};
pub use make::{Made, Order, Source, make};
pub use place::Place;
pub use record::Record;
pub use restore::{Restored, finish, is_store_alone, restore};
pub use schedule::Schedule;
pub use watch::Watch;
