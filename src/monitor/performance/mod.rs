//! Performance of labelled predictions: metrics in windows, and change detectors on the stream of errors.
//!
//! Windows are tumbling, with `window` labels each in order of arrival. Each metric has a 95 % interval for a single look at
//! its own window: Wilson's for shares, the delta method's for F1, DeLong's for the area under the ROC curve, mean ± 1.96
//! standard errors for log loss and Brier score. There is no interval if all rows are alike, and none for the calibration
//! error, whose absolute values bias it upwards ([`StandardErrors`]). Of twenty windows of a stable model about one lies
//! outside its interval, so windows are for information; alarms come from the detectors.
//!
//! The detectors receive 1 for a wrong decision and 0 for a right one. They report any change; only a rise of
//! the error is decay.
//!
//! [`StandardErrors`]: crate::stats::figures::StandardErrors

mod fired;
mod window;

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::detectors::Detector;

pub use fired::Fired;
pub use window::{Figure, Window};

/// Performance of one model. Memory is bounded by the window size; the state can be persisted and restored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// Probability from which on a prediction is positive.
    threshold: f64,
    size: NonZeroUsize,
    detectors: Vec<Detector>,
    /// Number of labels of the model's predictions so far.
    #[serde(rename = "truths")]
    labels: u64,
    /// Probabilities and labels of the open window.
    open: Vec<(f64, bool)>,
    last: Option<Window>,
    decayed: Option<Fired>,
}

/// The effect of adding one label.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Updated {
    /// The window that the label completed.
    pub window: Option<Window>,
    /// The detectors that fired.
    pub fired: Vec<Fired>,
}

impl Performance {
    /// Without labels yet: decisions are made at `threshold`, a window holds `size` labels, and `detectors` monitor the errors.
    pub fn new(threshold: f64, size: NonZeroUsize, detectors: Vec<Detector>) -> Performance {
        Performance {
            threshold,
            size,
            detectors,
            labels: 0,
            open: Vec::new(),
            last: None,
            decayed: None,
        }
    }

    /// Adds a labelled prediction: its probability, in [0, 1], and whether the label is positive.
    pub fn update(&mut self, probability: f64, positive: bool) -> Updated {
        self.labels += 1;
        let wrong = (probability >= self.threshold) != positive;
        let error = f64::from(u8::from(wrong));
        let mut fired = Vec::new();
        for detector in &mut self.detectors {
            if let Some(change) = detector.update(error) {
                fired.push(Fired::new(detector.kind(), self.labels, change));
            }
        }
        if let Some(decay) = fired.iter().find(|fired| fired.decay) {
            self.decayed = Some(decay.clone());
        }
        self.open.push((probability, positive));
        let window = (self.open.len() >= self.size.get())
            .then(|| self.open())
            .flatten();
        if let Some(window) = &window {
            self.open.clear();
            self.last = Some(window.clone());
            self.decayed = self.decayed.take().filter(|d| !d.is_over(window));
        }
        Updated { window, fired }
    }

    pub fn labels(&self) -> u64 {
        self.labels
    }

    pub fn size(&self) -> usize {
        self.size.get()
    }

    pub fn last(&self) -> Option<&Window> {
        self.last.as_ref()
    }

    /// The labels since the last full window; `None` if there are none.
    pub fn open(&self) -> Option<Window> {
        let first = self.labels + 1 - self.open.len() as u64;
        Window::of(first, &self.open, self.threshold)
    }

    /// The last reported rise of the error, until a full window since then shows that the error is back at its earlier level.
    pub fn decayed(&self) -> Option<&Fired> {
        self.decayed.as_ref()
    }
}

#[cfg(test)]
mod tests;
