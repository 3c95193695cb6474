//! The framing of RFC 6455 byte by byte, with the mistakes that clients make. Regression: text that is not UTF-8 closed the
//! connection with 1002 instead of 1007.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::Server;

const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;
const FIN: u8 = 0x80;

/// A masked frame, as clients send it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x11, 0x22, 0x33, 0x44];
    let mut frame = head(first, 0x80, payload.len());
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m));
    frame
}

fn head(first: u8, masked: u8, length: usize) -> Vec<u8> {
    let mut head = vec![first];
    match length {
        0..126 => head.push(masked | length as u8),
        _ => {
            head.push(masked | 126);
            head.extend((length as u16).to_be_bytes());
        }
    }
    head
}

fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    [head(first, 0, payload.len()), payload.to_vec()].concat()
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(FIN | CLOSE, &[&code.to_be_bytes(), reason].concat())
}

struct Raw(TcpStream);

impl Raw {
    async fn open(server: &Server) -> Raw {
        let url = server.ws();
        let host = url
            .trim_start_matches("ws://")
            .split('/')
            .next()
            .unwrap()
            .to_owned();
        let mut stream = TcpStream::connect(&host).await.unwrap();
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        let answer = String::from_utf8(answer).unwrap();
        // The example of RFC 6455, 1.3.
        assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
        assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
        Raw(stream)
    }

    async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.0.read_u8().await.ok()?;
        let short = self.0.read_u8().await.ok()?;
        assert_eq!(short & 0x80, 0, "a server sends no mask");
        let length = match short {
            126 => usize::from(self.0.read_u16().await.ok()?),
            127 => self.0.read_u64().await.ok()? as usize,
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).await.ok()?;
        Some((first, payload))
    }
}

