//! The prediction page by the keyboard alone.

use serde_json::Value;

use super::driver::Browser;
use crate::server::Server;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const DOWN: &str = "\u{e015}";
/// Presses of Tab after which a test gives up: more than the page has places to stop at.
const MOST: usize = 60;

/// Moves the focus forwards until a condition holds of the focused element `e`.
async fn tab_to(browser: &Browser, condition: &str) {
    for _ in 0..MOST {
        browser.press(TAB).await;
        let script = format!("const e = document.activeElement; return Boolean({condition})");
        if browser.run(&script).await == true {
            return;
        }
    }
    panic!("Tab never comes to {condition}");
}

async fn verdict(browser: &Browser) -> Value {
    browser
        .run("return document.querySelector('.verdict').innerText")
        .await
}

/// Waits until the verdict is another one.
async fn changes(browser: &Browser, before: &Value) {
    let before = serde_json::to_string(before).unwrap();
    let condition = format!("document.querySelector('.verdict').innerText !== {before}");
    browser.until(&condition).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver; .ci/run installs them"]
async fn a_row_is_predicted_by_the_keyboard_alone() {
    let server = Server::start().await;
    let browser = Browser::start().await;
    browser.go(&server, "/").await;
    // From the first Tab: the link past the navigation, then the navigation itself.
    browser.press(TAB).await;
    assert_eq!(
        browser.run("return document.activeElement.className").await,
        "skip"
    );
    tab_to(&browser, "e.getAttribute('href') === '/predict'").await;
    browser.press(ENTER).await;
    browser
        .until("location.pathname === '/predict' && document.querySelector('#connection')?.dataset.state === 'live'")
        .await;
    browser
        .until("/%/.test(document.querySelector('.verdict').innerText)")
        .await;

    // A number: Tab selects what is there, so that typing replaces it.
    let before = verdict(&browser).await;
    tab_to(&browser, "e.closest('.field')?.dataset.column === 'Age'").await;
    browser.press("3").await;
    changes(&browser, &before).await;
    assert_eq!(
        browser.run("return document.activeElement.value").await,
        "3"
    );
    // Levels side by side: an arrow key chooses the next one.
    let before = verdict(&browser).await;
    browser
        .run("document.body.focus(); document.activeElement.blur()")
        .await;
    tab_to(&browser, "e.closest('.field')?.dataset.column === 'Sex'").await;
    let chosen = "return document.querySelector('[data-column=Sex] input:checked').value";
    let level = browser.run(chosen).await;
    browser.press(DOWN).await;
    assert_ne!(browser.run(chosen).await, level);
    changes(&browser, &before).await;
    // A list: an arrow key as well, and the curve follows.
    tab_to(&browser, "e.id === 'what-if-column'").await;
    let column = "document.querySelector('#what-if figcaption')?.innerText";
    let drawn = browser.run(&format!("return {column}")).await;
    browser.press(DOWN).await;
    browser
        .until(&format!("{column} && {column} !== {drawn}"))
        .await;
    // Enter in a field asks, and stays on the page.
    tab_to(&browser, "e.closest('.field')?.dataset.column === 'Fare'").await;
    browser.press(&format!("9999999999{ENTER}")).await;
    browser
        .until("document.querySelector('[data-column=Fare] input').getAttribute('aria-invalid') === 'true'")
        .await;
    assert_eq!(
        browser
            .run("return location.pathname + location.search")
            .await,
        "/predict"
    );
    server.stop().await;
}
