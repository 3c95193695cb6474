//! Arguments of `drift`: the reference, and the rows to compare with it as sources or as stored predictions.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use jiff::Timestamp;

use crate::cli::text::ReadArgs;
use crate::cli::time::parse_time;

#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("before").args(["reference", "model"]).required(true)),
    group(ArgGroup::new("after").args(["current", "window", "since"]).required(true).multiple(true)),
)]
pub struct DriftArgs {
    /// The reference, with which rows are compared: a file, a folder, a web API, a database, or `-`
    #[arg(long, value_name = "SOURCE")]
    pub reference: Option<String>,
    /// Use the training rows of a version as the reference, and compare its probabilities as well: `7`, `titanic@7` or `champion`
    #[arg(long, value_name = "VERSION")]
    pub model: Option<String>,
    /// The rows to compare with the reference; repeated, each is a window of its own
    #[arg(long, value_name = "SOURCE", conflicts_with_all = ["window", "since"])]
    pub current: Vec<String>,
    /// Compare the last predictions in the store instead: `last:500`
    #[arg(long, value_name = "last:N", value_parser = parse_window)]
    pub window: Option<usize>,
    /// Compare the predictions in the store from this time on: 2026-01-31 or 2026-01-31T09:15:00Z
    #[arg(long, value_name = "T", value_parser = parse_time)]
    pub since: Option<Timestamp>,
    #[command(flatten)]
    pub read: ReadArgs,
    /// Write the report as an HTML page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// End with exit code 4 if anything drifted
    #[arg(long)]
    pub exit_code: bool,
}

fn parse_window(text: &str) -> Result<usize, String> {
    let rows = text.strip_prefix("last:").and_then(|n| n.parse().ok());
    rows.filter(|n| *n > 0)
        .ok_or_else(|| "write last:500 for the last 500 predictions".to_owned())
}
