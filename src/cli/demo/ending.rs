//! Result of the demo: the acts that happened, the metrics of its traffic, and what ended it early.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::figures::Figures;
use super::say::Say;
use crate::clock::rfc3339;

/// Result of the demo. An act that did not happen is not in it.
#[derive(Default)]
pub struct Ending {
    acts: Vec<Value>,
    /// Metrics of the steady traffic, of the shifted traffic before the swap, and of that after it.
    pub figures: [Figures; 3],
    /// Why the story ended before its last act.
    pub fault: Option<anyhow::Error>,
}

impl Ending {
    /// Adds an act: when it began, the live model at that time, and the evidence of the act, if it has any.
    pub fn note(&mut self, act: &str, time: Timestamp, model: &str, evidence: Value) {
        let mut noted = json!({"act": act, "time": rfc3339(time), "model": model});
        let members = evidence.as_object().into_iter().flatten();
        members.for_each(|(key, value)| noted[key] = value.clone());
        self.acts.push(noted);
    }

    /// The document that `--json` prints.
    pub fn document(&self) -> Value {
        let [before, during, after] = self.figures.each_ref().map(Figures::to_json);
        let happened = |act: &str| self.acts.iter().any(|noted| noted["act"] == act);
        json!({
            "acts": self.acts,
            "figures": {"before": before, "during": during, "after": after},
            "promoted": happened("swap"),
            "recovered": happened("recovery"),
        })
    }

    pub fn sum_up(&self, say: Say) -> anyhow::Result<()> {
        say.line(format_args!(""))?;
        for (word, figures) in ["before", "during", "after"].iter().zip(&self.figures) {
            say.line(format_args!(
                "{word:<7} {:>4} rows  {figures}",
                figures.rows()
            ))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_that_did_not_happen_is_absent() {
        let mut ending = Ending::default();
        ending.note("steady", Timestamp::UNIX_EPOCH, "moths@1", Value::Null);
        ending.note(
            "shift",
            Timestamp::UNIX_EPOCH,
            "moths@1",
            json!({"rows": 3}),
        );
        let document = ending.document();
        assert_eq!(
            document["acts"],
            json!([
                {"act": "steady", "time": "1970-01-01T00:00:00.000Z", "model": "moths@1"},
                {"act": "shift", "time": "1970-01-01T00:00:00.000Z", "model": "moths@1", "rows": 3},
            ])
        );
        assert_eq!(
            (&document["promoted"], &document["recovered"]),
            (&json!(false), &json!(false))
        );
    }
}
