//! Subcommand `evaluate`: metrics of a model on a labelled table.

use clap::Args;
use serde_json::json;

use super::exit::Exit;
use super::out::{outln, print_json};
use super::predict::probabilities;
use super::rows::{self, Tolerance};
use super::site::Site;
use super::table;
use super::text::ReadArgs;
use crate::ingest::Source;
use crate::ingest::write::{WriteError, write_parquet};
use crate::model::Model;
use crate::registry::tables::TableName;
use crate::schema::Table;
use crate::schema::row::Purpose;
use crate::stats::metric::METRICS;
use crate::stats::scores::Scores;
use crate::train::TrainError;

#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// A labelled table: a file (CSV, TSV, JSON, JSON lines, Parquet; also .gz and .zst), a folder of them, an http(s)://
    /// address, or `-` for standard input
    source: String,
    #[command(flatten)]
    read: ReadArgs,
    /// Version to measure [default: the champion]
    #[arg(long, value_name = "VERSION")]
    model: Option<String>,
    #[command(flatten)]
    tolerance: Tolerance,
}

pub fn run(args: &EvaluateArgs, site: &Site) -> anyhow::Result<Exit> {
    let (name, model) = site.model(args.model.as_deref())?;
    let Tolerance { max_bad, strict } = args.tolerance;
    let options = args.read.options(&model.spec().format)?;
    let source = Source::open(&args.source, &options)?;
    let loaded = source.load(model.schema(), Purpose::Learn, strict)?;
    rows::report_bad(site, source.name(), &loaded);
    loaded.check_bad(max_bad)?;
    if loaded.table.is_empty() {
        return Err(TrainError::NoRows {
            read: loaded.read,
            left_out: loaded.left_out,
        }
        .into());
    }
    let seen = was_trained_on(&model, &loaded.table)?;
    if seen {
        site.warn(format!("{name} was trained on this very table: these metrics flatter it; its card has cross-validated ones"));
    }
    let labels = loaded.table.labels();
    let mut scores = Scores::new(model.spec().decision.threshold);
    for (p, y) in probabilities(&model, &loaded.table, site.threads)
        .iter()
        .zip(&labels)
    {
        scores.update(*p, *y);
    }
    let figures = scores.finish();
    let mut document = serde_json::Map::new();
    document.insert("model".into(), name.clone().into());
    document.insert("rows".into(), labels.len().into());
    let mut shown = table::new(["metric", "value", "standard error"]);
    for metric in METRICS {
        let (value, se) = (metric.value(&figures), metric.standard_error(&figures));
        document.insert(metric.name.into(), json!({"value": value, "se": se}));
        let cell = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), |v| format!("{v:.4}"));
        shown.add_row([metric.title.to_owned(), cell(value), cell(se)]);
    }
    let c = &figures.confusion;
    document.insert(
        "confusion".into(),
        json!({"true_positives": c.tp, "false_positives": c.fp, "true_negatives": c.tn, "false_negatives": c.fn_}),
    );
    document.insert("trained_on_this_table".into(), seen.into());
    let missed: Vec<String> = model
        .spec()
        .evaluation
        .floors
        .iter()
        .filter_map(|(metric, floor)| {
            let value = metric.value(&figures)?;
            (!metric.meets(value, *floor))
                .then(|| format!("{} {value:.4} misses the floor {floor}", metric.title))
        })
        .collect();
    document.insert("floors_missed".into(), json!(missed));
    let warnings = loaded.warnings.to_list();
    document.insert("warnings".into(), json!(warnings));
    if site.json {
        print_json(&document.into())?;
    } else {
        outln!("{name} on {} rows", labels.len());
        outln!("{}", table::text(&shown));
    }
    missed.iter().for_each(|m| site.warn(m.clone()));
    rows::report_warnings(site, &warnings);
    Ok(if missed.is_empty() {
        Exit::Done
    } else {
        Exit::No
    })
}

/// Whether the model was trained on this table, which has the same bytes then.
fn was_trained_on(model: &Model, table: &Table) -> Result<bool, WriteError> {
    let card = model.card();
    // After a training with a budget, the card counts only the rows that were left.
    let is_whole = card.work.as_ref().is_none_or(|w| w.left_out.is_empty());
    if is_whole && card.rows != table.len() {
        return Ok(false);
    }
    let mut name = TableName::default();
    write_parquet(table, &mut name)?;
    Ok(name.finish() == card.table)
}
