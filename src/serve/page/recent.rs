//! The live feed: the most recent predictions and every change of the live model.

use maud::{Markup, html};

use super::view::PageView;

/// Draws an empty table, which the page's script fills from the WebSocket `/ws`.
pub fn draw(view: &PageView) -> Markup {
    html! {
        section aria-labelledby="feed-title" {
            h2 #feed-title { "Live predictions" }
            p.muted #feed-empty { "Predictions from anywhere appear here as they are made." }
            table #feed hidden {
                thead {
                    tr {
                        th scope="col" { "time" }
                        th scope="col" { (view.target.column) }
                        th scope="col" .number { "probability" }
                        th scope="col" { span.unseen { "bar" } }
                        th scope="col" { "model" }
                        th scope="col" .wide { "id" }
                    }
                }
                tbody {}
            }
        }
    }
}
