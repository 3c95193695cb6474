//! Follows the ledger from another thread or process: returns each line written since the last poll once, in order.
//!
//! Polling an unchanged ledger costs one `stat` call, so that a server can poll several times a second.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::PathBuf,
};

use super::{
    Registry, RegistryError,
    entry::{self, Entry},
};

/// A reading position in the ledger.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    /// Offset in bytes of the first unread line; always just after a newline.
    offset: u64,
    /// The `seq` of the last line returned.
    seq: u64,
}

impl Registry {
    /// A follower that returns the lines after `seq`; 0 for all lines.
    pub fn follow(&self, seq: u64) -> Follower {
        Follower {
            path: self.ledger_path(),
            offset: 0,
            seq,
        }
    }

    /// The `seq` of the last line; 0 if there is none.
    pub fn last_seq(&self) -> Result<u64, RegistryError> {
        Ok(self
            .ledger()?
            .entries()
            .map(|entry| entry.seq)
            .max()
            .unwrap_or(0))
    }

    /// The lines after `seq`, read from the beginning of the file. Callers that poll repeatedly should use a [`Follower`].
    pub fn entries_after(&self, seq: u64) -> Result<Vec<Entry>, RegistryError> {
        self.follow(seq).poll()
    }
}

impl Follower {
    /// The lines written since the last call. Damaged lines are skipped (`models verify` reports them), and an incomplete
    /// line is returned once it is complete.
    pub fn poll(&mut self) -> Result<Vec<Entry>, RegistryError> {
        let fresh = self.read()?;
        let whole = fresh
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        self.offset += whole as u64;
        let mut entries = Vec::new();
        for line in fresh[..whole]
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            match entry::parse(line) {
                Ok((entry, true)) if entry.seq > self.seq => {
                    self.seq = entry.seq;
                    entries.push(entry);
                }
                Ok((_, true)) => {}
                _ => {
                    tracing::warn!(path = %self.path.display(), after = self.seq, "ledger: a damaged line was ignored; `models verify` shows it")
                }
            }
        }
        Ok(entries)
    }

    /// The bytes after the offset. A ledger that is shorter than the offset was replaced, and is read from the beginning.
    fn read(&mut self) -> Result<Vec<u8>, RegistryError> {
        let length = match std::fs::metadata(&self.path) {
            Ok(file) => file.len(),
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => 0,
            Err(fault) => return Err(RegistryError::io("read", &self.path)(fault)),
        };
        if length < self.offset {
            self.offset = 0;
        }
        if length == self.offset {
            return Ok(Vec::new());
        }
        let mut bytes = Vec::new();
        File::open(&self.path)
            .and_then(|mut file| {
                file.seek(SeekFrom::Start(self.offset))?;
                file.read_to_end(&mut bytes)
            })
            .map_err(RegistryError::io("read", &self.path))?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{fixture::*, ledger::Action};

    #[test]
    fn every_line_is_seen_once_and_in_order() {
        let (_state, registry) = registry_with(1);
        let mut follower = registry.follow(1);
        assert!(follower.poll().unwrap().is_empty());
        promote(&registry, 1);
        publish(&registry);
        let seen: Vec<_> = follower
            .poll()
            .unwrap()
            .iter()
            .map(|entry| (entry.seq, entry.action))
            .collect();
        assert_eq!(seen, [(2, Action::Promoted), (3, Action::Trained)]);
        assert!(follower.poll().unwrap().is_empty());
        assert_eq!(registry.entries_after(2).unwrap().len(), 1);
        assert_eq!(registry.last_seq().unwrap(), 3);
    }

    #[test]
    fn a_line_is_seen_once_it_is_whole() {
        let (_state, registry) = registry_with(2);
        let whole = std::fs::read(registry.ledger_path()).unwrap();
        let mut follower = registry.follow(0);
        let mut seen = 0;
        for length in 0..=whole.len() {
            std::fs::write(registry.ledger_path(), &whole[..length]).unwrap();
            seen += follower.poll().unwrap().len();
        }
        assert_eq!(seen, 2);
    }

    #[test]
    fn a_torn_line_that_is_cut_off_and_written_anew_is_seen_once() {
        let (_state, registry) = registry_with(1);
        let mut follower = registry.follow(0);
        let torn = [
            std::fs::read(registry.ledger_path()).unwrap().as_slice(),
            &[b'x'; 4000],
        ]
        .concat();
        std::fs::write(registry.ledger_path(), torn).unwrap();
        assert_eq!(follower.poll().unwrap().len(), 1);
        publish(&registry);
        let seqs: Vec<u64> = follower
            .poll()
            .unwrap()
            .iter()
            .map(|entry| entry.seq)
            .collect();
        assert_eq!(seqs, [2]);
    }
}
