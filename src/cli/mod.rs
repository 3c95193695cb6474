//! The command line: one file per subcommand.

mod alerts;
mod chosen;
mod client;
mod completions;
mod config;
mod demo;
mod drift;
mod endpoint;
mod evaluate;
mod exit;
mod explore;
mod global;
mod health;
mod holder;
mod ingest;
mod interrupt;
mod models;
mod monitor;
mod out;
mod plot;
mod predict;
mod progress;
mod quarantine;
mod remote;
mod replay;
mod report;
mod rows;
mod serve;
mod short;
mod signals;
mod site;
mod spec;
mod store;
#[cfg_attr(not(unix), path = "no_supervisor.rs")]
mod supervisor;
mod table;
mod text;
mod time;
mod train;
mod why;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use exit::Exit;
use global::Global;
use site::Site;

use crate::telemetry::{logging, stderr};

/// A real-time tabular classifier through its whole life, in one binary.
#[derive(Debug, Parser)]
#[command(name = "titanic-platform", version, about, after_help = exit::HELP)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the live model over REST and WebSocket; trains a first one if there is none
    Serve(serve::ServeArgs),
    /// Train a model from a table and promote it if it is not worse
    Train(train::TrainArgs),
    /// Check the rows of a file, folder, web API or database, and store them
    Ingest(ingest::IngestArgs),
    /// Predict every row of a table
    Predict(predict::PredictArgs),
    /// Measure a model on a labelled table
    Evaluate(evaluate::EvaluateArgs),
    /// Compare rows with a reference and report drifted columns
    Drift(drift::DriftArgs),
    /// Explore a table: types, gaps, distributions, associations, leakage, and findings by consequence
    Explore(explore::ExploreArgs),
    /// Score stored predictions again with another version and compare both
    Replay(replay::ReplayArgs),
    /// All that is known of a prediction, a model version, an alert or a verdict
    Why(why::WhyArgs),
    /// Write the report on a model as PDF, HTML or JSON
    Report(report::ReportArgs),
    /// The versions of the model: list, show, promote, rollback, verify, diff, gc
    Models(models::ModelsArgs),
    /// Inspect and maintain the event store: stats, check, compact, backup, export
    Store(store::StoreArgs),
    /// Run the monitor's detectors and estimates over a file
    Monitor(monitor::MonitorArgs),
    /// Alerts: list, show, silence, test a channel, resend undelivered notifications
    Alerts(alerts::AlertsArgs),
    /// Specs: infer a first one from a table, check one
    Spec(spec::SpecArgs),
    /// Play the whole loop in a minute: traffic, a shift, a retraining, the gate, the swap
    Demo(demo::DemoArgs),
    /// Talk to a running server over its WebSocket
    Client(client::Args),
    /// Ask a server whether it lives or is ready
    Health(health::HealthArgs),
    /// Settings: show them and where each came from, check a file
    Config(config::ConfigArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
    /// Print the manual page
    Man,
}

/// Parses the arguments of the process, runs the subcommand and reports errors.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print(); // nowhere left to complain to
            return if error.use_stderr() {
                Exit::Usage.into()
            } else {
                Exit::Done.into()
            };
        }
    };
    if matches!(cli.command, Command::Serve(_) | Command::Demo(_)) {
        stderr::detach();
    }
    let exit = match run(cli) {
        Ok(exit) => exit,
        Err(error) if out::reader_left(&error) => Exit::Done,
        Err(error) => {
            exit::report(&error);
            exit::of(&error)
        }
    };
    logging::finish();
    exit.into()
}

fn run(Cli { global, command }: Cli) -> anyhow::Result<Exit> {
    match command {
        Command::Completions(args) => return completions::run(&args, &mut Cli::command()),
        Command::Man => return completions::man(&Cli::command()),
        Command::Spec(args) => return spec::run(&args, global.json),
        Command::Monitor(args) => return monitor::run(&args, global.json),
        Command::Config(args) => return config::run(&args, &global),
        Command::Demo(args) => return demo::run(&args, &global),
        Command::Client(args) => return client::run(args, &global),
        Command::Health(args) => return health::run(&args, &global),
        _ => {}
    }
    let site = Site::open(&global)?;
    match command {
        Command::Serve(args) => serve::run(&args, site),
        Command::Train(args) => train::run(&args, &site),
        Command::Ingest(args) => ingest::run(&args, &site),
        Command::Predict(args) => predict::run(&args, &site),
        Command::Evaluate(args) => evaluate::run(&args, &site),
        Command::Drift(args) => drift::run(&args, &site),
        Command::Explore(args) => explore::run(&args, &site),
        Command::Replay(args) => replay::run(&args, &site),
        Command::Why(args) => why::run(&args, &site),
        Command::Report(args) => report::run(&args, &site),
        Command::Models(args) => models::run(&args, &site),
        Command::Store(args) => store::run(&args, &site),
        Command::Alerts(args) => alerts::run(&args, &site),
        _ => unreachable!("handled above"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
