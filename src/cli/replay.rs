//! Subcommand `replay`: scores stored predictions again with another version; if a server holds the store, as a job of it.

use std::sync::atomic::Ordering;

use anyhow::bail;
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::exit::{Exit, ExitError};
use super::out::{outln, print_json};
use super::progress::Shown;
use super::remote::{Opened, not_understood};
use super::site::Site;
use super::time::parse_time;
use super::{interrupt, table};
use crate::control::jobs::Product;
use crate::replay::{self, Asked, Replay};
use crate::report::visible;
use crate::train::Progress;

/// Steps of the shown progress, which is known as a share.
const STEPS: usize = 100;

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The version that scores the predictions again: 7 or titanic@7
    #[arg(long, value_name = "VERSION")]
    model: String,
    /// Only predictions from this time on: a day or a moment
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<Timestamp>,
    /// Only predictions before this time
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<Timestamp>,
}

pub fn run(args: &ReplayArgs, site: &Site) -> anyhow::Result<Exit> {
    let asked = Asked {
        model: args.model.parse()?,
        since: args.since,
        until: args.until,
    };
    let opened = Opened::of(site)?;
    let stop = interrupt::flag()?;
    let progress = Shown::new(site.json, site.quiet, stop.clone()).counting("parts");
    progress.begin(STEPS);
    let mut shown = 0;
    let mut show = |share: f64| {
        let reached = (share * STEPS as f64) as usize;
        (shown..reached).for_each(|_| progress.advance("replayed"));
        shown = shown.max(reached);
    };
    let replayed = match &opened {
        Opened::File(file) => {
            let replayed = replay::run(file, &site.registry, &asked, &mut |share| {
                show(share);
                !stop.load(Ordering::Relaxed)
            });
            replayed.map_err(anyhow::Error::from).and_then(|replayed| {
                replayed.ok_or_else(|| {
                    let message = "interrupted".into();
                    let exit = Exit::Interrupted;
                    ExitError { message, exit }.into()
                })
            })
        }
        Opened::Server(remote) => {
            let path = "/v1/replay";
            // With full precision: a rounded time would select other predictions.
            let [since, until] = [args.since, args.until].map(|time| time.map(|t| t.to_string()));
            let document = json!({"model": args.model, "since": since, "until": until});
            match remote.job(path, Some(&document), &stop, &mut show) {
                Ok(Product::Replay(replayed)) => Ok(*replayed),
                Ok(_) => bail!(not_understood(path)),
                Err(error) => Err(error),
            }
        }
    };
    progress.finish();
    let replayed = replayed?;
    if site.json {
        print_json(&serde_json::to_value(&replayed)?)?;
    } else {
        print(&replayed)?;
    }
    Ok(Exit::Done)
}

/// Prints a replay for people. Columns are shown only where decisions flip.
fn print(replayed: &Replay) -> anyhow::Result<()> {
    let Replay {
        from,
        to,
        rows,
        skipped,
        flips,
        difference,
        by_column,
        labelled,
    } = replayed;
    outln!("{rows} predictions of {from}, scored again with {to}");
    if *skipped > 0 {
        outln!("{skipped} more violate the contract of {to}");
    }
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| format!("{v:+.4}"));
    let quantiles = difference.quantiles.iter();
    let quantiles = quantiles.map(|(share, value)| format!("{share}: {}", number(*value)));
    let quantiles: Vec<String> = quantiles.collect();
    outln!(
        "decisions that flip: {} to the positive value, {} to the negative one",
        flips.to_positive,
        flips.to_negative
    );
    outln!(
        "difference of probabilities, {to} − {from}: mean {}, quantiles {}",
        number(difference.mean),
        quantiles.join(", ")
    );
    match labelled {
        None => outln!("no label is known"),
        Some(labelled) => {
            let loss = &labelled.log_loss;
            outln!(
                "{} labels: log loss {:.4} → {:.4}; {} better, 95 % interval from {} to {}",
                labelled.rows,
                loss.from,
                loss.to,
                number(Some(loss.difference)),
                number(loss.low),
                number(loss.high)
            );
            if labelled.seen > 0 {
                outln!(
                    "{} of these labels had arrived before {to} was trained, which may have been trained on them",
                    labelled.seen
                );
            }
        }
    }
    let flipped = by_column.iter().filter(|level| level.flips > 0);
    let mut rows = table::new(["column", "level", "rows", "flips"]);
    let mut is_empty = true;
    for level in flipped {
        let shown = match &level.level {
            None => "(missing)".to_owned(),
            Some(label) => visible(&label.to_string()).into_owned(),
        };
        let counts = [level.rows, level.flips].map(|count| count.to_string());
        rows.add_row([&[level.column.clone(), shown][..], &counts].concat());
        is_empty = false;
    }
    if !is_empty {
        outln!("\n{}", table::text(&rows));
    }
    Ok(())
}
