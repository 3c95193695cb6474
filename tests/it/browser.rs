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

    async fn ask(&self, path: &str, body: &Value) -> Value {
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

    async fn post(&self, path: &str, body: Value) -> Value {
        let value = self.ask(path, &body).await;
        assert!(value["error"].is_null(), "{path}: {value}");
        value
    }

    async fn run(&self, script: &str) -> Value {
        self.post("execute/sync", json!({"script": script, "args": []}))
            .await
    }

    /// Waits until a condition holds. The wait runs in the browser, on its animation frames; where the page reloads
    /// meanwhile, which ends the script, it begins anew there.
    async fn until(&self, condition: &str) {
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
    async fn agree(&self, css: &str, evidence: &str) {
        self.run(&format!("document.querySelector('{css}').click()"))
            .await;
        self.until(&format!(
            "document.querySelector('dialog[open]')?.innerText.includes('{evidence}')"
        ))
        .await;
        self.reload_by("dialog button[value=Yes]").await;
    }

    /// Clicks a button and waits for the page to load anew.
    async fn reload_by(&self, css: &str) {
        self.run(&format!(
            "window.before = true; document.querySelector('{css}').click()"
        ))
        .await;
        self.until("!window.before && document.readyState === 'complete'")
            .await;
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
    browser.go(&server, "/predict").await;
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

    // What-if: the curve moves with the column.
    browser
        .until("document.querySelector('#what-if svg circle.s1')")
        .await;
    let drawn = "document.querySelector('#what-if figcaption').innerText";
    browser
        .run("const s = document.querySelector('#what-if-column'); s.value = 'Fare'; s.dispatchEvent(new Event('change'))")
        .await;
    browser.until(&format!("{drawn}.startsWith('Fare')")).await;
    browser
        .until("document.querySelector('#what-if svg polyline.s0')")
        .await;

    // The overview shows the live model, and the quarantined rows, newest first, as escaped text.
    browser.go(&server, "/").await;
    browser
        .until("/titanic@2 live ·/.test(document.querySelector('#loop').innerText)")
        .await;
    let cells = "return [...document.querySelectorAll('#loop .aside td:nth-child(4)')].map(cell => cell.innerText)";
    assert_eq!(browser.run(cells).await, json!(["<b>male</b>", "9"]));

    browser.is_clean().await;
    // On a phone-sized window the page does not scroll horizontally.
    browser
        .post("window/rect", json!({"width": 500, "height": 800}))
        .await;
    assert_eq!(browser.run(FITS).await, true);
}

/// Whether the page does not scroll sideways.
const FITS: &str =
    "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";

/// The routes of the page that are linked from its navigation.
const ROUTES: [&str; 7] = [
    "/",
    "/predict",
    "/timeline",
    "/models",
    "/data",
    "/alerts",
    "/settings",
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver; .ci/run installs them"]
async fn every_route_loads_without_a_fault_and_its_buttons_work() {
    let server = Server::start().await;
    let row = json!({"Pclass": 3, "Sex": "male", "Age": 22, "Name": "<script>alert(1)</script>"});
    let (_, made) = server.post("/v1/predict", &row).await;
    let id = made["id"].as_str().unwrap();
    let bad = json!([{"Pclass": 9, "Sex": "male"}, {"Pclass": 1, "Sex": "<b>male</b>"}]);
    server.post("/v1/rows", &bad).await;
    let browser = Browser::start().await;
    let one = format!("/predictions/{id}");
    for path in ROUTES
        .into_iter()
        .chain(["/models/1", "/models/titanic@2", &one])
    {
        browser.go(&server, path).await;
        browser
            .until("document.querySelector('#connection').dataset.state === 'live'")
            .await;
        assert_eq!(browser.run(FITS).await, true, "{path} at 1440");
        for width in [768, 500] {
            let size = json!({"width": width, "height": 900});
            browser.post("window/rect", size).await;
            assert_eq!(browser.run(FITS).await, true, "{path} at {width}");
        }
        browser
            .post("window/rect", json!({"width": 1440, "height": 900}))
            .await;
        // Nothing comes from elsewhere, every id is unique, every chart has its text and its data.
        let foreign = "return performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith(location.origin))";
        assert_eq!(browser.run(foreign).await, json!([]), "{path}");
        let twice = "const ids = [...document.querySelectorAll('[id]')].map(e => e.id); return ids.filter((id, n) => ids.indexOf(id) !== n)";
        assert_eq!(browser.run(twice).await, json!([]), "{path}");
        let bare = "return [...document.querySelectorAll('figure.chart')].filter(f => !f.querySelector('desc')?.textContent || !f.querySelector('table')).length";
        assert_eq!(browser.run(bare).await, 0, "{path}");
        let pages = "return document.querySelectorAll('nav[aria-label=Pages] a').length";
        assert_eq!(browser.run(pages).await, 8, "{path}");
    }
    browser.is_clean().await;

    // Promote, after a question that states the evidence, and roll back.
    browser.go(&server, "/models/2").await;
    browser.agree("[data-post$=promote]", "log loss").await;
    browser
        .until("document.querySelector('#version dd')?.innerText === 'champion'")
        .await;
    browser.go(&server, "/models").await;
    browser.agree("[data-post$=rollback]", "").await;
    browser.until("[...document.querySelectorAll('#versions tbody tr')].some(r => r.innerText.includes('titanic@1') && r.cells[1].innerText === 'champion')").await;
    // Another threshold moves the decisions.
    browser.go(&server, "/models/1").await;
    browser
        .until("window.before = document.querySelector('#decisions')?.innerText")
        .await;
    browser
        .until("(t => t && ((t.value = '0.9'), t.dispatchEvent(new Event('input', {bubbles: true}))))(document.querySelector('[name=threshold]'))")
        .await;
    browser
        .until("window.before && document.querySelector('#decisions').innerText !== window.before")
        .await;
    // A quarantined row that is still wrong says so; dropped, it is gone.
    browser.go(&server, "/data").await;
    browser
        .run("document.querySelector('#quarantine [data-post]').click()")
        .await;
    browser
        .until("document.querySelector('#said')?.innerText.length > 0")
        .await;
    browser.agree("#quarantine [data-delete]", "").await;
    browser
        .until("document.querySelectorAll('#quarantine tbody tr').length === 1")
        .await;
    // A silence.
    browser.go(&server, "/alerts").await;
    browser
        .type_into("[name=matchers]", "alertname=drift")
        .await;
    browser.reload_by("form[data-json] button").await;
    browser
        .until("document.body.innerText.includes('alertname=drift')")
        .await;
    // A file, whose download holds no formula.
    browser.go(&server, "/predict").await;
    browser.run("const f = new File(['Pclass,Sex,Name\\n3,male,=1+1\\n9,male,x\\n'], 'a.csv'); const d = new DataTransfer(); d.items.add(f); const i = document.querySelector('#file'); i.files = d.files; i.dispatchEvent(new Event('change'))").await;
    browser
        .until("/2 rows, 1 of them without/.test(document.querySelector('#file-said').innerText)")
        .await;
    browser
        .until("document.querySelector('#file-preview tbody tr')")
        .await;
    browser.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium, chromedriver and axe-core; .ci/run installs them"]
async fn axe_finds_no_fault_on_any_route_in_either_theme() {
    let axe = std::env::var("AXE").expect("AXE names the script of axe-core");
    let axe = std::fs::read_to_string(axe).unwrap();
    let server = Server::start().await;
    let row = json!({"Pclass": 3, "Sex": "male", "Age": 22});
    let (_, made) = server.post("/v1/predict", &row).await;
    let bad = json!([{"Pclass": 9, "Sex": "male"}]);
    server.post("/v1/rows", &bad).await;
    let one = format!("/predictions/{}", made["id"].as_str().unwrap());
    let browser = Browser::start().await;
    for theme in ["light", "dark"] {
        let feature = json!([{"name": "prefers-color-scheme", "value": theme}]);
        let command = json!({"cmd": "Emulation.setEmulatedMedia", "params": {"features": feature}});
        browser.post("goog/cdp/execute", command).await;
        for path in ROUTES.into_iter().chain(["/models/1", &one, "/docs"]) {
            browser.go(&server, path).await;
            browser.run(&axe).await;
            let script = "const done = arguments[arguments.length - 1]; axe.run().then(r => done(r.violations.map(
                v => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map(n => n.target + ' ' + n.failureSummary).join(' | ')}`)))";
            let body = json!({"script": script, "args": []});
            let found = browser.post("execute/async", body).await;
            assert_eq!(found, json!([]), "{theme} {path}");
        }
    }
}

impl Browser {
    async fn go(&self, server: &Server, path: &str) {
        self.post("url", json!({"url": server.url(path)})).await;
    }

    /// The content security policy of the pages blocked nothing, and no script failed.
    async fn is_clean(&self) {
        let log = self.post("se/log", json!({"type": "browser"})).await;
        let log = log.as_array().unwrap().iter();
        let severe: Vec<&Value> = log.filter(|l| l["level"] == "SEVERE").collect();
        let is_refusal = |l: &&Value| l["message"].as_str().unwrap().contains("422");
        assert!(severe.iter().all(is_refusal), "{severe:?}");
    }
}
