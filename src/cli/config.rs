//! `config`: what is set, and where each value came from.

use clap::{Args, Subcommand};
use serde_json::json;

use super::exit::Exit;
use super::out::outln;
use super::{Global, print_json, site, table};

/// Arguments.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Every setting with its value and where it came from
    Show,
    /// Check the settings of all layers
    Check,
}

/// Runs it.
pub fn run(args: &ConfigArgs, global: &Global) -> anyhow::Result<Exit> {
    let settings = site::settings(global)?;
    match args.command {
        ConfigCommand::Check if global.json => print_json(&json!({"valid": true}))?,
        ConfigCommand::Check => outln!("the settings are valid"),
        ConfigCommand::Show if global.json => {
            print_json(&json!({"settings": settings.leaves().collect::<Vec<_>>()}))?;
        }
        ConfigCommand::Show => {
            let mut rows = table::new(["setting", "value", "from"]);
            for leaf in settings.leaves() {
                rows.add_row([leaf.key, leaf.value, leaf.origin.to_string()]);
            }
            outln!("{}", table::text(&rows));
        }
    }
    Ok(Exit::Done)
}
