//! How good the answers were whose truths have come: figures in windows, and detectors on the stream of errors.
//!
//! Windows are tumbling: `window` truths each, in the order they came. Each figure has a 95 % interval of a single look, for
//! the rows of its window alone: Wilson's for shares, the delta method's for F1, DeLong's for the area, mean ± 1.96 standard
//! errors for log loss and Brier. There is none where all rows are alike, and none for the calibration error, whose
//! absolute values push it up ([`StandardErrors`]). Of twenty windows of a steady model one lies outside: a window is for
//! reading, the detectors are what tells.
//!
//! The detectors see 1 for a wrong decision, 0 for a right one. They tell any change; only a rise of the error is decay.
//!
//! [`StandardErrors`]: crate::stats::figures::StandardErrors

mod fired;
mod window;

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::detectors::Detector;

pub use fired::Fired;
pub use window::{Figure, Window};

/// The performance of one model. Its memory is bounded by its window; it can be stored and taken up again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// From which probability on the answer is yes.
    threshold: f64,
    size: NonZeroUsize,
    detectors: Vec<Detector>,
    truths: u64,
    /// Probabilities and truths of the window under way.
    open: Vec<(f64, bool)>,
    last: Option<Window>,
    decayed: Option<Fired>,
}

/// What one truth brought about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// The window it fills.
    pub window: Option<Window>,
    /// The detectors it set off.
    pub fired: Vec<Fired>,
}

impl Performance {
    /// No truths yet. Decisions are made at `threshold`, windows hold `size` truths, these detectors watch the errors.
    pub fn new(threshold: f64, size: NonZeroUsize, detectors: Vec<Detector>) -> Performance {
        Performance {
            threshold,
            size,
            detectors,
            truths: 0,
            open: Vec::new(),
            last: None,
            decayed: None,
        }
    }

    /// Takes in one answer whose truth has come: its probability, in [0, 1], and whether it was positive.
    pub fn update(&mut self, probability: f64, positive: bool) -> Taken {
        self.truths += 1;
        let wrong = (probability >= self.threshold) != positive;
        let error = f64::from(u8::from(wrong));
        let mut fired = Vec::new();
        for detector in &mut self.detectors {
            if let Some(change) = detector.update(error) {
                fired.push(Fired::new(detector.kind(), self.truths, change));
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
        Taken { window, fired }
    }

    pub fn truths(&self) -> u64 {
        self.truths
    }

    /// Truths that make a window.
    pub fn size(&self) -> usize {
        self.size.get()
    }

    /// The last full window.
    pub fn last(&self) -> Option<&Window> {
        self.last.as_ref()
    }

    /// The truths since then; none if there are none.
    pub fn open(&self) -> Option<Window> {
        let first = self.truths + 1 - self.open.len() as u64;
        Window::of(first, &self.open, self.threshold)
    }

    /// The last time a detector told of a rise of the error, as long as no whole window since shows it gone.
    pub fn decayed(&self) -> Option<&Fired> {
        self.decayed.as_ref()
    }
}

#[cfg(test)]
mod tests;
