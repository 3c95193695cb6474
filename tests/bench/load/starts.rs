//! Start of a server with a model, to its first answer.

use std::time::Instant;

use crate::client::Client;
use crate::server::Server;
use crate::state::State;
use crate::table;

pub fn run(state: &State) {
    let row = &table::requests()[0];
    let mut took: Vec<f64> = (0..10)
        .map(|_| {
            let begun = Instant::now();
            let server = Server::start(state.serve());
            let mut client = Client::connect(server.port);
            client.ask(row);
            begun.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    took.sort_by(f64::total_cmp);
    println!(
        "start with a model to first answer, of 10: {:.1} to {:.1} ms, median {:.1}",
        took[0], took[9], took[5]
    );
}
