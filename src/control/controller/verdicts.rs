//! Acts on the verdicts about a shadow candidate and a champion on probation. Every action is a line of the ledger, which
//! the follower publishes.

use jiff::Timestamp;

use super::memory::{Memory, OnProbation, Shadowed};
use super::{RetrainController, Trained};
use crate::control::scorer::Part;
use crate::live::champion::{Champion, usable};
use crate::promotion::chain::Chain;
use crate::promotion::gate::{Gate, Thresholds};
use crate::promotion::shadow::{Live, Shadow};
use crate::promotion::{probation, shadow};
use crate::registry::evidence::Compared;
use crate::registry::{Decision, Evidence, Registry, RegistryError, Version};
use crate::store::event::VerdictEvent;
use crate::trainset::labelled::through;

impl RetrainController {
    /// Puts the candidate of an undecided training into the shadow, where it replaces any other.
    pub(super) async fn begin_shadow(
        &self,
        memory: &mut Memory,
        trained: &Trained,
        gate: &Gate,
    ) -> Result<(), anyhow::Error> {
        let Some(live) = self.live.snapshot() else {
            return Ok(());
        };
        let shadowed = self.compared(&trained.version, &live.model).await?;
        let why = format!("{} takes its place", trained.version);
        self.leave_shadow(memory, why).await;
        let decision = Decision {
            by: "gate".into(),
            reason: gate.reason(),
            evidence: Evidence::Undecided {
                gate: gate.clone(),
                rows: trained.evidence.rows.clone(),
            },
        };
        let (version, over) = (trained.version.clone(), live.version.clone());
        let begun = self
            .carry_out(move |registry, now| registry.begin_shadow(&version, &over, decision, now))
            .await;
        memory.shadow = begun?.map(|_| shadowed);
        self.cast(memory).await;
        self.remember(memory).await?;
        self.wake.sync().await;
        Ok(())
    }

    /// Resumes a shadow that is in the ledger but not in the persisted state, because of a crash between the two writes.
    pub(super) async fn resume_shadow(&self, memory: &mut Memory) {
        let registry = self.registry.clone();
        let known = tokio::task::spawn_blocking(move || registry.shadow()).await;
        let (Ok(Ok(Some(entry))), None, Some(live)) = (known, &memory.shadow, self.live.snapshot())
        else {
            return;
        };
        if entry.previous.as_ref() != Some(&live.version) {
            return;
        }
        match self.compared(&entry.model, &live.model).await {
            Ok(shadowed) => memory.shadow = Some(shadowed),
            Err(error) => {
                tracing::warn!(%error, "shadow: the candidate cannot be loaded; it is not compared with the live model")
            }
        }
    }

    /// Gives the current shadow candidate, or none, to the shadow scorer. A candidate that cannot be read is dropped.
    pub(super) async fn cast(&self, memory: &mut Memory) {
        let playing = self.scorer.candidate();
        let playing = playing.as_ref().map(|candidate| &*candidate.name);
        let wanted = memory.shadow.as_ref().map(|shadowed| &*shadowed.model);
        if playing == wanted {
            return;
        }
        self.scorer.rest();
        let Some(shadowed) = &memory.shadow else {
            return;
        };
        match self.part(shadowed).await {
            Ok(part) => self.scorer.play(part, shadowed.live.clone()),
            Err(error) => {
                let why = format!("it cannot be read: {error}");
                self.leave_shadow(memory, why).await;
            }
        }
    }

    async fn part(&self, shadowed: &Shadowed) -> Result<Part, anyhow::Error> {
        let (registry, version) = (self.registry.clone(), shadowed.model.parse::<Version>()?);
        let candidate =
            tokio::task::spawn_blocking(move || Champion::read(&registry, &version)).await??;
        Ok(Part {
            candidate: candidate.into(),
            champion: (&*shadowed.champion).into(),
            thresholds: shadowed.state.thresholds(),
        })
    }

    /// A new comparison of the version with the champion.
    async fn compared(
        &self,
        version: &Version,
        champion: &Champion,
    ) -> Result<Shadowed, anyhow::Error> {
        let (registry, wanted) = (self.registry.clone(), version.clone());
        let read = move || {
            let candidate = Champion::read(&registry, &wanted)?;
            Ok::<_, anyhow::Error>((candidate, through(&registry, &wanted)?))
        };
        let (candidate, through) = tokio::task::spawn_blocking(read).await??;
        let thresholds = Thresholds {
            champion: champion.model.spec().decision.threshold,
            candidate: candidate.model.spec().decision.threshold,
        };
        Ok(Shadowed {
            model: version.to_string(),
            champion: champion.name.to_string(),
            through,
            state: Shadow::new(thresholds, self.options.shadow),
            rows: Chain::default(),
            live: Live::default(),
        })
    }

