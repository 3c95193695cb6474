//! The page in a real browser, driven over the WebDriver protocol (chromedriver from the distribution).

mod driver;
mod keyboard;
mod live;
mod paper;
mod proxy;
mod widths;
mod zone;

use serde_json::json;

use crate::server::Server;
use driver::Browser;

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
}

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
        browser.theme(theme).await;
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
