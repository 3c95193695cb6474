//! The live feed: the last few predictions, and every change of the model.

use maud::{Markup, html};

use super::view::PageView;

/// An empty table the script fills from `/ws`.
pub fn draw(view: &PageView) -> Markup {
    html! {
        section aria-labelledby="feed-title" {
            h2 #feed-title { "Live" }
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
