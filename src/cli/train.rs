//! `train`: a table in, a registered version out, promoted if it is not worse.

mod matter;

use clap::Args;
use serde_json::json;

use super::exit::Exit;
use super::out::outln;
use super::progress::Shown;
use super::rows::{self, Tolerance};
use super::site::Site;
use super::text::ReadArgs;
use super::{interrupt, print_json, table};
use crate::clock;
use crate::control::lesson::Lesson;
use crate::control::promotion::Promote;
use crate::control::retrain::{self, Order, Outcome};
use crate::train::{self, LEARNERS, Request};
use matter::Matter;

/// Arguments.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// A labelled table: a file (CSV, TSV, JSON, JSON lines, Parquet; also .gz and .zst), a folder of them, an http(s)://
    /// address, or `-` for standard input. Without it: the champion's table, else the spec's own, and the labelled rows of
    /// the store
    source: Option<String>,
    #[command(flatten)]
    read: ReadArgs,
    /// auto tries all and picks by the spec's metric; else one by name
    #[arg(long, default_value = "auto", value_name = "auto|NAME", help = learner_help())]
    learner: String,
    /// Folds of the cross-validation [default: the spec's, else by rows: 10 up to 2,000, 5 up to 20,000, then 3]
    #[arg(long)]
    folds: Option<usize>,
    /// Repeats of the cross-validation [default: the spec's, else by rows: 5 up to 2,000, then 1]
    #[arg(long)]
    repeats: Option<usize>,
    /// Seed of everything random: the same seed gives the same bytes
    #[arg(long)]
    seed: Option<u64>,
    /// What becomes of the new version
    #[arg(long, value_enum)]
    promote: Option<Promote>,
    #[command(flatten)]
    tolerance: Tolerance,
}

fn learner_help() -> String {
    let known: Vec<String> = LEARNERS
        .iter()
        .map(|l| format!("{} ({})", l.name(), l.about()))
        .collect();
    format!(
        "auto tries all and picks by the spec's metric; or one of: {}",
        known.join(", ")
    )
}

/// Runs it.
pub fn run(args: &TrainArgs, site: &Site) -> anyhow::Result<Exit> {
    let (stop, leave) = interrupt::leaving()?;
    let spec = site.spec()?;
    let matter = match &args.source {
        Some(source) => {
            let options = args.read.options(&spec.format)?;
            Matter::named(site, &spec, source, &options, args.tolerance.strict)?
        }
        None if args.read.any() => {
            anyhow::bail!("--format and --items say how a SOURCE is written; name one")
        }
        None => Matter::at_hand(site, &spec)?,
    };
    let loaded = &matter.lesson.loaded;
    rows::report_bad(site, args.source.as_deref().unwrap_or("the table"), loaded);
    let (folds, repeats) = train::usual(loaded.table.len());
    let request = Request {
        learner: Some(args.learner.clone()),
        folds: args.folds.or(spec.evaluation.folds).unwrap_or(folds),
        repeats: args.repeats.or(spec.evaluation.repeats).unwrap_or(repeats),
        seed: args.seed.unwrap_or(site.settings.train.seed),
        threads: site.threads,
    };
    let order = Order {
        request,
        promote: args.promote.unwrap_or(site.settings.train.promote),
        by: "train".into(),
        gate: site.settings.gate,
        max_bad: args.tolerance.max_bad,
    };
    let progress = Shown::new(site.json, site.quiet, stop).leaving(leave);
    let outcome = retrain::run(
        &site.registry,
        &spec,
        &matter.lesson,
        matter.opponent(),
        &order,
        &clock::System,
        &progress,
    );
    progress.finish();
    let outcome = outcome?;
    if site.json {
        print_json(&document(&outcome, &matter.lesson))?
    } else {
        show(&outcome)?
    }
    rows::report_warnings(site, &outcome.model.card().table_warnings);
    Ok(Exit::Done)
}

fn document(outcome: &Outcome, lesson: &Lesson) -> serde_json::Value {
    let card = outcome.model.card();
    let candidates: Vec<_> = card
        .candidates
        .iter()
        .map(|c| json!({"learner": c.learner, "calibration": c.calibration, "cv": c.cv.to_json()}))
        .collect();
    json!({
        "model": outcome.version.to_string(),
        "promoted": outcome.verdict.promote,
        "reason": outcome.verdict.reason,
        "gate": outcome.gate,
        "learner": card.learner,
        "choice": card.choice,
        "calibration": card.calibration,
        "seed": card.seed,
        "rows": card.rows,
        "origin": lesson.origin(),
        "left_out": card.left_out,
        "unlabelled": lesson.loaded.unlabelled,
        "cv": card.cv.to_json(),
        "without_companions": card.without_companions.as_ref().map(|f| f.to_json()),
        "candidates": candidates,
        "warnings": card.table_warnings,
    })
}

fn show(outcome: &Outcome) -> anyhow::Result<()> {
    let card = outcome.model.card();
    let mut learners = table::new(
        ["learner", "calibration"]
            .into_iter()
            .chain(table::metric_heads()),
    );
    for candidate in &card.candidates {
        let name = if candidate.learner == card.learner {
            format!("{} *", candidate.learner)
        } else {
            candidate.learner.clone()
        };
        let cells = [name, candidate.calibration.clone()].into_iter();
        learners.add_row(
            cells
                .chain(table::metric_cells(&candidate.cv))
                .collect::<Vec<_>>(),
        );
    }
    if let Some(figures) = &card.without_companions {
        let cells = ["  without companions".to_owned(), String::new()].into_iter();
        learners.add_row(
            cells
                .chain(table::metric_cells(figures))
                .collect::<Vec<_>>(),
        );
    }
    outln!(
        "{} folds × {} repeats, {} rows, mean ± standard error",
        card.cv.folds,
        card.cv.repeats,
        card.rows
    );
    outln!("{}", table::text(&learners));
    outln!("");
    outln!("* {}", card.choice);
    let deed = if outcome.verdict.promote {
        "is now the champion"
    } else {
        "is kept, not promoted"
    };
    outln!("{} {deed}: {}", outcome.version, outcome.verdict.reason);
    Ok(())
}
