//! Settings of alerts: channels, rules, and how they behave.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::error::ConfigError;
use super::units::Span;
use crate::alert::channels::{ALWAYS, ChannelKind, Fence, Keys, Log, Settings, World};
use crate::alert::condition::{RULES, Rule, name};
use crate::alert::desk::Open;
use crate::alert::options::{self, Options, RuleOptions};
use crate::control::conditions::Thresholds;

/// `alerts`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alerts {
    /// How long a change waits for others of its rule.
    pub group_wait: Span,
    /// How long a receiver may take.
    pub timeout: Span,
    /// Where the server is; null: where it listens.
    pub url: Option<String>,
    /// Addresses that are reached although they are link-local or a cloud's.
    pub allow: Vec<IpAddr>,
    /// When a notification is sent again.
    pub retry: Retry,
    /// Channels by name.
    pub channels: BTreeMap<String, Settings>,
    /// The rules.
    pub rules: Rules,
}

/// `alerts.retry`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// The first wait.
    pub first: Span,
    /// The longest.
    pub max: Span,
    /// Age after which it is given up.
    pub give_up: Span,
}

macro_rules! rules {
    ($($(#[doc = $about:literal])* $name:ident: $rule:ident, $kind:ident { $($(#[doc = $doc:literal])* $field:ident: $type:ty,)* })+) => {
        /// `alerts.rules`.
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Rules {
            $($(#[doc = $about])* pub $name: $kind,)+
        }

        impl Rules {
            /// Every rule with what all rules have; none for one that is off.
            fn all(&self) -> [(Rule, Option<RuleOptions>); RULES.len()] {
                [$((Rule::$rule, self.$name.options()),)+]
            }
        }

        $(
            $(#[doc = $about])*
            #[derive(Clone, Debug, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $kind {
                /// Whether it is on.
                pub enabled: bool,
                $($(#[doc = $doc])* pub $field: $type,)*
                /// How long the condition holds before it fires.
                #[serde(rename = "for")]
                pub wait: Span,
                /// How long it is over before that counts.
                pub keep: Span,
                /// Between two notifications.
                pub repeat: Span,
                /// Channels; empty: all.
                pub channels: Vec<String>,
                /// Rules that keep it quiet while they fire.
                pub inhibited_by: Vec<Rule>,
            }

            impl $kind {
                fn options(&self) -> Option<RuleOptions> {
                    self.enabled.then(|| RuleOptions {
                        wait: self.wait.0,
                        keep: self.keep.0,
                        repeat: self.repeat.0,
                        channels: self.channels.clone(),
                        inhibited_by: self.inhibited_by.clone(),
                    })
                }
            }
        )+
    };
}

rules! {
    /// Rows are not like those the model learnt from.
    drift: Drift, DriftRule {}
    /// The model answers worse than it promised.
    decay: Decay, DecayRule {}
    /// Truths come late.
    label_delay: LabelDelay, LabelDelayRule {
        /// Later than this.
        after: Span,
    }
    /// The store cannot write.
    store: Store, StoreRule {}
    /// Too many rows are put aside.
    quarantine: Quarantine, QuarantineRule {
        /// More than this share of them.
        share: f64,
        /// Of at least so many.
        rows: NonZeroU64,
        /// Over so long.
        over: Span,
    }
    /// Predictions were answered and could not be kept.
    loss: Loss, LossRule {}
    /// The last training failed.
    training: Training, TrainingRule {}
    /// Answers take long.
    latency: Latency, LatencyRule {
        /// One of a hundred longer than this.
        p99: Span,
        /// Of at least so many requests.
        requests: NonZeroU64,
        /// Over so long.
        over: Span,
    }
}

impl Alerts {
    /// Which addresses are reached.
    pub fn fence(&self) -> Fence {
        Fence {
            allow: self.allow.clone(),
        }
    }

    /// How alerts behave.
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

    /// After how long a truth is late.
    pub fn late(&self) -> Duration {
        self.rules.label_delay.after.0
    }

    /// From where on the server's own conditions hold.
    pub fn thresholds(&self) -> Thresholds {
        let Rules {
            quarantine,
            latency,
            ..
        } = &self.rules;
        Thresholds {
            share: quarantine.share,
            rows: quarantine.rows.get(),
            rows_over: quarantine.over.0,
            p99: latency.p99.0,
            requests: latency.requests.get(),
            requests_over: latency.over.0,
        }
    }

    /// Where the server is, as receivers are told.
    pub fn url(&self, listens: SocketAddr) -> String {
        let url = self
            .url
            .clone()
            .unwrap_or_else(|| format!("http://{listens}"));
        url.trim_end_matches('/').to_owned()
    }

    /// Opens every channel, with its secrets.
    ///
    /// # Errors
    /// [`ConfigError::Channel`].
    pub fn open(&self) -> Result<Vec<Open>, ConfigError> {
        let names = self.options().channels.into_iter();
        names.map(|name| self.open_one(&name)).collect()
    }

    /// Opens one channel.
    ///
    /// # Errors
    /// [`ConfigError::Channel`], also where there is no such channel.
    pub fn open_one(&self, name: &str) -> Result<Open, ConfigError> {
        let always = Settings::Log(Log::default());
        let fault = |problem| ConfigError::Channel {
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
            channel: Arc::from(settings.open(&world).map_err(fault)?),
        })
    }

    fn no_channel(&self) -> String {
        format!(
            "there is no such channel; there are {}",
            self.options().channels.join(", ")
        )
    }

    /// What types cannot say: (key below `alerts`, problem).
    pub(super) fn faults(&self) -> Vec<(String, String)> {
        let mut faults = self.times();
        let fence = self.fence();
        for (name, settings) in &self.channels {
            let key = format!("channels.{name}");
            let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
            if name.is_empty() || !name.chars().all(plain) {
                let problem = "a name has letters, digits, - and _; choose another";
                faults.push((key.clone(), problem.into()));
            }
            if name == ALWAYS && settings.kind() != ChannelKind::Log {
                let problem = "this name belongs to the log, which is always there; choose another";
                faults.push((key.clone(), problem.into()));
            }
            faults.extend(settings.fault(&fence).map(|problem| (key, problem)));
        }
        for (rule, options) in self.rules.all() {
            let Some(options) = options else { continue };
            let key = |end: &str| format!("rules.{}.{end}", name(rule));
            if options.repeat < Duration::from_secs(1) {
                faults.push((
                    key("repeat"),
                    "0s is not allowed; write 1s or longer".into(),
                ));
            }
            let known = self.options().channels;
            if let Some(other) = options.channels.iter().find(|name| !known.contains(name)) {
                faults.push((key("channels"), format!("`{other}`: {}", self.no_channel())));
            }
            if self.comes_back_to(rule) {
                let problem =
                    "it would keep itself quiet, by way of the rules named here; leave one out";
                faults.push((key("inhibited_by"), problem.into()));
            }
        }
        faults
    }

    fn times(&self) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        let retry = &self.retry;
        let zero = "0s is not allowed; write 1s or longer";
        let spans = [("timeout", self.timeout), ("retry.first", retry.first)];
        for (key, span) in spans {
            if span.0.is_zero() {
                faults.push((key.to_owned(), zero.to_owned()));
            }
        }
        if retry.max.0 < retry.first.0 {
            let problem = format!("{} is shorter than retry.first, {}", retry.max, retry.first);
            faults.push(("retry.max".into(), problem));
        }
        let share = self.rules.quarantine.share;
        if !(0.0..1.0).contains(&share) {
            let problem = format!("{share} is not a share; write a number from 0 to below 1");
            faults.push(("rules.quarantine.share".into(), problem));
        }
        let over = [
            ("rules.quarantine.over", self.rules.quarantine.over),
            ("rules.latency.over", self.rules.latency.over),
        ];
        for (key, span) in over {
            if !(1..=86_400).contains(&span.0.as_secs()) {
                let problem = format!("{span} is not allowed; write 1s to 1d");
                faults.push((key.into(), problem));
            }
        }
        faults
    }

    /// Whether a rule keeps itself quiet by way of others.
    fn comes_back_to(&self, rule: Rule) -> bool {
        let all = self.rules.all();
        let parents = |of: Rule| {
            let found = all.iter().find(|(rule, _)| *rule == of);
            found
                .and_then(|(_, options)| options.as_ref())
                .map_or(&[][..], |o| &o.inhibited_by)
        };
        let (mut seen, mut next) = (Vec::new(), parents(rule).to_vec());
        while let Some(parent) = next.pop() {
            if parent == rule {
                return true;
            }
            if !seen.contains(&parent) {
                seen.push(parent);
                next.extend_from_slice(parents(parent));
            }
        }
        false
    }
}

/// The environment and the disk of this machine.
struct Machine;

impl Keys for Machine {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &Path) -> Result<Vec<u8>, String> {
        std::fs::read(path).map_err(|error| error.to_string())
    }
}
