//! Publishes findings as events (which the retrain controller reads), messages to subscribers, metrics and alert conditions.

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use super::memory::{self, Memory};
use super::reader::Finding;
use super::{MonitorTask, conditions};
use crate::monitor::cbpe::Estimated;
use crate::monitor::drift::{ColumnDrift, Drift};
use crate::monitor::performance::{Fired, Window};
use crate::monitor::quality::QualityIssue;
use crate::monitor::verdict::{Retrain, Verdict};
use crate::store::StoreError;
use crate::store::event::VerdictEvent;
use crate::store::feed::Topic;
use crate::store::kind::Kind;
use crate::telemetry::metrics::{ClosedLabel, Detector, Figure, Found, Share};

/// Value of a gauge for an undefined metric.
const UNDEFINED: f64 = f64::NAN;

impl MonitorTask {
    /// Persists the findings and the state in one commit, then publishes the findings to subscribers.
    pub(super) async fn conclude(
        &self,
        memory: &Memory,
        found: &[Finding],
    ) -> Result<(), StoreError> {
        let bodies: Vec<Box<RawValue>> = found
            .iter()
            .map(|f| f.body(memory, self.retraining_off))
            .collect();
        let event = |body: &RawValue| {
            let (id, body) = (memory.model.clone(), body.get().to_owned());
            (Kind::Verdict, id, body)
        };
        let text = serde_json::to_string(memory).expect("its keys are text");
        let events = bodies.iter().map(|body| event(body)).collect();
        self.store
            .conclude(events, memory::NAME.into(), text)
            .await?;
        for body in &bodies {
            self.feed.publish(Topic::Monitor, body);
        }
        Ok(())
    }

    /// Publishes the state for a champion that is newly monitored: gauges and alerts may still show the
    /// previous one, or nothing.
    pub(super) fn take_up(&self, memory: &Memory) {
        self.gauge(memory.verdict());
        let last = memory.performance.as_ref().and_then(|p| p.last());
        self.show_performance(last);
        self.show(memory, &[]);
        if !memory.history.is_empty() {
            conditions::tell(&self.alerts, memory);
        }
    }

    /// Publishes the state and the findings to readers, metrics and alerts.
    pub(super) fn show(&self, memory: &Memory, found: &[Finding]) {
        self.view.0.store(Arc::new(memory.clone()));
        for finding in found {
            match finding {
                Finding::Verdict(verdict) => self.show_verdict(verdict, memory),
                Finding::Performance(window) => self.show_performance(Some(window)),
                Finding::Fired(fired) => self.show_fired(fired),
            }
        }
        if !found.is_empty() {
            conditions::tell(&self.alerts, memory);
        }
        self.show_delay(memory);
        let filled = memory.streams.first().map_or(0, |s| s.filled());
        self.metrics.titanic_monitor_window_rows.set(filled as f64);
        self.metrics
            .titanic_monitor_skipped_predictions_total
            .absolute(memory.skipped);
        let open = memory.performance.as_ref().and_then(|p| p.open());
        let labels = open.map_or(0, |open| open.n);
        self.metrics
            .titanic_performance_window_labels
            .set(labels as f64);
    }

    fn show_verdict(&self, verdict: &Verdict, memory: &Memory) {
        let found = if verdict.drift.drift {
            Found::Drift
        } else {
            Found::Steady
        };
        if verdict.full {
            let windows = &self.metrics.titanic_monitor_windows_total;
            windows.of(found).increment(1);
        }
        let mut of_stream = memory.history.iter().filter(|b| b.slice == verdict.slice);
        let is_known = of_stream.nth(1).is_some_and(|before| before.drift);
        if let Some(change) = verdict.change().filter(|_| !is_known) {
            tracing::warn!(
                model = verdict.model,
                change,
                "drift: the rows differ from the training rows"
            );
        }
        if verdict.slice.is_none() {
            self.gauge(Some(verdict));
        }
    }

    /// Publishes a verdict on all rows as metrics, or clears them without one.
    fn gauge(&self, verdict: Option<&Verdict>) {
        let metrics = &self.metrics;
        let columns = verdict.map_or(&[][..], |verdict| &verdict.drift.columns);
        let by = |value: fn(&ColumnDrift) -> Option<f64>| {
            columns.iter().map(move |c| (c.name.as_str(), value(c)))
        };
        metrics
            .titanic_drift_p_value_ratio
            .set(by(|c| c.p_adjusted));
        metrics.titanic_drift_psi_nats.set(by(|c| c.psi));
        metrics.titanic_drift_distance_ratio.set(by(|c| c.js));
        metrics.titanic_drift_shift_ratio.set(by(|c| c.wasserstein));
        metrics
            .titanic_drift_missing_ratio
            .set(by(|c| c.missing.current));
        let drifted = columns.iter().filter(|c| c.drift).count();
        metrics.titanic_monitor_drifted_columns.set(drifted as f64);
        let estimated = verdict.and_then(|verdict| verdict.estimated.as_ref());
        let e = estimated.map(|e| e.estimate).unwrap_or_default();
        let shown = &metrics.titanic_performance_estimated_ratio;
        for figure in Figure::ALL {
            let value = e.get(Figure::VALUES[figure.index()]);
            shown.of(*figure).set(value.unwrap_or(UNDEFINED));
        }
    }

