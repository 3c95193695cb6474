//! A keep-alive connection that waits for each answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

/// The connection.
pub struct Client {
    socket: BufReader<TcpStream>,
    line: String,
    body: Vec<u8>,
}

/// A request as it goes over the wire; `line` is `POST /path`.
pub fn request(line: &str, body: &str) -> Vec<u8> {
    let kind = match body {
        "" => "",
        _ => "Content-Type: application/json\r\n",
    };
    let length = body.len();
    format!("{line} HTTP/1.1\r\nHost: localhost\r\n{kind}Content-Length: {length}\r\n\r\n{body}")
        .into()
}

impl Client {
    pub fn connect(port: u16) -> Client {
        let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        socket.set_nodelay(true).unwrap();
        Client {
            socket: BufReader::new(socket),
            line: String::new(),
            body: Vec::new(),
        }
    }

    /// Sends a request; gives the answer's body, which must be that of a 200.
    pub fn ask(&mut self, request: &[u8]) -> &[u8] {
        let status = self.send(request);
        assert_eq!(status, "200", "{}", String::from_utf8_lossy(&self.body));
        &self.body
    }

    /// Sends a document, or none; gives the one that answers, whatever its status.
    pub fn document(&mut self, line: &str, body: &str) -> Value {
        self.send(&request(line, body));
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A figure of `/metrics`, by the whole of its name.
    pub fn metric(&mut self, name: &str) -> f64 {
        let page = self.ask(&request("GET /metrics", ""));
        let page = std::str::from_utf8(page).unwrap();
        let of = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
        page.lines()
            .find_map(of)
            .unwrap_or_else(|| panic!("no {name}:\n{page}"))
    }

    /// The answer goes into the body; its status is given back.
    fn send(&mut self, request: &[u8]) -> String {
        self.socket.get_mut().write_all(request).unwrap();
        let (mut length, mut status) = (0, None);
        loop {
            self.line.clear();
            self.socket.read_line(&mut self.line).unwrap();
            let line = self.line.trim_end();
            if status.is_none() {
                status = Some(line.split(' ').nth(1).unwrap_or_default().to_owned());
            } else if line.is_empty() {
                break;
            } else if let Some(n) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = n.trim().parse().unwrap();
            }
        }
        self.body.resize(length, 0);
        self.socket.read_exact(&mut self.body).unwrap();
        status.unwrap_or_default()
    }
}
