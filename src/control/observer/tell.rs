//! What is made of verdicts: events, which the steward reads; messages to subscribers; metrics; conditions of alerts.

use std::sync::Arc;

use serde_json::{Value, json};

use super::memory::{self, Memory};
use super::{Observer, conditions};
use crate::monitor::verdict::Verdict;
use crate::store::StoreError;
use crate::store::feed::Topic;
use crate::store::kind::Kind;
use crate::telemetry::metrics::Found;

impl Observer {
    /// Keeps verdicts and the memory they come from, all or nothing, and tells subscribers.
    pub(super) async fn conclude(
        &self,
        memory: &Memory,
        verdicts: &[(usize, Verdict)],
    ) -> Result<(), StoreError> {
        let bodies: Vec<Value> = verdicts.iter().map(|(_, v)| body(v)).collect();
        let event = |body: &Value| (Kind::Verdict, memory.model.clone(), body.to_string());
        let text = serde_json::to_string(memory).expect("its keys are text");
        let events = bodies.iter().map(event).collect();
        self.store.conclude(events, memory::NAME.into(), text).await?;
        for body in &bodies {
            self.feed.publish(Topic::Monitor, body);
        }
        Ok(())
    }

    /// Shows what was seen to whoever asks, and says what is wrong.
    pub(super) fn show(&self, memory: &Memory, verdicts: &[(usize, Verdict)]) {
        self.view.0.store(Arc::new(memory.clone()));
        for (_, verdict) in verdicts {
            let found = if verdict.drift.drift { Found::Drift } else { Found::Steady };
            self.metrics.titanic_monitor_windows_total.of(found).increment(1);
            if let Some(change) = verdict.change() {
                tracing::warn!(model = verdict.model, change, "the rows are not what the model learnt from");
            }
        }
        if let Some(verdict) = verdicts.iter().rev().find(|(n, _)| *n == 0).map(|(_, v)| v) {
            self.gauge(verdict);
        }
        self.alerts.report(conditions::of(memory, &self.options, self.clock.now()));
    }
}

/// A verdict as its event has it. The steward takes a text `change` for a wish to train.
fn body(verdict: &Verdict) -> Value {
    let mut body = json!({"about": "drift"});
    let asks = verdict.retrain.as_ref().is_some_and(|r| r.asked);
    let told = serde_json::to_value(verdict).expect("its keys are text");
    if let (Value::Object(body), Value::Object(told)) = (&mut body, told) {
        body.extend(told);
        body.insert("change".into(), json!(verdict.change().filter(|_| asks)));
    }
    body
}
