//! Answers while every commit takes a second, beside answers while commits take what they usually take.
//!
//! One server in this process over one file of this disk, whose syncs are slowed down for every other round. What cannot be
//! kept meanwhile is lost and counted, and told here.

use std::time::Duration;

use crate::client::Client;
use crate::disk::Disk;
use crate::hammer::{Pace, Round, hammer};
use crate::inside::Inside;
use crate::state::State;
use crate::{ROUNDS, spread, table};

/// How long every sync takes.
const SLOW: Duration = Duration::from_secs(1);

/// Full pace fills both cores, so that its times are those of a queue; the steady one leaves them half idle.
const PACES: [(&str, Pace); 2] = [
    ("as fast as they can", Pace::Full),
    ("2,000 a second", Pace::Steady(2_000)),
];

pub fn run(state: &State) {
    let state = state.fresh();
    let disk = Disk::new(state.path().join("slow.redb"));
    let server = Inside::start(&state, &disk);
    let requests = table::requests();
    for (name, pace) in PACES {
        println!("answers while every sync of the store takes 1 s, {name}:");
        let (mut p50, mut p99): (Vec<f64>, Vec<f64>) = Default::default();
        for _ in 0..ROUNDS {
            let usual = commits(&server, &requests, pace);
            disk.slow_down(SLOW);
            let slow = commits(&server, &requests, pace);
            disk.slow_down(Duration::ZERO);
            server.flush();
            println!("  usual {usual}");
            println!("  slow  {slow}");
            p50.push(slow.answers.p50 / usual.answers.p50);
            p99.push(slow.answers.p99 / usual.answers.p99);
        }
        println!("  p50 against the usual: {}", spread(p50));
        println!("  p99 against the usual: {} (bar 2)", spread(p99));
    }
    server.stop();
}

/// Answers, and what the store did meanwhile.
struct Commits {
    answers: Round,
    count: f64,
    seconds: f64,
    lost: f64,
}

impl std::fmt::Display for Commits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Commits {
            answers,
            count,
            seconds,
            lost,
        } = self;
        let (slowest, mean) = (answers.slowest / 1e3, 1e3 * seconds / count.max(1.0));
        write!(
            f,
            "{answers} slowest {slowest:3.0} ms   {count:3} commits of {mean:6.1} ms   {lost} lost"
        )
    }
}

fn commits(server: &Inside, requests: &[Vec<u8>], pace: Pace) -> Commits {
    let mut client = Client::connect(server.port());
    let mut look = || {
        [
            "titanic_store_commit_duration_seconds_count",
            "titanic_store_commit_duration_seconds_sum",
            "titanic_store_dropped_predictions_total",
        ]
        .map(|name| client.metric(name))
    };
    let before = look();
    let answers = hammer(server.port(), requests, pace);
    let after = look();
    let [count, seconds, lost] = [0, 1, 2].map(|n| after[n] - before[n]);
    Commits {
        answers,
        count,
        seconds,
        lost,
    }
}
