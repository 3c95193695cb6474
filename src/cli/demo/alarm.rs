//! The alarm of the demo: the monitor's drift verdict on the shifted rows, and the alert that the server raises for it.

use std::time::Instant;

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::story::{LOOK, PATIENCE, Story};
use crate::alert::Rule;
use crate::alert::view::{Shown, View};
use crate::clock::rfc3339;
use crate::serve::views::{Monitor, StoredPrediction};

/// The drift alert and the verdict that it was raised for.
pub(super) struct Alarm {
    /// When the alert began to fire.
    pub(super) since: Timestamp,
    /// Description of the drift.
    pub(super) change: String,
    alert: Shown,
}

impl Alarm {
    pub(super) fn evidence(&self) -> Value {
        json!({"alert": self.alert.id, "change": self.change})
    }
}

impl Story<'_> {
    /// The alarm about the rows up to the prediction `last`; `None` if the monitor's newest verdict on them is without drift.
    pub(super) async fn alarm(
        &self,
        last: &str,
        shifted: Timestamp,
    ) -> anyhow::Result<Option<Alarm>> {
        let seen = self.monitor(last).await?;
        let newest = seen.history.into_iter().find(|brief| brief.slice.is_none());
        let Some(change) = newest.and_then(|brief| brief.change) else {
            return Ok(None);
        };
        let alert = self
            .firing(&seen.model.context("the monitor has no model")?)
            .await?;
        if alert.since < shifted {
            bail!(
                "the drift alert has been firing since {}, before the shift",
                rfc3339(alert.since)
            );
        }
        Ok(Some(Alarm {
            since: alert.since,
            change,
            alert,
        }))
    }

    /// Fails if the monitor found drift in the rows up to the prediction `last`, which have none: by its level, one window in
    /// some hundreds is a false alarm, and which rows those are depends on the seed.
    pub(super) async fn no_alarm(&self, last: &str) -> anyhow::Result<()> {
        let seen = self.monitor(last).await?;
        let newest = seen.history.into_iter().find(|brief| brief.slice.is_none());
        match newest.and_then(|brief| brief.change) {
            None => Ok(()),
            Some(change) => bail!(
                "the monitor raised a false alarm on the steady rows ({change}); play the demo with another --seed"
            ),
        }
    }

    /// The monitor, once it has read the event of the demo's last prediction: those before it are stored before it. What
    /// other clients ask meanwhile makes no difference.
    async fn monitor(&self, last: &str) -> anyhow::Result<Monitor> {
        // Its label was acknowledged, so it is stored.
        let path = format!("/v1/predictions/{last}");
        let stored: StoredPrediction = self.visitor.get(&path).await?;
        let seq = stored.event.seq;
        let begun = Instant::now();
        loop {
            let seen: Monitor = self.visitor.get("/v1/monitor").await?;
            if seen.seq >= seq {
                return Ok(seen);
            }
            if begun.elapsed() > PATIENCE {
                bail!("the monitor has not read prediction {last}, event {seq}");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The firing drift alert about a model, once it fires.
    async fn firing(&self, model: &str) -> anyhow::Result<Shown> {
        let begun = Instant::now();
        loop {
            let View { alerts, .. } = self.visitor.get("/v1/alerts").await?;
            let is_ours = |alert: &Shown| {
                alert.rule == Rule::Drift && alert.subject == model && alert.state == "firing"
            };
            if let Some(alert) = alerts.into_iter().find(is_ours) {
                return Ok(alert);
            }
            if begun.elapsed() > PATIENCE {
                bail!("the monitor found drift, and no alert fires for it");
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
