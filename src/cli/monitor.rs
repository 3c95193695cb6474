//! Subcommand `monitor replay`: runs the detectors and estimators of the monitor over a file, so that users can
//! compare them with other tools.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::exit::{Exit, ExitError};
use super::out::{errln, outln, print_json};
use super::table;
use crate::ingest::numbers::{self, Wanted};
use crate::monitor::cbpe::{self, Estimate};
use crate::monitor::detectors::{self, Detector, KINDS, Kind};
use crate::schema::fault::{excerpt, nearest};
use crate::stats::metric::METRICS;

#[derive(Debug, Args)]
pub struct MonitorArgs {
    #[command(subcommand)]
    command: MonitorCommand,
}

#[derive(Debug, Subcommand)]
enum MonitorCommand {
    /// Run change detectors over a column of errors, and estimate metrics from a column of scores
    Replay(ReplayArgs),
}

/// Arguments of `monitor replay`.
#[derive(Debug, Args)]
struct ReplayArgs {
    /// The table, one answer a row, in order (CSV, TSV, JSON, JSON lines, Parquet; also .gz and .zst)
    file: PathBuf,
    /// Column that the detectors read: 0 and 1 for right and wrong, or any numbers
    #[arg(long, value_name = "COLUMN")]
    error: Option<String>,
    /// Column of calibrated probabilities from which metrics are estimated without labels
    #[arg(long, value_name = "COLUMN")]
    score: Option<String>,
    /// Decision threshold: a probability at or above it is a yes
    #[arg(long, default_value_t = 0.5, value_parser = probability)]
    threshold: f64,
    #[arg(long, default_value = BOTH, value_parser = kinds, help = detector_help())]
    detector: Kinds,
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting, help = set_help())]
    set: Vec<(String, String)>,
}

/// Value of `--detector` that selects all detectors.
const BOTH: &str = "both";

