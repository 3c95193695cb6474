//! One connection, pipelined: a writer far ahead of the reader.

use crate::server::Server;
use crate::table;

pub fn run(server: &Server) {
    const MESSAGES: usize = 200_000;
    let rows = table::rows();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let mut costs: Vec<f64> = (0..3)
        .map(|_| {
            let before = server.cpu();
            runtime.block_on(async {
                use futures_util::{SinkExt, StreamExt};
                use tokio_tungstenite::tungstenite::Message;
                let url = format!("ws://127.0.0.1:{}/ws", server.port);
                let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
                let (mut write, mut read) = socket.split();
                let rows = rows.clone();
                let writer = tokio::spawn(async move {
                    for i in 0..MESSAGES {
                        let row = &rows[i % rows.len()];
                        let text = format!(r#"{{"type":"predict","ref":{i},"row":{row}}}"#);
                        write.feed(Message::text(text)).await.unwrap();
                    }
                    write.flush().await.unwrap();
                    write
                });
                let mut answered = 0;
                while answered < MESSAGES {
                    if let Message::Text(text) = read.next().await.unwrap().unwrap() {
                        assert!(text.contains(&format!("\"ref\":{answered},")), "{text}");
                        answered += 1;
                    }
                }
                drop(writer.await.unwrap());
            });
            (server.cpu() - before) * 1e6 / MESSAGES as f64
        })
        .collect();
    costs.sort_by(f64::total_cmp);
    println!(
        "WebSocket, one row a message, pipelined: {:.2} µs CPU a message, {:.2} to {:.2} (bar 4)",
        costs[1], costs[0], costs[2]
    );
}
