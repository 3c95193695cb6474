//! Tables and charts as parts of an HTML page.

use maud::{Markup, html};

use crate::report::chart::{Chart, Size, TO, UTC, image};
use crate::report::table::{Column, Table};
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
                    tr { @for column in &table.columns { th scope="col" .number[column.is_number] { (heading(column)) } } }
                }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (cell, column) in row.iter().zip(&table.columns) {
                                td .number[column.is_number] .long[!column.is_time && is_long(cell)] { (content(cell, column)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The heading; the page's script replaces the zone of times by the reader's own.
fn heading(column: &Column) -> Markup {
    match column.heading.split_once(UTC).filter(|_| column.is_time) {
        Some((before, after)) => {
            html! { (visible(before)) span data-zone { (UTC) } (visible(after)) }
        }
        None => html! { (visible(&column.heading)) },
    }
}

fn content(cell: &str, column: &Column) -> Markup {
    if !column.is_time {
        return html! { (visible(cell)) };
    }
    html! {
        @for (i, time) in cell.split(TO).enumerate() {
            @if i > 0 { (TO) }
            time datetime=(time) { (visible(time)) }
        }
    }
}
