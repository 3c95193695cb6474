//! The web pages. The server renders the HTML; the browser only replaces elements.
//!
//! This module turns plain data into markup and uses no HTTP types and no I/O: one file per page, and one per section that
//! several pages share. `assets/page.js` fills in what only the browser knows: it predicts as one types, follows the live
//! feed, redraws the elements with `data-part` from `/fragments/…`, replaces those with `data-swap` when another model goes
//! live, and sends the requests of the buttons.
//!
//! Architecture invariant: a page has no inline scripts or styles and loads nothing from other hosts, so that [`CSP`] can
//! forbid them.

pub mod alert_center;
pub mod alerts;
pub mod aside;
mod assets;
pub mod cycle;
pub mod data;
mod figures;
mod form;
pub mod header;
pub mod login;
pub mod models;
pub mod monitor;
pub mod overview;
pub mod predict;
pub mod prediction;
mod recent;
pub mod replay;
mod result;
pub mod service;
pub mod settings;
pub mod shell;
mod text;
pub mod timeline;
pub mod trouble;
mod view;

use maud::html;

pub use maud::Markup;

pub use assets::{ASSETS, Asset, CSP, LOGIN_CSP};
pub use view::{Field, FieldKind, Figure, PageView, Reader, TargetView};

use super::views::Monitor;
use crate::alert::view::View;

/// Draws the monitor and alerts sections.
pub fn watch(seen: &Monitor, alerts: &View) -> Markup {
    html! { (monitor::draw(seen)) (alerts::draw(alerts)) }
}

#[cfg(test)]
mod tests;
