//! The single writer of a registry: holds the lock and the ledger, and repairs the traces of a crash before
//! anything new is written.

use jiff::Timestamp;
use serde_json::value::to_raw_value;

use super::{
    Decision, Registry, RegistryError, Version, disk,
    entry::{Action, Entry},
    history::History,
    ledger::Ledger,
};

/// The right to write to the registry, held until it is dropped.
pub(super) struct Writer<'a> {
    pub registry: &'a Registry,
    pub ledger: Ledger,
    _lock: disk::Lock,
}

impl Registry {
    /// Waits for the lock, then completes what a crashed writer began.
    pub(super) fn writer(&self) -> Result<Writer<'_>, RegistryError> {
        disk::create_folder(&self.models)?;
        let lock = disk::Lock::exclusive(&self.lock_path())?;
        disk::sweep(&self.models)?;
        self.ensure_epoch()?;
        let mut ledger = self.ledger()?;
        ledger.mend()?;
        let writer = Writer {
            registry: self,
            ledger,
            _lock: lock,
        };
        writer.roll_forward()?;
        Ok(writer)
    }
}

impl Writer<'_> {
    pub(super) fn history(&self) -> History<'_> {
        History::of(self.ledger.entries())
    }

    pub(super) fn champion(&self) -> Result<Option<Version>, RegistryError> {
        self.registry.champion_by(&self.ledger)
    }

    /// Appends a ledger line. The caller must then apply its consequences.
    pub(super) fn record(
        &mut self,
        action: Action,
        model: &Version,
        previous: Option<Version>,
        sha256: String,
        decision: Decision,
        time: Timestamp,
    ) -> Result<Entry, RegistryError> {
        let Decision {
            by,
            reason,
            evidence,
        } = decision;
        let evidence = to_raw_value(&evidence).expect("evidence has text keys alone");
        let (model, unset) = (model.clone(), String::new());
        let (prev, hash) = (unset.clone(), unset);
        self.ledger.append(Entry {
            seq: 0,
            time,
            action,
            model,
            previous,
            sha256,
            by,
            reason,
            evidence,
            prev,
            hash,
        })
    }

    /// Writes the pointer file.
    pub(super) fn point_to(&self, version: &Version) -> Result<(), RegistryError> {
        disk::replace(
            &self.registry.pointer_path(),
            format!("{version}\n").as_bytes(),
        )
    }

    /// Applies the consequences of ledger lines that a crash left undone. If the ledger is damaged, nothing is moved or
    /// removed.
    fn roll_forward(&self) -> Result<(), RegistryError> {
        if !self.ledger.is_sound() {
            return Ok(());
        }
        let history = self.history();
        if let Some(champion) = history.champion()
            && self.registry.pointer().ok().flatten().as_ref() != Some(champion)
        {
            tracing::warn!(%champion, "registry: models/champion did not name the champion of the ledger; corrected");
            self.point_to(champion)?;
        }
        for number in &history.removed {
            if let Some(entry) = history.trained.get(number) {
                disk::remove(&self.registry.path(&entry.model))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{fixture::*, ledger::Action};

    #[test]
    fn a_crash_between_line_and_pointer_is_rolled_forward_without_a_second_line() {
        let (_state, registry) = registry_with(3);
        promote(&registry, 1);
        promote(&registry, 2);
        std::fs::write(registry.pointer_path(), "wine@1\n").unwrap(); // as it was before the rename
        publish(&registry);
        assert_eq!(
            std::fs::read_to_string(registry.pointer_path()).unwrap(),
            "wine@2\n"
        );
        let ledger = registry.ledger().unwrap();
        assert_eq!(
            ledger
                .entries()
                .filter(|entry| entry.action == Action::Promoted)
                .count(),
            2
        );
        assert!(ledger.is_sound());
    }

    #[test]
    fn temporaries_and_torn_lines_of_a_crash_are_cleared() {
        let (_state, registry) = registry_with(1);
        let temporary = registry.models.join("wine@2.model.tmp");
        std::fs::write(&temporary, b"mod").unwrap();
        let torn = [
            std::fs::read(registry.ledger_path()).unwrap().as_slice(),
            b"{\"seq\":2,\"ti",
        ]
        .concat();
        std::fs::write(registry.ledger_path(), torn).unwrap();
        assert_eq!(publish(&registry), version(2));
        assert!(!temporary.exists());
        assert!(registry.ledger().unwrap().is_sound());
        assert_eq!(registry.versions().unwrap().len(), 2);
    }

    #[test]
    fn a_damaged_ledger_does_not_move_the_pointer() {
        let (_state, registry) = registry_with(2);
        promote(&registry, 1);
        promote(&registry, 2);
        let text = std::fs::read_to_string(registry.ledger_path()).unwrap();
        std::fs::write(registry.ledger_path(), text.replacen("a test", "nobody", 1)).unwrap();
        std::fs::write(registry.pointer_path(), "wine@1\n").unwrap();
        publish(&registry);
        assert_eq!(
            std::fs::read_to_string(registry.pointer_path()).unwrap(),
            "wine@1\n"
        );
        assert_eq!(registry.champion().unwrap(), Some(version(1)));
    }
}
