//! Subcommand `predict`: predictions for every row of a table.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::json;

use super::exit::Exit;
use super::out::print_json;
use super::rows::{self, Tolerance};
use super::site::Site;
use super::text::ReadArgs;
use crate::ingest::Source;
use crate::ingest::write::{self, AnswerFormat, Answers};
use crate::model::{Model, Workspace};
use crate::schema::row::Purpose;
use crate::schema::{Table, answer};

#[derive(Debug, Args)]
pub struct PredictArgs {
    /// A table: a file (CSV, TSV, JSON, JSON lines, Parquet; also .gz and .zst), a folder of them, an http(s)://
    /// address, or `-` for standard input
    source: String,
    #[command(flatten)]
    read: ReadArgs,
    /// Where predictions go, in the format of its ending: csv, jsonl or parquet [default: CSV on standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Version that predicts [default: the champion]
    #[arg(long, value_name = "VERSION")]
    model: Option<String>,
    #[command(flatten)]
    tolerance: Tolerance,
    /// The same as --max-bad 1
    #[arg(long, conflicts_with_all = ["max_bad", "strict"])]
    partial: bool,
}

pub fn run(args: &PredictArgs, site: &Site) -> anyhow::Result<Exit> {
    let format = match args.output.as_deref() {
        Some(path) if path != "-" => Some((path, AnswerFormat::of(path)?)),
        _ => None,
    };
    let (name, model) = site.model(args.model.as_deref())?;
    let options = args.read.options(&model.spec().format)?;
    let source = Source::open(&args.source, &options)?;
    let loaded = source.load(model.schema(), Purpose::Predict, args.tolerance.strict)?;
    if loaded.parts == 0 {
        bail!("{} holds no table that can be answered", source.name());
    }
    rows::report_bad(site, source.name(), &loaded);
    for column in answer::renamed(model.schema()) {
        let name = answer::column_name(column);
        site.say(format!(
            "the table's column {column:?} is written as {name:?}: the answers have a column of that name"
        ));
    }
    let probabilities = probabilities(&model, &loaded.table, site.threads);
    let labels: Vec<_> = probabilities.iter().map(|p| model.label(*p)).collect();
    let answers = Answers {
        loaded: &loaded,
        labels: &labels,
        probabilities: &probabilities,
    };
    let warnings = loaded.warnings.to_list();
    match format {
        Some((path, format)) => {
            write::beside(path, |sink| write::answers(answers, format, sink))?;
            site.say(format!(
                "{} rows answered by {name} → {}",
                probabilities.len(),
                path.display()
            ));
            if site.json {
                let rows = probabilities.len();
                print_json(
                    &json!({"model": name, "rows": rows, "left_out": loaded.left_out, "output": path,
                            "warnings": warnings}),
                )?;
            }
        }
        None if site.json => {
            let mut lines = Vec::new();
            write::answers(answers, AnswerFormat::JsonLines, &mut lines)?;
            let predictions: Vec<serde_json::Value> = serde_json::Deserializer::from_slice(&lines)
                .into_iter()
                .collect::<Result<_, _>>()?;
            print_json(&json!({"model": name, "predictions": predictions, "warnings": warnings}))?;
        }
        None => write::answers(answers, AnswerFormat::Csv, &mut std::io::stdout().lock())
            .context("standard output")?,
    }
    rows::report_warnings(site, &warnings);
    if loaded.table.is_empty() && loaded.read > 0 {
        bail!(
            "{} has no row that can be answered ({} of {} were left out)",
            source.name(),
            loaded.left_out,
            loaded.read
        );
    }
    if !args.partial {
        loaded.check_bad(args.tolerance.max_bad)?;
    }
    Ok(Exit::Done)
}

/// Predicts the probabilities of a whole table, in blocks that are distributed over threads.
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
