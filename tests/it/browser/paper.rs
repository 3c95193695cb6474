//! Every route on paper: black on white whatever the theme, nothing to press, nothing that is cut.

use serde_json::json;

use super::ROUTES;
use super::driver::Browser;
use crate::server::Server;

/// Width of an A4 page less its margins, in pixels of CSS.
const A4: u32 = 718;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver; .ci/run installs them"]
async fn every_route_prints_whole_on_white() {
    let server = Server::with(|settings| settings.retrain.enabled = false).await;
    let row = json!({"Pclass": 3, "Sex": "male", "Age": 22});
    let (_, made) = server.post("/v1/predict", &json!(vec![row; 120])).await;
    let one = format!(
        "/predictions/{}",
        made["predictions"][0]["id"].as_str().unwrap()
    );
    server
        .post("/v1/rows", &json!([{"Pclass": 9, "Sex": "male"}]))
        .await;
    let browser = Browser::start().await;
    browser.paper("dark").await;
    browser.width(A4).await;
    for path in ROUTES.into_iter().chain(["/models/1", &one]) {
        browser.go(&server, path).await;
        browser
            .until("document.querySelector('#connection')?.dataset.state === 'live'")
            .await;
        let ground = "return getComputedStyle(document.body).backgroundColor";
        assert_eq!(
            browser.run(ground).await,
            "rgb(255, 255, 255)",
            "{path}: the ground"
        );
        let seen = "[...document.querySelectorAll('button, nav, .screen, progress, input[type=file]')].filter(e => e.checkVisibility()).map(e => e.outerHTML)";
        assert_eq!(
            browser.run(&format!("return {seen}")).await,
            json!([]),
            "{path}"
        );
        let cut = "[...document.querySelectorAll('.scroll, .aside')].filter(e => e.checkVisibility() && e.scrollWidth > document.documentElement.clientWidth).map(e => e.getAttribute('aria-label'))";
        assert_eq!(
            browser.run(&format!("return {cut}")).await,
            json!([]),
            "{path}"
        );
        let closed = "[...document.querySelectorAll('details:not(.screen)')].filter(d => !d.closest('.story, figure, .screen') && !d.querySelector(':scope > :not(summary)')?.checkVisibility({contentVisibilityAuto: true})).length";
        assert_eq!(browser.run(&format!("return {closed}")).await, 0, "{path}");
        assert!(browser.fits().await, "{path}");
    }
    // The sum of the contributions stands once, below them, and not at the foot of each page.
    browser.go(&server, "/predict").await;
    let foot = "return getComputedStyle(document.querySelector('#contributions tfoot')).display";
    assert_eq!(browser.run(foot).await, "table-row-group");
    server.stop().await;
}
