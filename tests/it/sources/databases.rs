//! Real PostgreSQL and MariaDB servers: `.ci/databases` installs and starts them.

use sqlx::{AssertSqlSafe, ConnectOptions, Executor};
use titanic_platform::ingest::source::Options;

use super::pull;

fn url(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set; see .ci/databases"))
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

fn query(text: &str, cursor: Option<&str>) -> Options {
    Options {
        query: Some(text.into()),
        cursor: cursor.map(str::to_owned),
        retries: 0,
        ..Options::default()
    }
}

const BAD: &str = "weight: out of range, got 51, allowed: a number from 0 to 50";

/// Reads a whole table: two valid rows and an invalid one.
fn check_table(url: &str, table: &str) {
    let options = Options {
        table: Some(table.into()),
        ..Options::default()
    };
    let pulled = pull(url, &options, None).ok();
    assert_eq!(pulled.rows, ["1 true 1.5|#0|0123", "2 - -|-|-"]);
    assert_eq!(
        (pulled.bad[0].line, pulled.bad[0].reason.as_str()),
        (Some(3), BAD)
    );
}

/// Reads a table by a cursor column in two pulls.
fn check_cursor(url: &str, column: &str, first: &[&str], last: &str) {
    let text =
        format!("select parcel, {column} from parcels where {column} > :cursor order by {column}");
    let options = query(&text, Some(column));
    let all = pull(url, &options, None).ok();
    assert_eq!(
        (all.ids(), all.cursor()),
        (first.to_vec(), Some(last)),
        "{column}"
    );
    let again = pull(url, &options, all.cursor()).ok();
    assert_eq!(
        (again.rows.len(), again.cursor()),
        (0, Some(last)),
        "{column}"
    );
}

#[test]
#[ignore = "needs a PostgreSQL server: .ci/databases starts one and sets POSTGRES_TEST_URL"]
fn postgres_is_read() {
    let url = url("POSTGRES_TEST_URL");
    block_on(async {
        let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
        let mut connection = options.connect().await.unwrap();
        let sql = "
            drop table if exists parcels;
            drop type if exists speed;
            create type speed as enum ('1', '2');
            create table parcels (parcel bigint primary key, weight numeric(6,2), service speed, postcode varchar(9),
                lost boolean, small smallint, ratio real, seen timestamptz, day date, note jsonb, raw bytea, code uuid);
            insert into parcels values
                (1, 1.50, '1', '0123', true, 1, 0.5, '2024-05-01 10:00:00.25+00', '2024-05-01', '{\"a\": 1}', '\\x00', gen_random_uuid()),
                (2, null, null, null, null, null, null, '2024-05-02 10:00:00+00', '2024-05-02', null, null, null),
                (9007199254740993, 51, '2', 'x', false, 2, 'NaN', '2024-05-03 10:00:00+00', '2024-05-03', null, null, null);";
        connection
            .execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())))
            .await
            .unwrap();
    });
    check_table(&url, "public.parcels");
    let typed = "select parcel, ratio as weight, small as postcode, 1::int4 as service from parcels order by parcel;";
    let typed = pull(&url, &query(typed, None), None).ok();
    assert_eq!(
        typed.rows,
        ["1 - 0.5|#0|1", "2 - -|#0|-", "9007199254740993 - -|#0|2"]
    );
    let ids = ["1", "2", "9007199254740993"];
    let by = "select parcel from parcels where parcel > :cursor order by parcel";
    let by = pull(&url, &query(by, Some("parcel")), Some("1")).ok();
    assert_eq!(by.ids(), &ids[1..]);
    check_cursor(&url, "seen", &ids, "2024-05-03 10:00:00+00");
    check_cursor(&url, "day", &ids, "2024-05-03");
    check_cursor(&url, "weight", &["1"], "51.00");
    check_cursor(&url, "small", &["1", "9007199254740993"], "2");
    let said = |text: &str| pull(&url, &query(text, None), None).said().to_owned();
    assert!(said("select * from nothing").contains("relation \"nothing\" does not exist"));
    assert!(said("delete from parcels returning parcel").contains("read-only transaction"));
    let wrong = url
        .replacen("://", "://nobody:hush@", 1)
        .replace("hush@titanic:titanic@", "hush@");
    let wrong = pull(&wrong, &query("select 1", None), None);
    assert!(!wrong.said().contains("hush"), "{wrong:?}");
    many(
        &url,
        "select i as parcel, 1.5::float8 as weight from generate_series(1, 100000) i",
    );
}

#[test]
#[ignore = "needs a MariaDB server: .ci/databases starts one and sets MYSQL_TEST_URL"]
fn mariadb_is_read() {
    let url = url("MYSQL_TEST_URL");
    block_on(async {
        let options: sqlx::mysql::MySqlConnectOptions = url.parse().unwrap();
        let mut connection = options.connect().await.unwrap();
        let sql = "
            drop table if exists parcels;
            create table parcels (parcel bigint unsigned primary key, weight decimal(6,2), service enum('1', '2'),
                postcode varchar(9), lost boolean, small smallint, ratio float, wide double, seen datetime(6), day date,
                born year, raw blob, big text) character set utf8mb4;
            insert into parcels values
                (1, 1.50, '1', '0123', true, 1, 0.5, 0.1, '2024-05-01 10:00:00.25', '2024-05-01', 1999, x'ff', 'é'),
                (2, null, null, null, null, null, null, null, '2024-05-02 10:00:00', '2024-05-02', null, null, null),
                (18446744073709551615, 51, '2', 'x', false, 2, 1, 2, '2024-05-03 00:00:00', '2024-05-03', 2001, null, null);";
        connection
            .execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())))
            .await
            .unwrap();
    });
    check_table(&url, "parcels");
    let typed = "select parcel, wide as weight, big as postcode, small as service from parcels order by parcel";
    let typed = pull(&url, &query(typed, None), None).ok();
    assert_eq!(
        typed.rows,
        ["1 - 0.1|#0|é", "2 - -|-|-", "18446744073709551615 - 2|#1|-"]
    );
    let years = pull(
        &url,
        &query(
            "select parcel, born as postcode, ratio as weight from parcels",
            None,
        ),
        None,
    )
    .ok();
    assert_eq!(
        years.rows,
        [
            "1 - 0.5|-|1999",
            "2 - -|-|-",
            "18446744073709551615 - 1|-|2001"
        ]
    );
    let ids = ["1", "2", "18446744073709551615"];
    check_cursor(&url, "seen", &ids, "2024-05-03 00:00:00");
    check_cursor(&url, "day", &ids, "2024-05-03");
    check_cursor(&url, "small", &["1", "18446744073709551615"], "2");
    let said = |text: &str| pull(&url, &query(text, None), None).said().to_owned();
    assert!(said("select * from nothing").contains("doesn't exist"));
    assert!(said("delete from parcels returning parcel").contains("READ ONLY transaction"));
    many(
        &url,
        "select seq as parcel, 1.5 as weight from seq_1_to_100000",
    );
}

/// Reads many rows as a stream.
fn many(url: &str, text: &str) {
    let pulled = pull(url, &query(text, None), None).ok();
    assert_eq!((pulled.rows.len(), pulled.cursors.len()), (100_000, 25));
}
