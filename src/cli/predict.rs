//! `predict`: answers for every row of a table.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::json;

use super::exit::Exit;
use super::print_json;
use super::site::Site;
use super::text::ReadArgs;
use super::train::report_bad_rows;
use crate::ingest::Source;
use crate::ingest::write::{self, AnswerFormat};
use crate::model::{Model, Workspace};
use crate::schema::Table;
use crate::schema::row::Purpose;

/// Arguments.
#[derive(Debug, Args)]
pub struct PredictArgs {
    /// A table: a file (CSV, TSV, JSON, JSON lines, Parquet; also .gz and .zst), a folder of them, an http(s)://
    /// address, or `-` for standard input
    source: String,
    #[command(flatten)]
    read: ReadArgs,
    /// Where answers go, as its ending says: csv, jsonl or parquet [default: CSV on standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Version that answers [default: the champion]
    #[arg(long, value_name = "VERSION")]
    model: Option<String>,
    /// Leave bad rows out instead of refusing the table
    #[arg(long)]
    partial: bool,
}

/// Runs it.
pub fn run(args: &PredictArgs, site: &Site) -> anyhow::Result<Exit> {
    let format = match args.output.as_deref() {
        Some(path) if path != "-" => Some((path, AnswerFormat::of(path)?)),
        _ => None,
    };
    let (name, model) = site.model(args.model.as_deref())?;
    let options = args.read.options(&model.spec().format)?;
    let source = Source::open(&args.source, &options)?;
    let loaded = source.load(model.schema(), Purpose::Predict, false)?;
    report_bad_rows(site, source.name(), &loaded);
    if loaded.left_out > 0 && !args.partial {
        bail!(
            "{} has rows that cannot be answered; mend them, or leave them out with --partial",
            source.name()
        );
    }
    if loaded.table.is_empty() {
        bail!(
            "{} has no row that can be answered ({} of {} were left out)",
            source.name(),
            loaded.left_out,
            loaded.read
        );
    }
    let probabilities = probabilities(&model, &loaded.table, site.threads);
    let labels: Vec<_> = probabilities.iter().map(|p| model.label(*p)).collect();
    let answer = |format, sink: &mut dyn Write| {
        write::answers(&loaded.table, &labels, &probabilities, format, sink)
    };
    match format {
        Some((path, format)) => {
            write::beside(path, |sink| answer(format, sink))?;
            site.say(format!(
                "{} rows answered by {name} → {}",
                probabilities.len(),
                path.display()
            ));
            if site.json {
                let rows = probabilities.len();
                print_json(
                    &json!({"model": name, "rows": rows, "left_out": loaded.left_out, "output": path}),
                )?;
            }
        }
        None if site.json => {
            let mut lines = Vec::new();
            answer(AnswerFormat::JsonLines, &mut lines)?;
            let predictions: Vec<serde_json::Value> = serde_json::Deserializer::from_slice(&lines)
                .into_iter()
                .collect::<Result<_, _>>()?;
            print_json(&json!({"model": name, "predictions": predictions}))?;
        }
        None => {
            answer(AnswerFormat::Csv, &mut std::io::stdout().lock()).context("standard output")?
        }
    }
    Ok(Exit::Done)
}

/// Probabilities of a whole table, in blocks shared by threads.
pub fn probabilities(model: &Model, table: &Table, threads: usize) -> Vec<f64> {
    const BLOCK: usize = 1024; // features of a block stay in the cache
    let mut out = vec![0.0; table.len()];
    let share = table.len().div_ceil(threads.max(1)).max(1);
    let share = share.next_multiple_of(BLOCK);
    std::thread::scope(|scope| {
        for (t, part) in out.chunks_mut(share).enumerate() {
            scope.spawn(move || {
                let mut work = Workspace::default();
                for (b, block) in part.chunks_mut(BLOCK).enumerate() {
                    model.probabilities(table, t * share + b * BLOCK, block, &mut work);
                }
            });
        }
    });
    out
}
