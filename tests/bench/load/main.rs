//! The server under load; ratios in one run, not seconds.
//!
//! `cargo bench --bench load` runs every section, `cargo bench --bench load -- rows disk` those that are named:
//!
//! * `serve`: starts; then REST beside a bare actix server that answers a constant, retraining, WebSocket.
//! * `tables`: a table from a file to a file.
//! * `rows`: durable rows over REST beside a bare redb program.
//! * `overload`: three times as many explanations as it can make, and single rows beside them.
//! * `slow`: clients that are slow or silent.
//! * `disk`: answers while every commit takes a second.
//!
//! `PLATFORM` names another binary to be measured, such as that of an earlier commit.
//!
//! Servers are processes of their own, except where the disk under one has to be slow; CPU is what the system charged them
//! (user and kernel) between two readings of `/proc/PID/stat`. Rounds alternate, so that a machine that slows down slows
//! both. Rows are varied. Clients are plain sockets.

mod bare;
mod client;
mod disk;
mod hammer;
mod inside;
mod overload;
mod rest;
mod retraining;
mod rows;
mod server;
mod slow;
mod slow_disk;
mod starts;
mod state;
mod table;
mod tables;
mod websocket;

use server::Server;
use state::State;

/// How often two things are held against each other.
const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |argument: &str| arguments.iter().any(|a| a == argument);
    if has("--bare") {
        return bare::serve();
    }
    if !has("--bench") {
        return; // `cargo test --benches` only checks that it builds
    }
    let all = arguments.iter().all(|a| a.starts_with("--"));
    println!("load of the machine at first: {}", load());
    let state = State::trained();
    if all || has("serve") {
        serve(&state);
    }
    if all || has("tables") {
        tables::run(state.path());
    }
    if all || has("rows") {
        rows::run(&state);
    }
    if all || has("overload") {
        overload::run(&Server::start(state.serve()));
    }
    if all || has("slow") {
        slow::run(&Server::start(state.serve()));
    }
    if all || has("disk") {
        slow_disk::run(&state);
    }
    println!("load of the machine at last: {}", load());
}

fn serve(state: &State) {
    starts::run(state);
    let requests = table::requests();
    let ours = Server::start(state.serve());
    println!("resident when idle: {:.1} MB", ours.resident_mb());
    let bare = Server::start(bare::command());
    rest::run(&ours, &bare, &requests);
    retraining::run(&ours, &requests);
    websocket::run(&ours);
    println!("resident after the load: {:.1} MB", ours.resident_mb());
}

/// Median and ends.
fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    format!(
        "median {:.2}, {:.2} to {:.2}",
        values[values.len() / 2],
        values[0],
        values[values.len() - 1]
    )
}

/// Processes that want to run, over one, five and fifteen minutes.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
