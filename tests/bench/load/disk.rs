//! A disk as slow as is wished: a file under redb whose syncs take at least so long.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redb::StorageBackend;
use redb::backends::FileBackend;
use titanic_platform::store::Backend;

/// The disk with its one file.
#[derive(Debug)]
pub struct Disk {
    file: PathBuf,
    /// How long a sync takes, in µs; it takes what it takes where that is more.
    least: AtomicU64,
}

impl Disk {
    /// One that is as quick as the disk that `file` is on.
    pub fn new(file: PathBuf) -> Arc<Disk> {
        let least = AtomicU64::new(0);
        Arc::new(Disk { file, least })
    }

    /// From now on a sync takes at least so long.
    pub fn slow_down(&self, least: Duration) {
        let least = least.as_micros() as u64;
        self.least.store(least, Ordering::SeqCst);
    }

    /// Opens or makes the file.
    pub fn plug(self: &Arc<Disk>) -> io::Result<Plug> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let file = FileBackend::new(options.open(&self.file)?).map_err(io::Error::other)?;
        let disk = self.clone();
        Ok(Plug { disk, file })
    }

    /// The same for a store.
    pub fn backend(self: &Arc<Disk>) -> Backend {
        let disk = self.clone();
        Box::new(move || Ok(Box::new(disk.plug()?)))
    }
}

/// The file, open.
#[derive(Debug)]
pub struct Plug {
    disk: Arc<Disk>,
    file: FileBackend,
}

impl StorageBackend for Plug {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        let begun = Instant::now();
        self.file.sync_data()?;
        let least = Duration::from_micros(self.disk.least.load(Ordering::SeqCst));
        std::thread::sleep(least.saturating_sub(begun.elapsed()));
        Ok(())
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }
    fn close(&self) -> io::Result<()> {
        self.file.close()
    }
}
