//! The store's trouble: that it cannot write, and what was lost by it.

use maud::{Markup, html};

use super::text::thousands;

/// What there is to tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trouble {
    /// Why the store cannot write, where it cannot.
    pub failing: Option<String>,
    /// Predictions that were answered and could not be kept, since the start.
    pub lost: u64,
}

/// A line for each; nothing where all is well.
pub fn draw(trouble: &Trouble) -> Markup {
    html! {
        @if let Some(why) = &trouble.failing {
            p.alarm { "The store cannot write: " (why) ". Predictions are still made; rows and labels are rejected." }
        }
        @if trouble.lost > 0 {
            p.alarm {
                (thousands(usize::try_from(trouble.lost).unwrap_or(usize::MAX)))
                " predictions were answered and could not be kept since the server started."
            }
        }
    }
}
