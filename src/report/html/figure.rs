//! Tables and charts as parts of an HTML page.

use maud::{Markup, html};

use crate::report::chart::{Chart, Size, image};
use crate::report::table::Table;
use crate::report::visible;

/// A chart with its caption, and its data as a table that opens. `id` must be unique on the page.
pub fn figure(chart: &Chart, id: &str, size: Size) -> Markup {
    html! {
        figure.chart {
            figcaption #(id) { (visible(&chart.title)) }
            (image(chart, id, size))
            details {
                summary { "Data" }
                (table(&chart.table()))
            }
        }
    }
}

/// Whether a cell is a sentence, which a narrow screen must not break after every word.
fn is_long(cell: &str) -> bool {
    cell.chars().nth(16).is_some()
}

/// A table in a box that scrolls sideways.
pub fn table(table: &Table) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(visible(&table.caption)) {
            table {
                thead {
                    tr { @for column in &table.columns { th scope="col" .number[column.is_number] { (visible(&column.heading)) } } }
                }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (cell, column) in row.iter().zip(&table.columns) {
                                td .number[column.is_number] .long[is_long(cell)] { (visible(cell)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
