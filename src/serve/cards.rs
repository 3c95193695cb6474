//! Cache of the facts about each model version. A version never changes, so its file is read once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::views::Facts;
use crate::live::Champion;
use crate::registry::{Listed, Registry, RegistryError, Version};

/// The facts read so far, by version. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Cards(Arc<Mutex<HashMap<Version, Arc<Facts>>>>);

impl Cards {
    /// The facts about a version. The first call reads the version's file and must not run on a serving thread.
    ///
    /// # Errors
    /// When the file is damaged or missing.
    pub fn of(&self, registry: &Registry, version: &Version) -> Result<Arc<Facts>, RegistryError> {
        if let Some(facts) = self.lock(|known| known.get(version).cloned()) {
            return Ok(facts);
        }
        let champion = Champion::read(registry, version)?;
        let facts = Arc::new(Facts::of(&champion.model));
        self.lock(|known| known.insert(version.clone(), facts.clone()));
        Ok(facts)
    }

    /// Removes versions that are no longer listed.
    pub fn forget_all_but(&self, listed: &[Listed]) {
        self.lock(|known| {
            known.retain(|version, _| listed.iter().any(|listed| listed.version == *version))
        });
    }

    fn lock<T>(&self, work: impl FnOnce(&mut HashMap<Version, Arc<Facts>>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
