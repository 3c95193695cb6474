//! More explanations than the server can make: bodies of 38 kB, three times as many as it has capacity for, from clients that
//! wait 5 s and go; beside them single rows at a steady pace.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::client;
use crate::hammer::{Pace, hammer};
use crate::server::Server;
use crate::table;

/// How long the load lasts.
const LOAD: Duration = Duration::from_secs(20);

/// How long a client waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of a body.
const BODY: usize = 38_000;

/// Single rows a second.
const SINGLE: u32 = 500;

/// What became of a request.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Answered,
    Refused,
    Late,
}

pub fn run(server: &Server) {
    let rows = table::rows();
    let bodies: Vec<Vec<u8>> = (0..rows.len()).map(|from| body(&rows, from)).collect();
    let single = table::requests();
    hammer(server.port, &single, Pace::Steady(SINGLE)); // the first round of a server is slower
    let quiet = hammer(server.port, &single, Pace::Steady(SINGLE));
    let capacity = capacity(server.port, &bodies);
    println!("  quiet {quiet}; capacity {capacity:.1} explained bodies a second");
    let pace = Duration::from_secs_f64(1.0 / (3.0 * capacity));
    let (outcomes, beside) = std::thread::scope(|scope| {
        let load = scope.spawn(|| load(server.port, &bodies, pace));
        let mut beside = Vec::new();
        while !load.is_finished() {
            beside.push(hammer(server.port, &single, Pace::Steady(SINGLE)).p99);
        }
        (load.join().unwrap(), beside)
    });
    let ended = Instant::now();
    let (of, all) = (|outcome| count(&outcomes, outcome), outcomes.len());
    let goodput = of(Outcome::Answered) as f64 / LOAD.as_secs_f64();
    println!(
        "  three times that for {LOAD:?}: of {all} answered {}, refused {}, too late {}; goodput {:.2} of capacity (bar 0.9)",
        of(Outcome::Answered),
        of(Outcome::Refused),
        of(Outcome::Late),
        goodput / capacity
    );
    println!(
        "  p99 of single rows beside it against quiet: {} (bar 3)",
        crate::spread(beside.iter().map(|p99| p99 / quiet.p99).collect())
    );
    while ask(server.port, &bodies[0]) != Outcome::Answered && ended.elapsed() < LOAD * 10 {}
    println!(
        "  an explained body is answered again after {:.1} s (bar 5)",
        ended.elapsed().as_secs_f64()
    );
}

/// A request with as many rows, from one on, as make a body.
fn body(rows: &[String], from: usize) -> Vec<u8> {
    let mut list = String::from("[");
    for row in rows.iter().cycle().skip(from) {
        if list.len() + row.len() > BODY {
            break;
        }
        list.push_str(row);
        list.push(',');
    }
    list.pop();
    list.push(']');
    client::request("POST /v1/predict?explain=true", &list)
}

/// Bodies a second where every core has one all the time.
fn capacity(port: u16, bodies: &[Vec<u8>]) -> f64 {
    let begun = Instant::now();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let ask = |client: usize| {
        let mut answered = 0;
        for body in bodies.iter().cycle().skip(client * 100) {
            answered += usize::from(ask(port, body) == Outcome::Answered);
            if begun.elapsed() > LOAD / 2 {
                break;
            }
        }
        answered
    };
    let answered: usize = std::thread::scope(|scope| {
        let ask = &ask;
        let clients: Vec<_> = (0..cores).map(|c| scope.spawn(move || ask(c))).collect();
        clients.into_iter().map(|c| c.join().unwrap()).sum()
    });
    answered as f64 / begun.elapsed().as_secs_f64()
}

/// Requests at a pace, each over a connection of its own.
fn load(port: u16, bodies: &[Vec<u8>], pace: Duration) -> Vec<Outcome> {
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let mut clients = Vec::new();
        for (n, body) in (0..).zip(bodies.iter().cycle()) {
            let due = pace * n;
            if due > LOAD {
                break;
            }
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
            clients.push(scope.spawn(move || ask(port, body)));
        }
        clients.into_iter().map(|c| c.join().unwrap()).collect()
    })
}

fn ask(port: u16, request: &[u8]) -> Outcome {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut head = [0; 12];
    let status = stream
        .write_all(request)
        .and_then(|()| stream.read_exact(&mut head));
    match (status, &head[9..]) {
        (Ok(()), b"200") if begun.elapsed() < PATIENCE => Outcome::Answered,
        (Ok(()), b"503") => Outcome::Refused,
        _ => Outcome::Late,
    }
}

fn count(outcomes: &[Outcome], outcome: Outcome) -> usize {
    outcomes.iter().filter(|one| **one == outcome).count()
}
