//! Validation of the alert settings beyond their types.

use std::time::Duration;

use super::Alerts;
use crate::alert::channels::{ALWAYS, ChannelKind};
use crate::alert::condition::{Rule, name};

impl Alerts {
    /// Problems that the types cannot express: pairs of a key below `alerts` and a message.
    pub fn faults(&self) -> Vec<(String, String)> {
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
        let shares = [
            ("rules.quarantine.share", self.rules.quarantine.share),
            ("rules.rejected.share", self.rules.rejected.share),
        ];
        for (key, share) in shares {
            if !(0.0..1.0).contains(&share) {
                let problem = format!("{share} is not a share; write a number from 0 to below 1");
                faults.push((key.into(), problem));
            }
        }
        let over = [
            ("rules.quarantine.over", self.rules.quarantine.over),
            ("rules.rejected.over", self.rules.rejected.over),
            ("rules.latency.over", self.rules.latency.over),
        ];
        let p99 = self.rules.latency.p99;
        if p99.0.is_zero() {
            let problem = format!("{p99} is not allowed; every answer takes longer");
            faults.push(("rules.latency.p99".into(), problem));
        }
        for (key, span) in over {
            if !(1..=86_400).contains(&span.0.as_secs()) {
                let problem = format!("{span} is not allowed; write 1s to 1d");
                faults.push((key.into(), problem));
            }
        }
        faults
    }

    /// Whether a rule inhibits itself through other rules.
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
