//! Subcommand `ingest quarantine`: lists, retries or drops quarantined rows.

use anyhow::anyhow;
use clap::Subcommand;
use serde_json::json;

use super::chosen::Chosen;
use super::exit::Exit;
use super::out::{outln, print_json};
use super::remote::{Opened, must_share_spec};
use super::site::Site;
use super::table;
use crate::clock::{Clock, System};
use crate::pulls::quarantine::{Retry, check};
use crate::serve::views::{Dropped, Quarantine};
use crate::store::File;
use crate::store::maintenance::{self, Retried};
use crate::store::rows::Quarantined;

/// What to do with them.
#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// List quarantined rows, each with its errors
    List,
    /// Check rows again, by the champion's spec or --spec, and store those that are valid now
    Retry(Chosen),
    /// Drop rows
    Drop(Chosen),
}

/// Number of rows per request of the list.
const PAGE: usize = 10_000;

pub fn run(command: &QuarantineCommand, site: &Site) -> anyhow::Result<Exit> {
    let opened = Opened::of(site)?;
    match command {
        QuarantineCommand::List => list(site, &all(&opened)?),
        QuarantineCommand::Drop(chosen) => remove(site, &opened, chosen),
        QuarantineCommand::Retry(chosen) => {
            let retry = match &opened {
                Opened::File(file) => retry(site, file, chosen)?,
                Opened::Server(remote) => {
                    must_share_spec(site, remote)?;
                    let mut sum = Retry::default();
                    for row in of(chosen, all(&opened)?, |row| &row.id)? {
                        sum.add(remote.ask(&format!("/v1/quarantine/{}/retry", row.id))?);
                    }
                    sum
                }
            };
            told(site, &retry)
        }
    }
}

/// All quarantined rows, oldest first.
fn all(opened: &Opened) -> anyhow::Result<Vec<Quarantined>> {
    let remote = match opened {
        Opened::File(file) => return Ok(maintenance::quarantine(file)?),
        Opened::Server(remote) => remote,
    };
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/quarantine?limit={PAGE}&after={after}");
        let page: Quarantine = remote.get(&path)?;
        rows.extend(page.quarantine);
        match page.next {
            Some(next) => after = next,
            None => return Ok(rows),
        }
    }
}

/// Returns the selected rows; an unknown id is an error.
fn of<T>(chosen: &Chosen, all: Vec<T>, id: impl Fn(&T) -> &str) -> anyhow::Result<Vec<T>> {
    let found = chosen.of(all, id);
    found.map_err(|id| {
        anyhow!("no row {id:?} is in quarantine; `ingest quarantine list` shows those that are")
    })
}

fn remove(site: &Site, opened: &Opened, chosen: &Chosen) -> anyhow::Result<Exit> {
    let rows = of(chosen, all(opened)?, |row| &row.id)?;
    let ids: Vec<String> = rows.into_iter().map(|row| row.id).collect();
    match opened {
        Opened::File(file) => maintenance::drop_quarantined(file, &ids, System.now())?,
        Opened::Server(remote) => {
            for id in &ids {
                remote.delete::<Dropped>(&format!("/v1/quarantine/{id}"))?;
            }
        }
    }
    if site.json {
        print_json(&json!({"dropped": ids.len()}))?;
    } else {
        outln!("{} rows dropped", ids.len());
    }
    Ok(Exit::Done)
}

fn retry(site: &Site, file: &File, chosen: &Chosen) -> anyhow::Result<Retry> {
    let chosen = of(chosen, maintenance::quarantine(file)?, |row| &row.id)?;
    let schema = site.spec()?.schema;
    let mut retried = Retried::default();
    for aside in chosen {
        check(&schema, aside, &mut retried);
    }
    let taken = maintenance::retry_quarantined(file, &retried, System.now())?;
    Ok(Retry::of(&taken, retried.bad))
}

fn told(site: &Site, retry: &Retry) -> anyhow::Result<Exit> {
    if site.json {
        print_json(&serde_json::to_value(retry)?)?;
        return Ok(Exit::Done);
    }
    let Retry {
        stored,
        repeated,
        remaining,
        quarantine,
    } = retry;
    outln!("{stored} rows stored, {repeated} were there already, {remaining} stay");
    for row in quarantine {
        outln!("{}: {}", row.id, row.rejected.reason);
    }
    Ok(Exit::Done)
}

fn list(site: &Site, all: &[Quarantined]) -> anyhow::Result<Exit> {
    if site.json {
        print_json(&json!({"quarantine": all}))?;
        return Ok(Exit::Done);
    }
    if all.is_empty() {
        outln!("nothing is in quarantine");
        return Ok(Exit::Done);
    }
    let mut rows = table::new(["id", "source", "line", "column", "value", "reason"]);
    for Quarantined { id, rejected: row } in all {
        let line = row
            .line
            .map_or_else(|| "–".to_owned(), |line| line.to_string());
        rows.add_row([id, &row.source, &line, &row.column, &row.value, &row.reason]);
    }
    table::sentences(&mut rows, 5);
    outln!("{}", table::text(&rows));
    Ok(Exit::Done)
}
