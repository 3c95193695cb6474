//! The table of metrics, read by reports, specs, JSON and help. A new metric is one entry here and a field in [`Figures`].

use super::figures::Figures;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    Higher,
    Lower,
}

#[derive(Debug)]
pub struct Metric {
    /// Name in specs, JSON and on the command line.
    pub name: &'static str,
    /// Heading in tables for display.
    pub title: &'static str,
    /// What the metric measures, in one sentence.
    pub doc: &'static str,
    pub better: Better,
    value: fn(&Figures) -> Option<f64>,
    error: fn(&Figures) -> Option<f64>,
}

/// All metrics, in display order.
pub static METRICS: &[Metric] = &[
    Metric {
        name: "accuracy",
        title: "accuracy",
        doc: "Share of right decisions at the threshold.",
        better: Better::Higher,
        value: |figures| figures.accuracy,
        error: |figures| figures.errors.accuracy,
    },
    Metric {
        name: "precision",
        title: "precision",
        doc: "Share of positives among the rows called positive.",
        better: Better::Higher,
        value: |figures| figures.precision,
        error: |figures| figures.errors.precision,
    },
    Metric {
        name: "recall",
        title: "recall",
        doc: "Share of the positives that were called positive.",
        better: Better::Higher,
        value: |figures| figures.recall,
        error: |figures| figures.errors.recall,
    },
    Metric {
        name: "f1",
        title: "F1",
        doc: "Harmonic mean of precision and recall.",
        better: Better::Higher,
        value: |figures| figures.f1,
        error: |figures| figures.errors.f1,
    },
    Metric {
        name: "auc",
        title: "AUC",
        doc: "Chance that a positive gets a higher probability than a negative: area under the ROC curve.",
        better: Better::Higher,
        value: |figures| figures.auc,
        error: |figures| figures.errors.auc,
    },
    Metric {
        name: "log_loss",
        title: "log loss",
        doc: "Mean negative log of the probability given to what happened.",
        better: Better::Lower,
        value: |figures| figures.log_loss,
        error: |figures| figures.errors.log_loss,
    },
    Metric {
        name: "brier",
        title: "Brier",
        doc: "Mean squared difference between probability and outcome.",
        better: Better::Lower,
        value: |figures| figures.brier,
        error: |figures| figures.errors.brier,
    },
    Metric {
        name: "ece",
        title: "ECE",
        doc: "Mean distance between probability and observed share over ten bins: expected calibration error.",
        better: Better::Lower,
        value: |figures| figures.ece,
        error: |_| None,
    },
];

impl Metric {
    pub fn named(name: &str) -> Option<&'static Metric> {
        METRICS.iter().find(|metric| metric.name == name)
    }

    /// The metric's value; `None` where undefined.
    pub fn value(&self, figures: &Figures) -> Option<f64> {
        (self.value)(figures)
    }

    /// The standard error of the value; `None` where undefined (see [`super::figures::StandardErrors`]).
    pub fn standard_error(&self, figures: &Figures) -> Option<f64> {
        (self.error)(figures)
    }

    /// Whether value `a` is strictly better than value `b`.
    pub fn prefers(&self, a: f64, b: f64) -> bool {
        match self.better {
            Better::Higher => a > b,
            Better::Lower => a < b,
        }
    }

    /// Whether `value` is at least as good as `bound`: a minimum if higher is better, a maximum if lower is.
    pub fn meets(&self, value: f64, bound: f64) -> bool {
        self.prefers(value, bound) || value == bound
    }
}

#[cfg(test)]
mod tests {
    use super::{METRICS, Metric};

    #[test]
    fn names_are_unique_and_found() {
        for metric in METRICS {
            assert!(std::ptr::eq(Metric::named(metric.name).unwrap(), metric));
        }
        assert!(Metric::named("AUC").is_none());
    }

    #[test]
    fn direction_decides() {
        let (auc, loss) = (
            Metric::named("auc").unwrap(),
            Metric::named("log_loss").unwrap(),
        );
        assert!(
            auc.prefers(0.9, 0.8)
                && !auc.prefers(0.8, 0.8)
                && auc.meets(0.8, 0.8)
                && !auc.meets(0.7, 0.8)
        );
        assert!(loss.prefers(0.3, 0.4) && loss.meets(0.4, 0.4) && !loss.meets(0.5, 0.4));
        assert!(!auc.meets(f64::NAN, 0.5) && !loss.meets(f64::NAN, 0.5));
    }
}
