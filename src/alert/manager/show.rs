//! Publishes the state of the alert manager: the view and the gauges.

use std::sync::Arc;

use super::Manager;
use super::parts::Open;
use crate::alert::channels::{self, ChannelKind};
use crate::alert::condition::Rule;
use crate::alert::state::Phase;
use crate::alert::view::{self, ChannelView, View};

impl Manager {
    /// Publishes the current view and updates the gauges.
    pub(super) fn show(&self) {
        let channel = |open: &Open| ChannelView {
            name: open.name.clone(),
            kind: channels::name(open.kind).into(),
            paused: self.paused.get(&open.name).cloned(),
        };
        let view = View {
            alerts: view::alerts(&self.state),
            silences: self.state.silences.clone(),
            channels: self.parts.channels.iter().map(channel).collect(),
            outbox: self.outbox.view(),
        };
        self.handle.view.store(Arc::new(view));
        let metrics = &self.parts.metrics;
        for &rule in Rule::ALL {
            let fires = self.state.alerts.values();
            let fires = fires.filter(|a| a.rule == rule && a.phase == Phase::Firing);
            metrics
                .titanic_alerts_firing
                .of(rule)
                .set(fires.count() as f64);
        }
        for &kind in ChannelKind::ALL {
            let of = self.parts.channels.iter().filter(|open| open.kind == kind);
            let counts = of.map(|open| self.outbox.counts(&open.name));
            let (waiting, dead) = counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            metrics
                .titanic_notifications_waiting
                .of(kind)
                .set(waiting as f64);
            metrics.titanic_notifications_dead.of(kind).set(dead as f64);
        }
    }
}
