//! The ledger: one JSON object per line, each with the hash of the previous line, so that no line can be changed, removed or
//! moved undetected. This example is wrapped; the file has it on one line:
//!
//! ```text
//! {"seq":2,"time":"…","action":"promoted","model":"titanic@1","previous":null,"sha256":"…",
//!  "by":"…","reason":"…","evidence":{…},"prev":"HASH OF LINE 1","hash":"…"}
//! ```
//!
//! `hash` is the SHA-256 over the exact bytes of the line before `,"hash":`; the `prev` of the first line is 64 zeros. A
//! line is valid once its newline is on the disk. Bytes after the last newline are an incomplete line left by a crash, which
//! readers ignore and the next writer truncates.
//!
//! The hash chain cannot reveal that lines were removed from its end, but [`super::verify`] detects it by comparing
//! the ledger with the pointer and the version files. A damaged line is reported for ever, and does not prevent later
//! lines from being appended.

use std::path::{Path, PathBuf};

use super::{
    disk,
    entry::{self, Line, LineFault, digest},
    error::RegistryError,
};

pub use super::entry::{Action, Entry};

const NO_LINE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A snapshot of the ledger.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    pub lines: Vec<Line>,
    /// Length in bytes up to and including the last newline.
    whole: u64,
    pub torn: u64,
    /// The highest `seq` so far.
    highest: u64,
    /// The value of `prev` that the next line must have.
    link: String,
}

impl Ledger {
    pub(super) fn read(path: &Path) -> Result<Ledger, RegistryError> {
        Ok(Ledger::of(path, &disk::read(path)?.unwrap_or_default()))
    }

    fn of(path: &Path, bytes: &[u8]) -> Ledger {
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let torn = (bytes.len() - whole) as u64;
        let (path, link) = (path.into(), NO_LINE.into());
        let mut ledger = Ledger {
            path,
            lines: Vec::new(),
            whole: whole as u64,
            torn,
            highest: 0,
            link,
        };
        for line in bytes[..whole].split_inclusive(|byte| *byte == b'\n') {
            ledger.take(line.strip_suffix(b"\n").unwrap_or(line));
        }
        ledger
    }

