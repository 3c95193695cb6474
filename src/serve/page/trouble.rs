//! Errors of the store: failing writes, and the number of predictions that were dropped.

use maud::{Markup, html};

use super::text::thousands;

/// Errors of the store that the page shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trouble {
    /// Why writes to the store fail; `None` if they succeed.
    pub failing: Option<String>,
    /// Number of predictions dropped since the server started: returned to the client, but not stored.
    pub lost: u64,
}

/// Draws one line per error, or nothing if there are none.
pub fn draw(trouble: &Trouble) -> Markup {
    html! {
        @if let Some(why) = &trouble.failing {
            p.alarm { "The store cannot write: " (why) ". Predictions are still made; rows and labels are rejected." }
        }
        @if trouble.lost > 0 {
            p.alarm {
                (thousands(usize::try_from(trouble.lost).unwrap_or(usize::MAX)))
                " predictions were made and could not be stored since the server started."
            }
        }
    }
}
