//! Starts and ends the shadow of a candidate with ledger lines that do not move the pointer. Each line is written only once,
//! even if a crash made the caller forget that it was written.

use jiff::Timestamp;

use super::{
    Decision, Registry, RegistryError, Version,
    entry::{Action, Entry},
    history::History,
};

impl Registry {
    /// The ledger line of the current shadow model, if there is one.
    pub fn shadow(&self) -> Result<Option<Entry>, RegistryError> {
        let ledger = self.ledger()?;
        Ok(History::of(ledger.entries()).shadow.cloned())
    }

    /// Makes a candidate the shadow model beside `champion`. If another version is champion or the candidate already is the
    /// shadow model, nothing is written and the result is `None`.
    pub fn begin_shadow(
        &self,
        version: &Version,
        champion: &Version,
        decision: Decision,
        now: Timestamp,
    ) -> Result<Option<Entry>, RegistryError> {
        let mut writer = self.writer()?;
        let history = writer.history();
        let is_there = history.shadow.is_some_and(|entry| entry.model == *version);
        if is_there || writer.champion()?.as_ref() != Some(champion) {
            return Ok(None);
        }
        let Some(sha256) = history.sha256(version) else {
            let (version, path) = (version.clone(), self.path(version));
            return Err(RegistryError::Unrecorded { version, path });
        };
        let over = Some(champion.clone());
        let entry = writer.record(Action::Shadowed, version, over, sha256, decision, now)?;
        Ok(Some(entry))
    }

    /// Ends the shadow of a candidate without promoting it. If it is not the shadow model, nothing is written and
    /// the result is `None`.
    pub fn end_shadow(
        &self,
        version: &Version,
        decision: Decision,
        now: Timestamp,
    ) -> Result<Option<Entry>, RegistryError> {
        let mut writer = self.writer()?;
        let history = writer.history();
        let Some(entry) = history.shadow.filter(|entry| entry.model == *version) else {
            return Ok(None);
        };
        let (over, sha256) = (entry.previous.clone(), entry.sha256.clone());
        let entry = writer.record(Action::Dropped, version, over, sha256, decision, now)?;
        Ok(Some(entry))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;

    fn begin(registry: &Registry, number: u64, over: u64) -> Option<u64> {
        let done = registry.begin_shadow(&version(number), &version(over), because(), now());
        done.unwrap().map(|entry| entry.seq)
    }

    fn end(registry: &Registry, number: u64) -> Option<u64> {
        let done = registry.end_shadow(&version(number), because(), now());
        done.unwrap().map(|entry| entry.seq)
    }

    fn in_shadow(registry: &Registry) -> Option<u64> {
        registry.shadow().unwrap().map(|entry| entry.model.number())
    }

    #[test]
    fn each_line_is_written_once_and_moves_nothing() {
        let (_state, registry) = registry_with(3);
        promote(&registry, 1); // line 4
        assert_eq!(begin(&registry, 2, 3), None, "another is champion");
        assert_eq!(begin(&registry, 2, 1), Some(5));
        assert_eq!(begin(&registry, 2, 1), None, "it is there");
        assert_eq!(in_shadow(&registry), Some(2));
        assert_eq!(end(&registry, 3), None);
        assert_eq!(end(&registry, 2), Some(6));
        assert_eq!((end(&registry, 2), in_shadow(&registry)), (None, None));
        assert_eq!(begin(&registry, 2, 1), Some(7), "again, from the beginning");
        assert_eq!(registry.champion().unwrap(), Some(version(1)));
        assert!(registry.verify(None).unwrap().is_empty());
        let lines = registry.entries_after(4).unwrap();
        let [action, previous] = [lines[0].action, lines[1].action];
        assert_eq!((action, previous), (Action::Shadowed, Action::Dropped));
        assert!(lines.iter().all(|line| line.previous == Some(version(1))));
    }

    #[test]
    fn a_promotion_ends_it_and_a_rollback_goes_where_it_went() {
        let (_state, registry) = registry_with(3);
        promote(&registry, 1);
        begin(&registry, 2, 1);
        promote(&registry, 2);
        assert_eq!((in_shadow(&registry), end(&registry, 2)), (None, None));
        begin(&registry, 3, 2);
        assert_eq!(rollback(&registry).unwrap().version, version(1));
        assert_eq!(in_shadow(&registry), Some(3), "until somebody takes it out");
    }

    #[test]
    fn what_is_in_the_shadow_is_not_removed() {
        let (_state, registry) = registry_with(4);
        promote(&registry, 1);
        begin(&registry, 2, 1);
        let swept = registry.gc(0, because(), now()).unwrap();
        assert_eq!(swept.removed, [version(3), version(4)]);
    }

    #[test]
    fn a_version_nobody_trained_is_refused() {
        let (_state, registry) = registry_with(1);
        promote(&registry, 1);
        let done = registry.begin_shadow(&version(7), &version(1), because(), now());
        assert!(matches!(done, Err(RegistryError::Unrecorded { .. })));
    }
}
