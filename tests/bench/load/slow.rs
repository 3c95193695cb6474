//! Clients that are slow or silent: how long they are borne, what they keep, and who else is answered meanwhile.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::client::request;
use crate::server::Server;
use crate::table;

/// Silent clients, a few more than requests in flight.
const SILENT: usize = 1_030;

/// Clients that read nothing of 16 MB.
const UNREAD: usize = 50;

/// Pieces of one WebSocket message.
const PIECES: usize = 1_000_000;

/// Longer than any limit.
const PATIENCE: Duration = Duration::from_secs(120);

pub fn run(server: &Server) {
    silent(server.port);
    second_head(server.port);
    unread(server);
    pieces(server);
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn status(stream: &mut TcpStream) -> String {
    let mut head = [0; 12];
    match stream.read_exact(&mut head) {
        Ok(()) => String::from_utf8_lossy(&head[9..]).into_owned(),
        Err(error) if error.kind() == ErrorKind::WouldBlock => "none".into(),
        Err(_) => "closed".into(),
    }
}

fn asks(port: u16, line: &str, body: &str) -> String {
    let mut stream = connect(port);
    let _ = stream.write_all(&request(line, body));
    status(&mut stream)
}

fn silent(port: u16) {
    let head = "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n";
    let begun = Instant::now();
    let mut silent: Vec<TcpStream> = (0..SILENT)
        .map(|_| {
            let mut stream = connect(port);
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    let row = &table::rows()[0];
    let answered = (0..100).filter(|_| asks(port, "POST /v1/predict", row) == "200");
    let answered = answered.count();
    let ended = status(silent.last_mut().unwrap());
    println!(
        "  {SILENT} heads without a body: {answered} of 100 others answered; the last was ended after {:.0} s ({ended})",
        begun.elapsed().as_secs_f64()
    );
}

fn second_head(port: u16) {
    let mut stream = connect(port);
    stream.write_all(&request("GET /healthz", "")).unwrap();
    let mut room = [0; 4096];
    let _ = stream.read(&mut room);
    stream.write_all(b"GET /healthz HT").unwrap();
    let begun = Instant::now();
    let ended = match stream.read(&mut room) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => "still open",
        _ => "ended",
    };
    println!(
        "  half a second head: {ended} after {:.1} s (limit 5)",
        begun.elapsed().as_secs_f64()
    );
}

fn unread(server: &Server) {
    let before = server.resident_mb();
    let row = r#"{"Pclass":1,"Sex":"male"},"#;
    let rows = format!("[{}]", row.repeat(100_000).trim_end_matches(','));
    let request = request("POST /v1/predict", &rows);
    let mut clients = Vec::new();
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..UNREAD {
        let mut stream = connect(server.port);
        stream.write_all(&request).unwrap();
        match &*status(&mut stream) {
            "200" => taken += 1,
            _ => refused += 1,
        }
        clients.push(stream);
    }
    println!(
        "  {UNREAD} answers of 16 MB that nobody reads: {taken} made, {refused} refused, {:.0} MB more resident",
        server.resident_mb() - before
    );
}

fn pieces(server: &Server) {
    let mut stream = connect(server.port);
    let open = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(open.as_bytes()).unwrap();
    let mut room = [0; 4096];
    let _ = stream.read(&mut room);
    let before = server.resident_mb();
    // Text frames of a byte each, masked with zeros, of which the last never comes.
    let frame = |first: u8| [first, 0x81, 0, 0, 0, 0, b' '];
    let mut frames = frame(0x01).to_vec();
    (1..PIECES).for_each(|_| frames.extend(frame(0x00)));
    stream.write_all(&frames).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    println!(
        "  a message in {PIECES} pieces of a byte: {:.1} MB more resident",
        server.resident_mb() - before
    );
}
