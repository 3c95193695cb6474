//! `drift`: what became of rows, beside a reference: two files, a model's own rows, or what a server was asked.

mod say;
mod sides;
mod stored;

use std::path::PathBuf;

use anyhow::Result;
use clap::{ArgGroup, Args};
use jiff::Timestamp;
use serde_json::json;

use super::exit::Exit;
use super::out::outln;
use super::print_json;
use super::site::Site;
use super::store::parse_time;
use super::text::ReadArgs;
use crate::ingest::WriteFault;
use crate::ingest::write;
use crate::monitor::drift::Drift;
use crate::report;
use sides::{Reference, Rows};

#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("before").args(["reference", "model"]).required(true)),
    group(ArgGroup::new("after").args(["current", "window", "since"]).required(true).multiple(true)),
)]
pub struct DriftArgs {
    /// The rows that are taken for normal: a file, a folder, a web API, a database, or `-`
    #[arg(long, value_name = "SOURCE")]
    reference: Option<String>,
    /// Take the rows a version learnt from instead, and watch its probabilities as well: `7`, `titanic@7` or `champion`
    #[arg(long, value_name = "VERSION")]
    model: Option<String>,
    /// The rows to compare with them; several make several windows
    #[arg(long, value_name = "SOURCE", conflicts_with_all = ["window", "since"])]
    current: Vec<String>,
    /// Compare the last predictions in the store instead: `last:500`
    #[arg(long, value_name = "last:N", value_parser = parse_window)]
    window: Option<usize>,
    /// Compare the predictions in the store from this time on: 2026-01-31 or 2026-01-31T09:15:00Z
    #[arg(long, value_name = "T", value_parser = parse_time)]
    since: Option<Timestamp>,
    #[command(flatten)]
    read: ReadArgs,
    /// Write a report to look at
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// End with exit code 4 if anything drifted
    #[arg(long)]
    exit_code: bool,
}

pub fn run(args: &DriftArgs, site: &Site) -> Result<Exit> {
    let reference = Reference::of(args, site)?;
    let windows: Vec<(String, Rows)> = match args.current.is_empty() {
        true => vec![stored::rows(args, site, &reference)?],
        false => {
            let each = args
                .current
                .iter()
                .map(|from| reference.current(from, site));
            each.collect::<Result<_>>()?
        }
    };
    let verdicts: Vec<(String, Drift)> = windows
        .into_iter()
        .map(|(name, rows)| {
            let mut drift = reference.compare(&rows, site);
            sides::skip(&mut drift, &reference.rows, &rows);
            (name, drift)
        })
        .collect();
    if let Some(path) = &args.html {
        let page = report::drift::page(&reference.name, &verdicts);
        write::beside(path, |to| {
            let written = to.write_all(page.as_bytes());
            written.map_err(|source| WriteFault::Io {
                path: path.clone(),
                source,
            })
        })?;
        site.say(format!("report → {}", path.display()));
    }
    if site.json {
        let documents: Vec<&Drift> = verdicts.iter().map(|(_, drift)| drift).collect();
        match documents[..] {
            [one] => print_json(&serde_json::to_value(one)?)?,
            _ => print_json(&json!({"windows": documents}))?,
        }
    } else {
        for (i, (name, drift)) in verdicts.iter().enumerate() {
            let gap = if i > 0 { "\n" } else { "" };
            outln!("{gap}{}", say::verdict(&reference.name, name, drift));
        }
    }
    let drifted = verdicts.iter().any(|(_, drift)| drift.drift);
    Ok(match args.exit_code && drifted {
        true => Exit::No,
        false => Exit::Done,
    })
}

fn parse_window(text: &str) -> Result<usize, String> {
    let rows = text.strip_prefix("last:").and_then(|n| n.parse().ok());
    rows.filter(|n| *n > 0)
        .ok_or_else(|| "write last:500 for the last 500 predictions".to_owned())
}
