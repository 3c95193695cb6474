//! A SQLite database with a cursor column, which records the progress of a pull.

use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};
use tempfile::TempDir;

use super::{Feed, ROWS, id, numbering};
use crate::case::Case;

pub struct Database {
    folder: TempDir,
    case: &'static Case,
}

impl Database {
    async fn run(&self, sql: String) {
        let options = SqliteConnectOptions::new()
            .filename(self.folder.path().join("rows.db"))
            .create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        connection
            .execute(sqlx::raw_sql(AssertSqlSafe(sql)))
            .await
            .unwrap();
    }

    /// SQL that inserts rows.
    fn rows(&self, from: u64, to: u64) -> String {
        let mut row = numbering(self.case)(0);
        let row = row.as_object_mut().unwrap();
        row.remove(&id(self.case));
        let values: Vec<String> = row
            .values()
            .map(|value| match value {
                Value::String(text) => format!("'{}'", text.replace('\'', "''")),
                other => other.to_string(),
            })
            .collect();
        format!(
            "with recursive n(i) as (select {from} union all select i + 1 from n where i < {to})
             insert into many select i, {} from n;",
            values.join(", ")
        )
    }
}

impl Feed for Database {
    async fn new(case: &'static Case) -> Database {
        let folder = tempfile::tempdir().unwrap();
        let database = Database { folder, case };
        let id = id(case);
        let mut columns = format!("\"{id}\" integer primary key");
        for name in numbering(case)(0).as_object().unwrap().keys() {
            if *name != id {
                columns = format!("{columns}, \"{name}\"");
            }
        }
        let table = format!("create table many ({columns});");
        let rows = database.rows(1, ROWS);
        database.run(format!("{table}{rows}")).await;
        database
    }

    fn settings(&self) -> Value {
        let path = self.folder.path().join("rows.db");
        let from = format!("sqlite:{}", path.display());
        json!({"from": from, "table": "many", "cursor": id(self.case)})
    }

    async fn one_more(&self) {
        self.run(self.rows(ROWS + 1, ROWS + 1)).await;
    }
}
