//! Options that every subcommand accepts.

use std::path::PathBuf;

use clap::Args;

/// Options of every subcommand.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Folder of all state; removable without harm to anything else [default: state]
    #[arg(long, global = true, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// File of settings that differ from the built-in ones
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Spec of the table; by default the champion's own, else the bundled one
    #[arg(long, global = true, value_name = "FILE")]
    pub spec: Option<PathBuf>,
    /// Token for a running server that holds the state, where it requires one
    #[arg(
        long,
        global = true,
        value_name = "TOKEN",
        env = "TITANIC_TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,
    /// Threads for training and batches [default: all cores]
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<std::num::NonZeroUsize>,
    /// One JSON document on standard output, everything else on standard error
    #[arg(long, global = true)]
    pub json: bool,
    /// Print no progress and no notices, and log less
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Log more (-vv: even more)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}
