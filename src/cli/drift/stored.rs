//! Rows from the store: the last predictions, or those since some time.

use std::collections::{HashSet, VecDeque};

use anyhow::{Result, bail};

use super::args::DriftArgs;
use super::sides::{Reference, Rows};
use crate::cli::remote::Opened;
use crate::cli::site::Site;
use crate::clock;
use crate::export::Filter;
use crate::ingest::Seen;
use crate::schema::row::Purpose;
use crate::schema::{Row, Table, WarningSummary};
use crate::store::event::StoredRow;
use crate::store::kind::Kind;

/// Maximum number of rows: enough for any verdict, and small enough for memory.
const MOST: usize = 1_000_000;

/// Reads the predictions that the arguments select, as rows.
pub fn rows(args: &DriftArgs, site: &Site, reference: &Reference) -> Result<(String, Rows)> {
    let opened = Opened::of(site)?;
    let most = args.window.unwrap_or(MOST).min(MOST);
    let mut last: VecDeque<StoredRow<'static>> = VecDeque::new();
    let mut names = HashSet::new();
    let filter = Filter {
        kind: Some(Kind::Prediction),
        since: args.since,
        ..Filter::default()
    };
    let read = opened.events().each(&filter, &mut |event| {
        if let Some(prediction) = event.prediction() {
            let mut row = prediction.row.clone().into_owned();
            row.share_names(&mut names); // those of a server come with names of their own
            last.push_back(row);
        }
        if last.len() > most {
            last.pop_front();
        }
        Ok(())
    });
    match (read, &opened) {
        (Ok(()), _) => {}
        (Err(error), Opened::Server(remote)) => return Err(remote.explain(error)),
        (Err(error), Opened::File(_)) => return Err(error.into()),
    }
    drop(opened);
    let since = args
        .since
        .map(|since| format!(" since {}", clock::rfc3339(since)));
    let since = since.unwrap_or_default();
    if last.is_empty() {
        let state = site.settings.state.display();
        bail!("the store in {state} holds no predictions{since}");
    }
    let mut row = Row::new(&reference.schema, Purpose::Look);
    let mut seen = Seen {
        table: Table::new(reference.schema.clone()),
        // A stored row lists its present values; a column that it does not list is a missing value.
        has: vec![true; reference.schema.columns().len()],
        others: Default::default(),
        left_out: 0,
        unreadable: 0,
        notices: Vec::new(),
        warnings: WarningSummary::default(),
    };
    for stored in &last {
        stored.read(&reference.schema, &mut row);
        seen.table.push(&row)?;
    }
    if let Some(met) = row.met() {
        seen.others.clone_from(&met.others);
    }
    let name = format!("the last {} predictions{since}", last.len());
    Ok((name, reference.side(seen, site)))
}
