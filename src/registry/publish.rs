//! Publishes a trained model as a version: the file first, then the ledger line. A crash between them leaves a file without
//! a line. Its number is not reused, it is never promoted, and `models verify` reports it.

use jiff::Timestamp;

use super::{
    Decision, Registry, RegistryError, Version, disk,
    entry::{Action, digest},
    writer::Writer,
};

impl Registry {
    /// Writes `bytes` as the next version of `name`. On return, the file and the ledger line are on the disk. The number is
    /// one more than the highest of all files and lines, regardless of their names, and is never reused.
    pub fn publish(
        &self,
        name: &str,
        bytes: &[u8],
        trained: Decision,
        now: Timestamp,
    ) -> Result<Version, RegistryError> {
        let mut writer = self.writer()?;
        let version = Version::new(name, writer.next_number()?)?;
        let path = self.path(&version);
        disk::write_once(&path, bytes)?;
        let recorded = writer.record(Action::Trained, &version, None, digest(bytes), trained, now);
        if recorded.is_err() {
            // Without a line there is no version. Removing the file is best effort, because the error of the ledger is
            // the one to report.
            let _ = disk::remove(&path);
        }
        recorded.map(|_| version)
    }
}

impl Writer<'_> {
    fn next_number(&self) -> Result<u64, RegistryError> {
        let files = self.registry.files()?;
        let used = files
            .iter()
            .chain(self.ledger.entries().map(|entry| &entry.model));
        Ok(used.map(Version::number).max().unwrap_or(0) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{VersionRef, fixture::*};
    use super::*;

    #[test]
    fn numbers_count_over_all_names_files_and_lines() {
        let (_state, registry) = registry_with(2);
        let titanic = registry
            .publish("titanic", b"model t", because(), now())
            .unwrap();
        assert_eq!(titanic.to_string(), "titanic@3");
        std::fs::remove_file(registry.path(&titanic)).unwrap();
        assert_eq!(
            registry
                .publish("wine", b"model w", because(), now())
                .unwrap(),
            version(4)
        );
        std::fs::write(registry.path(&version(9)), b"model of a crash").unwrap();
        assert_eq!(
            registry
                .publish("wine", b"model w", because(), now())
                .unwrap(),
            version(10)
        );
    }

    #[test]
    fn a_file_without_a_line_can_be_read_and_never_promoted() {
        let (_state, registry) = registry_with(1);
        std::fs::write(registry.path(&version(2)), b"model 2").unwrap();
        assert_eq!(registry.read(&VersionRef::Number(2)).unwrap(), b"model 2");
        let fault = registry
            .promote(&VersionRef::Number(2), because(), sound, now())
            .unwrap_err();
        assert!(matches!(fault, RegistryError::Unrecorded { .. }), "{fault}");
    }

    #[test]
    fn writers_at_once_get_different_numbers() {
        let (_state, registry) = registry_with(0);
        let mut numbers: Vec<u64> = std::thread::scope(|scope| {
            let publish = || {
                registry
                    .publish("wine", b"model", because(), now())
                    .unwrap()
                    .number()
            };
            let writers: Vec<_> = (0..4)
                .map(|_| scope.spawn(move || (0..5).map(|_| publish()).collect::<Vec<_>>()))
                .collect();
            writers
                .into_iter()
                .flat_map(|writer| writer.join().unwrap())
                .collect()
        });
        numbers.sort();
        assert_eq!(numbers, (1..=20).collect::<Vec<u64>>());
        assert!(registry.ledger().unwrap().is_sound());
        assert_eq!(registry.ledger().unwrap().lines.len(), 20);
    }

    #[test]
    fn a_ledger_that_cannot_be_written_leaves_no_file() {
        let (_state, registry) = registry_with(0);
        std::fs::create_dir_all(registry.ledger_path().with_extension("jsonl")).unwrap();
        assert!(
            registry
                .publish("wine", b"model", because(), now())
                .is_err()
        );
        assert!(registry.files().unwrap().is_empty());
        assert!(matches!(
            registry.publish("../wine", b"", because(), now()),
            Err(RegistryError::Io { .. })
        ));
    }

    #[test]
    fn a_name_that_is_no_file_name_is_refused() {
        let (_state, registry) = registry_with(0);
        let fault = registry
            .publish("../wine", b"model", because(), now())
            .unwrap_err();
        assert!(matches!(fault, RegistryError::Version(_)), "{fault}");
    }
}
