//! SQLite: `sqlite:path/to/file.db`.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow};
use sqlx::{
    Arguments, AssertSqlSafe, Column, ConnectOptions, Executor, Row, SqlSafeStr, Statement,
    TypeInfo, ValueRef,
};

use super::cell::Found;
use super::engine::{Ask, Bound, Engine};
use super::failure::failure;
use super::rows::Receiver;
use crate::ingest::source::retry::Failure;
use crate::ingest::source::runtime::within;

#[derive(Debug)]
pub(super) struct Sqlite;

impl Engine for Sqlite {
    fn schemes(&self) -> &'static [&'static str] {
        &["sqlite"]
    }

    fn check(&self, url: &str) -> Result<(), String> {
        let options = url.parse::<SqliteConnectOptions>();
        options.map(|_| ()).map_err(|e| e.to_string())
    }

    fn quoted(&self, name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    fn run<'a>(
        &'a self,
        ask: &'a Ask<'a>,
        to: &'a mut Receiver<'_>,
    ) -> LocalBoxFuture<'a, Result<(), Failure>> {
        run(ask, to).boxed_local()
    }
}

async fn run(ask: &Ask<'_>, to: &mut Receiver<'_>) -> Result<(), Failure> {
    let options: SqliteConnectOptions = ask.url.parse().map_err(failure)?;
    let options = options
        .read_only(true)
        .busy_timeout(ask.timeout)
        .disable_statement_logging();
    let mut connection = within(ask.timeout, options.connect())
        .await?
        .map_err(failure)?;
    let (sql, cursors) = ask.query.with(|_| "?1".into());
    let sql = AssertSqlSafe(sql).into_sql_str(); // it is the user's own
    let statement = connection.prepare(sql.clone()).await.map_err(failure)?;
    let names: Vec<&str> = statement.columns().iter().map(Column::name).collect();
    to.columns(&names)?;
    let mut arguments = SqliteArguments::default();
    if cursors > 0 {
        match ask.bound() {
            Bound::Whole(v) => arguments.add(v),
            Bound::Text(text) => arguments.add(text.to_owned()),
        }
        .map_err(|e| Failure::lasting(e.to_string()))?;
    }
    let rows = sqlx::query_with(sql, arguments).fetch(&mut connection);
    to.rows(rows, ask.timeout, cell).await
}

/// Decodes a cell by the type of its value, because a column of SQLite may hold values of any type.
fn cell(row: &SqliteRow, i: usize) -> Result<Found<'_>, String> {
    let said = |e: sqlx::Error| e.to_string();
    let raw = row.try_get_raw(i).map_err(said)?;
    if raw.is_null() {
        return Ok(Found::Missing);
    }
    match raw.type_info().name() {
        "INTEGER" => row.try_get_unchecked(i).map(Found::Whole).map_err(said),
        "REAL" => row.try_get_unchecked(i).map(Found::Number).map_err(said),
        "TEXT" => row
            .try_get_unchecked::<&str, _>(i)
            .map(|text| Found::Text(text.into()))
            .map_err(said),
        other => Err(format!("a value of type {other}")),
    }
}
