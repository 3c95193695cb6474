//! Hands notifications to their channels and processes the results.

use super::Manager;
use super::senders::{Outcome, Senders};

impl Manager {
    /// Gives every idle channel its next due notification.
    pub(super) fn hand_out(&self, senders: &mut Senders) {
        let now = self.parts.clock.now();
        for open in &self.parts.channels {
            if self.paused.contains_key(&open.name) || !senders.is_free(&open.name) {
                continue;
            }
            let due = self.outbox.due(&open.name, now, &self.parts.options.retry);
            if let Some(parcel) = due {
                senders.send(&open.name, parcel);
            }
        }
    }

    /// Processes the result of a delivery attempt.
    pub(super) fn settle(&mut self, outcome: Outcome) {
        let Outcome {
            channel,
            kind,
            id,
            result,
        } = outcome;
        let metrics = &self.parts.metrics;
        let failure = match result {
            Ok(()) => {
                metrics
                    .titanic_notifications_sent_total
                    .of(kind)
                    .increment(1);
                self.outbox.taken(&id);
                return;
            }
            Err(failure) => failure,
        };
        metrics
            .titanic_notifications_failed_total
            .of(kind)
            .increment(1);
        let now = self.parts.clock.now();
        let retry = &self.parts.options.retry;
        let dead = self
            .outbox
            .failed(&id, &failure, now, retry, (self.parts.random)());
        let why = failure.why.as_str();
        if failure.gone {
            tracing::error!(
                channel,
                id,
                why,
                "alerts: the receiver responded with 410 Gone; its channel is paused until a restart or `alerts resend`"
            );
            self.paused.insert(channel, failure.why);
        } else if dead {
            tracing::error!(
                channel,
                id,
                why,
                "alerts: a notification was given up; `alerts resend` sends it again"
            );
        } else {
            tracing::warn!(
                channel,
                id,
                why,
                "alerts: the receiver did not accept a notification; retrying"
            );
        }
    }
}
