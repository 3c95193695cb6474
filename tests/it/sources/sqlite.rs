//! Real SQLite files.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};
use titanic_platform::ingest::source::Options;

use super::pull;

/// Runs statements on a file.
fn run(path: &Path, sql: &str) {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut connection = options.connect().await.unwrap();
        connection
            .execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())))
            .await
            .unwrap();
    });
}

const TABLE: &str = "
create table parcels (parcel integer primary key, weight real, service, postcode text, lost, extra blob);
insert into parcels values
  (1, 1.5, 1, '0123', 1, x'00'),
  (2, null, '2', 77, 'false', null),
  (3, 'heavy', 1, null, 0, null),
  (9007199254740993, '2.5', null, '', null, null),
  (9007199254740994, 51, null, null, true, null),
  (9007199254740995, x'0102', null, null, true, null),
  (9007199254740996, 1, 7, null, true, null);
";

fn database() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parcels.db");
    run(&path, TABLE);
    let url = format!("sqlite:{}", path.display());
    (folder, url)
}

fn table(cursor: Option<&str>) -> Options {
    Options {
        table: Some("parcels".into()),
        cursor: cursor.map(str::to_owned),
        ..Options::default()
    }
}

fn query(query: &str) -> Options {
    Options {
        query: Some(query.into()),
        ..Options::default()
    }
}

#[test]
fn values_of_every_type_become_cells() {
    let (_folder, url) = database();
    let pulled = pull(&url, &table(None), None).ok();
    assert_eq!(
        pulled.rows,
        [
            "1 true 1.5|#0|0123",
            "2 false -|#1|77",
            "9007199254740993 - 2.5|-|-"
        ]
    );
    let bad: Vec<_> = pulled
        .bad
        .iter()
        .map(|b| (b.line.unwrap(), b.column.as_str(), b.value.as_str()))
        .collect();
    assert_eq!(
        bad,
        [
            (3, "weight", "\"heavy\""),
            (5, "weight", "51"),
            (6, "weight", "a value of type BLOB"),
            (7, "service", "7"),
        ]
    );
    assert!(
        pulled.bad[3]
            .reason
            .contains("the spec sets such rows apart"),
        "{:?}",
        pulled.bad[3]
    );
    assert_eq!(
        pulled.notes,
        ["columns that the spec does not have are left out: extra"]
    );
    assert_eq!(pulled.cursor(), None);
}

#[test]
fn a_cursor_goes_on_where_it_was() {
    let (folder, url) = database();
    let options = table(Some("parcel"));
    let first = pull(&url, &options, None).ok();
    assert_eq!((first.rows.len(), first.bad.len()), (3, 4));
    assert_eq!(first.cursor(), Some("9007199254740996"));
    let second = pull(&url, &options, first.cursor()).ok();
    assert_eq!((second.rows.len(), second.cursor()), (0, first.cursor()));
    run(
        &folder.path().join("parcels.db"),
        "insert into parcels (parcel, weight) values (9007199254740997, 3)",
    );
    let third = pull(&url, &options, second.cursor()).ok();
    assert_eq!(third.rows, ["9007199254740997 - 3|-|-"]);
    // Text cursors, in a custom query.
    let by_code = Options {
        cursor: Some("postcode".into()),
        ..query("select parcel, postcode from parcels where postcode > :cursor order by postcode")
    };
    let codes = pull(&url, &by_code, None).ok();
    assert_eq!((codes.ids(), codes.cursor()), (vec!["1", "2"], Some("77")));
    assert_eq!(pull(&url, &by_code, Some("0123")).ok().ids(), ["2"]);
}

#[test]
fn batches_carry_cursors_that_are_passed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.db");
    run(
        &path,
        "create table parcels (parcel integer, weight real);
         with recursive n(i) as (select 1 union all select i + 1 from n where i < 9000)
         insert into parcels select i / 2, 1 from n;",
    );
    let options = Options {
        cursor: Some("parcel".into()),
        ..query("select * from parcels where parcel > :cursor order by parcel")
    };
    let pulled = pull(&format!("sqlite:{}", path.display()), &options, None).ok();
    assert_eq!(pulled.rows.len(), 9000);
    let cursors: Vec<_> = pulled
        .cursors
        .iter()
        .map(|c| c.as_deref().unwrap())
        .collect();
    // Row 4096 is the first of two with 2048, so the cursor does not pass 2048 yet.
    assert_eq!(cursors, ["2047", "4095", "4500"]);
}

#[test]
fn what_is_wrong_is_told() {
    let (folder, url) = database();
    let check = |url: &str, options: &Options, expected: &str| {
        let pulled = pull(url, options, None);
        assert!(pulled.said().contains(expected), "{pulled:?}");
    };
    let parcels = "select parcel, weight from parcels";
    check(
        &url,
        &query("select parcel, wheight from parcels"),
        "no such column: wheight",
    );
    check(
        &url,
        &query("select parcel, weight as wheight from parcels"),
        "did you mean \"weight\"?",
    );
    check(
        &url,
        &query("select parcel, parcel from parcels"),
        "stands twice",
    );
    check(&url, &query("selec"), "syntax error");
    check(
        &url,
        &query("delete from parcels returning parcel"),
        "readonly",
    );
    check(&url, &Options::default(), "give `query` or `table`");
    let unordered = Options {
        cursor: Some("parcel".into()),
        ..query("select parcel from parcels where parcel > :cursor order by parcel desc")
    };
    check(&url, &unordered, "order the query by it");
    let absent = Options {
        cursor: Some("id".into()),
        ..query("select parcel from parcels where parcel > :cursor")
    };
    check(
        &url,
        &absent,
        "the cursor `id` is not among the columns of the query: parcel",
    );
    let none = folder.path().join("none.db");
    check(
        &format!("sqlite:{}", none.display()),
        &query(parcels),
        "unable to open database file",
    );
    assert!(!none.exists());
    let text = folder.path().join("text.db");
    std::fs::write(&text, "parcel,weight\n".repeat(100)).unwrap();
    check(
        &format!("sqlite:{}", text.display()),
        &query(parcels),
        "not a database",
    );
}