/// The server's replies to these bytes: text as `text`, pongs as `pong N`, a close as its code.
async fn answers(server: &Server, bytes: &[u8], until: usize) -> Vec<String> {
    let mut raw = Raw::open(server).await;
    raw.0.write_all(bytes).await.unwrap();
    let mut all = Vec::new();
    while all.len() < until
        && let Some((first, payload)) = raw.read().await
    {
        assert_eq!(first & 0x70, 0, "no reserved bits");
        all.push(match first & 0xf {
            TEXT => "text".into(),
            PONG => format!("pong {}", payload.len()),
            CLOSE => match payload.get(..2) {
                Some(code) => u16::from_be_bytes([code[0], code[1]]).to_string(),
                None => "close".into(),
            },
            other => panic!("opcode {other}"),
        });
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b10_frames_as_rfc_6455_has_them() {
    let server = Server::start().await;
    let text = |bytes: &[u8]| frame(FIN | TEXT, bytes);
    let object = br#"{"type":"x"}"#;
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        // 5.6, 8.1: text is UTF-8.
        ("text that is not UTF-8", text(b"\xff\xfe"), &["1007"]),
        ("a surrogate", text(b"\xed\xa0\x80"), &["1007"]),
        ("an overlong form", text(b"\xc0\xaf"), &["1007"]),
        (
            "text that ends within a character",
            text(b"\xe2\x82"),
            &["1007"],
        ),
        (
            "text in pieces that is not UTF-8",
            [frame(TEXT, b"{\xe2"), frame(FIN, b"(\xa1}")].concat(),
            &["1007"],
        ),
        (
            "a character over two pieces",
            [frame(TEXT, b"{\"type\":\"\xe2\x82"), frame(FIN, b"\xac\"}")].concat(),
            &["text"],
        ),
        ("text", text(object), &["text"]),
        ("text without anything in it", text(b""), &["text"]),
        (
            "text in many pieces, some of nothing",
            [
                frame(TEXT, b""),
                frame(0, &object[..5]),
                frame(0, b""),
                frame(FIN, &object[5..]),
            ]
            .concat(),
            &["text"],
        ),
        ("binary", frame(FIN | BINARY, b"\x00\xff"), &["text"]),
        (
            "binary, and then text",
            [frame(FIN | BINARY, b"\xff"), text(object)].concat(),
            &["text", "text"],
        ),
        // 5.1: a client masks.
        ("no mask", unmasked(FIN | TEXT, object), &["1002"]),
        (
            "a ping without a mask",
            unmasked(FIN | PING, b""),
            &["1002"],
        ),
        // 5.2: no extension has been agreed on, so no bit may be set.
        (
            "reserved bit 1",
            frame(FIN | 0x40 | TEXT, object),
            &["1002"],
        ),
        (
            "reserved bit 2",
            frame(FIN | 0x20 | TEXT, object),
            &["1002"],
        ),
        (
            "reserved bit 3",
            frame(FIN | 0x10 | TEXT, object),
            &["1002"],
        ),
        (
            "a reserved bit of a ping",
            frame(FIN | 0x40 | PING, b""),
            &["1002"],
        ),
        ("opcode 3", frame(FIN | 0x3, b""), &["1002"]),
        ("opcode 7", frame(FIN | 0x7, b""), &["1002"]),
        ("opcode 11", frame(FIN | 0xb, b""), &["1002"]),
        ("opcode 15", frame(FIN | 0xf, b""), &["1002"]),
        // 5.4: fragmentation.
        ("a continuation of nothing", frame(0, b"x"), &["1002"]),
        ("the last piece of nothing", frame(FIN, b"x"), &["1002"]),
        (
            "text within text",
            [frame(TEXT, b"{"), text(object)].concat(),
            &["1002"],
        ),
        (
            "a ping between pieces",
            [
                frame(TEXT, &object[..3]),
                frame(FIN | PING, b"p"),
                frame(FIN, &object[3..]),
            ]
            .concat(),
            &["pong 1", "text"],
        ),
        // 5.5: control frames.
        ("a ping in pieces", frame(PING, b""), &["1002"]),
        (
            "the longest ping",
            frame(FIN | PING, &[7; 125]),
            &["pong 125"],
        ),
        (
            "a ping that is too long",
            frame(FIN | PING, &[7; 126]),
            &["1002"],
        ),
        (
            "a pong nobody asked for",
            [frame(FIN | PONG, b"p"), text(object)].concat(),
            &["text"],
        ),
        // 5.5.1, 7.4: closing.
        ("a close", close(1000, b"bye"), &["1000"]),
        ("a close without a code", frame(FIN | CLOSE, b""), &["1000"]),
        ("a close of the application", close(4321, b""), &["1000"]),
        ("a close of one byte", frame(FIN | CLOSE, b"x"), &["1002"]),
        (
            "a close with a code that is none",
            close(999, b""),
            &["1002"],
        ),
        ("a close with a reserved code", close(1005, b""), &["1002"]),
        ("a close with a code beyond", close(5000, b""), &["1002"]),
        (
            "a close that is too long",
            close(1000, &[b'a'; 124]),
            &["1002"],
        ),
        (
            "text after a close",
            [close(1000, b""), text(object)].concat(),
            &["1000"],
        ),
    ];
    for (about, bytes, expected) in cases {
        let ends = expected
            .last()
            .is_some_and(|last| last.parse::<u16>().is_ok());
        let until = if ends { usize::MAX } else { expected.len() };
        assert_eq!(answers(&server, &bytes, until).await, expected, "{about}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b10_a_reference_is_echoed_as_it_was_written() {
    let server = Server::start().await;
    for reference in [
        "12345678901234567890123456789",
        "1e400",
        "-0.10",
        r#""\u00e9\"x""#,
        "null",
    ] {
        for (more, kind) in [
            (r#""type":"subscribe","topics":["models"]"#, "subscribed"),
            (r#""type":"unsubscribe""#, "unsubscribed"),
            (r#""type":"label","id":"none","label":1"#, "labelled"),
            (r#""type":"predict""#, "error"),
        ] {
            let mut raw = Raw::open(&server).await;
            let message = format!(r#"{{"ref":{reference},{more}}}"#);
            raw.0
                .write_all(&frame(FIN | TEXT, message.as_bytes()))
                .await
                .unwrap();
            let (_, answer) = raw.read().await.unwrap();
            let answer = String::from_utf8(answer).unwrap();
            let begin = format!(r#"{{"type":"{kind}","ref":{reference},"#);
            assert!(answer.starts_with(&begin), "{message}: {answer}");
        }
    }
    server.stop().await;
}
