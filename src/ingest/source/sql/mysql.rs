//! MySQL and MariaDB: `mysql://user:password@host/database`.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use sqlx::mysql::{MySqlArguments, MySqlConnectOptions, MySqlRow};
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
pub(super) struct MySql;

impl Engine for MySql {
    fn schemes(&self) -> &'static [&'static str] {
        &["mysql", "mariadb"]
    }

    fn check(&self, url: &str) -> Result<(), String> {
        let options = url.parse::<MySqlConnectOptions>();
        options.map(|_| ()).map_err(|e| e.to_string())
    }

    fn quoted(&self, name: &str) -> String {
        format!("`{}`", name.replace('`', "``"))
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
    let options: MySqlConnectOptions = ask.url.parse().map_err(failure)?;
    let options = options.disable_statement_logging();
    let mut connection = within(ask.timeout, options.connect())
        .await?
        .map_err(failure)?;
    let read_only = connection.execute("set session transaction read only");
    within(ask.timeout, read_only).await?.map_err(failure)?;
    let (sql, cursors) = ask.query.with(|_| "?".into());
    let sql = AssertSqlSafe(sql).into_sql_str(); // it is the user's own
    let prepared = connection.prepare(sql.clone());
    let statement = within(ask.timeout, prepared).await?.map_err(failure)?;
    let names: Vec<&str> = statement.columns().iter().map(Column::name).collect();
    to.columns(&names)?;
    let mut arguments = MySqlArguments::default();
    for _ in 0..cursors {
        match ask.bound() {
            Bound::Whole(v) => arguments.add(v),
            Bound::Text(text) => arguments.add(text),
        }
        .map_err(|e| Failure::lasting(e.to_string()))?;
    }
    let rows = sqlx::query_with(sql, arguments).fetch(&mut connection);
    to.rows(rows, ask.timeout, cell).await
}

fn cell(row: &MySqlRow, i: usize) -> Result<Found<'_>, String> {
    let said = |e: sqlx::Error| e.to_string();
    if row.try_get_raw(i).map_err(said)?.is_null() {
        return Ok(Found::Missing);
    }
    let bytes = || row.try_get_unchecked::<&[u8], _>(i).map_err(said);
    match row.column(i).type_info().name() {
        // BOOLEAN is a TINYINT(1), which may also hold other numbers.
        "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => {
            row.try_get_unchecked(i).map(Found::Whole).map_err(said)
        }
        "YEAR" => row
            .try_get_unchecked::<u16, _>(i)
            .map(|v| Found::Whole(v.into()))
            .map_err(said),
        unsigned if unsigned.ends_with("UNSIGNED") => {
            let value: u64 = row.try_get_unchecked(i).map_err(said)?;
            let whole = i64::try_from(value).map(Found::Whole);
            Ok(whole.unwrap_or_else(|_| Found::Text(value.to_string().into())))
        }
        "FLOAT" => row
            .try_get_unchecked::<f32, _>(i)
            .map(|v| Found::Number(v.into()))
            .map_err(said),
        "DOUBLE" => row.try_get_unchecked(i).map(Found::Number).map_err(said),
        "DATE" => time(bytes()?).map(|t| Found::Text(t.into())),
        "DATETIME" | "TIMESTAMP" => {
            let mut text = time(bytes()?)?;
            if text.len() == DAY {
                text.push_str(" 00:00:00"); // midnight is not sent
            }
            Ok(Found::Text(text.into()))
        }
        name @ ("BIT" | "TIME" | "GEOMETRY") => Err(format!("a value of type {name}")),
        // Decimals are sent as text, and the type of text with a binary collation is reported as BLOB.
        name => match std::str::from_utf8(bytes()?) {
            Ok(text) => Ok(Found::Text(text.into())),
            Err(_) => Err(format!("a value of type {name} that is not text")),
        },
    }
}

/// Length of a date: `2024-05-01`.
const DAY: usize = 10;

/// Formats a date or time of the binary protocol: year, month, day; then, unless all zero, hour, minute, second;
/// then, unless zero, microseconds.
fn time(bytes: &[u8]) -> Result<String, String> {
    let Some((&length, rest)) = bytes.split_first() else {
        return Err("a time without bytes".into());
    };
    // The leading length byte is present only in some result formats.
    let sent = match bytes.len() {
        4 | 7 | 11 => bytes,
        _ if usize::from(length) == rest.len() => rest,
        _ => return Err("a time of a length that there is not".into()),
    };
    let mut text = match sent {
        [low, high, month, day, ..] => format!(
            "{:04}-{month:02}-{day:02}",
            u16::from_le_bytes([*low, *high])
        ),
        _ => return Err("the date 0000-00-00".into()),
    };
    if let [_, _, _, _, hour, minute, second, ..] = sent {
        text = format!("{text} {hour:02}:{minute:02}:{second:02}");
    }
    if let [.., a, b, c, d] = sent
        && sent.len() == 11
    {
        text = format!("{text}.{:06}", u32::from_le_bytes([*a, *b, *c, *d]));
    }
    Ok(text)
}
