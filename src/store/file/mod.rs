//! The file under the store: locking, opening, and reopening after a disk error.

mod backend;
mod copy;
mod holder;
mod revision;
mod verified;
pub mod volume;

pub use backend::Backend;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use tokio::sync::watch;

use redb::backends::InMemoryBackend;
use redb::{Builder, Database, DatabaseError, ReadTransaction, ReadableDatabase, WriteTransaction};

use super::error::{OpenError, StoreError};
use super::health::Health;
use crate::telemetry::panics::{self, PanicError};
use backend::Boxed;

/// Name of the store's file in the state folder.
pub const NAME: &str = "events.redb";

/// Size of the database's page cache in bytes.
const CACHE: usize = 16 << 20;

/// Path prefix of the code in which a panic means a damaged file: this module, which decodes what the database read. Panics
/// inside the database count as well.
const EDGE: &str = "store/";

/// How far a file is trusted when it is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// If it was closed properly, its pages are taken to be as they were written.
    Closed,
    /// Every page is read and verified, which takes time.
    Nothing,
}

enum Origin {
    Path(PathBuf),
    Backend(Backend),
}

/// An open file. After a disk error the database rejects every operation; the next write then reopens it, which
/// recovers the last commit.
pub struct File {
    origin: Origin,
    database: RwLock<Option<Database>>,
    /// Whether it was closed for good.
    shut: AtomicBool,
    /// The reason, if the database is not open.
    fault: Mutex<Option<String>>,
    /// Whether the file can be written. `Damaged` is final.
    health: watch::Sender<Health>,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "File({})", self.name())
    }
}

impl File {
    /// Opens or creates `events.redb` in `state`. The error `Held` names the process that has it open.
    pub fn open(state: &Path) -> Result<File, OpenError> {
        File::in_folder(state, Trust::Closed)
    }

    /// Does the same as [`File::open`], but verifies every page first, so that damage is an error now and not a panic later.
    pub fn open_verified(state: &Path) -> Result<File, OpenError> {
        File::in_folder(state, Trust::Nothing)
    }

    fn in_folder(state: &Path, trust: Trust) -> Result<File, OpenError> {
        std::fs::create_dir_all(state)
            .map_err(|e| OpenError::broken(&state.display().to_string(), e))?;
        let file = File::over(Origin::Path(state.join(NAME)), trust)?;
        holder::claim(&state.join(NAME)).map_err(|e| OpenError::broken(&file.name(), e))?;
        holder::forget_address(&state.join(NAME)); // that of a server that was killed
        Ok(file)
    }

    /// An empty store in memory, of a server that stores nothing.
    pub fn in_memory() -> Result<File, OpenError> {
        File::with_backend(Box::new(|| Ok(Box::new(InMemoryBackend::new()))))
    }

    /// Opens a database over another kind of storage.
    pub fn with_backend(backend: Backend) -> Result<File, OpenError> {
        File::over(Origin::Backend(backend), Trust::Closed)
    }

    fn over(origin: Origin, trust: Trust) -> Result<File, OpenError> {
        let file = File {
            origin,
            database: RwLock::new(None),
            shut: AtomicBool::new(false),
            fault: Mutex::new(None),
            health: watch::Sender::new(Health::Writing),
        };
        let database = file.opened(trust)?;
        *file
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(database);
        Ok(file)
    }

    fn name(&self) -> String {
        match &self.origin {
            Origin::Path(path) => path.display().to_string(),
            Origin::Backend(_) => "in memory".into(),
        }
    }

    /// Opens the database. Some kinds of damage make it panic, which is reported as an error.
    fn opened(&self, trust: Trust) -> Result<Database, OpenError> {
        let opened = panics::caught(EDGE, || self.database(trust));
        opened.unwrap_or_else(|PanicError(why)| {
            let file = self.name();
            Err(OpenError::Damaged { file, why })
        })
    }

    fn database(&self, trust: Trust) -> Result<Database, OpenError> {
        let mut builder = Builder::new();
        builder.set_cache_size(CACHE);
        builder.set_check_integrity_on_open(trust == Trust::Nothing);
        let opened = match &self.origin {
            Origin::Path(path) => builder.create(path),
            Origin::Backend(make) => match make() {
                Ok(backend) => builder.create_with_backend(Boxed(backend)),
                Err(error) => return Err(OpenError::broken(&self.name(), error)),
            },
        };
        let database = opened.map_err(|error| self.refused(error))?;
        let path = match &self.origin {
            Origin::Path(path) => Some(path.as_path()),
            Origin::Backend(_) => None,
        };
        revision::settle(&database, &self.name(), path)?;
        Ok(database)
    }

