//! What a database said went wrong.

use crate::ingest::source::retry::Failure;

/// What went wrong, and whether another try may help.
pub(super) fn failure(error: sqlx::Error) -> Failure {
    // Postgres: starting up, too many connections. MySQL: too many connections.
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
