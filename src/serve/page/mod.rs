//! The page: the live model, a form that predicts as one types, a live feed. The server draws, the browser swaps.
//!
//! Plain data in ([`PageView`]), markup out ([`render`]): no HTTP types, no I/O. `assets/page.js` fills in what only the
//! browser knows; elements with `data-swap` are replaced by freshly drawn ones when another model goes live.
//!
//! Architecture invariant: no inline script, no inline style, nothing from another host, so that [`CSP`] can forbid them.

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
pub mod trouble;
mod view;

use maud::{Markup, html};

pub use assets::{ASSETS, Asset, CSP, LOGIN_CSP};

use super::views::Monitor;
use crate::alert::view::View;
use crate::store::feed;

/// Everything the page shows of a model when it is drawn.
#[derive(Clone, Debug)]
pub struct PageView {
    /// `name@7`.
    pub model: String,
    /// When it was trained, RFC 3339.
    pub trained: String,
    /// The learner it is made of.
    pub learner: String,
    /// Rows learnt from.
    pub rows: usize,
    /// How the figures came about: `10-fold × 5`.
    pub evaluation: String,
    /// Cross-validated figures.
    pub figures: Vec<Figure>,
    /// The same without the features made from the labels of other rows, where there are such features.
    pub figures_without_companions: Option<Vec<Figure>>,
    /// What was odd about the table and the model, a sentence each.
    pub warnings: Vec<String>,
    /// The inputs, in the table's order.
    pub fields: Vec<Field>,
    /// What is predicted.
    pub target: TargetView,
    /// From this probability on the decision is yes.
    pub threshold: f64,
    /// The monitor and the alerts, drawn.
    pub watch: Markup,
    /// The loop as it stands.
    pub cycle: cycle::Section,
    /// Who reads it.
    pub reader: Reader,
}

/// What the reader of a page may do.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Whether a session can be ended.
    pub is_signed_in: bool,
    /// Whether rows may be predicted; else there is no form for one.
    pub may_predict: bool,
    /// Topics that may be subscribed to.
    pub topics: Vec<&'static str>,
}

/// Anybody, where there are no tokens.
impl Default for Reader {
    fn default() -> Reader {
        Reader {
            is_signed_in: false,
            may_predict: true,
            topics: feed::TOPICS.map(feed::name).to_vec(),
        }
    }
}

/// One cross-validated figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The metric, by name.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it measures, in a sentence; may be empty.
    pub doc: String,
    /// Whether less is better.
    pub lower: bool,
    /// Mean, and its standard error where there is one; none where it is undefined.
    pub estimate: Option<(f64, Option<f64>)>,
}

/// One input of the form.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The column.
    pub name: String,
    /// What it takes.
    pub kind: FieldKind,
    /// Unit for people, may be empty.
    pub unit: String,
    /// A sentence for people, may be empty.
    pub about: String,
    /// Whether a row without it is refused.
    pub required: bool,
    /// What stands in the form at first; empty for a missing value.
    pub example: String,
}

/// What a field takes.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    /// A number; an open end is infinite.
    Number {
        /// Smallest value expected.
        min: f64,
        /// Largest value expected.
        max: f64,
    },
    /// One of a few levels.
    Category {
        /// The levels, in the spec's order.
        levels: Vec<String>,
    },
    /// Free text.
    Text,
}

/// The column that is predicted, and its two values as the table writes them.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetView {
    /// The column.
    pub column: String,
    /// The value that counts as yes.
    pub positive: String,
    /// The other one.
    pub negative: String,
}

/// Draws monitor and alerts.
pub fn watch(seen: &Monitor, alerts: &View) -> Markup {
    html! { (monitor::draw(seen)) (alerts::draw(alerts)) }
}

/// Draws the page.
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
