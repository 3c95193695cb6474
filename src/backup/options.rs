//! Settings of scheduled backups.

use std::num::NonZeroUsize;

use serde::Deserialize;

use super::make::Order;
use super::place::Place;
use crate::bucket::Limits;
use crate::units::Span;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Interval of scheduled backups; `None`: there are none.
    pub every: Option<Span>,
    /// The folder or the prefix of a bucket for scheduled backups.
    pub to: Option<String>,
    /// How many scheduled backups are kept.
    pub keep: NonZeroUsize,
    /// Whether a backup is restored for a check before it counts as done.
    pub verify: bool,
}

impl Options {
    /// What is wrong beyond what the types check, by key.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        if self.every.is_some_and(|every| every.0.is_zero()) {
            let problem = "0s is not allowed; write an interval such as 1d, or null for none";
            faults.push(("every", problem.into()));
        }
        match &self.to {
            None if self.every.is_some() => {
                let problem = "scheduled backups need a place; write a folder, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX";
                faults.push(("to", problem.into()));
            }
            None => {}
            Some(to) => faults.extend(Place::parse(to).err().map(|e| ("to", e.to_string()))),
        }
        faults
    }

    /// How scheduled backups are made; `None` if there are none.
    pub fn scheduled(&self) -> Option<Order> {
        self.every?;
        Some(Order {
            to: Place::parse(self.to.as_deref()?).ok()?,
            verify: self.verify,
            keep: Some(self.keep),
            background: true,
            limits: Limits::default(),
        })
    }

    /// How a backup on request is made.
    pub fn order(&self, to: Place, background: bool) -> Order {
        Order {
            to,
            verify: self.verify,
            keep: None,
            background,
            limits: Limits::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_needs_a_place() {
        let check = |text: &str, expected: &[&str]| {
            let options: Options = serde_json::from_str(text).unwrap();
            let keys: Vec<&str> = options.faults().iter().map(|(key, _)| *key).collect();
            assert_eq!(keys, expected, "{text}");
            let is_on = expected.is_empty() && options.every.is_some();
            assert!(!expected.is_empty() || options.scheduled().is_some() == is_on);
        };
        let with = |every: &str, to: &str| {
            format!(r#"{{"every": {every}, "to": {to}, "keep": 7, "verify": true}}"#)
        };
        check(&with("null", "null"), &[]);
        check(&with("null", r#""backups""#), &[]);
        check(&with(r#""1d""#, r#""s3://shop/backups""#), &[]);
        check(&with(r#""1d""#, "null"), &["to"]);
        check(&with(r#""0s""#, r#""backups""#), &["every"]);
        check(&with("null", r#""ftp://host""#), &["to"]);
    }
}
