//! `ingest quarantine`: rows that were put aside, shown, tried again, dropped.

use anyhow::anyhow;
use clap::Subcommand;
use serde_json::json;

use super::chosen::Chosen;
use super::exit::Exit;
use super::out::outln;
use super::site::Site;
use super::{print_json, store, table};
use crate::clock::{Clock, System};
use crate::ingest::source::identity;
use crate::schema::row::Purpose;
use crate::schema::{Row, Schema, json as rows};
use crate::store::maintenance::{self, Retried};
use crate::store::rows::{NewRow, Origin, Quarantined};

/// What to do with them.
#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// Every row put aside, with what is wrong with it
    List,
    /// Check rows again, as by the champion's spec or --spec, and keep those that are good now
    Retry(Chosen),
    /// Forget rows
    Drop(Chosen),
}

/// What a running server can be asked meanwhile.
const MEANWHILE: &str =
    "GET /v1/events?kind=quarantine lists them, POST /v1/rows takes the rows once they are mended";

/// Runs it.
pub fn run(command: &QuarantineCommand, site: &Site) -> anyhow::Result<Exit> {
    let file = store::open(&site.settings.state, MEANWHILE)?;
    let all = maintenance::quarantine(&file)?;
    match command {
        QuarantineCommand::List => list(site, &all),
        QuarantineCommand::Drop(chosen) => {
            let ids: Vec<String> = of(chosen, all)?.into_iter().map(|row| row.id).collect();
            maintenance::drop_quarantined(&file, &ids, System.now())?;
            if site.json {
                print_json(&json!({"dropped": ids.len()}))?;
            } else {
                outln!("{} rows dropped", ids.len());
            }
            Ok(Exit::Done)
        }
        QuarantineCommand::Retry(chosen) => {
            let chosen = of(chosen, all)?;
            let schema = site.spec()?.schema;
            let mut retried = Retried::default();
            for aside in chosen {
                retry(&schema, aside, &mut retried);
            }
            let taken = maintenance::retry_quarantined(&file, &retried, System.now())?;
            told(site, &retried, taken.stored, taken.repeated)
        }
    }
}

/// Those that are chosen; each id must be there.
fn of(chosen: &Chosen, all: Vec<Quarantined>) -> anyhow::Result<Vec<Quarantined>> {
    let found = chosen.of(all, |row| &row.id);
    found.map_err(|id| {
        anyhow!("no row {id:?} is in quarantine; `ingest quarantine list` shows those that are")
    })
}

/// Checks one row again; it goes where it belongs.
fn retry(schema: &Schema, mut aside: Quarantined, retried: &mut Retried) {
    let Some(text) = &aside.row else {
        aside.reason = without_row(&aside.reason);
        retried.bad.push(aside);
        return;
    };
    let mut row = Row::new(schema, Purpose::Keep);
    if let Err(error) = rows::line(schema, text.as_bytes(), &mut row) {
        aside.reason = format!("the row is no JSON object: {error}");
        retried.bad.push(aside);
        return;
    }
    // Somebody has looked at it: what the spec sets apart may come in now.
    let (id, source) = (aside.id.clone(), &aside.source);
    match Quarantined::of(schema, &row, id, source, aside.line) {
        // The row keeps the id under which it was put aside.
        None => retried.good.push(NewRow::of(
            schema,
            row.view(),
            row.id_text(),
            row.target(),
            aside.id,
            // It comes after the equal rows that are there.
            Origin::of(identity(&aside.source).into(), 0),
        )),
        Some(fault) => retried.bad.push(Quarantined {
            row: aside.row,
            ..fault
        }),
    }
}

/// A row that cannot be tried again says so, once.
fn without_row(reason: &str) -> String {
    const SAYS: &str = "the row itself was not kept, send it again from its source";
    if reason.ends_with(SAYS) {
        return reason.to_owned();
    }
    format!("{reason}; {SAYS}")
}

fn told(site: &Site, retried: &Retried, stored: usize, repeated: usize) -> anyhow::Result<Exit> {
    let bad: Vec<_> = retried.bad.iter().map(document).collect();
    if site.json {
        let remaining = bad.len();
        print_json(
            &json!({"stored": stored, "repeated": repeated, "remaining": remaining, "quarantine": bad}),
        )?;
        return Ok(Exit::Done);
    }
    outln!(
        "{stored} rows stored, {repeated} were there already, {} stay",
        bad.len()
    );
    for row in &retried.bad {
        outln!("{}: {}", row.id, row.reason);
    }
    Ok(Exit::Done)
}

fn list(site: &Site, all: &[Quarantined]) -> anyhow::Result<Exit> {
    if site.json {
        let entries: Vec<_> = all.iter().map(document).collect();
        print_json(&json!({"quarantine": entries}))?;
        return Ok(Exit::Done);
    }
    if all.is_empty() {
        outln!("nothing is in quarantine");
        return Ok(Exit::Done);
    }
    let mut rows = table::new(["id", "source", "line", "column", "value", "reason"]);
    for row in all {
        let line = row
            .line
            .map_or_else(|| "–".to_owned(), |line| line.to_string());
        rows.add_row([
            &row.id,
            &row.source,
            &line,
            &row.column,
            &row.value,
            &row.reason,
        ]);
    }
    outln!("{}", table::text(&rows));
    Ok(Exit::Done)
}

fn document(row: &Quarantined) -> serde_json::Value {
    json!({"id": row.id, "source": row.source, "line": row.line, "column": row.column, "value": row.value,
           "reason": row.reason})
}
