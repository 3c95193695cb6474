//! Subcommand `drift`: compares rows with a reference. The rows come from a file or from the predictions in the store; the
//! reference is a file or the training rows of a model.

mod against;
mod args;
mod say;
mod sides;
mod stored;

use anyhow::Result;
use serde_json::json;

use super::exit::Exit;
use super::out::{outln, print_json};
use super::plot::{self, Bar};
use super::site::Site;
use crate::ingest::WriteError;
use crate::ingest::write;
use crate::monitor::drift::Drift;
use crate::report;
pub use against::against;
pub use args::DriftArgs;
use sides::{Reference, Rows};

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
            written.map_err(|source| WriteError::Io {
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
            let effects = drift.columns.iter().filter_map(|column| {
                let effect = column.effect?;
                Some(Bar {
                    name: column.name.clone(),
                    value: effect,
                    text: format!("{effect:.3}{}", if column.drift { " drift" } else { "" }),
                })
            });
            let effects: Vec<Bar> = effects.collect();
            plot::bars(
                "effect: share of the rows that would have to change",
                &effects,
            )?;
        }
    }
    let drifted = verdicts.iter().any(|(_, drift)| drift.drift);
    Ok(match args.exit_code && drifted {
        true => Exit::No,
        false => Exit::Done,
    })
}
