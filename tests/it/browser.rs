//! The page in a real browser, driven over the WebDriver protocol (chromedriver from the distribution).

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::server::{self, Server};

/// A chromedriver process with one session of a headless Chromium.
struct Browser {
    driver: Child,
    session: String,
    client: reqwest::Client,
}

impl Browser {
    async fn start() -> Browser {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver is installed");
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let started = lines
            .map_while(Result::ok)
            .find(|line| line.contains("started successfully on port"))
            .unwrap();
        let port: u16 = started
            .trim_end_matches('.')
            .rsplit(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap();
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
            "goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"},
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

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self
            .client
            .post(format!("{}/{path}", self.session))
            .json(&body)
            .send()
            .await
            .unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert!(answer["value"]["error"].is_null(), "{path}: {answer}");
        answer["value"].clone()
    }

    async fn run(&self, script: &str) -> Value {
        self.post("execute/sync", json!({"script": script, "args": []}))
            .await
    }

    /// Waits until a script returns a true value. The wait runs in the browser, on its animation frames.
    async fn until(&self, condition: &str) {
        let script = format!(
            "const done = arguments[arguments.length - 1]; const end = Date.now() + 20000;
             (function look() {{ if ({condition}) done(true); else if (Date.now() > end) done(false); else requestAnimationFrame(look); }})();"
        );
        let met = self
            .post("execute/async", json!({"script": script, "args": []}))
            .await;
        let page = self.run("return document.body.innerText").await;
        assert_eq!(met, true, "never: {condition}\n{page}");
    }

    async fn find(&self, css: &str) -> String {
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

    async fn type_into(&self, css: &str, text: &str) {
        let element = self.find(css).await;
        self.post(&format!("element/{element}/clear"), json!({}))
            .await;
        self.post(&format!("element/{element}/value"), json!({"text": text}))
            .await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver; .ci/run installs them"]
async fn the_page_predicts_as_one_types_and_follows_the_champion() {
    let server = Server::start().await;
    let bad = json!([{"Pclass": 9, "Sex": "male"}, {"Pclass": 1, "Sex": "<b>male</b>"}]);
    assert_eq!(server.post("/v1/rows", &bad).await.1["quarantined"], 2);
    let browser = Browser::start().await;
    browser.post("url", json!({"url": server.url("/")})).await;
    browser
        .until("document.body.innerText.includes('titanic@1')")
        .await;
    browser
        .until("/\\d\\d?(\\.\\d)? ?%/.test(document.querySelector('.verdict').innerText)")
        .await;

    // Another age changes the probability, and every change shows its contributions.
    let shown = "return document.querySelector('.verdict').innerText";
    let before = browser.run(shown).await;
    browser.type_into("[data-column=Age] input", "3").await;
    let before = serde_json::to_string(&before).unwrap();
    browser
        .until(&format!(
            "document.querySelector('.verdict').innerText !== {before}"
        ))
        .await;
    // A value out of range is reported next to its field.
    browser.type_into("[data-column=Age] input", "500").await;
    browser.until("document.querySelector('[data-column=Age] input').getAttribute('aria-invalid') === 'true'").await;
    browser.type_into("[data-column=Age] input", "30").await;
    browser.until("document.querySelector('[data-column=Age] input').getAttribute('aria-invalid') !== 'true'").await;

    // A promotion updates the header without a reload, and the input remains.
    let promoted = server
        .request(reqwest::Method::POST, "/v1/models/2/promote")
        .send()
        .await
        .unwrap();
    assert_eq!(promoted.status(), 200);
    browser
        .until("document.querySelector('header').innerText.includes('titanic@2')")
        .await;
    assert_eq!(
        browser
            .run("return document.querySelector('[data-column=Age] input').value")
            .await,
        "30"
    );

    // The loop section is updated as well: the live model, and the quarantined rows, newest first, as escaped text.
    browser
        .until("/titanic@2 live ·/.test(document.querySelector('#loop').innerText)")
        .await;
    let cells = "return [...document.querySelectorAll('#loop .aside td:nth-child(4)')].map(cell => cell.innerText)";
    assert_eq!(browser.run(cells).await, json!(["<b>male</b>", "9"]));

    // The content security policy of the page blocked nothing, and no script failed.
    let log = browser.post("se/log", json!({"type": "browser"})).await;
    let severe: Vec<&Value> = log
        .as_array()
        .unwrap()
        .iter()
        .filter(|l| l["level"] == "SEVERE")
        .collect();
    assert!(
        severe
            .iter()
            .all(|l| l["message"].as_str().unwrap().contains("422")),
        "{severe:?}"
    );
    // On a phone-sized window the page does not scroll horizontally.
    browser
        .post("window/rect", json!({"width": 500, "height": 800}))
        .await;
    let fits =
        "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
    assert_eq!(browser.run(fits).await, true);
}
