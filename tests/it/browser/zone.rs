//! Times on the page are those of the viewer's zone, also along the axes of charts.

use serde_json::{Value, json};

use super::driver::Browser;
use crate::server::{Server, passenger};

/// Lets the server's next drawings of the traffic have an axis of these marks, in place of the seconds that a test takes.
fn axis(step: u32, from: &str, to: &str) -> String {
    format!(
        "const own = window.own ??= window.fetch;
         const seconds = time => Date.parse(time) / 1000;
         window.fetch = async (path, ...rest) => {{
             const answer = await own(path, ...rest);
             if (!String(path).endsWith('/fragments/traffic')) return answer;
             const text = (await answer.text()).replace(/data-step=\"[^\"]*\" data-from=\"[^\"]*\" data-to=\"[^\"]*\"/g,
                 `data-step=\"{step}\" data-from=\"${{seconds('{from}')}}\" data-to=\"${{seconds('{to}')}}\"`);
             return new Response(text);
         }};"
    )
}

const MARKS: &str = "[...document.querySelectorAll('#traffic g[data-step]')[0].querySelectorAll('text')].map(t => t.textContent)";

async fn predict(server: &Server) {
    assert_eq!(server.post("/v1/predict", &passenger()).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver; .ci/run installs them"]
async fn times_and_days_are_those_of_the_viewers_zone() {
    let server = Server::start().await;
    predict(&server).await;
    let browser = Browser::start().await;
    browser.zone("Asia/Kolkata").await;
    browser.go(&server, "/").await;
    browser
        .until("document.querySelector('#connection').dataset.state === 'live' && document.querySelector('#traffic figure')")
        .await;
    // Each time in a text is the instant it names, and says so in a tooltip.
    let wrong = "return [...document.querySelectorAll('time[datetime]')].filter(t => {
            const local = new Date(Date.parse(t.dateTime) + 5.5 * 3600e3).toISOString();
            return !t.textContent.startsWith(local.slice(0, 16).replace('T', ' ')) || t.title !== t.dateTime;
        }).map(t => t.outerHTML)";
    assert_eq!(browser.run(wrong).await, json!([]));
    let captions =
        "return [...document.querySelectorAll('#traffic [data-zone]')].map(t => t.textContent)";
    let captions = browser.run(captions).await;
    let captions = captions.as_array().unwrap();
    assert!(captions.len() > 2, "axes and headings of their tables");
    assert!(
        captions.iter().all(|zone| zone == "GMT+5:30"),
        "{captions:?}"
    );

    // Days begin at midnight of the viewer, and stand where that is on the axis.
    let marks = async |zone: &str, step, from, to| -> Value {
        browser.zone(zone).await;
        browser.run(&axis(step, from, to)).await;
        browser
            .run("document.querySelector('#traffic').dataset.old = true")
            .await;
        predict(&server).await;
        browser
            .until("!document.querySelector('#traffic').dataset.old")
            .await;
        browser.run(&format!("return {MARKS}")).await
    };
    let days = marks(
        "Asia/Kolkata",
        86_400,
        "2023-11-15T00:00:00Z",
        "2023-11-18T00:00:00Z",
    );
    assert_eq!(days.await, json!(["16 Nov", "17 Nov", "18 Nov"]));
    let place = "const g = document.querySelector('#traffic g[data-step]'); const d = Object.fromEntries(Object.entries(g.dataset).map(([k, v]) => [k, Number(v)]));
        return Math.abs(Number(g.querySelector('text').getAttribute('x')) - (d.left + 18.5 / 72 * (d.right - d.left))) < 0.2";
    assert_eq!(browser.run(place).await, true);
    let hours = marks(
        "Asia/Kolkata",
        21_600,
        "2023-11-15T00:00:00Z",
        "2023-11-15T18:00:00Z",
    );
    assert_eq!(
        hours.await,
        json!(["15 Nov 06:00", "15 Nov 12:00", "15 Nov 18:00"])
    );
    // The night in which the clocks are put back has 25 hours.
    let autumn = marks(
        "America/New_York",
        86_400,
        "2023-11-04T04:00:00Z",
        "2023-11-07T05:00:00Z",
    );
    assert_eq!(
        autumn.await,
        json!(["04 Nov", "05 Nov", "06 Nov", "07 Nov"])
    );
    browser.is_clean().await;

    // Without the script they are UTC, and say so.
    let page = crate::server::client()
        .get(server.url("/"))
        .send()
        .await
        .unwrap();
    let page = page.text().await.unwrap();
    assert!(
        page.contains("time (<tspan data-zone>UTC</tspan>)"),
        "{page}"
    );
    server.stop().await;
}
