//! The server under load, beside a bare actix server that answers a constant, in one run; ratios, not seconds.
//!
//! `cargo bench --bench load`. Both servers are processes of their own; CPU is what the system charged them (user and
//! kernel) between two readings of `/proc/PID/stat`. Rounds alternate, so that a machine that slows down slows both. Rows
//! are varied: every request carries the next of the 418 rows of the test table. Clients are plain sockets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 8;
const ROUND: Duration = Duration::from_secs(3);
const ROUNDS: usize = 5;

fn main() {
    if std::env::args().any(|a| a == "--bare") {
        return bare();
    }
    if !std::env::args().any(|a| a == "--bench") {
        return; // `cargo test --benches` only checks that it builds
    }
    let state = tempfile::tempdir().unwrap();
    let platform = env!("CARGO_BIN_EXE_titanic-platform");
    let serve = || {
        let mut command = Command::new(platform);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "-q", "--state"])
            .arg(state.path());
        command
    };
    let first = Server::start(serve());
    println!(
        "first serve of an empty state: {:.0} ms to `ready`",
        first.ready.as_secs_f64() * 1e3
    );
    drop(first);
    // The dearest kernel a row can meet: the first model may have turned out a cheap one.
    let train = [
        "train",
        "--learner",
        "forest",
        "--folds",
        "5",
        "--repeats",
        "1",
        "--promote",
        "always",
        "-q",
        "--state",
    ];
    let trained = Command::new(platform)
        .args(train)
        .arg(state.path())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(trained.success());
    starts(&serve);

    let requests = requests();
    let ours = Server::start(serve());
    println!("resident when idle: {:.1} MB", ours.resident_mb());
    let mut bare = Command::new(std::env::current_exe().unwrap());
    bare.arg("--bare");
    let bare = Server::start(bare);
    rest(&ours, &bare, &requests);
    retraining(&ours, &requests);
    websocket(&ours);
    println!("resident after the load: {:.1} MB", ours.resident_mb());
    drop(ours);
    tables(state.path());
}

/// Answers while the same process retrains without a pause, beside answers while it does not.
fn retraining(ours: &Server, requests: &[Vec<u8>]) {
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let quiet = hammer(ours, requests);
        let job = ours.train();
        let busy = hammer(ours, requests);
        assert!(ours.is_running(&job), "the training ended too early");
        ours.call_off(&job);
        println!(
            "  quiet {:6.0}/s p50 {:4.0} p99 {:5.0} µs   retraining {:6.0}/s p50 {:4.0} p99 {:5.0} µs",
            quiet.rate, quiet.p50, quiet.p99, busy.rate, busy.p50, busy.p99
        );
        ratios.push(busy.p99 / quiet.p99);
    }
    println!(
        "  p99 while retraining against quiet: {} (bar 2)",
        spread(ratios)
    );
}

/// A table from a file to a file: the test table many times over.
fn tables(state: &std::path::Path) {
    const TIMES: usize = 1000;
    let folder = tempfile::tempdir().unwrap();
    let [from, to] = ["in.csv", "out.csv"].map(|name| folder.path().join(name));
    let test = include_str!("../../data/raw/test.csv");
    let (header, rows) = test.split_once('\n').unwrap();
    std::fs::write(&from, format!("{header}\n{}", rows.repeat(TIMES))).unwrap();
    let rows = (418 * TIMES) as f64;
    for threads in ["1", "2"] {
        let begun = Instant::now();
        let done = Command::new(env!("CARGO_BIN_EXE_titanic-platform"))
            .args(["predict", "-q", "--threads", threads, "--state"])
            .arg(state)
            .arg(&from)
            .arg("-o")
            .arg(&to)
            .status()
            .unwrap();
        assert!(done.success());
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "predict, CSV to CSV, {threads} threads: {:.0} k rows/s of {rows} (bar 250 k a core)",
            rows / seconds / 1e3
        );
    }
}

/// Start of a server with a model, to its first answer.
fn starts(serve: &dyn Fn() -> Command) {
    let row = &requests()[0];
    let mut took: Vec<f64> = (0..10)
        .map(|_| {
            let begun = Instant::now();
            let server = Server::start(serve());
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

fn rest(ours: &Server, bare: &Server, requests: &[Vec<u8>]) {
    let (mut per_cpu, mut p99): (Vec<f64>, Vec<f64>) = Default::default();
    println!(
        "REST, one row a request, {CONNECTIONS} connections, rounds of {} s:",
        ROUND.as_secs()
    );
    for _ in 0..ROUNDS {
        let a = hammer(ours, requests);
        let b = hammer(bare, requests);
        println!(
            "  predict {:6.0}/s {:5.2} µs CPU p50 {:4.0} p99 {:4.0} µs   constant {:6.0}/s {:5.2} µs CPU p50 {:4.0} p99 {:4.0} µs",
            a.rate, a.cpu, a.p50, a.p99, b.rate, b.cpu, b.p50, b.p99
        );
        per_cpu.push(b.cpu / a.cpu);
        p99.push(a.p99 / b.p99);
    }
    println!(
        "  requests per CPU second against the constant: {} (bar 0.80)",
        spread(per_cpu)
    );
    println!("  p99 against the constant: {} (bar 1.5)", spread(p99));
}

fn spread(mut ratios: Vec<f64>) -> String {
    ratios.sort_by(f64::total_cmp);
    format!(
        "median {:.2}, {:.2} to {:.2}",
        ratios[ratios.len() / 2],
        ratios[0],
        ratios[ratios.len() - 1]
    )
}

struct Round {
    rate: f64,
    cpu: f64,
    p50: f64,
    p99: f64,
}

fn hammer(server: &Server, requests: &[Vec<u8>]) -> Round {
    let before = server.cpu();
    let begun = Instant::now();
    let mut took: Vec<f64> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|c| {
                scope.spawn(move || {
                    let mut client = Client::connect(server.port);
                    let mut took = Vec::with_capacity(1 << 17);
                    for request in requests.iter().cycle().skip(c * 50) {
                        let asked = Instant::now();
                        client.ask(request);
                        took.push(asked.elapsed().as_secs_f64() * 1e6);
                        if begun.elapsed() > ROUND {
                            break;
                        }
                    }
                    took
                })
            })
            .collect();
        clients
            .into_iter()
            .flat_map(|c| c.join().unwrap())
            .collect()
    });
    let (seconds, cpu) = (begun.elapsed().as_secs_f64(), server.cpu() - before);
    took.sort_by(f64::total_cmp);
    let at = |q: f64| took[((took.len() - 1) as f64 * q) as usize];
    Round {
        rate: took.len() as f64 / seconds,
        cpu: cpu * 1e6 / took.len() as f64,
        p50: at(0.5),
        p99: at(0.99),
    }
}

