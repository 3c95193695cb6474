//! What an open page does while the server works: the feed, a lost connection, replays, a drifted window.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::driver::Browser;
use crate::server::{Server, passenger};

/// Waits until the page follows the feed.
async fn live(browser: &Browser) {
    browser
        .until("document.querySelector('#connection')?.dataset.state === 'live'")
        .await;
}

/// Predicts a row of so many passengers; gives the ids, the newest last.
async fn predicted(server: &Server, rows: usize) -> Vec<String> {
    let rows: Vec<Value> = (0..rows)
        .map(|i| {
            let mut row = passenger();
            row["Age"] = json!(1 + i % 70);
            row
        })
        .collect();
    let (status, made) = server.post("/v1/predict", &json!(rows)).await;
    assert_eq!(status, 200, "{made}");
    let made = made["predictions"].as_array().unwrap().iter();
    made.map(|one| one["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The ids in the feed, the newest first.
const SHOWN: &str =
    "[...document.querySelectorAll('#feed tbody td:last-child')].map(cell => cell.title)";

/// A way to a server that can be cut: what is open breaks, and what is opened is closed at once, until it is mended.
struct Way {
    address: SocketAddr,
    is_cut: watch::Sender<bool>,
}

impl Way {
    async fn to(server: &Server) -> Way {
        let to = server.address();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (is_cut, state) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut state = state.clone();
                if *state.borrow() {
                    continue;
                }
                tokio::spawn(async move {
                    let Ok(mut server) = TcpStream::connect(to).await else {
                        return;
                    };
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        _ = state.wait_for(|is_cut| *is_cut) => {}
                    }
                });
            }
        });
        Way { address, is_cut }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver; .ci/run installs them"]
async fn a_lost_connection_resumes_where_it_broke() {
    let server = Server::start().await;
    let way = Way::to(&server).await;
    let browser = Browser::start().await;
    let url = format!("http://{}/", way.address);
    browser.post("url", json!({"url": url})).await;
    live(&browser).await;
    browser.run("window.opened = true").await;
    let first = predicted(&server, 1).await;
    browser
        .until(&format!("{SHOWN}[0] === '{}'", first[0]))
        .await;

    way.is_cut.send(true).unwrap();
    browser
        .until("document.querySelector('#connection').dataset.state === 'lost'")
        .await;
    let missed = predicted(&server, 3).await;
    assert_eq!(browser.run(&format!("return {SHOWN}.length")).await, 1);
    way.is_cut.send(false).unwrap();
    // What was missed arrives in order, once, on the page that was open all the time.
    live(&browser).await;
    browser.until(&format!("{SHOWN}.length >= 4")).await;
    let last = predicted(&server, 1).await;
    browser
        .until(&format!("{SHOWN}[0] === '{}'", last[0]))
        .await;
    let all: Vec<&String> = first.iter().chain(&missed).chain(&last).rev().collect();
    assert_eq!(browser.run(&format!("return {SHOWN}")).await, json!(all));
    assert_eq!(browser.run("return window.opened").await, true);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver; .ci/run installs them"]
async fn a_tab_that_is_open_all_day_does_not_grow() {
    let server = Server::start().await;
    let browser = Browser::start().await;
    browser.go(&server, "/").await;
    live(&browser).await;
    // The service level and the traffic arrive without a reload.
    predicted(&server, 80).await;
    browser.until("document.querySelector('#service figure') && document.querySelector('#traffic figure')").await;
    browser
        .until("document.querySelector('#service').innerText.includes('of the error budget')")
        .await;
    browser.until(&format!("{SHOWN}.length === 12")).await;
    let feed = browser
        .run("return document.querySelectorAll('#feed *').length")
        .await;
    let nodes = "return document.querySelectorAll('*').length";
    let before = browser.run(nodes).await.as_u64().unwrap();
    let mut newest = String::new();
    for _ in 0..25 {
        newest = predicted(&server, 80).await.pop().unwrap();
    }
    browser.until(&format!("{SHOWN}[0] === '{newest}'")).await;
    let after = "return document.querySelectorAll('#feed *').length";
    assert_eq!(
        browser.run(after).await,
        feed,
        "12 predictions, however many came"
    );
    let after = browser.run(nodes).await.as_u64().unwrap();
    assert!(after < before + 2_000, "{before} elements became {after}");
    browser.is_clean().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver; .ci/run installs them"]
async fn a_replay_starts_on_the_page_and_its_result_stands_there() {
    let server = Server::with(|settings| settings.retrain.enabled = false).await;
    let browser = Browser::start().await;
    browser.go(&server, "/models").await;
    live(&browser).await;
    browser
        .until("document.querySelector('#replays').innerText.includes('No replay')")
        .await;
    let ids = predicted(&server, 60).await;
    let labels: Vec<Value> = ids
        .iter()
        .enumerate()
        .map(|(n, id)| json!({"id": id, "label": n % 2}))
        .collect();
    assert_eq!(server.post("/v1/labels", &json!(labels)).await.0, 200);
    // A time that is none is named beside the form, and the page stays.
    browser.run("window.opened = true").await;
    browser.type_into("[name=since]", "soon").await;
    browser
        .run("document.querySelector('form[data-json=\"/v1/replay\"] button').click()")
        .await;
    browser
        .until("document.querySelector('#said').innerText.includes('/since')")
        .await;
    assert_eq!(browser.run("return window.opened").await, true);
    browser.type_into("[name=since]", "2020-01-31").await;
    browser
        .run("document.querySelector('[name=model]').value = 'titanic@2'")
        .await;
    browser
        .reload_by("form[data-json=\"/v1/replay\"] button")
        .await;
    browser
        .until("document.querySelector('#replays h3')?.innerText.includes('titanic@1 → titanic@2')")
        .await;
    let jobs = server.get("/v1/jobs").await;
    let result = &jobs["jobs"][0]["result"];
    let flips = result["flips"]["to_positive"].as_u64().unwrap()
        + result["flips"]["to_negative"].as_u64().unwrap();
    let shown = browser
        .run("return document.querySelector('#replays dd strong').innerText")
        .await;
    assert_eq!(shown, flips.to_string());
    let text = browser
        .run("return document.querySelector('#replays').innerText")
        .await;
    let text = text.as_str().unwrap();
    let loss = &result["labelled"]["log_loss"];
    let losses = format!(
        "{:.4} → {:.4}",
        loss["from"].as_f64().unwrap(),
        loss["to"].as_f64().unwrap()
    );
    assert!(
        text.contains(&losses) && text.contains("95 % interval"),
        "{text}"
    );
    assert_eq!(
        browser
            .run("return document.querySelectorAll('#replays figure svg').length")
            .await,
        1
    );
    assert!(browser.fits().await);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver; .ci/run installs them"]
async fn the_rows_of_a_drifted_window_are_a_click_away() {
    let server = Server::with(|settings| settings.retrain.enabled = false).await;
    let browser = Browser::start().await;
    let rows = |of: usize| -> Vec<Value> {
        (0..of)
            .map(|i| {
                let mut row = passenger();
                row["Age"] = json!(if i == 7 { 79 } else { 60 + i % 9 });
                row
            })
            .collect()
    };
    browser.go(&server, "/data").await;
    for _ in 0..2 {
        assert_eq!(server.post("/v1/predict", &json!(rows(100))).await.0, 200);
    }
    crate::server::until("a verdict", || async {
        server.get("/v1/monitor").await["verdict"]["drift"] == true
    })
    .await;
    browser.go(&server, "/data").await;
    let link = "[...document.querySelectorAll('a')].find(a => a.getAttribute('href') === '/data/rows?column=Age')";
    assert_eq!(
        browser.run(&format!("return {link}.innerText")).await,
        "rows that differ most"
    );
    browser.run(&format!("{link}.click()")).await;
    browser
        .until("location.pathname === '/data/rows' && document.querySelector('tbody tr')")
        .await;
    // The oldest first, and each opens to its prediction.
    assert_eq!(
        browser
            .run("return document.querySelector('tbody td').innerText")
            .await,
        "79"
    );
    browser
        .run("document.querySelector('tbody a').click()")
        .await;
    browser
        .until(
            "location.pathname.startsWith('/predictions/') && document.querySelector('#row-title')",
        )
        .await;
    server.stop().await;
}
