//! Drift: how often verdicts are wrong, how soon they come, and what the second table says.

mod collected;
mod population;
mod remedies;
mod simulated;
mod words;
