//! The most recently quarantined rows: the source of each and the reason it was quarantined.

use maud::{Markup, html};

use crate::report::visible;
use crate::store::rows::Quarantined;

/// Maximum number of quarantined rows shown.
pub const SHOWN: usize = 5;

/// Draws the rows as a table, or nothing if there are none.
pub fn draw(last: &[Quarantined]) -> Markup {
    html! {
        @if !last.is_empty() {
            h3 { "Quarantined" }
            div.aside role="region" tabindex="0" aria-label="quarantined rows" {
                table {
                    thead { tr { th { "from" } th { "line" } th { "column" } th { "value" } th { "what is wrong" } } }
                    tbody {
                        @for row in last.iter().map(|row| &row.rejected) {
                            tr {
                                td { (visible(&row.source)) }
                                td { @match row.line { Some(line) => (line), None => "–" } }
                                td { (visible(&row.column)) }
                                td { (visible(&row.value)) }
                                td { (visible(&row.reason)) }
                            }
                        }
                    }
                }
            }
            p.muted.hint {
                "The newest first. "
                code { "titanic-platform ingest quarantine list" } " shows all of them and "
                code { "retry" } " stores those that are valid under a corrected spec."
            }
        }
    }
}
