//! What is known of each version, read from its file once: a version never changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::views::Facts;
use crate::live::Champion;
use crate::registry::{Listed, Registry, RegistryError, Version};

/// The versions read so far. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Cards(Arc<Mutex<HashMap<Version, Arc<Facts>>>>);

impl Cards {
    /// What is known of a version. Reads its file the first time: not on a thread that serves.
    ///
    /// # Errors
    /// When its file is damaged or gone.
    pub fn of(&self, registry: &Registry, version: &Version) -> Result<Arc<Facts>, RegistryError> {
        if let Some(facts) = self.lock(|known| known.get(version).cloned()) {
            return Ok(facts);
        }
        let champion = Champion::read(registry, version)?;
        let facts = Arc::new(Facts::of(&champion.model));
        self.lock(|known| known.insert(version.clone(), facts.clone()));
        Ok(facts)
    }

    /// Forgets versions that are no more.
    pub fn forget_all_but(&self, listed: &[Listed]) {
        self.lock(|known| {
            known.retain(|version, _| listed.iter().any(|listed| listed.version == *version))
        });
    }

    fn lock<T>(&self, work: impl FnOnce(&mut HashMap<Version, Arc<Facts>>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
