//! The HTML frame that all pages share: head, top bar and links.

use maud::{DOCTYPE, Markup, html};

/// Whether a page loads `page.js`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    Yes,
    No,
}

/// Targets and titles of the links in the top bar.
const LINKS: [(&str, &str); 4] = [
    ("/", "Predict"),
    ("/docs", "API"),
    ("/metrics", "Metrics"),
    ("/openapi.json", "openapi.json"),
];

/// Draws a complete HTML document.
pub fn draw(title: &str, script: Script, header: Markup, main: Markup) -> Markup {
    let here = match script {
        Script::Yes => "/",
        Script::No => "/docs",
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · titanic-platform" }
                link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/page.css";
                @if script == Script::Yes {
                    script src="/assets/page.js" defer {}
                }
            }
            body {
                header.top {
                    (header)
                    div.side {
                        nav aria-label="Pages" {
                            @for (href, word) in LINKS {
                                a href=(href) aria-current=[(href == here).then_some("page")] { (word) }
                            }
                        }
                        @if script == Script::Yes {
                            output #connection data-state="connecting" { "connecting" }
                        }
                    }
                }
                (main)
            }
        }
    }
}
