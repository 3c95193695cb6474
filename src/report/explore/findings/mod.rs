//! What the exploration means for a model, in sentences, ranked by consequence.

mod columns;
mod found;
mod pairs;
mod table;

use super::exploration::{Exploration, Finding};
use super::views::Views;
use found::Found;

/// The findings of an exploration, the most consequential first.
pub fn findings(e: &Exploration, views: &Views<'_>) -> Vec<Finding> {
    let mut found = Found::default();
    table::target(e, &mut found);
    table::leakage(e, &mut found);
    table::drift(e, &mut found);
    table::groups(e, &mut found);
    table::repeated(e, views, &mut found);
    columns::missing(e, views, &mut found);
    columns::values(e, &mut found);
    pairs::associations(e, &mut found);
    let mut all = found.0;
    all.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    all.into_iter().map(|(_, _, finding)| finding).collect()
}
