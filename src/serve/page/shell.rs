//! The HTML frame that all pages share: head, top bar and links.

use maud::{DOCTYPE, Markup, html};

/// A page within the frame.
pub struct Frame<'a> {
    pub title: &'a str,
    /// Path of the page, whose link is marked.
    pub here: &'a str,
    /// Targets and titles of the links in the top bar.
    pub links: &'a [Link],
    /// Whether the reader may do what the buttons of the pages do; if not, the style sheet leaves them out.
    pub may_act: bool,
    /// Topics of the live feed that the page may subscribe to; `None` for a page without a script.
    pub topics: Option<&'a [&'static str]>,
}

/// Path and title of a page.
pub type Link = (&'static str, &'static str);

/// The pages that the top bar links.
pub const LINKS: [Link; 8] = [
    ("/", "Overview"),
    ("/predict", "Predict"),
    ("/timeline", "Timeline"),
    ("/models", "Models"),
    ("/data", "Data"),
    ("/alerts", "Alerts"),
    ("/settings", "Settings"),
    ("/docs", "API"),
];

impl Frame<'_> {
    /// Draws a complete HTML document.
    pub fn draw(&self, header: Markup, main: Markup) -> Markup {
        let is_here = |href: &str| match href {
            "/" => self.here == "/",
            href => {
                self.here == href
                    || self
                        .here
                        .strip_prefix(href)
                        .is_some_and(|rest| rest.starts_with('/'))
            }
        };
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · titanic-platform" }
                    link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
                    link rel="stylesheet" href="/assets/page.css";
                    @if self.topics.is_some() { script src="/assets/page.js" defer {} }
                }
                body {
                    a.skip href="#main" { "To the content" }
                    header.top {
                        (header)
                        div.side {
                            nav aria-label="Pages" {
                                @for &(href, word) in self.links {
                                    a href=(href) aria-current=[is_here(href).then_some("page")] { (word) }
                                }
                            }
                            @if self.topics.is_some() {
                                output #connection data-state="connecting" { "connecting" }
                            }
                        }
                    }
                    main #main data-readonly[!self.may_act] data-topics=[self.topics.map(|topics| topics.join(" "))] { (main) }
                }
            }
        }
    }
}
