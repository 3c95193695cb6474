//! Webhook receivers: a small server on a real socket whose behavior the test sets.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::server::until;

/// Behavior of a receiver.
#[derive(Clone, Debug)]
pub enum Mood {
    /// Responds with a status and additional headers.
    Answer(u16, String),
    /// Does not respond until the sender gives up.
    Hang,
    /// Responds with 200 after the sender has given up.
    Late,
    /// Responds with 200 and a body of a gigabyte.
    Flood,
}

/// A received request.
#[derive(Clone, Debug, PartialEq)]
pub struct Got {
    /// Headers by lower-case name.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Got {
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A receiver that stops when it is dropped.
pub struct Receiver {
    pub url: String,
    got: Arc<Mutex<Vec<Got>>>,
    mood: Arc<Mutex<Mood>>,
    /// Number of bytes written with [`Mood::Flood`].
    pub flooded: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// A receiver that responds with a status.
    pub async fn answering(status: u16) -> Receiver {
        Receiver::new(Mood::Answer(status, String::new())).await
    }

    /// A receiver with this behavior.
    pub async fn new(mood: Mood) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (got, mood) = (Arc::default(), Arc::new(Mutex::new(mood)));
        let flooded = Arc::new(AtomicU64::new(0));
        let task = tokio::spawn(serve(
            listener,
            Arc::clone(&got),
            mood.clone(),
            flooded.clone(),
        ));
        Receiver {
            url,
            got,
            mood,
            flooded,
            task,
        }
    }

    /// Changes the behavior.
    pub fn feel(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// The requests received so far.
    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// Waits until `many` requests were received.
    pub async fn wait(&self, many: usize) -> Vec<Got> {
        until("a notification", || async { self.got().len() >= many }).await;
        self.got()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    listener: TcpListener,
    got: Arc<Mutex<Vec<Got>>>,
    mood: Arc<Mutex<Mood>>,
    flooded: Arc<AtomicU64>,
) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (got, mood, flooded) = (got.clone(), mood.clone(), flooded.clone());
        tokio::spawn(async move {
            let mut stream = stream;
            if let Some(request) = read(&mut stream).await {
                let mood = mood.lock().unwrap().clone();
                got.lock().unwrap().push(request);
                answer(stream, mood, &flooded).await;
            }
        });
    }
}

async fn read(stream: &mut TcpStream) -> Option<Got> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let pairs = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "));
    let headers: BTreeMap<_, _> = pairs
        .map(|(k, v)| (k.to_lowercase(), v.to_owned()))
        .collect();
    let length: usize = headers["content-length"].parse().unwrap();
    while bytes.len() < head + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8(bytes[head + 4..].to_vec()).unwrap();
    Some(Got { headers, body })
}

async fn answer(mut stream: TcpStream, mood: Mood, flooded: &AtomicU64) {
    const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let mut rest = Vec::new();
    match mood {
        Mood::Answer(status, more) => {
            let text = format!("HTTP/1.1 {status} x\r\ncontent-length: 5\r\n{more}\r\nhello");
            let _ = stream.write_all(text.as_bytes()).await;
        }
        Mood::Hang => drop(stream.read_to_end(&mut rest).await),
        Mood::Late => {
            let _ = stream.read_to_end(&mut rest).await;
            let _ = stream.write_all(OK).await;
        }
        Mood::Flood => {
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n";
            let _ = stream.write_all(head).await;
            let part = [b'x'; 1 << 16];
            while stream.write_all(&part).await.is_ok() {
                flooded.fetch_add(1 << 16, Ordering::SeqCst);
            }
        }
    }
}