#[derive(Clone, Debug)]
struct Kinds(Vec<&'static Kind>);

fn kinds(text: &str) -> Result<Kinds, String> {
    let all = KINDS.iter();
    let asked: Vec<&Kind> = match text {
        BOTH => all.collect(),
        name => all.filter(|kind| kind.name == name).collect(),
    };
    if !asked.is_empty() {
        return Ok(Kinds(asked));
    }
    let names = || KINDS.iter().map(|kind| kind.name).chain([BOTH]);
    let near = nearest(text, names()).map_or_else(String::new, |n| format!("did you mean {n:?}? "));
    let names = names().collect::<Vec<_>>().join(", ");
    Err(format!("{near}there are: {names}"))
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it is written NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

fn probability(text: &str) -> Result<f64, String> {
    let value = text.parse().ok();
    value
        .filter(|v| (0.0..=1.0).contains(v))
        .ok_or_else(|| "a number from 0 to 1 is needed".to_owned())
}

fn detector_help() -> String {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    format!("Detectors to run: {}, {BOTH}", names.join(", "))
}

fn set_help() -> String {
    let of = |kind: &Kind| {
        let names: Vec<&str> = kind.parameters.iter().map(|p| p.name).collect();
        format!("{} has {}", kind.name, names.join(", "))
    };
    let all: Vec<String> = KINDS.iter().map(of).collect();
    format!(
        "Sets a parameter by its name in River, in every detector that has it; {}",
        all.join("; ")
    )
}

pub fn run(args: &MonitorArgs, as_json: bool) -> anyhow::Result<Exit> {
    let MonitorCommand::Replay(args) = &args.command;
    let usage = |message: String| ExitError {
        message,
        exit: Exit::Usage,
    };
    let detectors =
        detectors::with(&args.detector.0, &args.set).map_err(|e| usage(format!("--set: {e}")))?;
    if args.error.is_none() && !args.set.is_empty() {
        errln!("warning: --set changes nothing without --error COLUMN, which the detectors watch");
    }
    let columns = Columns::read(&args.file, args.error.as_deref(), args.score.as_deref())?;
    let replays: Vec<Replay> = match &columns.errors {
        Some(errors) => detectors
            .into_iter()
            .map(|d| Replay::of(d, errors))
            .collect(),
        None => Vec::new(),
    };
    let scores = columns.scores.as_deref();
    let estimate = scores.map(|scores| cbpe::estimate(scores, args.threshold));
    if as_json {
        let entry = |r: &Replay| {
            (
                r.kind.key.to_owned(),
                json!({"parameters": r.parameters, "fires": r.fires}),
            )
        };
        let detectors: Map<String, Value> = replays.iter().map(entry).collect();
        print_json(&json!({"rows": columns.rows, "detectors": detectors, "cbpe": estimate}))?;
    } else {
        outln!("{} rows", columns.rows);
        show_detectors(&replays)?;
        if let Some(estimate) = estimate {
            show_estimate(&estimate)?;
        }
    }
    Ok(Exit::Done)
}

/// Columns read from the file.
struct Columns {
    rows: usize,
    errors: Option<Vec<f64>>,
    scores: Option<Vec<f64>>,
}

impl Columns {
    fn read(file: &Path, error: Option<&str>, score: Option<&str>) -> anyhow::Result<Columns> {
        let error = error.map(|name| Wanted {
            name,
            least: f64::MIN,
            most: f64::MAX,
        });
        let score = score.map(|name| Wanted {
            name,
            least: 0.0,
            most: 1.0,
        });
        let wanted: Vec<Wanted<'_>> = error.into_iter().chain(score).collect();
        let table = numbers::read(file, &wanted)?;
        let mut columns = table.columns.into_iter();
        Ok(Columns {
            rows: table.rows,
            errors: error.and_then(|_| columns.next()),
            scores: score.and_then(|_| columns.next()),
        })
    }
}

/// A detector after all errors were fed to it.
struct Replay {
    kind: &'static Kind,
    parameters: Value,
    /// Row indices, from 0, at which the detector reported a change.
    fires: Vec<usize>,
}

impl Replay {
    fn of(mut detector: Detector, errors: &[f64]) -> Replay {
        let fired = |(row, error): (usize, &f64)| detector.update(*error).map(|_| row);
        let fires = errors.iter().enumerate().filter_map(fired).collect();
        Replay {
            kind: detector.kind(),
            parameters: json!(detector.parameters()),
            fires,
        }
    }
}

fn show_detectors(replays: &[Replay]) -> anyhow::Result<()> {
    const SHOWN: usize = 10;
    for Replay {
        kind,
        parameters,
        fires,
    } in replays
    {
        let said = parameters.as_object().into_iter().flatten();
        let said: Vec<String> = said
            .map(|(name, value)| format!("{name}={}", excerpt(value.to_string().trim_matches('"'))))
            .collect();
        outln!("{} ({})", kind.title, said.join(", "));
        let mut shown: Vec<String> = fires.iter().take(SHOWN).map(usize::to_string).collect();
        if fires.len() > SHOWN {
            shown.push(format!("and {} more", fires.len() - SHOWN));
        }
        match fires.len() {
            0 => outln!("  found no change"),
            1 => outln!("  found a change at row {} (the first is 0)", shown[0]),
            n => outln!(
                "  found {n} changes, at rows {} (the first is 0)",
                shown.join(", ")
            ),
        }
    }
    Ok(())
}

fn show_estimate(estimate: &Estimate) -> anyhow::Result<()> {
    let json = json!(estimate);
    let mut shown = table::new(["metric", "estimate"]);
    for metric in METRICS.iter().filter(|m| json.get(m.name).is_some()) {
        let se = estimate.accuracy_se.filter(|_| metric.name == "accuracy");
        let cell = json[metric.name].as_f64().map_or_else(
            || "–".to_owned(),
            |value| se.map_or_else(|| format!("{value:.4}"), |se| format!("{value:.4}±{se:.4}")),
        );
        shown.add_row([metric.title.to_owned(), cell]);
    }
    outln!("{}", table::text(&shown));
    outln!("{}", cbpe::NOTE);
    Ok(())
}
