//! Every route at three widths in both themes, with usual names and with those of strangers.

use std::sync::Arc;

use serde_json::json;
use titanic_platform::app::First;
use titanic_platform::clock::System;

use super::ROUTES;
use super::driver::Browser;
use crate::server::Server;
use crate::strangers;

const WIDTHS: [u32; 3] = [360, 768, 1440];

async fn every_route_fits(server: &Server, more: &[&str]) {
    let browser = Browser::start().await;
    for theme in ["light", "dark"] {
        browser.theme(theme).await;
        for path in ROUTES.iter().chain(more) {
            browser.width(1440).await;
            browser.go(server, path).await;
            browser
                .until("document.querySelector('#connection')?.dataset.state === 'live'")
                .await;
            for width in WIDTHS {
                browser.width(width).await;
                assert_eq!(browser.run("return innerWidth").await, width);
                assert!(browser.fits().await, "{path} at {width}, {theme}");
            }
        }
    }
    browser.is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver; .ci/run installs them"]
async fn no_route_scrolls_sideways() {
    let server = Server::with(|settings| settings.retrain.enabled = false).await;
    let row = json!({"Pclass": 3, "Sex": "male", "Age": 22, "Name": "x".repeat(500)});
    let (_, made) = server.post("/v1/predict", &json!(vec![row; 120])).await;
    let id = made["predictions"][0]["id"].as_str().unwrap();
    let bad = json!([{"Pclass": 9, "Sex": "male"}, {"Pclass": 1, "Sex": "z".repeat(500)}]);
    server.post("/v1/rows", &bad).await;
    let one = format!("/predictions/{id}");
    every_route_fits(
        &server,
        &[
            "/models/1",
            "/models/titanic@2",
            &one,
            "/data/rows?column=Age",
        ],
    )
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver; .ci/run installs them"]
async fn names_of_strangers_break_no_route() {
    let folder = strangers::trained();
    let state = strangers::state(&folder);
    let change =
        |settings: &mut titanic_platform::config::Settings| settings.retrain.enabled = false;
    let server = Server::over(state, change, First::bundled(), Arc::new(System))
        .await
        .unwrap();
    let id = strangers::predicted(&server).await;
    let one = format!("/predictions/{id}");
    every_route_fits(&server, &["/models/1", &one]).await;
    server.stop().await;
}
