//! Subcommand `config`: shows the settings and the source of each value, and checks them.

use clap::{Args, Subcommand};
use serde_json::json;

use super::exit::Exit;
use super::global::Global;
use super::out::{errln, outln, print_json};
use super::{site, table};

#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Every setting with its value and where it came from
    Show,
    /// Check the settings of all layers, with the secrets and channels that serve needs; every fault at once
    Check,
}

pub fn run(args: &ConfigArgs, global: &Global) -> anyhow::Result<Exit> {
    if let ConfigCommand::Check = args.command {
        return check(global);
    }
    let settings = site::settings(global)?;
    match args.command {
        ConfigCommand::Check => {}
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

/// Reports every error, including those that only `serve` would reject.
fn check(global: &Global) -> anyhow::Result<Exit> {
    let faults = site::setting_faults(global)?;
    let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
    if global.json {
        print_json(&json!({"valid": texts.is_empty(), "faults": texts}))?;
    } else if texts.is_empty() {
        outln!("the settings are valid");
    } else {
        for text in &texts {
            errln!("error: {text}");
        }
    }
    Ok(if texts.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}
