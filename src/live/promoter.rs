//! Promotion and rollback by hand, from a task: answered once the promoted model answers.

use std::sync::Arc;

use crate::clock::Clock;
use crate::live::champion::usable;
use crate::live::pointer::Poke;
use crate::registry::{Decision, Promotion, Registry, RegistryError, VersionRef};

/// A handle on the champion's pointer.
#[derive(Clone)]
pub struct Promoter {
    pub registry: Registry,
    /// Time of the ledger's lines.
    pub clock: Arc<dyn Clock>,
    /// The follower, who swaps.
    pub poke: Poke,
}

impl Promoter {
    /// Makes a version champion; returns once it answers.
    pub async fn promote(
        &self,
        wanted: VersionRef,
        by: String,
    ) -> Result<Promotion, RegistryError> {
        self.carry_out(by, move |registry, decision, now| {
            registry.promote(&wanted, decision, usable, now)
        })
        .await
    }

    /// Makes the champion before this one champion again; returns once it answers.
    pub async fn rollback(&self, by: String) -> Result<Promotion, RegistryError> {
        self.carry_out(by, |registry, decision, now| {
            registry.rollback(decision, usable, now)
        })
        .await
    }

    async fn carry_out(
        &self,
        by: String,
        deed: impl FnOnce(&Registry, Decision, jiff::Timestamp) -> Result<Promotion, RegistryError>
        + Send
        + 'static,
    ) -> Result<Promotion, RegistryError> {
        let (registry, clock) = (self.registry.clone(), self.clock.clone());
        let decision = Decision {
            by,
            reason: "asked for by hand".into(),
            evidence: serde_json::Value::Null,
        };
        let done =
            tokio::task::spawn_blocking(move || deed(&registry, decision, clock.now())).await;
        let promotion =
            done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        self.poke.sync().await;
        Ok(promotion)
    }
}
