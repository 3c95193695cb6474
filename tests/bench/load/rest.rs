//! One row a request, beside a server that answers a constant.

use crate::hammer::{CONNECTIONS, Pace, ROUND, Round, hammer};
use crate::server::Server;
use crate::{ROUNDS, spread};

pub fn run(ours: &Server, bare: &Server, requests: &[Vec<u8>]) {
    let (mut per_cpu, mut p99): (Vec<f64>, Vec<f64>) = Default::default();
    println!(
        "REST, one row a request, {CONNECTIONS} connections, rounds of {} s:",
        ROUND.as_secs()
    );
    for _ in 0..ROUNDS {
        let (a, a_cpu) = charged(ours, requests);
        let (b, b_cpu) = charged(bare, requests);
        println!("  predict {a} {a_cpu:5.2} µs CPU   constant {b} {b_cpu:5.2} µs CPU");
        per_cpu.push(b_cpu / a_cpu);
        p99.push(a.p99 / b.p99);
    }
    println!(
        "  requests per CPU second against the constant: {} (bar 0.80)",
        spread(per_cpu)
    );
    println!("  p99 against the constant: {} (bar 1.5)", spread(p99));
}

/// A round, and the server's CPU for one answer in µs.
fn charged(server: &Server, requests: &[Vec<u8>]) -> (Round, f64) {
    let before = server.cpu();
    let round = hammer(server.port, requests, Pace::Full);
    let cpu = (server.cpu() - before) * 1e6 / round.answers as f64;
    (round, cpu)
}
