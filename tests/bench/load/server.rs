//! A server process and what the system says of it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::Client;

/// The process.
pub struct Server {
    process: Child,
    /// Where it listens, on this machine.
    pub port: u16,
    /// How long it took to be ready.
    pub ready: Duration,
}

impl Server {
    /// Starts it; comes back when it is ready.
    pub fn start(mut command: Command) -> Server {
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
    pub fn train(&self) -> String {
        let order = r#"{"folds":10,"repeats":100,"promote":"never"}"#;
        let answer = self.document("POST /v1/train", order);
        let id = answer["id"].as_str().expect("a job");
        format!("/v1/jobs/{id}")
    }

    pub fn is_running(&self, job: &str) -> bool {
        self.document(&format!("GET {job}"), "")["state"] == "running"
    }

    pub fn call_off(&self, job: &str) {
        self.document(&format!("DELETE {job}"), "");
        while self.document(&format!("GET {job}"), "")["state"] != "cancelled" {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn document(&self, line: &str, body: &str) -> Value {
        Client::connect(self.port).document(line, body)
    }

    /// CPU seconds so far, user and kernel: fields 14 and 15 of `stat`, in ticks of 10 ms.
    pub fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }

    pub fn resident_mb(&self) -> f64 {
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
