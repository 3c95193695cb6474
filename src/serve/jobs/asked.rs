//! The body of a training request. Every key is checked, and all faults are reported together.

use std::str::FromStr;

use serde_json::{Value, json};

use crate::control::jobs::{Asked, Limits, MAX_BAD, learners};
use crate::promotion::policy::Promote;
use crate::schema::fault::nearest;
use crate::serve::pairs::{Pairs, whole};
use crate::serve::problem::{Entry, Problem, escape, kind};
use crate::units::{Latency, Span};

/// Keys of the body, the same as in [`schema`].
const KEYS: &[&str] = &[
    "learner",
    "folds",
    "repeats",
    "seed",
    "budget",
    "budget_units",
    "max_latency",
    "promote",
    "max_bad",
];

/// Maximum folds or repeats in a training request. A larger number is a mistake or an attack.
const MOST_FITS: u64 = 1000;

/// Training parameters for the keys that the body omits.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// Number of folds of the cross-validation.
    pub folds: usize,
    /// Number of repeats of the cross-validation.
    pub repeats: usize,
    /// Seed of all random decisions in the training.
    pub seed: u64,
    /// Whether the new version is promoted.
    pub promote: Promote,
}

/// JSON Schema of the body. Null means the same as an absent key, because many clients write null for unset values.
pub fn schema() -> Value {
    let learners = ["auto"].into_iter().chain(learners()).map(Value::from);
    let learners: Vec<Value> = learners.chain([Value::Null]).collect();
    json!({"type": "object", "additionalProperties": false, "properties": {
        "learner": {"enum": learners, "default": "auto"},
        "folds": {"type": ["integer", "null"], "minimum": 2, "maximum": MOST_FITS},
        "repeats": {"type": ["integer", "null"], "minimum": 1, "maximum": MOST_FITS},
        "seed": {"type": ["integer", "null"], "minimum": 0, "maximum": u64::MAX},
        "budget": {
            "type": ["string", "null"],
            "pattern": "^[0-9]{1,9}(ms|s|m|h|d)$",
            "description": "work of the training, as a time of one core: 60s, 10m",
            "examples": ["60s"],
        },
        "budget_units": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": u64::MAX,
            "description": "the same in units, as the card of a model says them; of both the smaller one counts",
        },
        "max_latency": {
            "type": ["string", "null"],
            "pattern": "^[1-9][0-9]{0,8}(ns|us|ms|s)$",
            "description": "longest time to score one row: 50us, 1ms",
            "examples": ["50us"],
        },
        "promote": {"enum": ["auto", "always", "never", null]},
        "max_bad": {
            "type": ["number", "null"],
            "minimum": 0,
            "maximum": 1,
            "default": MAX_BAD,
            "description": "largest share of bad rows",
        },
    }})
}

/// Parses the body of a training request made by `by`. An empty body requests a training with the defaults.
///
/// # Errors
/// 400 if the body is not a JSON object; 422 with all invalid keys.
pub fn read(body: &[u8], defaults: &Defaults, by: String) -> Result<Asked, Problem> {
    let Pairs(pairs) = match body.trim_ascii() {
        [] => Pairs::default(),
        body => serde_json::from_slice(body).map_err(|fault| {
            Problem::new(
                &kind::UNREADABLE,
                format!("not readable as an object of JSON: {fault}"),
            )
        })?,
    };
    let mut keys = Keys {
        pairs,
        faults: Vec::new(),
    };
    keys.refuse_unknown();
    let folds = keys.number("folds", 2, MOST_FITS);
    let repeats = keys.number("repeats", 1, MOST_FITS);
    let budget = keys.unit::<Span>("budget", "a time such as 60s or 10m");
    let units = keys.number("budget_units", 1, u64::MAX);
    let latency = keys.unit::<Latency>("max_latency", "a time such as 50us or 1ms");
    let asked = Asked {
        folds: folds.unwrap_or(defaults.folds as u64) as usize,
        repeats: repeats.unwrap_or(defaults.repeats as u64) as usize,
        limits: Limits {
            budget: budget
                .map(|span| Limits::units(span.0))
                .into_iter()
                .chain(units)
                .min(),
            fixed_folds: folds.is_some() || repeats.is_some(),
            latency: latency.map(|latency| latency.0),
        },
        seed: keys.number("seed", 0, u64::MAX).unwrap_or(defaults.seed),
        learner: keys.word(
            "learner",
            &["auto"].into_iter().chain(learners()).collect::<Vec<_>>(),
        ),
        promote: keys.promote().unwrap_or(defaults.promote),
        max_bad: keys.share("max_bad").unwrap_or(MAX_BAD),
        by,
    };
    match keys.faults {
        faults if faults.is_empty() => Ok(asked),
        faults => {
            let detail = "the training request is invalid";
            Err(Problem::new(&kind::INVALID, detail).with(faults))
        }
    }
}

struct Keys {
    pairs: Vec<(String, Value)>,
    faults: Vec<Entry>,
}

impl Keys {
    fn get(&self, key: &str) -> Option<Value> {
        let found = self.pairs.iter().find(|(name, _)| name == key);
        found
            .map(|(_, value)| value.clone())
            .filter(|value| !value.is_null())
    }

