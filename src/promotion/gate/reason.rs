//! The verdict of a gate in words.

use super::{Floor, Gate, LogLoss, McNemar, Verdict};

impl Gate {
    /// A sentence on the first floor that is missed, if any. The last floor is the base rate's.
    pub fn missed(&self) -> Option<String> {
        let at = self.floors.iter().position(|floor| !floor.holds)?;
        let floor = &self.floors[at];
        Some(match at + 1 == self.floors.len() {
            true => floor.no_better(),
            false => floor.sentence(),
        })
    }

    /// A sentence with metrics that explains the verdict, for the ledger, the log and the page.
    pub fn reason(&self) -> String {
        let figures = self.figures();
        match (self.verdict, self.missed()) {
            (Verdict::Promote, _) => format!("better: {figures}"),
            (Verdict::Insufficient, _) => format!(
                "no verdict, {} more labels are needed: {figures}",
                self.needed
            ),
            (Verdict::Keep, Some(missed)) => format!("{missed}: {figures}"),
            (Verdict::Keep, None) => format!("not shown to be better: {figures}"),
        }
    }

    fn figures(&self) -> String {
        let LogLoss {
            champion,
            candidate,
            low,
            high,
            ..
        } = self.log_loss;
        let McNemar {
            champion_right,
            candidate_right,
            p_value,
        } = self.mcnemar;
        let text = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| format!("{v:.4}"));
        let p = match p_value {
            p if p < 0.001 => "p < 0.001".to_owned(),
            p => format!("p = {p:.3}"),
        };
        format!(
            "log loss {} against {}, difference between {} and {}; where one alone decides right, it is the candidate in \
             {candidate_right} rows and the champion in {champion_right} ({p}), on {} rows the champion never saw",
            text(candidate),
            text(champion),
            text(low),
            text(high),
            self.rows
        )
    }
}

impl Floor {
    fn sentence(&self) -> String {
        let (word, floor) = (self.metric.replace('_', " "), self.floor);
        match self.value {
            Some(value) => format!("{word} {value:.4} misses the spec's floor {floor}"),
            None => format!("{word} is undefined on these rows, the spec's floor is {floor}"),
        }
    }
}
