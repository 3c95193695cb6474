//! The live model in a line or two.

use maud::{Markup, html};

use super::text::{minute, thousands};
use super::view::PageView;

/// The model's name, and where it comes from.
pub fn draw(view: &PageView) -> Markup {
    html! {
        div #model data-swap {
            h1 { (view.model) }
            p.muted {
                "live model · trained " time datetime=(view.trained) { (minute(&view.trained)) }
                " · " (view.learner) " · trained on " (thousands(view.rows)) " rows"
            }
            @if view.reader.is_signed_in { button #logout type="button" { "Sign out" } }
        }
    }
}