    /// The entries of all readable lines.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.lines.iter().filter_map(|line| line.entry.as_ref())
    }

    /// Whether no line is damaged or out of place.
    pub(super) fn is_sound(&self) -> bool {
        self.lines.iter().all(|line| line.fault.is_none())
    }

    /// The `seq` of the last line; 0 if the ledger is empty.
    pub(super) fn last(&self) -> u64 {
        self.highest
    }

    /// Truncates an incomplete last line. The caller must hold the lock.
    pub(super) fn mend(&mut self) -> Result<(), RegistryError> {
        if self.torn > 0 {
            tracing::warn!(path = %self.path.display(), bytes = self.torn, "ledger: incomplete last line removed; its writer crashed");
            disk::truncate(&self.path, self.whole)?;
            self.torn = 0;
        }
        Ok(())
    }

    /// Appends a line and syncs it to the disk. The caller must hold the lock and have truncated an incomplete last line.
    pub(super) fn append(&mut self, mut entry: Entry) -> Result<Entry, RegistryError> {
        entry.seq = self.highest + 1;
        entry.prev = self.link.clone();
        let (line, hash) = entry::seal(&entry);
        entry.hash = hash;
        disk::append(&self.path, format!("{line}\n").as_bytes())?;
        self.whole += line.len() as u64 + 1;
        self.take(line.as_bytes());
        Ok(entry)
    }

    /// Adds the next line to the snapshot, and checks it against the previous lines.
    fn take(&mut self, bytes: &[u8]) {
        let expected = self.highest + 1;
        let (entry, fault) = match entry::parse(bytes) {
            Err(why) => (None, Some(LineFault::Unreadable(why))),
            Ok((entry, false)) => (Some(entry), Some(LineFault::Edited)),
            Ok((entry, true)) if entry.seq != expected => {
                let found = entry.seq;
                self.highest = self.highest.max(found);
                (Some(entry), Some(LineFault::OutOfOrder { expected, found }))
            }
            Ok((entry, true)) if entry.prev != self.link => {
                (Some(entry), Some(LineFault::Unlinked))
            }
            Ok((entry, true)) => (Some(entry), None),
        };
        if !matches!(fault, Some(LineFault::OutOfOrder { .. })) {
            self.highest = expected; // also where the line's own word for it cannot be trusted
        }
        self.link = entry
            .as_ref()
            .map_or_else(|| digest(bytes), |entry| entry.hash.clone());
        self.lines.push(Line {
            number: self.lines.len() as u64 + 1,
            entry,
            fault,
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, value::to_raw_value};

    use super::super::version::Version;
    use super::*;

    fn entry(number: u64) -> Entry {
        Entry {
            seq: 0,
            time: "2026-01-01T00:00:00Z".parse().unwrap(),
            action: Action::Trained,
            model: Version::new("wine", number).unwrap(),
            previous: None,
            sha256: digest(b"model"),
            by: "a test".into(),
            reason: "line\nbreaks and \"quotes\"".into(),
            evidence: to_raw_value(&json!({"hash": ",\"hash\":\"", "log_loss": 0.1})).unwrap(),
            prev: String::new(),
            hash: String::new(),
        }
    }

    /// A ledger of five lines, and its path.
    fn five() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.jsonl");
        let mut ledger = Ledger::read(&path).unwrap();
        for number in 1..=5 {
            ledger.append(entry(number)).unwrap();
        }
        (folder, path)
    }

    fn faults(path: &Path) -> Vec<(u64, LineFault)> {
        let ledger = Ledger::read(path).unwrap();
        ledger
            .lines
            .iter()
            .filter_map(|line| Some((line.number, line.fault.clone()?)))
            .collect()
    }

    /// Rewrites the lines of the ledger and returns the damage found afterwards.
    fn after(change: impl Fn(&mut Vec<String>)) -> Vec<(u64, LineFault)> {
        let (_folder, path) = five();
        let mut lines: Vec<String> = std::fs::read_to_string(&path)
            .unwrap()
            .lines()
            .map(String::from)
            .collect();
        change(&mut lines);
        std::fs::write(&path, lines.join("\n") + "\n").unwrap();
        faults(&path)
    }

    #[test]
    fn lines_count_from_one_and_are_linked() {
        let (_folder, path) = five();
        let ledger = Ledger::read(&path).unwrap();
        assert!(ledger.is_sound() && ledger.torn == 0);
        let entries: Vec<&Entry> = ledger.entries().collect();
        assert_eq!(
            entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
            [1, 2, 3, 4, 5]
        );
        assert_eq!(entries[0].prev, NO_LINE);
        assert_eq!(entries[4].prev, entries[3].hash);
        let text = std::fs::read_to_string(&path).unwrap();
        let first = text.lines().next().unwrap();
        let (hashed, _) = first.rsplit_once(",\"hash\":").unwrap();
        assert_eq!(entries[0].hash, digest(hashed.as_bytes()));
    }

    #[test]
    fn any_change_is_found_with_its_line() {
        assert_eq!(after(|_| ()), []);
        assert_eq!(
            after(|lines| lines[2] = lines[2].replace("a test", "nobody")),
            [(3, LineFault::Edited)]
        );
        assert_eq!(
            after(|lines| lines[2].insert(1, ' ')),
            [(3, LineFault::Edited)]
        );
        assert_eq!(
            after(|lines| drop(lines.remove(2))),
            [(
                3,
                LineFault::OutOfOrder {
                    expected: 3,
                    found: 4
                }
            )]
        );
        assert_eq!(
            after(|lines| lines.swap(1, 2))
                .iter()
                .map(|(line, _)| *line)
                .collect::<Vec<_>>(),
            [2, 3, 4]
        );
        let garbled = after(|lines| lines[2] = "garbage".into());
        assert!(
            matches!(
                garbled[..],
                [(3, LineFault::Unreadable(_)), (4, LineFault::Unlinked)]
            ),
            "{garbled:?}"
        );
    }

    #[test]
    fn a_line_forged_with_a_fitting_hash_breaks_the_link_of_the_next() {
        let forged = after(|lines| {
            let edited = lines[2].replace("a test", "nobody");
            let (hashed, _) = edited.rsplit_once(",\"hash\":").unwrap();
            lines[2] = format!("{hashed},\"hash\":\"{}\"}}", digest(hashed.as_bytes()));
        });
        assert_eq!(forged, [(4, LineFault::Unlinked)]);
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let (_folder, path) = five();
        let sound = std::fs::read(&path).unwrap();
        for at in 0..sound.len() {
            let mut bytes = sound.clone();
            bytes[at] ^= 1 << (at % 8);
            let ledger = Ledger::of(&path, &bytes);
            assert!(!ledger.is_sound() || ledger.torn > 0, "byte {at}");
        }
    }

    #[test]
    fn a_torn_end_is_left_out_and_cut_off() {
        let (_folder, path) = five();
        let sound = std::fs::read(&path).unwrap();
        std::fs::write(&path, &sound[..sound.len() - 1]).unwrap();
        let mut ledger = Ledger::read(&path).unwrap();
        assert!(ledger.torn > 0 && ledger.is_sound() && ledger.lines.len() == 4);
        ledger.mend().unwrap();
        ledger.append(entry(5)).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), sound);
    }

    #[test]
    fn a_damaged_ledger_can_be_written_on_and_stays_reported() {
        let (_folder, path) = five();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen("a test", "nobody", 1) + "garbage\n").unwrap();
        let seq = Ledger::read(&path).unwrap().append(entry(6)).unwrap().seq;
        assert_eq!(seq, 7);
        let lines: Vec<u64> = faults(&path).iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 6]);
    }
}
