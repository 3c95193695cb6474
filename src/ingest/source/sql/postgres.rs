//! PostgreSQL: `postgres://user:password@host/database`.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow, PgStatement};
use sqlx::{
    Arguments, AssertSqlSafe, Column, ConnectOptions, Either, Executor, Row, SqlSafeStr, Statement,
    TypeInfo, ValueRef,
};

use super::cell::Found;
use super::engine::{Ask, Engine};
use super::failure::failure;
use super::rows::Receiver;
use crate::ingest::source::retry::Failure;
use crate::ingest::source::runtime::within;

#[derive(Debug)]
pub(super) struct Postgres;

/// Types that are decoded natively; columns of all other types are cast to text in the query.
const PLAIN: &[&str] = &[
    "BOOL", "INT2", "INT4", "INT8", "FLOAT4", "FLOAT8", "TEXT", "VARCHAR", "CHAR", "NAME",
    "UNKNOWN",
];

/// The smallest value of each type, with which a cursor begins.
const FIRST: &[(&str, &str)] = &[
    ("INT2", "-32768"),
    ("INT4", "-2147483648"),
    ("INT8", "-9223372036854775808"),
    ("FLOAT4", "-Infinity"),
    ("FLOAT8", "-Infinity"),
    ("NUMERIC", "-1e300"),
    ("DATE", "-infinity"),
    ("TIMESTAMP", "-infinity"),
    ("TIMESTAMPTZ", "-infinity"),
    ("UUID", "00000000-0000-0000-0000-000000000000"),
    ("TEXT", ""),
    ("VARCHAR", ""),
    ("CHAR", ""),
];

impl Engine for Postgres {
    fn schemes(&self) -> &'static [&'static str] {
        &["postgres", "postgresql"]
    }

    fn check(&self, url: &str) -> Result<(), String> {
        let options = url.parse::<PgConnectOptions>();
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
        async move { self.ask(ask, to).await }.boxed_local()
    }
}

impl Postgres {
    async fn ask(&self, ask: &Ask<'_>, to: &mut Receiver<'_>) -> Result<(), Failure> {
        let options: PgConnectOptions = ask.url.parse().map_err(failure)?;
        let options = options
            .application_name("titanic-platform")
            .disable_statement_logging();
        let mut connection = within(ask.timeout, options.connect())
            .await?
            .map_err(failure)?;
        let read_only = "set session characteristics as transaction read only";
        within(ask.timeout, connection.execute(read_only))
            .await?
            .map_err(failure)?;
        let (sql, cursors) = ask.query.with(|_| "$1".into());
        let prepared = connection.prepare(AssertSqlSafe(sql).into_sql_str());
        let statement = within(ask.timeout, prepared).await?.map_err(failure)?;
        let names: Vec<&str> = statement.columns().iter().map(Column::name).collect();
        to.columns(&names)?;
        let mut arguments = PgArguments::default();
        let mut placeholder = String::new();
        if cursors > 0 {
            let wanted = cursor_type(&statement);
            placeholder = format!("($1::text)::{wanted}");
            let cursor = ask
                .cursor
                .map_or_else(|| first(&wanted), |c| Ok(c.to_owned()))?;
            let added = arguments.add(cursor);
            added.map_err(|e| Failure::lasting(e.to_string()))?;
        }
        let (sql, _) = ask.query.with(|_| placeholder.clone());
        let sql = self.readable(sql, &statement, to);
        let rows = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch(&mut connection);
        to.rows(rows, ask.timeout, cell).await
    }

    /// The query, with columns of other than the plain types cast to text.
    fn readable(&self, sql: String, statement: &PgStatement, to: &Receiver<'_>) -> String {
        let columns = statement.columns();
        let odd = |i: usize| to.wants(i) && !PLAIN.contains(&columns[i].type_info().name());
        if !(0..columns.len()).any(odd) {
            return sql;
        }
        let select = columns.iter().enumerate().map(|(i, column)| {
            let name = self.quoted(column.name());
            match odd(i) {
                true => format!("{name}::text as {name}"),
                false => name,
            }
        });
        // The outer select has no ordering of its own, so the order of the inner query is preserved.
        let select = select.collect::<Vec<_>>().join(", ");
        format!("select {select} from ({sql}\n) as source")
    }
}

/// The type that the database infers for the cursor parameter.
fn cursor_type(statement: &PgStatement) -> String {
    match statement.parameters() {
        Some(Either::Left([wanted, ..])) => wanted.name().to_owned(),
        _ => "TEXT".into(),
    }
}

fn first(wanted: &str) -> Result<String, Failure> {
    let known = FIRST.iter().find(|(name, _)| *name == wanted);
    known.map(|(_, first)| (*first).to_owned()).ok_or_else(|| {
        Failure::lasting(format!(
            "a cursor of type {wanted} has no first value; cast the column of the cursor to a number, a text or a time"
        ))
    })
}

fn cell(row: &PgRow, i: usize) -> Result<Found<'_>, String> {
    let said = |e: sqlx::Error| e.to_string();
    if row.try_get_raw(i).map_err(said)?.is_null() {
        return Ok(Found::Missing);
    }
    match row.column(i).type_info().name() {
        "BOOL" => row.try_get(i).map(Found::Flag),
        "INT2" => row.try_get::<i16, _>(i).map(|v| Found::Whole(v.into())),
        "INT4" => row.try_get::<i32, _>(i).map(|v| Found::Whole(v.into())),
        "INT8" => row.try_get(i).map(Found::Whole),
        "FLOAT4" => row.try_get::<f32, _>(i).map(|v| Found::Number(v.into())),
        "FLOAT8" => row.try_get(i).map(Found::Number),
        _ => row
            .try_get_unchecked::<&str, _>(i)
            .map(|text| Found::Text(text.into())),
    }
    .map_err(said)
}
