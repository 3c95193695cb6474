//! Promotion and rollback on request, which return once the promoted model is live.

use std::sync::Arc;

use crate::clock::Clock;
use crate::live::champion::usable;
use crate::live::pointer::Wake;
use crate::registry::{Decision, Evidence, Promotion, Registry, RegistryError, VersionRef};

/// A handle for promotions and rollbacks.
#[derive(Clone)]
pub struct Promoter {
    pub registry: Registry,
    /// Provides the time of ledger lines.
    pub clock: Arc<dyn Clock>,
    /// Wakes the follower, which swaps the live model.
    pub wake: Wake,
}

impl Promoter {
    /// Promotes a version; returns once it is live.
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

    /// Promotes the champion before the current one again; returns once it is live.
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
            reason: "requested by hand".into(),
            evidence: Evidence::ByHand,
        };
        let done =
            tokio::task::spawn_blocking(move || deed(&registry, decision, clock.now())).await;
        let promotion =
            done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        self.wake.sync().await;
        Ok(promotion)
    }
}
