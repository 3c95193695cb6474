//! Several connections that ask without a pause, or at a pace.

use std::time::{Duration, Instant};

use crate::client::Client;

/// Connections at once.
pub const CONNECTIONS: usize = 8;

/// How long a round takes.
pub const ROUND: Duration = Duration::from_secs(3);

/// How fast is asked.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// Each connection asks again as soon as it is answered.
    Full,
    /// So many requests a second over all connections; an answer that is late makes the next one late as well, which then
    /// counts from when it was due.
    Steady(u32),
}

/// What a round showed; times in µs.
pub struct Round {
    /// Requests answered, all with 200.
    pub answers: usize,
    pub rate: f64,
    pub p50: f64,
    pub p99: f64,
    pub slowest: f64,
}

impl std::fmt::Display for Round {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Round { rate, p50, p99, .. } = self;
        write!(f, "{rate:6.0}/s p50 {p50:4.0} p99 {p99:5.0} µs")
    }
}

/// One round; every connection begins elsewhere among the requests.
pub fn hammer(port: u16, requests: &[Vec<u8>], pace: Pace) -> Round {
    let begun = Instant::now();
    let ask = |c: usize| {
        let mut client = Client::connect(port);
        let mut took = Vec::with_capacity(1 << 17);
        let mut due = begun;
        for request in requests.iter().cycle().skip(c * 50) {
            let asked = match pace {
                Pace::Full => Instant::now(),
                Pace::Steady(rate) => {
                    due += Duration::from_secs(1) * CONNECTIONS as u32 / rate;
                    wait_until(due)
                }
            };
            client.ask(request);
            took.push(asked.elapsed().as_secs_f64() * 1e6);
            if begun.elapsed() > ROUND {
                break;
            }
        }
        took
    };
    let mut took: Vec<f64> = std::thread::scope(|scope| {
        let ask = &ask;
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|c| scope.spawn(move || ask(c)))
            .collect();
        let each = clients.into_iter().flat_map(|c| c.join().unwrap());
        each.collect()
    });
    let seconds = begun.elapsed().as_secs_f64();
    took.sort_by(f64::total_cmp);
    let at = |q: f64| took[((took.len() - 1) as f64 * q) as usize];
    Round {
        answers: took.len(),
        rate: took.len() as f64 / seconds,
        p50: at(0.5),
        p99: at(0.99),
        slowest: at(1.0),
    }
}

/// Gives when it counts from: the moment it was due, if that is past, else the moment the system woke it.
fn wait_until(due: Instant) -> Instant {
    let early = due.saturating_duration_since(Instant::now());
    if early.is_zero() {
        return due;
    }
    std::thread::sleep(early);
    Instant::now()
}