    /// Ends a shadow without a verdict.
    pub(super) async fn leave_shadow(&self, memory: &mut Memory, why: String) {
        if let Some(shadowed) = memory.shadow.take() {
            self.drop_candidate(&shadowed, why).await;
            self.wake.sync().await;
        }
    }

    /// Ends the shadow once there is a verdict. The decision is carried out before it is published, because with a failing
    /// store it would otherwise be published repeatedly.
    pub(super) async fn end_shadow(&self, memory: &mut Memory) -> Result<(), anyhow::Error> {
        let settled = |shadowed: &&Shadowed| shadowed.state.verdict() != shadow::Verdict::GoOn;
        let Some(shadowed) = memory.shadow.as_ref().filter(settled).cloned() else {
            return Ok(());
        };
        let reason = shadowed.state.reason();
        if shadowed.state.verdict() == shadow::Verdict::Promote {
            let decision = decision(&shadowed, reason);
            let (version, over): (Version, Version) =
                (shadowed.model.parse()?, shadowed.champion.parse()?);
            let promoted = self
                .carry_out(move |registry, now| {
                    registry.promote_over(Some(&over), &version, decision, usable, now)
                })
                .await;
            let void = match promoted {
                Ok(Some(_)) => None,
                Ok(None) => Some("another became champion".to_owned()),
                Err(error) => Some(format!("better, but it cannot be promoted: {error}")),
            };
            if let Some(why) = void {
                self.drop_candidate(&shadowed, why).await;
            }
        } else {
            self.drop_candidate(&shadowed, reason).await;
        }
        self.wake.sync().await;
        memory.shadow = None;
        let shadow = shadowed.state.figures();
        self.tell(&shadowed.model, VerdictEvent::Shadow { shadow })
            .await
    }

    async fn drop_candidate(&self, shadowed: &Shadowed, why: String) {
        let Ok(version) = shadowed.model.parse::<Version>() else {
            return; // no version of ours
        };
        let decision = decision(shadowed, why);
        // An error is logged; the comparison ends nevertheless.
        let _ = self
            .carry_out(move |registry, now| registry.end_shadow(&version, decision, now))
            .await;
    }

    /// Ends the probation once there is a verdict.
    pub(super) async fn end_probation(&self, memory: &mut Memory) -> Result<(), anyhow::Error> {
        let settled = |watched: &&OnProbation| watched.state.verdict() != probation::Verdict::GoOn;
        let Some(watched) = memory.probation.as_ref().filter(settled).cloned() else {
            return Ok(());
        };
        let verdict = watched.state.verdict();
        if let probation::Verdict::RollBack { why, figures } = &verdict {
            let decision = Decision {
                by: "probation".into(),
                reason: why.clone(),
                evidence: Evidence::Probation {
                    probation: figures.clone(),
                    rows: Compared {
                        rows: figures.rows,
                        ids: watched.rows.clone(),
                    },
                },
            };
            let model: Version = watched.model.parse()?;
            let done = self
                .carry_out(move |registry, now| {
                    registry.rollback_from(&model, decision, usable, now)
                })
                .await;
            if let Ok(None) = done {
                tracing::info!(
                    "probation: the champion has changed in the meantime; nothing is rolled back"
                );
            }
            self.wake.sync().await;
        }
        memory.probation = None;
        let probation = verdict;
        self.tell(&watched.model, VerdictEvent::Probation { probation })
            .await
    }

    /// Performs a registry operation. An error is logged, and the operation is not retried.
    async fn carry_out<T: Send + 'static>(
        &self,
        deed: impl FnOnce(&Registry, Timestamp) -> Result<Option<T>, RegistryError> + Send + 'static,
    ) -> Result<Option<T>, anyhow::Error> {
        let (registry, now) = (self.registry.clone(), self.clock.now());
        let done = match tokio::task::spawn_blocking(move || deed(&registry, now)).await {
            Ok(done) => done.map_err(anyhow::Error::from),
            Err(panic) => Err(panic.into()),
        };
        done.inspect_err(|error| tracing::error!(%error, "the decision of the shadow comparison or of probation cannot be carried out"))
    }
}

/// The decision of the shadow comparison, with its metrics as evidence.
fn decision(shadowed: &Shadowed, reason: String) -> Decision {
    let figures = shadowed.state.figures();
    let rows = Compared {
        rows: figures.rows,
        ids: shadowed.rows.clone(),
    };
    Decision {
        by: "shadow".into(),
        reason,
        evidence: Evidence::Shadow {
            shadow: figures,
            rows,
        },
    }
}
