//! Durable rows over REST, beside a bare redb program that keeps the same rows.
//!
//! Clients post labelled rows, distinct and varied, to `POST /v1/rows`; a row counts once its request is answered, which is
//! when it is on the disk. The bare program has the same rows as the same bytes, each commit with its fsync
//! (`Durability::Immediate`, redb's default), in a new file on the same file system. It keeps them in several ways, see
//! [`BARE`]. The server checks each row, gives it an id and a number by which it is found, and counts it once; the clients
//! share its cores.
//!
//! Then the same on a disk whose fsync takes 4 ms, where this one's is quicker: the server runs in this process then.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redb::{Builder, Database, TableDefinition};
use sha2::{Digest, Sha256};

use crate::client::{self, Client};
use crate::disk::Disk;
use crate::inside::Inside;
use crate::server::Server;
use crate::state::State;
use crate::{spread, table};

/// Connections at once.
const CLIENTS: usize = 8;

/// Rows of one request.
const SIZES: [usize; 2] = [100, 500];

/// Rows of one round.
const ROWS: usize = 100_000;

const ROUNDS: usize = 3;

/// What a sync takes on the disk that the bar speaks of.
const USUAL: Duration = Duration::from_millis(4);

/// How a bare program keeps rows.
#[derive(Clone, Copy)]
enum Bare {
    /// All rows of a commit in one value.
    Batch,
    /// Each under a number.
    Each,
    /// Each under a number, and that number under a digest of the row: what it takes to count a row once.
    Once,
}

/// How many rows it commits at once.
#[derive(Clone, Copy)]
enum AtOnce {
    /// Those of a request: the batches as they are sent.
    Request,
    /// As many as the server did on average, which takes what several clients sent into one commit.
    Server,
}

const BARE: [(Bare, AtOnce, &str); 4] = [
    (
        Bare::Each,
        AtOnce::Request,
        "one key a row, a commit a request",
    ),
    (
        Bare::Each,
        AtOnce::Server,
        "one key a row, commits as large as the server's",
    ),
    (
        Bare::Batch,
        AtOnce::Server,
        "one value a commit, as large as the server's",
    ),
    (
        Bare::Once,
        AtOnce::Server,
        "one key a row and an index of digests, commits as large as the server's",
    ),
];

/// Where rows go.
enum Place<'a> {
    /// Into the release server, and into a file beside it.
    Here,
    /// The same in this process, over a slow disk.
    Slow(&'a dyn Fn(&Path) -> Arc<Disk>),
}

pub fn run(state: &State) {
    let (median, high) = syncs(state.path());
    let [median_ms, high_ms] = [median, high].map(|t| t.as_secs_f64() * 1e3);
    println!("a write of 4 KiB and its fdatasync: median {median_ms:.2} ms, p90 {high_ms:.2} ms");
    let rows = table::labelled(ROWS);
    for size in SIZES {
        println!("rows over REST, {CLIENTS} connections, {size} rows a request, on this disk:");
        compare(state, &rows, size, &Place::Here);
    }
    if median >= USUAL {
        return;
    }
    let slow = |file: &Path| {
        let disk = Disk::new(file.into());
        disk.slow_down(USUAL);
        disk
    };
    for size in SIZES {
        println!("the same where every sync takes 4 ms, {size} rows a request:");
        compare(state, &rows, size, &Place::Slow(&slow));
    }
}

fn compare(state: &State, rows: &[String], size: usize, place: &Place<'_>) {
    let requests: Vec<Vec<u8>> = rows
        .chunks(size)
        .map(|rows| client::request("POST /v1/rows", &format!("[{}]", rows.join(","))))
        .collect();
    let mut rates = Vec::new();
    let mut ratios = BARE.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        let state = state.fresh();
        let (rate, committed) = ours(&state, &requests, size, place);
        print!("  server {rate:6.0} rows/s, {committed:4} rows a commit   bare");
        for ((how, at_once, _), ratios) in BARE.iter().zip(&mut ratios) {
            let file = state.path().join("bare.redb");
            let database = match place {
                Place::Here => Database::create(&file).unwrap(),
                Place::Slow(disk) => {
                    let plug = disk(&file).plug().unwrap();
                    Builder::new().create_with_backend(plug).unwrap()
                }
            };
            let at_once = match at_once {
                AtOnce::Request => size,
                AtOnce::Server => committed,
            };
            let theirs = keep(&database, rows, at_once, *how);
            print!(" {theirs:6.0}");
            ratios.push(rate / theirs);
            drop(database);
            std::fs::remove_file(file).unwrap();
        }
        println!(" rows/s");
        rates.push(rate / 1e3);
    }
    println!("  thousand rows/s: {} (bar 15 at 4 ms)", spread(rates));
    for ((_, _, how), ratios) in BARE.iter().zip(ratios) {
        println!("  against bare redb, {how}: {} (bar 0.7)", spread(ratios));
    }
}