    fn refuse_unknown(&mut self) {
        for (key, value) in self
            .pairs
            .iter()
            .filter(|(key, _)| !KEYS.contains(&key.as_str()))
        {
            let path = format!("/{}", escape(key));
            let remedy = meant(key, KEYS);
            self.faults.push(Entry::new(
                path,
                "unknown_key",
                value.clone(),
                &KEYS.join(", "),
                remedy,
            ));
        }
    }

    fn number(&mut self, key: &str, least: u64, most: u64) -> Option<u64> {
        let value = self.get(key)?;
        let number = whole(&value).filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let allowed = format!("a whole number from {least} to {most}");
            let problem = if value.is_number() {
                "out_of_range"
            } else {
                "wrong_type"
            };
            self.faults
                .push(Entry::new(format!("/{key}"), problem, value, &allowed, ""));
        }
        number
    }

    /// A text that reads as a value with a unit.
    fn unit<T: FromStr>(&mut self, key: &str, allowed: &str) -> Option<T> {
        let value = self.get(key)?;
        let read = value.as_str().and_then(|text| text.parse().ok());
        if read.is_none() {
            let problem = match value.is_string() {
                true => "out_of_range",
                false => "wrong_type",
            };
            self.faults
                .push(Entry::new(format!("/{key}"), problem, value, allowed, ""));
        }
        read
    }

    fn share(&mut self, key: &str) -> Option<f64> {
        let value = self.get(key)?;
        let share = value.as_f64().filter(|share| (0.0..=1.0).contains(share));
        if share.is_none() {
            let problem = if value.is_number() {
                "out_of_range"
            } else {
                "wrong_type"
            };
            let allowed = "a number from 0 to 1";
            self.faults
                .push(Entry::new(format!("/{key}"), problem, value, allowed, ""));
        }
        share
    }

    fn word(&mut self, key: &str, allowed: &[&str]) -> Option<String> {
        let value = self.get(key)?;
        let word = value
            .as_str()
            .filter(|word| allowed.contains(word))
            .map(str::to_owned);
        if word.is_none() {
            let remedy = value
                .as_str()
                .map_or_else(String::new, |word| meant(word, allowed));
            let problem = if value.is_string() {
                "unknown_level"
            } else {
                "wrong_type"
            };
            self.faults.push(Entry::new(
                format!("/{key}"),
                problem,
                value,
                &allowed.join(", "),
                remedy,
            ));
        }
        word
    }

    fn promote(&mut self) -> Option<Promote> {
        let modes = [
            ("auto", Promote::Auto),
            ("always", Promote::Always),
            ("never", Promote::Never),
        ];
        let word = self.word("promote", &modes.map(|(word, _)| word))?;
        modes
            .into_iter()
            .find(|(known, _)| *known == word)
            .map(|(_, mode)| mode)
    }
}

fn meant(word: &str, known: &[&str]) -> String {
    nearest(word, known.iter().copied())
        .map_or_else(String::new, |near| format!("did you mean {near:?}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULTS: Defaults = Defaults {
        folds: 5,
        repeats: 1,
        seed: 7,
        promote: Promote::Auto,
    };

    #[test]
    fn what_is_not_said_is_as_usual() {
        for body in ["", "{}", r#"{"folds": null}"#] {
            let asked = read(body.as_bytes(), &DEFAULTS, "a test".into()).unwrap();
            assert_eq!(
                (asked.folds, asked.repeats, asked.seed, asked.learner),
                (5, 1, 7, None)
            );
        }
        let body = br#"{"learner": "auto", "folds": 3, "seed": 0, "promote": "never"}"#;
        let asked = read(body, &DEFAULTS, "a test".into()).unwrap();
        assert_eq!(
            (asked.folds, asked.seed, asked.promote),
            (3, 0, Promote::Never)
        );
    }

    #[test]
    fn limits_are_read_with_their_units() {
        let of = |body: &str| read(body.as_bytes(), &DEFAULTS, "a test".into());
        let limits = of(r#"{"budget": "2m", "max_latency": "50us"}"#)
            .unwrap()
            .limits;
        assert_eq!(limits.budget, Some(120_000_000_000));
        assert_eq!((limits.latency, limits.fixed_folds), (Some(50_000), false));
        let limits = of(r#"{"budget_units": 7, "folds": 3}"#).unwrap().limits;
        assert_eq!((limits.budget, limits.fixed_folds), (Some(7), true));
        let limits = of(r#"{"budget": "1s", "budget_units": 7}"#).unwrap().limits;
        assert_eq!(limits.budget, Some(7), "the smaller one");
        let wrong = r#"{"budget": 60, "budget_units": 0, "max_latency": "5 apples"}"#;
        let problem = of(wrong).unwrap_err().to_json();
        for place in [
            "/budget",
            "/budget_units",
            "/max_latency",
            "a time such as 50us or 1ms",
        ] {
            assert!(problem.contains(place), "{place}: {problem}");
        }
    }

    #[test]
    fn what_is_no_object_is_unreadable() {
        for body in ["[]", "7", r#"{"folds": 3, "folds": 4}"#, "{"] {
            let problem = read(body.as_bytes(), &DEFAULTS, "a test".into()).unwrap_err();
            assert!(problem.to_json().contains("\"status\":400"), "{body}");
        }
    }
}
