//! The task that takes over the promotions of a source.

use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::View;
use super::champion::Champion as Named;
use super::error::SourceError;
use super::source::Source;
use crate::live::pointer;
use crate::live::{Champion, LiveModel};
use crate::model::Model;
use crate::registry::{Registry, Standing, Version};
use crate::schema::{Column, Schema};

/// Interval between two looks at the source. Promotions are live within two seconds.
pub const INTERVAL: Duration = Duration::from_secs(1);

/// Interval after a file that cannot be taken over.
const FILE_INTERVAL: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct Follower {
    pub source: Source,
    /// The folder in which the model is kept for the next start.
    pub registry: Registry,
    /// Makes a model live.
    pub pointer: pointer::Follower,
    pub view: View,
}

/// Why the source's champion is not live.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("{version} cannot be served: {fault}")]
    Unusable { version: Version, fault: String },
    #[error(
        "the source's ledger went back from line {known} to {found} within one epoch; a copy that lags is not followed back; if the source is to go back, restore it with `store restore`, which begins an epoch, or give the follower another --state"
    )]
    Older { known: u64, found: u64 },
    #[error(
        "{version} takes other rows than {live}, which clients of this follower send: {difference}; if this is the right source, start the follower anew to take it over"
    )]
    OtherRows {
        version: Version,
        live: Version,
        difference: String,
    },
}

impl FollowError {
    /// Whether the file was fetched and cannot be taken over.
    fn is_of_the_file(&self) -> bool {
        match self {
            FollowError::Unusable { .. } | FollowError::OtherRows { .. } => true,
            FollowError::Source(error) => matches!(
                error,
                SourceError::Damaged { .. }
                    | SourceError::Unchecked { .. }
                    | SourceError::TooLarge { .. }
            ),
            FollowError::Older { .. } => false,
        }
    }
}

impl Follower {
    /// Looks at the source at intervals; never ends. Each error is logged once until another comes or it is over.
    pub async fn run(self) {
        // Apart, so that the lag grows also while the source hangs.
        tokio::join!(self.follow(), self.measure());
    }

    async fn follow(&self) {
        let mut tick = tokio::time::interval(INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut said = String::new();
        loop {
            tick.tick().await;
            let text = match self.look().await {
                Ok(()) => String::new(),
                Err(error) => {
                    if error.is_of_the_file() {
                        // The whole file was fetched for it: not every second.
                        tick.reset_after(FILE_INTERVAL);
                    }
                    error.to_string()
                }
            };
            if text != said && !text.is_empty() {
                tracing::error!(
                    error = text,
                    "follower: the source's champion is not taken over; the last good model stays live"
                );
            } else if text.is_empty() && !said.is_empty() {
                tracing::info!("follower: the source is followed again");
            }
            said = text;
        }
    }

    /// Takes over the source's champion if it is not live.
    ///
    /// # Errors
    /// The source cannot be reached, went back, or has a file that cannot be served.
    pub async fn look(&self) -> Result<(), FollowError> {
        let named = self.source.champion().await?;
        let known = self.view.state();
        let (seq, epoch) = (named.standing.seq, named.standing.epoch.clone());
        // Known from this run, or from an earlier one.
        if known.is_of(&epoch) && seq < known.seq {
            return Err(FollowError::Older {
                known: known.seq,
                found: seq,
            });
        }
        let live = self.pointer.live.version();
        // Another epoch may give a number to another model, and so may a source that was never seen by this process.
        let is_other = known.current.is_none() || known.epoch != epoch;
        if live.as_ref() != Some(&named.version) || is_other {
            self.take_over(&named, known.current.is_some()).await?;
        }
        if !epoch.is_empty() && (known.seq, &known.epoch) != (seq, &epoch) {
            self.remember(named.standing.clone()).await;
        }
        let now = self.pointer.clock.now();
        self.view.change(|state| {
            state.source = self.source.name();
            (state.seq, state.epoch, state.current) = (seq, epoch, Some(now));
        });
        Ok(())
    }

    /// Continues from where an earlier run came, whose model is live.
    pub fn resume(&self, standing: Standing) {
        self.view.change(|state| {
            (state.seq, state.epoch) = (standing.seq, standing.epoch);
        });
    }

    /// Remembers for the next start how far the source's ledger came.
    async fn remember(&self, standing: Standing) {
        let registry = self.registry.clone();
        let kept = tokio::task::spawn_blocking(move || registry.keep_standing(&standing)).await;
        let kept = kept.map_err(|panic| panic.to_string());
        if let Err(error) = kept.and_then(|kept| kept.map_err(|error| error.to_string())) {
            tracing::error!(
                error,
                "follower: cannot keep how far the source's ledger came; the next start does not notice a source that went back"
            );
        }
    }

    /// `is_running`: whether clients rely on the rows that the live model takes.
    async fn take_over(&self, named: &Named, is_running: bool) -> Result<(), FollowError> {
        let bytes = self.source.file(named).await?;
        let (this, version) = (self.clone(), named.version.clone());
        let taken = tokio::task::spawn_blocking(move || {
            let unusable = |fault: String| FollowError::Unusable {
                version: version.clone(),
                fault,
            };
            let model = Model::from_bytes(&bytes).map_err(|fault| unusable(fault.to_string()))?;
            if is_running
                && let Some(live) = this.pointer.live.snapshot()
                && let Some(difference) = difference(live.model.model.schema(), model.schema())
            {
                return Err(FollowError::OtherRows {
                    version,
                    live: live.version.clone(),
                    difference,
                });
            }
            let champion = Champion::new(&this.registry, &version, model);
            this.pointer.take_over(version.clone(), champion);
            if let Err(error) = this.registry.keep(&version, &bytes) {
                tracing::error!(%error, "follower: the model is live, but it cannot be kept for the next start");
            }
            Ok(())
        });
        taken.await.unwrap_or_else(|panic| {
            Err(FollowError::Unusable {
                version: named.version.clone(),
                fault: format!("loading it failed: {panic}"),
            })
        })
    }

    /// Shows the lag; before the first contact, the time since the start.
    async fn measure(&self) {
        let begun = self.pointer.clock.now();
        let mut tick = tokio::time::interval(INTERVAL);
        loop {
            tick.tick().await;
            let now = self.pointer.clock.now();
            let waited = now.duration_since(begun).as_secs_f64();
            let lag = self.view.state().lag(now).unwrap_or(waited);
            self.pointer.metrics.titanic_follow_lag_seconds.set(lag);
        }
    }

    /// The live model that this follower sets.
    pub fn live(&self) -> &LiveModel {
        &self.pointer.live
    }
}

/// The first column that one schema has and the other has not, or has of another kind.
fn difference(live: &Schema, new: &Schema) -> Option<String> {
    let same = |column: &Column, of: &Schema| {
        let mut columns = of.columns().iter();
        columns.any(|other| other.name == column.name && other.kind.word() == column.kind.word())
    };
    let missing = live.columns().iter().find(|column| !same(column, new));
    let added = new.columns().iter().find(|column| !same(column, live));
    let shown = |column: &Column| format!("column {:?} ({})", column.name, column.kind.word());
    match (missing, added) {
        (None, None) => None,
        (Some(column), _) => Some(format!("it has no {}", shown(column))),
        (None, Some(column)) => Some(format!("it has the {}", shown(column))),
    }
}
