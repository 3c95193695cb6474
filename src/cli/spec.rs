//! `spec`: a first spec for a table, and the check of one.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::exit::Exit;
use super::out::{self, outln};
use super::print_json;
use super::text::TextArgs;
use crate::ingest::infer::{self, Wanted};
use crate::model::Spec;
use crate::schema::Dialect;

/// Arguments.
#[derive(Debug, Args)]
pub struct SpecArgs {
    #[command(subcommand)]
    command: SpecCommand,
}

#[derive(Debug, Subcommand)]
enum SpecCommand {
    /// Print a first spec for a CSV or TSV
    Infer {
        /// The table
        file: PathBuf,
        #[command(flatten)]
        text: TextArgs,
        /// The yes/no column to be predicted
        #[arg(long, value_name = "COLUMN")]
        target: String,
        /// The value that counts as yes [default: 1, true, yes or the later of the two]
        #[arg(long, value_name = "VALUE")]
        positive: Option<String>,
        /// What models are called [default: the file's name]
        #[arg(long)]
        name: Option<String>,
    },
    /// Check a spec; every fault with line and remedy
    Check {
        /// The spec
        file: PathBuf,
    },
}

/// Runs it.
pub fn run(args: &SpecArgs, as_json: bool) -> anyhow::Result<Exit> {
    match &args.command {
        SpecCommand::Infer {
            file,
            text,
            target,
            positive,
            name,
        } => {
            let dialect = text.over(&Dialect::default())?;
            let wanted = Wanted {
                dialect: &dialect,
                target,
                positive: positive.as_deref(),
                name: name.as_deref(),
            };
            let text = infer::spec(file, &wanted)?;
            if let Err(faults) = Spec::parse(&text) {
                anyhow::bail!("the table makes no usable spec: {faults}");
            }
            if as_json {
                print_json(&json!({"spec": text}))?
            } else {
                out::write(format_args!("{text}"))?
            }
            Ok(Exit::Done)
        }
        SpecCommand::Check { file } => check(file, as_json),
    }
}

fn check(file: &std::path::Path, as_json: bool) -> anyhow::Result<Exit> {
    let text = std::fs::read_to_string(file)
        .map_err(|e| anyhow::anyhow!("{} cannot be read: {e}", file.display()))?;
    let faults = match Spec::parse(&text) {
        Ok(spec) => {
            let (columns, name) = (spec.schema.columns().len(), &spec.name);
            if as_json {
                print_json(&json!({"valid": true, "faults": []}))?;
            } else {
                outln!(
                    "{}: {name}, {columns} columns, target {}: valid",
                    file.display(),
                    spec.schema.target().column
                );
            }
            return Ok(Exit::Done);
        }
        Err(faults) => faults.0,
    };
    if as_json {
        let entry = |f: &crate::schema::spec::SpecFault| json!({"line": f.line, "column": f.column, "problem": f.problem, "remedy": f.remedy});
        print_json(
            &json!({"valid": false, "faults": faults.iter().map(entry).collect::<Vec<_>>()}),
        )?;
    } else {
        for fault in &faults {
            outln!("{}: {fault}", file.display());
        }
    }
    Ok(Exit::No)
}
