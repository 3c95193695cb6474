//! Reads what a version was trained on from its undamaged ledger line.

use super::entry::{Action, LineFault};
use super::evidence::Training;
use super::{Registry, RegistryError, Version, finding};

impl Registry {
    /// The evidence of a version's `trained` line. A later training reads from it which rows the version was trained on, so
    /// that a modified or unreadable line is an error and never a default.
    ///
    /// # Errors
    /// [`RegistryError::Evidence`] with the line, or an I/O error.
    pub fn trained(&self, version: &Version) -> Result<Training, RegistryError> {
        let ledger = self.ledger()?;
        let is_its = |line: &&super::entry::Line| {
            let entry = line.entry.as_ref();
            entry.is_some_and(|e| e.action == Action::Trained && e.model == *version)
        };
        let is_changed =
            |fault: &LineFault| matches!(fault, LineFault::Unreadable(_) | LineFault::Edited);
        let error = |line: Option<u64>, fault: String| RegistryError::Evidence {
            version: version.clone(),
            path: self.ledger_path(),
            line: line.map_or_else(String::new, |line| format!(", line {line}")),
            fault,
        };
        let own = ledger.lines.iter().rfind(is_its);
        let doubted: Vec<_> = match own {
            Some(own) => vec![own],
            // No readable line is the version's, so any damaged line could be it.
            None => ledger.lines.iter().collect(),
        };
        let damage = doubted.into_iter().find_map(|line| {
            let fault = line.fault.as_ref().filter(|fault| is_changed(fault))?;
            Some(error(Some(line.number), finding::describe(fault).1))
        });
        if let Some(damage) = damage {
            return Err(damage);
        }
        let Some((line, Some(entry))) = own.map(|line| (line.number, &line.entry)) else {
            return Err(error(None, "it has no entry of that version".into()));
        };
        let training = entry.training();
        training.map_err(|fault| error(Some(line), format!("its evidence is unusable ({fault})")))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{Decision, Evidence, fixture::*};
    use super::*;

    /// Replaces a text in the ledger of three versions with one line each, and reads the evidence of the second one.
    /// `blamed` is the line in the expected error (0 for none), or `None` if the evidence is accepted.
    fn check(from: &str, to: &str, blamed: Option<u64>) {
        let (_state, registry) = registry_with(3);
        let path = registry.ledger_path();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}");
        fs::write(&path, text.replace(from, to)).unwrap();
        match (registry.trained(&version(2)), blamed) {
            (Ok(training), None) => assert_eq!(training.through, Some(9)),
            (Err(error @ RegistryError::Evidence { .. }), Some(line)) => {
                let text = error.to_string();
                let named = format!("{}, line {line}: ", path.display());
                assert!(text.contains(&named) == (line > 0), "{text}");
                assert!(text.contains("models verify"), "{text}");
            }
            (found, _) => panic!("{from} -> {to}: {found:?}"),
        }
    }

    #[test]
    fn a_changed_line_is_not_believed() {
        let own = r#""action":"trained","model":"wine@2","previous":null"#;
        check(own, own, None);
        let changed = own.replace("null", "7777");
        check(own, &changed, Some(2)); // no line of the ledger any more
        check(own, &own.replace("trained", "dropped"), Some(2));
        check(own, &own.replace("wine@2", "wine@9"), Some(2));
        // A modified line of another version does not matter here; `verify` reports it.
        check(r#""model":"wine@3""#, r#""model":"wine@8""#, None);
        // A modified line that claims to be of this version is an error.
        check(r#""model":"wine@3""#, r#""model":"wine@2""#, Some(3));
    }

    #[test]
    fn any_byte_of_its_line_counts() {
        let (_state, registry) = registry_with(3);
        let path = registry.ledger_path();
        let text = fs::read_to_string(&path).unwrap();
        let begin = text.find('\n').unwrap() + 1;
        let end = begin + text[begin..].find('\n').unwrap();
        for at in begin..end {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            fs::write(&path, bytes).unwrap();
            let found = registry.trained(&version(2));
            assert!(
                matches!(found, Err(RegistryError::Evidence { .. })),
                "byte {at}: {found:?}"
            );
        }
    }

    #[test]
    fn a_version_without_a_line_is_an_error() {
        let (_state, registry) = registry_with(1);
        let error = registry.trained(&version(2)).unwrap_err().to_string();
        assert!(error.contains("no entry of that version"), "{error}");
    }

    /// A line that another program wrote: its hash fits its bytes, and its content is none.
    #[test]
    fn evidence_of_another_kind_is_an_error() {
        let (_state, registry) = registry_with(1);
        let by_hand = Decision {
            evidence: Evidence::ByHand,
            ..because()
        };
        registry
            .publish("wine", b"model 2", by_hand, now())
            .unwrap();
        let error = registry.trained(&version(2)).unwrap_err().to_string();
        assert!(
            error.contains("line 2: its evidence is unusable"),
            "{error}"
        );
    }
}
