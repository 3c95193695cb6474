//! Mail servers that misbehave: simulated, because a real server cannot be made to cut the connection within a message.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::{clock, drift, server};
use crate::server::{Server, until};

/// Behavior of a mail server.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Fine,
    /// Rejects the login.
    Stranger,
    /// Rejects the message temporarily.
    Greylisting,
    /// Rejects one of the recipients.
    Picky,
    /// Cuts the connection within the message.
    Cut,
    /// Sends nothing.
    Silent,
    /// Sends a line that never ends.
    Endless,
}

struct Post {
    port: u16,
    tls: &'static str,
    mood: Arc<Mutex<Mood>>,
    letters: Arc<Mutex<Vec<String>>>,
}

impl Post {
    async fn new(mood: Mood) -> Post {
        Post::listening(mood, None).await
    }

    /// A server that accepts only TLS, and its certificate for this name.
    async fn secured(mood: Mood, name: &str) -> (Post, String) {
        let own = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![own.cert.der().clone()], key);
        let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
        (Post::listening(mood, Some(acceptor)).await, own.cert.pem())
    }

    async fn listening(mood: Mood, acceptor: Option<TlsAcceptor>) -> Post {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let post = Post {
            port,
            tls: if acceptor.is_some() { "tls" } else { "none" },
            mood: Arc::new(Mutex::new(mood)),
            letters: Arc::default(),
        };
        let (mood, letters) = (post.mood.clone(), post.letters.clone());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let mood = *mood.lock().unwrap();
                let (letters, acceptor) = (letters.clone(), acceptor.clone());
                // The test breaks the connection on purpose, so errors are ignored.
                tokio::spawn(async move {
                    match acceptor {
                        None => talk(stream, mood, letters).await,
                        Some(tls) => talk(tls.accept(stream).await?, mood, letters).await,
                    }
                });
            }
        });
        post
    }

    fn channel(&self, password: &std::path::Path) -> Value {
        json!({
            "type": "email", "host": "127.0.0.1", "port": self.port, "tls": self.tls,
            "from": "alerts@example.org", "to": ["ops@example.org", "dev@example.org"],
            "user": "alerts", "password_file": password,
        })
    }
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    mood: Mood,
    letters: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    match mood {
        Mood::Silent => return stream.read_line(&mut line).await.map(drop),
        Mood::Endless => loop {
            stream.write_all(&[b'2'; 1 << 16]).await?;
        },
        _ => stream.write_all(b"220 post\r\n").await?,
    }
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = match line.split_whitespace().next().unwrap_or_default() {
            "EHLO" => "250-post\r\n250 AUTH PLAIN\r\n",
            "AUTH" if mood == Mood::Stranger => "535 5.7.8 who are you\r\n",
            "AUTH" => "235 ok\r\n",
            "RCPT" if mood == Mood::Greylisting => "451 4.7.1 come back later\r\n",
            "RCPT" if mood == Mood::Picky && line.contains("dev@") => "550 5.1.1 no such user\r\n",
            "DATA" => "354 go on\r\n",
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
        if answer.starts_with("354") {
            let mut letter = String::new();
            loop {
                line.clear();
                stream.read_line(&mut line).await?;
                if mood == Mood::Cut || line.is_empty() {
                    return Ok(());
                }
                if line == ".\r\n" {
                    break;
                }
                letter += &line;
            }
            letters.lock().unwrap().push(letter);
            stream.write_all(b"250 taken\r\n").await?;
        }
    }
}

async fn failed(server: &Server) {
    let line = "titanic_notifications_failed_total{type=\"email\"} 1\n";
    until("the failure", || async {
        server.metrics().await.contains(line)
    })
    .await;
}

/// Checks the error of the first attempt, and that the next one succeeds.
async fn check(mood: Mood, expected: &str) {
    check_at(Post::new(mood).await, None, expected).await;
}

/// Like [`check`], over TLS.
async fn check_secured(mood: Mood, expected: &str) {
    let (post, authority) = Post::secured(mood, "127.0.0.1").await;
    check_at(post, Some(authority), expected).await;
}

async fn check_at(post: Post, authority: Option<String>, expected: &str) {
    let mood = *post.mood.lock().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, "hush").unwrap();
    let mut channel = post.channel(&password);
    if let Some(pem) = authority {
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, pem).unwrap();
        channel["ca_file"] = json!(file);
    }
    let clock = clock();
    let server = server(&[("mail", channel)], &clock).await;
    drift(&server, true);
    failed(&server).await;
    let row = || -> Value {
        let (_, rows) = server.app().store().alerts().unwrap();
        rows.first()
            .map_or(Value::Null, |row| serde_json::from_str(row).unwrap())
    };
    until("the failure to be kept", || async {
        row()["attempts"] == 1
    })
    .await;
    let row = row();
    let error = row["error"].as_str().unwrap();
    assert!(error.contains(expected), "{mood:?}: {error}");
    assert!(!error.contains("hush"), "{error}");
    *post.mood.lock().unwrap() = Mood::Fine;
    clock.advance(Duration::from_secs(5));
    until("the letter", || async {
        post.letters.lock().unwrap().len() == 1
    })
    .await;
    let letter = post.letters.lock().unwrap()[0].clone();
    let id = format!("Message-ID: <{}@example.org>", row["id"].as_str().unwrap());
    assert!(letter.contains(&id), "{letter}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_is_refused_is_told_and_tried_again() {
    check(Mood::Stranger, "the login is rejected: 535").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_wants_to_be_asked_later_is() {
    check(Mood::Greylisting, "451").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_to_a_server_that_cannot_show_who_it_is() {
    for (name, is_trusted) in [("127.0.0.1", false), ("mail.example.org", true)] {
        let (post, authority) = Post::secured(Mood::Fine, name).await;
        let folder = tempfile::tempdir().unwrap();
        let password = folder.path().join("password");
        std::fs::write(&password, "hush").unwrap();
        let mut channel = post.channel(&password);
        if is_trusted {
            let file = folder.path().join("ca.pem");
            std::fs::write(&file, authority).unwrap();
            channel["ca_file"] = json!(file);
        }
        let server = server(&[("mail", channel)], &clock()).await;
        drift(&server, true);
        failed(&server).await;
        until("why", || async {
            let (_, rows) = server.app().store().alerts().unwrap();
            rows.first().is_some_and(|row| row.contains("certificate"))
        })
        .await;
        assert_eq!(*post.letters.lock().unwrap(), [] as [String; 0]);
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_that_is_cut_off_is_sent_again() {
    check(Mood::Cut, "").await;
    check_secured(Mood::Cut, "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_nothing_costs_a_time_limit() {
    check(Mood::Silent, "not taken within 3 s").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_too_much_is_not_listened_to() {
    check(Mood::Endless, "it says too much").await;
    check_secured(Mood::Endless, "it says too much").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_that_is_refused_keeps_the_letter_from_nobody_else() {
    let post = Post::new(Mood::Picky).await;
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, "hush").unwrap();
    let server = server(&[("mail", post.channel(&password))], &clock()).await;
    drift(&server, true);
    until("the letter", || async {
        server.get("/v1/alerts").await["outbox"]["waiting"] == 0
            && post.letters.lock().unwrap().len() == 1
    })
    .await;
    let metrics = server.metrics().await;
    assert!(
        metrics.contains("titanic_notifications_sent_total{type=\"email\"} 1\n"),
        "{metrics}"
    );
    server.stop().await;
}
