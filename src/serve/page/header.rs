//! The page header, which summarises the live model.

use maud::{Markup, html};

use super::text::{thousands, time_of};
use super::view::{PageView, Reader};

/// Draws the model's name, training time, learner and number of training rows.
pub fn draw(view: &PageView) -> Markup {
    html! {
        div #model data-swap {
            h1 { (view.model) }
            p.muted {
                "live model · trained " (time_of(&view.trained))
                " · " (view.learner) " · trained on " (thousands(view.rows)) " rows"
            }
            @if view.reader.is_signed_in { button #logout type="button" { "Sign out" } }
        }
    }
}

/// Draws the title of a page that is not about the live model alone.
pub fn titled(title: &str, reader: &Reader) -> Markup {
    html! {
        div {
            h1 { (title) }
            @if reader.is_signed_in { button #logout type="button" { "Sign out" } }
        }
    }
}
