//! Requests of operators to the alert manager: silences, and dead letters to send again.

use std::time::Duration;

use jiff::Timestamp;

use super::Manager;
use crate::alert::handle::{Ask, AskError, Done};
use crate::alert::silence::{self, Silence};
use crate::alert::state::State;
use crate::clock;

impl Manager {
    /// Carries out a request. The reply is sent once the change is persisted.
    pub(super) fn answer(&mut self, ask: Ask) {
        let now = self.parts.clock.now();
        let (reply, answer) = match ask {
            Ask::Silence {
                alert,
                time,
                comment,
                reply,
            } => (reply, self.silence(&alert, time, comment, now)),
            Ask::SilenceLabels {
                matchers,
                time,
                comment,
                reply,
            } => {
                let silence =
                    Silence::labelled(clock::id(now).to_string(), matchers, now, time, comment);
                (reply, self.add(silence))
            }
            Ask::Unsilence { alert, reply } => (reply, self.unsilence(alert)),
            Ask::Resend { letter, reply } => (reply, self.resend(letter, now)),
        };
        self.replies.push((reply, answer));
    }

    fn resend(&mut self, letter: String, now: Timestamp) -> Done {
        let channel = self.outbox.get(&letter).map(|row| row.channel.clone());
        if let Some(channel) = channel.filter(|c| !self.parts.options.channels.contains(c)) {
            return Err(AskError::NoChannel(channel));
        }
        let channel = self.outbox.revive(&letter, now);
        let channel = channel.ok_or(AskError::NoLetter(letter))?;
        self.paused.remove(&channel);
        Ok(())
    }

    fn silence(&mut self, alert: &str, time: Duration, comment: String, now: Timestamp) -> Done {
        let silence = silenced(&self.state, alert, time, comment, now)?;
        self.add(silence)
    }

    fn add(&mut self, silence: Silence) -> Done {
        self.state.silences.push(silence);
        if self.state.silences.len() > silence::MOST {
            self.state.silences.remove(0);
        }
        self.state_changed = true;
        Ok(())
    }

    fn unsilence(&mut self, alert: String) -> Done {
        let found = self.state.alerts.values().find(|found| found.id == alert);
        let found = found
            .ok_or_else(|| AskError::NoAlert(alert.clone()))?
            .clone();
        let before = self.state.silences.len();
        let labels = found.all_labels();
        self.state
            .silences
            .retain(|silence| !silence.names(&labels));
        if self.state.silences.len() == before {
            return Err(AskError::NotSilenced(alert));
        }
        self.state_changed = true;
        Ok(())
    }
}

/// Builds a silence for the alert with this id.
pub fn silenced(
    state: &State,
    alert: &str,
    time: Duration,
    comment: String,
    now: Timestamp,
) -> Result<Silence, AskError> {
    let found = state.alerts.values().find(|found| found.id == alert);
    let found = found.ok_or_else(|| AskError::NoAlert(alert.into()))?;
    Ok(Silence::of(
        clock::id(now).to_string(),
        &found.all_labels(),
        now,
        time,
        comment,
    ))
}
