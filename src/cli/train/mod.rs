//! `train`: a table in, a registered version out, promoted if it is not worse.

mod matter;
mod server;

use clap::Args;
use serde_json::json;

use super::exit::Exit;
use super::out::outln;
use super::progress::Shown;
use super::remote::Opened;
use super::rows::{self, Tolerance};
use super::site::Site;
use super::text::ReadArgs;
use super::{interrupt, print_json, table};
use crate::clock;
use crate::control::retrain::{self, Order};
use crate::model::card::Card;
use crate::promotion::gate::Gate;
use crate::promotion::policy::Promote;
use crate::store::NAME;
use crate::train::{self, LEARNERS, Request};
use matter::Matter;

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
        None => {
            // Looking makes no store.
            let made = site.settings.state.join(NAME).exists();
            let store = match made.then(|| Opened::of(site)).transpose()? {
                Some(Opened::Server(remote)) => {
                    let made = server::train(args, site, &spec, &remote, &stop)?;
                    return report(site, &made);
                }
                Some(Opened::File(file)) => Some(file),
                None => None,
            };
            Matter::at_hand(site, &spec, store)?
        }
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
    let made = Made {
        version: outcome.version.to_string(),
        promoted: outcome.verdict.promote,
        reason: outcome.verdict.reason,
        gate: outcome.gate,
        origin: matter.lesson.origin(),
        unlabelled: matter.lesson.loaded.unlabelled,
        card: outcome.model.card().clone(),
    };
    report(site, &made)
}

/// What came of a training, here or in a server.
struct Made {
    version: String,
    promoted: bool,
    reason: String,
    gate: Option<Gate>,
    origin: serde_json::Value,
    /// Rows of the table without a value of the target.
    unlabelled: usize,
    card: Card,
}

fn report(site: &Site, made: &Made) -> anyhow::Result<Exit> {
    if site.json {
        print_json(&document(made))?
    } else {
        show(made)?
    }
    rows::report_warnings(site, &made.card.table_warnings);
    Ok(Exit::Done)
}

fn document(made: &Made) -> serde_json::Value {
    let card = &made.card;
    let candidates: Vec<_> = card
        .candidates
        .iter()
        .map(|c| json!({"learner": c.learner, "calibration": c.calibration, "cv": c.cv.to_json()}))
        .collect();
    json!({
        "model": made.version,
        "promoted": made.promoted,
        "reason": made.reason,
        "gate": made.gate,
        "learner": card.learner,
        "choice": card.choice,
        "calibration": card.calibration,
        "seed": card.seed,
        "rows": card.rows,
        "origin": made.origin,
        "left_out": card.left_out,
        "unlabelled": made.unlabelled,
        "cv": card.cv.to_json(),
        "without_companions": card.without_companions.as_ref().map(|f| f.to_json()),
        "candidates": candidates,
        "warnings": card.table_warnings,
    })
}

fn show(made: &Made) -> anyhow::Result<()> {
    let card = &made.card;
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
    let deed = if made.promoted {
        "is now the champion"
    } else {
        "is kept, not promoted"
    };
    outln!("{} {deed}: {}", made.version, made.reason);
    Ok(())
}
