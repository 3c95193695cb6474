//! Settings of alerts: channels, rules and retries.

mod faults;
mod rules;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

pub use rules::{LatencyRule, QuarantineRule, RejectedRule, Rules};

use super::channels::{ALWAYS, Fence, Keys, Log, Settings, World};
use super::manager::Open;
use super::options::{self, Options};
use crate::units::Span;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alerts {
    /// How long a change waits for others of the same rule, so that one notification covers them.
    pub group_wait: Span,
    /// Time limit of one delivery attempt.
    pub timeout: Span,
    /// Base URL of the server in notifications; null: the address it listens on.
    pub url: Option<String>,
    /// Addresses that may be reached although they are link-local or a cloud's metadata service.
    pub allow: Vec<IpAddr>,
    /// When a failed delivery is retried.
    pub retry: Retry,
    pub channels: BTreeMap<String, Settings>,
    pub rules: Rules,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    pub first: Span,
    pub max: Span,
    /// Age after which a notification is given up.
    pub give_up: Span,
}

/// A channel that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("alerts.channels.{channel}: {problem}")]
pub struct ChannelError {
    pub channel: String,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl Alerts {
    pub fn fence(&self) -> Fence {
        Fence {
            allow: self.allow.clone(),
        }
    }

    pub fn options(&self) -> Options {
        let rules = self.rules.all().into_iter();
        let mut channels: Vec<String> = self.channels.keys().cloned().collect();
        if !self.channels.contains_key(ALWAYS) {
            channels.push(ALWAYS.into());
        }
        Options {
            group_wait: self.group_wait.0,
            retry: options::Retry {
                first: self.retry.first.0,
                max: self.retry.max.0,
                give_up: self.retry.give_up.0,
            },
            rules: rules
                .filter_map(|(rule, options)| Some((rule, options?)))
                .collect(),
            channels,
        }
    }

    /// Age after which the label of a prediction counts as late.
    pub fn late(&self) -> std::time::Duration {
        self.rules.label_delay.after.0
    }

    /// Base URL of the server in notifications; `own` is the one that the server knows by itself.
    pub fn url(&self, own: &impl ToString) -> String {
        let url = self.url.clone().unwrap_or_else(|| own.to_string());
        url.trim_end_matches('/').to_owned()
    }

    /// Opens every channel, including its secrets.
    pub fn open(&self) -> Result<Vec<Open>, ChannelError> {
        let names = self.options().channels.into_iter();
        names.map(|name| self.open_one(&name)).collect()
    }

    /// Channels that cannot be opened, other than those that [`Alerts::faults`] reports.
    pub fn open_faults(&self) -> Vec<ChannelError> {
        let fence = self.fence();
        let sound = self
            .channels
            .iter()
            .filter(|(_, settings)| settings.fault(&fence).is_none());
        sound
            .filter_map(|(name, _)| self.open_one(name).err())
            .collect()
    }

    /// Opens the channel of this name, which may be missing or have a fault.
    pub fn open_one(&self, name: &str) -> Result<Open, ChannelError> {
        let always = Settings::Log(Log::default());
        let fault = |problem| ChannelError {
            channel: name.to_owned(),
            problem,
        };
        let settings = match self.channels.get(name) {
            Some(settings) => settings,
            None if name == ALWAYS => &always,
            None => return Err(fault(self.no_channel())),
        };
        let world = World {
            keys: &Machine,
            fence: self.fence(),
            timeout: self.timeout.0,
        };
        Ok(Open {
            name: name.to_owned(),
            kind: settings.kind(),
            channel: Arc::from(settings.open(&world).map_err(|e| fault(e.to_string()))?),
        })
    }

    fn no_channel(&self) -> String {
        format!(
            "there is no such channel; there are {}",
            self.options().channels.join(", ")
        )
    }
}

/// Reads secrets from the environment and the disk of this machine.
struct Machine;

impl Keys for Machine {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        std::fs::read(path)
    }
}
