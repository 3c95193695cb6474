//! Drift: error rates of verdicts, detection delay, and verdicts on the second table.

mod collected;
mod population;
mod remedies;
mod simulated;
mod words;
