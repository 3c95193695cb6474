//! The source kind for SQL databases: streams the rows of one query.
//!
//! A new engine is one file and one line in [`ENGINES`]. Queries run in a read-only session, so that a source is never changed.

mod cell;
mod engine;
mod failure;
mod mysql;
mod postgres;
mod query;
mod rows;
mod sqlite;
mod trail;

use std::sync::Arc;
use std::time::Duration;

use super::address::masked;
use super::kind::{Kind, Pull};
use super::options::Options;
use super::retry::{self, Failure};
use super::runtime;
use crate::ingest::error::ReadError;
use crate::ingest::rows::Rows;
use engine::{Ask, Engine};
use query::Query;
use rows::Receiver;

const ENGINES: &[&dyn Engine] = &[&sqlite::Sqlite, &postgres::Postgres, &mysql::MySql];

#[derive(Debug)]
struct Sql {
    engine: &'static dyn Engine,
    url: String,
    name: String,
    query: Query,
    timeout: Duration,
    retries: u32,
}

pub(super) fn open(text: &str, options: &Options) -> Option<Result<Arc<dyn Kind>, ReadError>> {
    let scheme = text.split_once(':')?.0.to_ascii_lowercase();
    let engine = *ENGINES
        .iter()
        .find(|e| e.schemes().contains(&scheme.as_str()))?;
    let sql = Sql::new(engine, text, options);
    Some(sql.map(|sql| Arc::new(sql) as _))
}

impl Sql {
    fn new(engine: &'static dyn Engine, text: &str, options: &Options) -> Result<Sql, ReadError> {
        options.only("a database", &["query", "table", "cursor"])?;
        let name = masked(text);
        engine.check(text).map_err(|why| {
            ReadError::Usage(format!("{name} is not the address of a database: {why}"))
        })?;
        Ok(Sql {
            engine,
            url: text.to_owned(),
            query: Query::of(options, |part| engine.quoted(part)).map_err(ReadError::Usage)?,
            name,
            timeout: options.timeout,
            retries: options.retries,
        })
    }
}

impl Kind for Sql {
    fn name(&self) -> &str {
        &self.name
    }

    fn pull(&self, pull: &Pull<'_>, to: &mut dyn Rows) -> Result<(), ReadError> {
        let failed = |why: String| ReadError::remote(&self.name, why);
        let runtime = runtime::new().map_err(failed)?;
        let ask = Ask {
            url: &self.url,
            query: &self.query,
            cursor: pull.cursor,
            timeout: self.timeout,
        };
        if to.begin(&self.name).is_break() {
            return Ok(());
        }
        retry::persist(&self.name, self.retries, pull.world, || {
            let mut receiver = Receiver::new(pull, &self.query, to);
            let outcome = runtime::run(&runtime, pull.world, self.engine.run(&ask, &mut receiver))?;
            Some(match (outcome, receiver.count()) {
                (Ok(()), _) => {
                    receiver.finish();
                    Ok(())
                }
                (Err(failure), 0) => Err(failure),
                // No retry once rows have been passed on, because it would pass them again.
                (Err(failure), n) => {
                    Err(Failure::lasting(format!("after {n} rows: {}", failure.why)))
                }
            })
        })
    }
}