/// Rows a second that a server acknowledges, and how many of them went into a commit.
fn ours(state: &State, requests: &[Vec<u8>], size: usize, place: &Place<'_>) -> (f64, usize) {
    match place {
        Place::Here => {
            let mut serve = state.serve();
            serve.env("TITANIC_RETRAIN__ENABLED", "false");
            let server = Server::start(serve);
            post(server.port, requests, size)
        }
        Place::Slow(disk) => {
            let server = Inside::start(state, &disk(&state.path().join("events.redb")));
            let shown = post(server.port(), requests, size);
            server.stop();
            shown
        }
    }
}

fn post(port: u16, requests: &[Vec<u8>], size: usize) -> (f64, usize) {
    let mut client = Client::connect(port);
    let mut commits = || client.metric("titanic_store_commit_duration_seconds_count");
    let before = commits();
    let stored = format!("\"stored\":{size},");
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for c in 0..CLIENTS {
            let stored = &stored;
            scope.spawn(move || {
                let mut client = Client::connect(port);
                for request in requests.iter().skip(c).step_by(CLIENTS) {
                    let answer = std::str::from_utf8(client.ask(request)).unwrap();
                    assert!(answer.contains(stored), "{answer}");
                }
            });
        }
    });
    let rows = (requests.len() * size) as f64;
    let rate = rows / begun.elapsed().as_secs_f64();
    (rate, (rows / (commits() - before)).round() as usize)
}

/// Rows a second that a bare redb program keeps, with so many in each commit.
fn keep(database: &Database, rows: &[String], at_once: usize, how: Bare) -> f64 {
    const ROWS: TableDefinition<u64, &[u8]> = TableDefinition::new("rows");
    const DIGESTS: TableDefinition<&[u8], u64> = TableDefinition::new("digests");
    let begun = Instant::now();
    let mut seq = 0;
    for some in rows.chunks(at_once) {
        let transaction = database.begin_write().unwrap();
        {
            let mut kept = transaction.open_table(ROWS).unwrap();
            if let Bare::Batch = how {
                kept.insert(seq, some.concat().as_bytes()).unwrap();
                seq += some.len() as u64;
            } else {
                let mut digests = transaction.open_table(DIGESTS).unwrap();
                for row in some {
                    if let Bare::Once = how {
                        let digest = Sha256::digest(row);
                        digests.insert(&digest[..16], seq).unwrap();
                    }
                    kept.insert(seq, row.as_bytes()).unwrap();
                    seq += 1;
                }
            }
        }
        transaction.commit().unwrap();
    }
    rows.len() as f64 / begun.elapsed().as_secs_f64()
}

/// What a write and its fsync take on the disk of a folder: median and 90th percentile of 200, without one more page in the
/// file, as most of redb's.
fn syncs(folder: &Path) -> (Duration, Duration) {
    const PAGES: u64 = 256;
    let path = folder.join("syncs");
    let mut options = File::options();
    let file = options.read(true).write(true).create_new(true);
    let file = file.open(&path).unwrap();
    file.write_all_at(&vec![1; 4096 * PAGES as usize], 0)
        .unwrap();
    file.sync_all().unwrap();
    let mut took: Vec<Duration> = (0..200)
        .map(|n| {
            let begun = Instant::now();
            file.write_all_at(&[n as u8; 4096], 4096 * (n * 7 % PAGES))
                .unwrap();
            file.sync_data().unwrap();
            begun.elapsed()
        })
        .collect();
    std::fs::remove_file(path).unwrap();
    took.sort();
    (took[100], took[180])
}
