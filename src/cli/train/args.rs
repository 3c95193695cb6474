//! Arguments of `train`: the table, the cross-validation, and whether the new version becomes the champion.

use clap::Args;

use crate::cli::rows::Tolerance;
use crate::cli::text::ReadArgs;
use crate::promotion::policy::Promote;
use crate::train::LEARNERS;
use crate::train::work::Limits;
use crate::units::{Latency, Span};

#[derive(Debug, Args)]
pub struct TrainArgs {
    /// A labelled table: a file (CSV, TSV, JSON, JSON lines, Parquet; also .gz and .zst), a folder of them, an http(s)://
    /// address, or `-` for standard input. Without it: the champion's table, else the spec's own, and the labelled rows of
    /// the store
    pub source: Option<String>,
    #[command(flatten)]
    pub read: ReadArgs,
    /// auto tries all and picks by the spec's metric; else one by name
    #[arg(long, default_value = "auto", value_name = "auto|NAME", help = learner_help())]
    pub learner: String,
    /// Folds of the cross-validation [default: the spec's, else by rows: 10 up to 2,000, 5 up to 20,000, then 3]
    #[arg(long)]
    pub folds: Option<usize>,
    /// Repeats of the cross-validation [default: the spec's, else by rows: 5 up to 2,000, then 1]
    #[arg(long)]
    pub repeats: Option<usize>,
    /// Seed of everything random: the same seed gives the same bytes
    #[arg(long)]
    pub seed: Option<u64>,
    /// Work of the training, as a time of one core: 60s, 10m. Above it repeats, folds, rows and learners are left out, which
    /// the card says. A time is converted to units once, so that the result does not depend on the machine [default: a
    /// minute, and 10 µs for each value of the table]
    #[arg(long, value_name = "TIME")]
    pub budget: Option<Span>,
    /// The same in units, as the card of a model says them
    #[arg(long, value_name = "N", conflicts_with = "budget")]
    pub budget_units: Option<u64>,
    /// Longest time to score one row, such as 50us; learners that may take longer are not tried
    #[arg(long, value_name = "TIME")]
    pub max_latency: Option<Latency>,
    /// Whether the new version becomes the champion
    #[arg(long, value_enum)]
    pub promote: Option<Promote>,
    #[command(flatten)]
    pub tolerance: Tolerance,
}

impl TrainArgs {
    /// What the training may take.
    pub fn limits(&self) -> Limits {
        let seconds = |span: Span| Limits::units(span.0);
        Limits {
            budget: self.budget.map(seconds).or(self.budget_units),
            fixed_folds: self.folds.is_some() || self.repeats.is_some(),
            latency: self.max_latency.map(|latency| latency.0),
        }
    }
}

fn learner_help() -> String {
    let known: Vec<String> = LEARNERS
        .iter()
        .map(|l| format!("{} ({})", l.name(), l.about()))
        .collect();
    format!(
        "auto tries all and picks by the spec's metric; or one of: {}",
        known.join(", ")
    )
}