    /// Publishes a full window of labels as metrics, or clears them without one.
    fn show_performance(&self, window: Option<&Window>) {
        let shown = &self.metrics.titanic_performance_live_ratio;
        for figure in Figure::ALL {
            let found = window.and_then(|w| w.get(Figure::VALUES[figure.index()]));
            let value = found.and_then(|figure| figure.value);
            shown.of(*figure).set(value.unwrap_or(UNDEFINED));
        }
    }

    fn show_delay(&self, memory: &Memory) {
        let delay = memory.delay.as_ref().and_then(|delay| delay.last());
        let seconds = &self.metrics.titanic_label_delay_seconds;
        for (share, value) in [
            (Share::Half, delay.map(|delay| delay.median)),
            (Share::NineTenths, delay.map(|delay| delay.p90)),
        ] {
            seconds.of(share).set(value.unwrap_or(UNDEFINED));
        }
    }

    fn show_fired(&self, fired: &Fired) {
        let is_it = |d: &&Detector| Detector::VALUES[d.index()] == fired.detector;
        let detector = Detector::ALL.iter().find(is_it);
        if let Some(detector) = detector.filter(|_| fired.decay) {
            self.metrics
                .titanic_performance_alarms_total
                .of(*detector)
                .increment(1);
        }
        tracing::warn!(
            change = fired.says,
            "performance: the share of wrong decisions has changed"
        );
    }
}

/// The details of a verdict on a window of rows.
#[derive(Serialize)]
struct Details<'a> {
    #[serde(flatten)]
    drift: &'a Drift,
    #[serde(rename = "ailments")]
    issues: &'a [QualityIssue],
    estimated: &'a Option<Estimated>,
    change: Option<String>,
}

impl Finding {
    /// The body of the finding's event, without the time, which the event has itself.
    fn body(&self, memory: &Memory, retraining_off: Option<&str>) -> Box<RawValue> {
        match self {
            Finding::Verdict(verdict) => drift(verdict).to_json(),
            Finding::Performance(window) => {
                let decayed = memory.performance.as_ref().and_then(|p| p.decayed());
                VerdictEvent::Performance {
                    model: memory.model.clone(),
                    details: window,
                    decay: decayed.is_some(),
                }
                .to_json()
            }
            Finding::Fired(fired) => VerdictEvent::Decay {
                model: memory.model.clone(),
                details: fired,
                retrain: fired.decay.then(|| follow(fired, memory, retraining_off)),
            }
            .to_json(),
        }
    }
}

fn drift(verdict: &Verdict) -> VerdictEvent<Details<'_>> {
    VerdictEvent::Drift {
        model: verdict.model.clone(),
        slice: verdict.slice.clone(),
        retrain: verdict.retrain.clone(),
        window: verdict.window,
        full: verdict.full,
        batch: verdict.batch,
        details: Details {
            drift: &verdict.drift,
            issues: &verdict.issues,
            estimated: &verdict.estimated,
            change: verdict.change(),
        },
    }
}

/// Decides whether a rise of the error starts a training. It does not if the labels belong to rows with a data-quality issue.
fn follow(fired: &Fired, memory: &Memory, retraining_off: Option<&str>) -> Retrain {
    let refused = memory
        .issue_near(fired.at)
        .or_else(|| retraining_off.map(str::to_owned));
    Retrain {
        asked: refused.is_none(),
        why: refused.unwrap_or_else(|| fired.says.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A stored event is a contract: the verdict of the fixture is written again, byte by byte.
    #[test]
    fn a_verdict_is_written_as_in_earlier_releases() {
        let events = include_str!("../../tests/fixtures/store-4/export.jsonl");
        let event = events.lines().find(|line| line.contains(r#""drift""#));
        let event = event.unwrap();
        let body = &event[event.find(r#""about""#).unwrap()..];
        let mut document: serde_json::Value = serde_json::from_str(&format!("{{{body}")).unwrap();
        document["time"] = json!("2026-01-31T09:15:00Z");
        let verdict: Verdict = serde_json::from_value(document).unwrap();
        assert_eq!(drift(&verdict).to_json().get()[1..], *body);
    }
}
