//! Classifies database errors for retries.

use crate::ingest::source::retry::Failure;

/// Converts a database error and decides whether a retry may help.
pub(super) fn failure(error: sqlx::Error) -> Failure {
    // Postgres: 57P03 is starting up, 53300 too many connections. MySQL: 08004 is too many connections.
    const BUSY: &[&str] = &["57P03", "53300", "08004"];
    match &error {
        sqlx::Error::Io(why) => Failure::passing(format!("no connection: {why}")),
        sqlx::Error::Database(why) => {
            let busy = why.code().is_some_and(|code| BUSY.contains(&&*code));
            match busy {
                true => Failure::passing(why.message()),
                false => Failure::lasting(why.message()),
            }
        }
        other => Failure::lasting(other.to_string()),
    }
}
