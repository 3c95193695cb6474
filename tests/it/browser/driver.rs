//! A headless Chromium with its driver, and what a test does with it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::server::{self, Server};

/// A chromedriver process with one session of a headless Chromium.
pub struct Browser {
    driver: Child,
    session: String,
    client: reqwest::Client,
}

/// Starts chromedriver; gives its port, or nothing if it ended at once.
fn driver() -> Option<(Child, u16)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .spawn()
        .expect("chromedriver is installed");
    let out = driver.stdout.take().expect("it is piped");
    let mut lines = BufReader::new(out).lines().map_while(Result::ok);
    let started = lines.find(|line| line.contains("started successfully on port"));
    let port = |line: String| line.trim_end_matches('.').rsplit(' ').next()?.parse().ok();
    match started.and_then(port) {
        Some(port) => Some((driver, port)),
        None => {
            let _ = driver.kill();
            let _ = driver.wait();
            None
        }
    }
}

impl Browser {
    pub async fn start() -> Browser {
        // The driver takes a free port for IPv4, and ends if that is taken for IPv6.
        let (driver, port) = (0..10).find_map(|_| driver()).expect("chromedriver starts");
        let client = server::client();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,1000",
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}, "timeouts": {"script": 120_000},
        }}});
        let base = format!("http://127.0.0.1:{port}/session");
        let answer: Value = client
            .post(&base)
            .json(&wanted)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let id = answer["value"]["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("no session: {answer}"))
            .to_owned();
        Browser {
            driver,
            session: format!("{base}/{id}"),
            client,
        }
    }

    pub async fn ask(&self, path: &str, body: &Value) -> Value {
        let answer = self
            .client
            .post(format!("{}/{path}", self.session))
            .json(body)
            .send()
            .await
            .unwrap();
        let mut answer: Value = answer.json().await.unwrap();
        answer["value"].take()
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let value = self.ask(path, &body).await;
        assert!(value["error"].is_null(), "{path}: {value}");
        value
    }

    pub async fn run(&self, script: &str) -> Value {
        self.post("execute/sync", json!({"script": script, "args": []}))
            .await
    }

    /// Waits until a condition holds. The wait runs in the browser, on its animation frames; where the page reloads
    /// meanwhile, which ends the script, it begins anew there.
    pub async fn until(&self, condition: &str) {
        let script = format!(
            "const done = arguments[arguments.length - 1]; const end = Date.now() + 20000;
             (function look() {{ if ({condition}) done(true); else if (Date.now() > end) done(false); else requestAnimationFrame(look); }})();"
        );
        let body = json!({"script": script, "args": []});
        let begun = std::time::Instant::now();
        let mut met = self.ask("execute/async", &body).await;
        while met["error"].is_string() && begun.elapsed().as_secs() < 20 {
            met = self.ask("execute/async", &body).await;
        }
        let page = self.run("return document.body.innerText").await;
        assert_eq!(met, true, "never: {condition}\n{page}");
    }

    /// Clicks a button that asks, answers `Yes` to a question that says `evidence`, and waits for the page to load anew.
    pub async fn agree(&self, css: &str, evidence: &str) {
        self.run(&format!("document.querySelector('{css}').click()"))
            .await;
        self.until(&format!(
            "document.querySelector('dialog[open]')?.innerText.includes('{evidence}')"
        ))
        .await;
        self.reload_by("dialog button[value=Yes]").await;
    }

    /// Clicks a button and waits for the page to load anew.
    pub async fn reload_by(&self, css: &str) {
        self.run(&format!(
            "window.before = true; document.querySelector('{css}').click()"
        ))
        .await;
        self.until("!window.before && document.readyState === 'complete'")
            .await;
    }

    /// Shows the page at this width, which may be smaller than a window can be.
    pub async fn width(&self, width: u32) {
        let screen =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.protocol("Emulation.setDeviceMetricsOverride", screen)
            .await;
    }

    /// Shows the page as in a light or a dark theme.
    pub async fn theme(&self, theme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": theme}]);
        self.protocol("Emulation.setEmulatedMedia", json!({"features": features}))
            .await;
    }

    /// Shows the page as it prints where the reader has this theme.
    pub async fn paper(&self, theme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": theme}]);
        let media = json!({"media": "print", "features": features});
        self.protocol("Emulation.setEmulatedMedia", media).await;
    }

    /// Moves the browser to a time zone.
    pub async fn zone(&self, zone: &str) {
        self.protocol("Emulation.setTimezoneOverride", json!({"timezoneId": zone}))
            .await;
    }

    /// A command of the browser's own protocol.
    async fn protocol(&self, command: &str, parameters: Value) {
        let command = json!({"cmd": command, "params": parameters});
        self.post("goog/cdp/execute", command).await;
    }

    /// Presses and releases keys one after the other.
    pub async fn press(&self, keys: &str) {
        let stroke = |key: char| {
            [
                json!({"type": "keyDown", "value": key}),
                json!({"type": "keyUp", "value": key}),
            ]
        };
        let strokes: Vec<Value> = keys.chars().flat_map(stroke).collect();
        let actions = json!([{"type": "key", "id": "keyboard", "actions": strokes}]);
        self.post("actions", json!({"actions": actions})).await;
    }

    /// Whether the page does not scroll sideways.
    pub async fn fits(&self) -> bool {
        // What scrolls in a box of its own is no fault, unless it is positioned by something outside of the box.
        let wide = "const inBox = e => { for (let p = e.offsetParent ?? e.parentElement; p; p = p.parentElement)
                if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(p).overflowX)) return true; return false; };
            return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !inBox(e))
                .map(e => e.outerHTML.slice(0, 100)).slice(0, 5).join(' ')";
        let fits =
            "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        let fits = self.run(fits).await == true;
        if !fits {
            eprintln!("too wide: {}", self.run(wide).await);
        }
        fits
    }

    pub async fn find(&self, css: &str) -> String {
        let element = self
            .post("element", json!({"using": "css selector", "value": css}))
            .await;
        element
            .as_object()
            .unwrap()
            .values()
            .next()
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub async fn type_into(&self, css: &str, text: &str) {
        let element = self.find(css).await;
        self.post(&format!("element/{element}/clear"), json!({}))
            .await;
        self.post(&format!("element/{element}/value"), json!({"text": text}))
            .await;
    }
}

impl Drop for Browser {
    /// Ends the session, which ends the browser: it would outlive a driver that is killed.
    fn drop(&mut self) {
        let _ = self.end_session();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Browser {
    /// By a plain connection, since nothing can be awaited in a drop.
    fn end_session(&self) -> std::io::Result<()> {
        let rest = self.session.trim_start_matches("http://");
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "DELETE /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        )?;
        BufReader::new(stream).read_line(&mut String::new())?;
        Ok(())
    }
}

impl Browser {
    pub async fn go(&self, server: &Server, path: &str) {
        self.post("url", json!({"url": server.url(path)})).await;
    }

    /// The content security policy of the pages blocked nothing, and no script failed.
    pub async fn is_clean(&self) {
        let log = self.post("se/log", json!({"type": "browser"})).await;
        let log = log.as_array().unwrap().iter();
        let severe: Vec<&Value> = log.filter(|l| l["level"] == "SEVERE").collect();
        let is_refusal = |l: &&Value| l["message"].as_str().unwrap().contains("422");
        assert!(severe.iter().all(is_refusal), "{severe:?}");
    }
}