/// One connection, pipelined: a writer far ahead of the reader.
fn websocket(server: &Server) {
    const MESSAGES: usize = 200_000;
    let rows = rows();
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

/// Every row of the test table as a JSON object.
fn rows() -> Vec<String> {
    use titanic_platform::schema::row::Purpose;
    let spec = titanic_platform::model::Spec::bundled();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/raw/test.csv");
    let table = titanic_platform::ingest::read_file(&path, &spec.schema, Purpose::Predict)
        .unwrap()
        .table;
    let object = |i: usize| {
        let row = table.row(i);
        let pairs = spec
            .schema
            .columns()
            .iter()
            .zip(row.cells)
            .filter(|(_, cell)| !cell.is_missing());
        serde_json::Value::Object(
            pairs
                .map(|(c, cell)| (c.name.clone(), c.json(*cell, row.text)))
                .collect(),
        )
        .to_string()
    };
    (0..table.len()).map(object).collect()
}

fn requests() -> Vec<Vec<u8>> {
    let request = |row: String| {
        let head = "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length:";
        format!("{head} {}\r\n\r\n{row}", row.len()).into_bytes()
    };
    rows().into_iter().map(request).collect()
}

/// A keep-alive connection that waits for each answer.
struct Client {
    socket: BufReader<TcpStream>,
    line: String,
    body: Vec<u8>,
}

impl Client {
    fn connect(port: u16) -> Client {
        let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        socket.set_nodelay(true).unwrap();
        Client {
            socket: BufReader::new(socket),
            line: String::new(),
            body: Vec::new(),
        }
    }

    fn ask(&mut self, request: &[u8]) {
        let status = self.send(request);
        assert_eq!(status, "200");
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

/// A server process and what the system says of it.
struct Server {
    process: Child,
    port: u16,
    ready: Duration,
}

impl Server {
    fn start(mut command: Command) -> Server {
        let begun = Instant::now();
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port = line
            .trim()
            .rsplit(':')
            .next()
            .unwrap()
            .parse()
            .unwrap_or_else(|_| panic!("not ready: {line:?}"));
        Server {
            process,
            port,
            ready: begun.elapsed(),
        }
    }

    /// Begins a training that will not end by itself; its path.
    fn train(&self) -> String {
        let order = r#"{"folds":10,"repeats":100,"promote":"never"}"#;
        let answer = self.document("POST /v1/train", order);
        let id = answer["id"].as_str().expect("a job");
        format!("/v1/jobs/{id}")
    }

    fn is_running(&self, job: &str) -> bool {
        self.document(&format!("GET {job}"), "")["state"] == "running"
    }

    fn call_off(&self, job: &str) {
        self.document(&format!("DELETE {job}"), "");
        while self.document(&format!("GET {job}"), "")["state"] != "cancelled" {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A document, and the one that answers.
    fn document(&self, line: &str, body: &str) -> serde_json::Value {
        let mut client = Client::connect(self.port);
        let kind = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/json\r\n"
        };
        client.send(
            format!(
                "{line} HTTP/1.1\r\nHost: localhost\r\n{kind}Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .as_bytes(),
        );
        serde_json::from_slice(&client.body).unwrap()
    }

    /// CPU seconds so far, user and kernel: fields 14 and 15 of `stat`, in ticks of 10 ms.
    fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }

    fn resident_mb(&self) -> f64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<f64>()
            .unwrap()
            / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The same actix server, reading the same body and answering a constant of the same length.
fn bare() {
    use actix_web::{App, HttpResponse, HttpServer, web};
    const ANSWER: &str = r#"{"id":"019dc2a0-0000-7000-8000-000000000000","label":0,"probability":0.12345678901234567,"model":"titanic@1","warnings":[]}"#;
    let answer = |_: web::Bytes| async {
        HttpResponse::Ok()
            .content_type("application/json")
            .body(ANSWER)
    };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    println!("ready http://{}", listener.local_addr().unwrap());
    actix_web::rt::System::new()
        .block_on(async {
            HttpServer::new(move || App::new().route("/v1/predict", web::post().to(answer)))
                .workers(2)
                .listen(listener)?
                .run()
                .await
        })
        .unwrap();
}
