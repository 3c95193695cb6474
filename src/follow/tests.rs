//! Sources that are slow, hostile, or something else than a server of this platform.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::champion::Champion;
use super::source::{Patience, Server, Source};
use super::*;
use crate::registry::{Standing, Version, digest};

const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(5),
    silence: Duration::from_secs(1),
    document: Duration::from_secs(10),
};

/// What a source sends: a head without its end, pieces of a body, and the pause before each.
#[derive(Clone)]
struct Says {
    head: String,
    pieces: Vec<Vec<u8>>,
    pause: Duration,
    /// How often the pieces come.
    times: usize,
}

impl Says {
    fn ok(body: impl Into<Vec<u8>>) -> Says {
        Says {
            head: "HTTP/1.1 200 OK".into(),
            pieces: vec![body.into()],
            pause: Duration::ZERO,
            times: 1,
        }
    }

    fn with(mut self, header: &str) -> Says {
        self.head = format!("{}\r\n{header}", self.head);
        self
    }
}

/// A source that responds so to every request, and closes the connection.
async fn source(says: Says) -> Source {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(respond(stream, says.clone()));
        }
    });
    Source::Server(Server::new(url.parse().unwrap(), None, PATIENCE).unwrap())
}

async fn respond(mut stream: TcpStream, says: Says) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let text = format!("{}\r\nConnection: close\r\n\r\n", says.head);
    stream.write_all(text.as_bytes()).await?;
    for piece in says
        .pieces
        .iter()
        .cycle()
        .take(says.pieces.len() * says.times)
    {
        // A source that is slow is what is tested.
        tokio::time::sleep(says.pause).await;
        stream.write_all(piece).await?;
    }
    stream.shutdown().await
}

fn champion(sha256: Option<&str>, bytes: Option<u64>) -> Champion {
    Champion {
        standing: Standing {
            seq: 1,
            epoch: "e".into(),
        },
        version: Version::new("wine", 3).unwrap(),
        sha256: sha256.map(str::to_owned),
        bytes,
    }
}

async fn fault(source: &Source, champion: &Champion) -> String {
    source.file(champion).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_file_without_a_digest_is_rejected() {
    let right = digest(b"model");
    let plain = source(Says::ok("model")).await;
    let error = fault(&plain, &champion(None, None)).await;
    assert!(error.contains("names no SHA-256 for wine@3"), "{error}");
    let named = champion(Some(&right), Some(5));
    assert_eq!(plain.file(&named).await.unwrap(), b"model");
    // The list of a server that follows another one names none, its file does.
    let tagged = |tag: &str| Says::ok("model").with(&format!("ETag: \"{tag}\""));
    let follower = source(tagged(&right)).await;
    assert_eq!(
        follower.file(&champion(None, None)).await.unwrap(),
        b"model"
    );
    let damaged = source(tagged(&digest(b"another"))).await;
    let error = fault(&damaged, &champion(None, None)).await;
    assert!(error.contains("has SHA-256"), "{error}");
    let other = source(tagged("abc")).await;
    let error = fault(&other, &champion(None, None)).await;
    assert!(error.contains("names no SHA-256"), "{error}");
}

#[tokio::test]
async fn a_file_takes_as_long_as_it_comes_and_not_longer_than_a_silence() {
    let pieces: Vec<Vec<u8>> = (0..10).map(|n| vec![n; 1000]).collect();
    let whole = pieces.concat();
    let slow = Says {
        pieces,
        pause: PATIENCE.silence / 5,
        ..Says::ok("")
    };
    let begun = Instant::now();
    let named = champion(Some(&digest(&whole)), Some(10_000));
    assert_eq!(
        source(slow.clone()).await.file(&named).await.unwrap(),
        whole
    );
    assert!(begun.elapsed() > PATIENCE.silence, "{:?}", begun.elapsed());
    let stalled = Says {
        pause: 60 * PATIENCE.silence,
        ..slow
    };
    let begun = Instant::now();
    let error = fault(&source(stalled).await, &named).await;
    assert!(error.contains("cannot be reached"), "{error}");
    assert!(begun.elapsed() < 10 * PATIENCE.silence);
}

#[tokio::test]
async fn what_is_too_large_is_not_read_to_its_end() {
    let endless = Says {
        pieces: vec![vec![b' '; 1 << 20]],
        times: usize::MAX >> 20,
        ..Says::ok("")
    };
    let source_ = source(endless.clone()).await;
    let error = source_.champion().await.unwrap_err().to_string();
    let part = "sends more than 64MiB as its list of models, more than there can be";
    assert!(error.contains(part), "{error}");
    let error = fault(&source_, &champion(None, Some(3 << 20))).await;
    assert!(
        error.contains("more than 3MiB as the model file"),
        "{error}"
    );
    let Source::Server(server) = &source_ else {
        unreachable!("it is the address of a server");
    };
    let error = server.post("v1/events", "[]".into()).await.unwrap_err();
    let part = "more than 64KiB as its response to predictions";
    assert!(error.to_string().contains(part), "{error}");

    let failing = Says {
        head: "HTTP/1.1 500 Oh".into(),
        ..endless
    };
    let error = source(failing).await.champion().await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.ends_with("answers 500 Internal Server Error: no problem document"),
        "{text}"
    );
    let wordy = Says {
        head: "HTTP/1.1 403 No".into(),
        ..Says::ok(format!("{{\"detail\": \"{}\"}}", "ä".repeat(10_000)))
    };
    let error = source(wordy).await.champion().await.unwrap_err();
    assert!(error.to_string().chars().count() < 600);
}

#[test]
fn a_seq_is_comparable_within_its_epoch_and_without_one_within_a_run() {
    let check = |known: &str, is_running: bool, found: &str, expected: bool| {
        let state = State {
            epoch: known.into(),
            current: is_running.then_some(Timestamp::UNIX_EPOCH),
            ..State::default()
        };
        assert_eq!(state.is_of(found), expected, "{known} {is_running} {found}");
    };
    check("a", true, "a", true);
    check("a", false, "a", true);
    check("a", true, "b", false);
    check("", true, "", true);
    check("", false, "", false);
}
