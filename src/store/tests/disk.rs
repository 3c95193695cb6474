//! A simulated disk that loses unsynced writes and fails.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use redb::StorageBackend;

use crate::store::Backend;

/// A simulated disk: synced bytes, and bytes written since. Its power can be cut, and it can run out of space.
#[derive(Debug, Default)]
pub(super) struct Disk {
    synced: Mutex<Vec<u8>>,
    written: Mutex<Vec<u8>>,
    /// Number of writes until it fails; `u64::MAX` for a disk that never fails.
    pub(super) left: AtomicU64,
    /// Number of power cuts; storages that were opened before one fail afterwards.
    cuts: AtomicU64,
    /// While set, no sync completes.
    pub(super) stalled: AtomicBool,
}

impl Disk {
    pub(super) fn sound() -> Arc<Disk> {
        let disk = Disk::default();
        disk.left.store(u64::MAX, Ordering::SeqCst);
        Arc::new(disk)
    }

    /// A backend that opens the disk in its current state.
    pub(super) fn backend(self: &Arc<Disk>) -> Backend {
        let disk = self.clone();
        Box::new(move || {
            let cuts = disk.cuts.load(Ordering::SeqCst);
            let disk = disk.clone();
            Ok(Box::new(Plug { disk, cuts }))
        })
    }

    /// Discards everything that was not synced.
    pub(super) fn cut_power(&self) {
        self.cuts.fetch_add(1, Ordering::SeqCst);
        *self.written.lock().unwrap() = self.synced.lock().unwrap().clone();
    }

    fn use_up(&self) -> std::io::Result<()> {
        let left = self.left.load(Ordering::SeqCst);
        if left == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
        }
        if left != u64::MAX {
            self.left.store(left - 1, Ordering::SeqCst);
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Plug {
    disk: Arc<Disk>,
    cuts: u64,
}

impl Plug {
    fn disk(&self) -> std::io::Result<&Disk> {
        if self.cuts == self.disk.cuts.load(Ordering::SeqCst) {
            return Ok(&self.disk);
        }
        Err(std::io::Error::other("the power was cut"))
    }
}

impl StorageBackend for Plug {
    fn len(&self) -> std::io::Result<u64> {
        Ok(self.disk()?.written.lock().unwrap().len() as u64)
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        let (written, from) = (self.disk()?.written.lock().unwrap(), offset as usize);
        out.copy_from_slice(&written[from..from + out.len()]);
        Ok(())
    }
    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.disk()?.use_up()?;
        self.disk()?.written.lock().unwrap().resize(len as usize, 0);
        Ok(())
    }
    fn sync_data(&self) -> std::io::Result<()> {
        while self.disk()?.stalled.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        self.disk()?.use_up()?;
        *self.disk()?.synced.lock().unwrap() = self.disk()?.written.lock().unwrap().clone();
        Ok(())
    }
    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.disk()?.use_up()?;
        let from = offset as usize;
        self.disk()?.written.lock().unwrap()[from..from + data.len()].copy_from_slice(data);
        Ok(())
    }
}
