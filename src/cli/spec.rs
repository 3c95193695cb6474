//! Subcommand `spec`: infers a first spec for a table, and checks a spec.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::exit::Exit;
use super::out::{self, errln, outln, print_json};
use super::table;
use super::text::ReadArgs;
use crate::ingest::Source;
use crate::ingest::infer::{self, Inferred, Wanted};
use crate::model::Spec;
use crate::schema::Dialect;

#[derive(Debug, Args)]
pub struct SpecArgs {
    #[command(subcommand)]
    command: SpecCommand,
}

#[derive(Debug, Subcommand)]
enum SpecCommand {
    /// Print a first spec for any table
    Infer {
        /// The table: whatever `train` reads
        source: String,
        #[command(flatten)]
        read: ReadArgs,
        /// The yes/no column to be predicted
        #[arg(long, value_name = "COLUMN")]
        target: String,
        /// The value that counts as yes [default: the larger number, true or yes, else the rarer]
        #[arg(long, value_name = "VALUE")]
        positive: Option<String>,
        /// Name of the spec and its models [default: the file's name]
        #[arg(long)]
        name: Option<String>,
    },
    /// Check a spec; every fault with line and remedy
    Check {
        /// The spec
        file: PathBuf,
    },
}

pub fn run(args: &SpecArgs, as_json: bool) -> anyhow::Result<Exit> {
    match &args.command {
        SpecCommand::Infer {
            source,
            read,
            target,
            positive,
            name,
        } => {
            let wanted = Wanted {
                target,
                positive: positive.as_deref(),
                name: name.as_deref(),
                format: read.format(),
            };
            let options = read.options(&Dialect::default())?;
            let inferred = infer::spec(&Source::open(source, &options)?, &wanted)?;
            if let Err(faults) = Spec::parse(&inferred.text) {
                let what: Vec<&str> = faults.0.iter().map(|f| f.problem.as_str()).collect();
                anyhow::bail!("no spec can be made of this table: {}", what.join("; "));
            }
            say(&inferred);
            if as_json {
                print_json(&json!({"spec": inferred.text, "columns": inferred.columns}))?
            } else {
                out::write(format_args!("{}", inferred.text))?
            }
            Ok(Exit::Done)
        }
        SpecCommand::Check { file } => check(file, as_json),
    }
}

/// Prints one line per column to standard error.
fn say(inferred: &Inferred) {
    inferred
        .notices
        .iter()
        .for_each(|notice| errln!("{}", out::shown(notice)));
    let mut rows = table::new(["column", "kind", "used", "why"]);
    for note in &inferred.columns {
        let used = if note.used { "yes" } else { "no" };
        rows.add_row([note.name.as_str(), note.kind, used, note.why.as_str()]);
    }
    table::sentences(&mut rows, 3);
    rows.use_stderr();
    errln!("{}", table::text(&rows));
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
        let entry = |f: &crate::schema::spec::SpecError| json!({"line": f.line, "column": f.column, "problem": f.problem, "remedy": f.remedy});
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
