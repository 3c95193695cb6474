//! Decides how long to wait before the next attempt. The decision is a pure function of the failure, the number of attempts
//! and a random number.

use std::time::Duration;

use super::world::World;
use crate::backoff::Backoff;
use crate::ingest::error::ReadError;

/// Waits between attempts; a wait above the maximum would not help when a server is down.
const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(500),
    longest: Duration::from_secs(30),
    least: 0.0,
};

/// Maximum wait that a server may request. A longer one ends the attempts with an error instead of blocking the load.
pub const MOST_ASKED: Duration = Duration::from_secs(300);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub why: String,
    /// Whether another attempt may succeed.
    pub again: bool,
    /// The wait that the server requested.
    pub after: Option<Duration>,
}

impl Failure {
    /// A permanent failure, which is not retried.
    pub fn lasting(why: impl Into<String>) -> Failure {
        Failure {
            why: why.into(),
            again: false,
            after: None,
        }
    }

    /// A transient failure, which is retried.
    pub fn passing(why: impl Into<String>) -> Failure {
        Failure {
            again: true,
            ..Failure::lasting(why)
        }
    }
}

/// The wait before the next attempt, or why there is none. `tries` attempts have failed so far; `random` is uniform
/// between 0 and 1.
///
/// # Errors
/// The failure as text, with the number of attempts and what to do.
pub fn next(failure: &Failure, tries: u32, retries: u32, random: f64) -> Result<Duration, String> {
    let why = &failure.why;
    if !failure.again {
        return Err(why.clone());
    }
    if tries > retries {
        return Err(match retries {
            0 => why.clone(),
            _ => format!("{why} (given up after {tries} tries)"),
        });
    }
    let backoff = BACKOFF.wait(tries, random);
    match failure.after {
        Some(asked) if asked > MOST_ASKED => Err(format!(
            "{why}; it asks to wait {} s, more than the {} s that are waited at most: try again later",
            asked.as_secs(),
            MOST_ASKED.as_secs()
        )),
        Some(asked) => Ok(asked + backoff),
        None => Ok(backoff),
    }
}

/// Repeats `once` until it succeeds, returns `None` because the load was cancelled, fails permanently, or has
/// used up its retries.
pub(super) fn persist<T>(
    name: &str,
    retries: u32,
    world: &dyn World,
    mut once: impl FnMut() -> Option<Result<T, Failure>>,
) -> Result<T, ReadError> {
    let mut tries = 0;
    loop {
        let failure = match once().ok_or(ReadError::Stopped)? {
            Ok(done) => return Ok(done),
            Err(failure) => failure,
        };
        tries += 1;
        let wait = next(&failure, tries, retries, world.random());
        let wait = wait.map_err(|why| ReadError::remote(name, why))?;
        world.say(&format!(
            "{name}: {}; try {} of {} in {:.1} s",
            failure.why,
            tries + 1,
            retries + 1,
            wait.as_secs_f64()
        ));
        world.wait(wait);
        if world.stopped() {
            return Err(ReadError::Stopped);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_chance_shortens_them() {
        let check = |tries, random, millis| {
            let wait = next(&Failure::passing("503"), tries, 99, random);
            assert_eq!(wait, Ok(Duration::from_millis(millis)), "{tries} {random}");
        };
        check(1, 1.0, 500);
        check(1, 0.5, 250);
        check(1, 0.0, 0);
        check(2, 1.0, 1000);
        check(6, 1.0, 16_000);
        check(7, 1.0, 30_000);
        check(40, 0.5, 15_000);
    }

    #[test]
    fn what_the_server_asks_is_honoured_within_bounds() {
        let check = |asked, expected: Result<u64, &str>| {
            let failure = Failure {
                after: Some(Duration::from_secs(asked)),
                ..Failure::passing("429")
            };
            let expected = expected.map(Duration::from_secs).map_err(str::to_owned);
            assert_eq!(next(&failure, 1, 5, 0.0), expected);
        };
        check(0, Ok(0));
        check(7, Ok(7));
        check(300, Ok(300));
        check(
            301,
            Err(
                "429; it asks to wait 301 s, more than the 300 s that are waited at most: try again later",
            ),
        );
    }

    #[test]
    fn tries_come_to_an_end() {
        let passing = Failure::passing("down");
        assert!(next(&passing, 5, 5, 0.0).is_ok());
        assert_eq!(
            next(&passing, 6, 5, 0.0),
            Err("down (given up after 6 tries)".into())
        );
        assert_eq!(next(&passing, 1, 0, 0.0), Err("down".into()));
        assert_eq!(next(&Failure::lasting("404"), 1, 5, 0.0), Err("404".into()));
    }
}