    fn refused(&self, error: DatabaseError) -> OpenError {
        match (error, &self.origin) {
            (DatabaseError::DatabaseAlreadyOpen, Origin::Path(path)) => OpenError::Held {
                file: self.name(),
                holder: holder::process(path),
                server: holder::address(path),
            },
            (error, _) => OpenError::of_database(&self.name(), &error),
        }
    }

    /// Runs `work` in a write transaction. The commit is on disk when this returns; [`StoreError::Unavailable`] otherwise.
    pub fn write<T>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.reopen()?;
        let done = self.whole(|| self.try_write(work));
        if let Err(error) = &done {
            self.close(error.to_string());
        }
        done.map_err(|error| match error {
            StoreError::Unreadable(why) => StoreError::Unavailable(why),
            other => other,
        })
    }

    fn try_write<T>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or_else(|| self.closed())?;
        let transaction = database.begin_write()?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// Runs `work` on a snapshot.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.whole(|| {
            let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
            let database = database.as_ref().ok_or_else(|| self.closed())?;
            work(&database.begin_read()?)
        })
    }

    /// Runs `work` with exclusive access to the database: reads and writes block meanwhile.
    pub fn alone<T>(
        &self,
        work: impl FnOnce(&mut Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.whole(|| {
            let mut database = self
                .database
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            work(database.as_mut().ok_or_else(|| self.closed())?)
        })
    }

    /// Runs `work` if the file is not damaged. On a damaged file the database panics or returns an error; either one closes
    /// the store for good.
    fn whole<T>(&self, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        if let Health::Damaged(why) = &*self.health.borrow() {
            return Err(StoreError::Damaged(why.clone()));
        }
        let done = panics::caught(EDGE, work);
        let done = done.unwrap_or_else(|PanicError(why)| Err(StoreError::Damaged(why)));
        if let Err(error @ StoreError::Damaged(why)) = &done {
            if self.tell(Health::Damaged(why.clone())).is_some() {
                tracing::error!(
                    why,
                    "store: damaged and closed; predictions are still made but not stored"
                );
            }
            self.close(error.to_string());
        }
        done
    }

    /// Whether the file can be written; the receiver is notified when that changes.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// Sets the health and returns the previous one if it changed. `Damaged` is never replaced.
    pub(super) fn tell(&self, health: Health) -> Option<Health> {
        let mut before = None;
        self.health.send_if_modified(|known| {
            let changed = *known != health && !matches!(known, Health::Damaged(_));
            if changed {
                before = Some(std::mem::replace(known, health));
            }
            changed
        });
        before
    }

    pub fn size(&self) -> u64 {
        match &self.origin {
            Origin::Path(path) => std::fs::metadata(path).map_or(0, |file| file.len()),
            Origin::Backend(_) => 0,
        }
    }

    /// Writes the URL at which this process serves the store into a file beside it.
    pub fn announce(&self, url: &str) -> std::io::Result<()> {
        match &self.origin {
            Origin::Path(path) => holder::announce(path, url),
            Origin::Backend(_) => Ok(()),
        }
    }

    /// Closes the file for good, so that another process can open it.
    pub fn shut(&self) {
        self.shut.store(true, Ordering::SeqCst);
        if let Origin::Path(path) = &self.origin {
            holder::forget_address(path);
        }
        self.close("it is closed".into());
    }

    fn closed(&self) -> StoreError {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        StoreError::Unreadable(fault.clone().unwrap_or_else(|| "it is closed".into()))
    }

    fn close(&self, why: String) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        let mut database = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let closed = database.take();
        // Dropping a damaged database may panic too.
        if let Err(PanicError(why)) = panics::caught(EDGE, || drop(closed)) {
            self.tell(Health::Damaged(why));
        }
    }

    fn reopen(&self) -> Result<(), StoreError> {
        // The read lock comes first, so that readers need not wait for a writer when the database is open.
        let is_open = |database: &Option<Database>| database.is_some();
        if is_open(&self.database.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(());
        }
        let mut database = self
            .database
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if self.shut.load(Ordering::SeqCst) {
            return Err(StoreError::Closed);
        }
        if database.is_none() {
            let opened = self.opened(Trust::Closed).map_err(|error| match error {
                OpenError::Damaged { why, .. } => {
                    self.tell(Health::Damaged(why.clone()));
                    StoreError::Damaged(why)
                }
                other => StoreError::Unavailable(other.to_string()),
            });
            *database = Some(opened?);
        }
        Ok(())
    }
}
