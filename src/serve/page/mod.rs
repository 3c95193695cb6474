//! The web page: the live model, a form that predicts while the user types, and a live feed. The server renders the HTML;
//! the browser only replaces elements.
//!
//! This module turns plain data ([`PageView`]) into markup ([`render`]) and uses no HTTP types and no I/O. `assets/page.js`
//! fills in what only the browser knows. When another model goes live, it replaces the elements that have `data-swap`.
//!
//! Architecture invariant: no inline scripts or styles and nothing from other hosts, so that [`CSP`] can forbid them.

pub mod alerts;
pub mod aside;
mod assets;
pub mod cycle;
mod figures;
mod form;
mod header;
pub mod login;
pub mod monitor;
mod recent;
mod result;
pub(super) mod shell;
mod text;
pub mod trouble;
mod view;

use maud::{Markup, html};

pub use assets::{ASSETS, Asset, CSP, LOGIN_CSP};
pub use view::{Field, FieldKind, Figure, PageView, Reader, TargetView};

use super::views::Monitor;
use crate::alert::view::View;

/// Draws the monitor and alerts sections.
pub fn watch(seen: &Monitor, alerts: &View) -> Markup {
    html! { (monitor::draw(seen)) (alerts::draw(alerts)) }
}

/// Draws the whole page.
pub fn render(view: &PageView) -> Markup {
    let main = html! {
        main data-topics=(view.reader.topics.join(" ")) {
            @if view.reader.may_predict {
                div.pair {
                    (form::draw(view))
                    (result::draw(view))
                }
            }
            div.pair {
                (figures::draw(view))
                (recent::draw(view))
            }
            (view.watch)
            (cycle::draw(&view.cycle))
        }
    };
    shell::draw(&view.model, shell::Script::Yes, header::draw(view), main)
}

#[cfg(test)]
mod tests;
