//! Stores the tables that versions were trained on, by content hash: `STATE/tables/SHA256.parquet`. Equal
//! tables are stored once.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::{Registry, RegistryError, disk, entry::digest};

/// Finds the name of a table by the bytes that are written to it, see [`Registry::table_name`].
#[derive(Clone, Debug, Default)]
pub struct TableName(Sha256);

impl TableName {
    /// The name of the table that was written.
    pub fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}

impl std::io::Write for TableName {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Registry {
    /// Stores `parquet` and returns its name, the SHA-256 of its bytes.
    pub fn put_table(&self, parquet: &[u8]) -> Result<String, RegistryError> {
        let sha256 = digest(parquet);
        let path = self.table_file(&sha256);
        // The bytes are compared, not just the name, so that storing a damaged table again repairs it.
        let kept = disk::read(&path)?.is_some_and(|bytes| bytes == parquet);
        if !kept {
            disk::create_folder(&self.models)?;
            let _lock = disk::Lock::exclusive(&self.lock_path())?;
            disk::create_folder(&self.tables)?;
            disk::sweep(&self.tables)?;
            disk::replace(&path, parquet)?;
        }
        Ok(sha256)
    }

    /// The name under which a table is stored: the SHA-256 of its bytes.
    pub fn table_name(parquet: &[u8]) -> String {
        digest(parquet)
    }

    /// Whether a file name is that of a stored table.
    pub fn is_table(file: &str) -> bool {
        file.strip_suffix(".parquet").is_some_and(is_digest)
    }

    /// The path of a stored table.
    pub fn table_path(&self, sha256: &str) -> Result<PathBuf, RegistryError> {
        let named = is_digest(sha256);
        let path = self.table_file(sha256);
        if !named || !path.is_file() {
            return Err(RegistryError::Table {
                sha256: sha256.into(),
                fault: "is not kept here",
            });
        }
        Ok(path)
    }

    /// The bytes of a stored table, verified against its name.
    pub fn table(&self, sha256: &str) -> Result<Vec<u8>, RegistryError> {
        let path = self.table_path(sha256)?;
        match disk::read(&path)? {
            Some(bytes) if digest(&bytes) == sha256 => Ok(bytes),
            _ => Err(RegistryError::Table {
                sha256: sha256.into(),
                fault: "is damaged: its bytes have another SHA-256",
            }),
        }
    }

    fn table_file(&self, sha256: &str) -> PathBuf {
        self.tables.join(format!("{sha256}.parquet"))
    }
}

fn is_digest(text: &str) -> bool {
    let is_digit = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 64 && text.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;

    #[test]
    fn a_table_is_kept_once_under_the_hash_of_its_bytes() {
        let (_state, registry) = registry_with(0);
        let name = registry.put_table(b"PAR1").unwrap();
        assert_eq!(registry.put_table(b"PAR1").unwrap(), name);
        assert_eq!(name, digest(b"PAR1"));
        let path = registry.table_path(&name).unwrap();
        assert_eq!(registry.table(&name).unwrap(), b"PAR1");
        assert_eq!(
            disk::files(&registry.tables).unwrap(),
            std::slice::from_ref(&path)
        );

        std::fs::write(&path, b"PAR").unwrap();
        assert!(
            registry
                .table(&name)
                .unwrap_err()
                .to_string()
                .contains("damaged")
        );
        registry.put_table(b"PAR1").unwrap();
        assert_eq!(registry.table(&name).unwrap(), b"PAR1");
    }

    #[test]
    fn a_name_cannot_lead_elsewhere() {
        let (_state, registry) = registry_with(0);
        for name in ["", "../models/ledger", &"A".repeat(64), &"0".repeat(64)] {
            assert!(
                matches!(registry.table_path(name), Err(RegistryError::Table { .. })),
                "{name}"
            );
        }
    }
}
