//! Answers while the same process retrains without a pause, beside answers while it does not.

use crate::hammer::{Pace, hammer};
use crate::server::Server;
use crate::{ROUNDS, spread};

pub fn run(ours: &Server, requests: &[Vec<u8>]) {
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let quiet = hammer(ours.port, requests, Pace::Full);
        let job = ours.train();
        let busy = hammer(ours.port, requests, Pace::Full);
        assert!(ours.is_running(&job), "the training ended too early");
        ours.call_off(&job);
        println!("  quiet {quiet}   retraining {busy}");
        ratios.push(busy.p99 / quiet.p99);
    }
    println!(
        "  p99 while retraining against quiet: {} (bar 2)",
        spread(ratios)
    );
}
