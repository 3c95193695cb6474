//! What the steward does about a candidate in the shadow and a champion on probation.

use jiff::Timestamp;
use serde_json::json;

use super::memory::{Memory, Shadowed, Watched};
use super::{Steward, shadow, watch};
use crate::control::champion::{Champion, usable};
use crate::control::gate::Thresholds;
use crate::control::shadow::Shadow;
use crate::registry::{Decision, Promotion, Registry, RegistryError, Version};

impl Steward {
    pub(super) async fn begin_shadow(
        &self,
        memory: &mut Memory,
        version: &Version,
    ) -> Result<(), anyhow::Error> {
        let Some(live) = self.seat.live() else {
            return Ok(());
        };
        let champion = live.snapshot().model.clone();
        let (registry, wanted) = (self.registry.clone(), version.clone());
        let candidate =
            tokio::task::spawn_blocking(move || Champion::read(&registry, &wanted)).await??;
        let thresholds = Thresholds {
            champion: champion.model.spec().decision.threshold,
            candidate: candidate.model.spec().decision.threshold,
        };
        memory.shadow = Some(Shadowed {
            model: version.to_string(),
            champion: champion.name.to_string(),
            state: Shadow::new(thresholds, self.options.shadow),
        });
        self.publish("shadowed", &version.to_string(), &champion.name);
        self.remember(memory).await?;
        Ok(())
    }

    /// Ends the shadow where its verdict is there. It is carried out before it is told: told again and again it would be,
    /// were the store in trouble.
    pub(super) async fn end_shadow(&self, memory: &mut Memory) -> Result<(), anyhow::Error> {
        let settled = |shadowed: &&Shadowed| shadowed.state.verdict() != shadow::Verdict::GoOn;
        let Some(shadowed) = memory.shadow.as_ref().filter(settled).cloned() else {
            return Ok(());
        };
        let figures = json!(shadowed.state.figures());
        if shadowed.state.verdict() == shadow::Verdict::Promote {
            let reason = format!(
                "better than {} on live traffic, at every look",
                shadowed.champion
            );
            let decision = Decision {
                by: "shadow".into(),
                reason,
                evidence: json!({"shadow": figures}),
            };
            let (version, over): (Version, Version) =
                (shadowed.model.parse()?, shadowed.champion.parse()?);
            self.decide(move |registry, now| {
                registry.promote_over(Some(&over), &version, decision, usable, now)
            })
            .await;
        } else {
            self.publish("dropped", &shadowed.model, &shadowed.champion);
        }
        memory.shadow = None;
        let body = json!({"about": "shadow", "shadow": figures});
        self.tell(&shadowed.model, body).await
    }

    /// Ends the probation where its verdict is there.
    pub(super) async fn end_watch(&self, memory: &mut Memory) -> Result<(), anyhow::Error> {
        let settled = |watched: &&Watched| watched.state.verdict() != watch::Verdict::GoOn;
        let Some(watched) = memory.watch.as_ref().filter(settled).cloned() else {
            return Ok(());
        };
        let verdict = watched.state.verdict();
        if let watch::Verdict::RollBack { why, figures } = &verdict {
            let decision = Decision {
                by: "watch".into(),
                reason: why.clone(),
                evidence: json!({"watch": figures}),
            };
            let model: Version = watched.model.parse()?;
            self.decide(move |registry, now| registry.rollback_from(&model, decision, usable, now))
                .await;
        }
        memory.watch = None;
        let body = json!({"about": "watch", "watch": verdict});
        self.tell(&watched.model, body).await
    }

    /// Has the registry swap, and waits until the swap is live. A decision that cannot be carried out is told in the log, and
    /// is not made again.
    async fn decide(
        &self,
        deed: impl FnOnce(&Registry, Timestamp) -> Result<Option<Promotion>, RegistryError>
        + Send
        + 'static,
    ) {
        let (registry, now) = (self.registry.clone(), self.clock.now());
        match tokio::task::spawn_blocking(move || deed(&registry, now)).await {
            Ok(Ok(Some(_))) => {}
            Ok(Ok(None)) => tracing::info!("the champion changed meanwhile: the verdict is void"),
            Ok(Err(error)) => tracing::error!(%error, "a verdict cannot be carried out"),
            Err(panic) => tracing::error!(%panic, "a verdict cannot be carried out"),
        }
        self.poke.sync().await;
    }
}
