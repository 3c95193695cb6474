//! Cross-validated metrics: an estimate of the model's performance on rows that it was not trained on.

use maud::{Markup, html};

use super::view::{Figure, PageView};

/// Tooltip that explains the second column.
const WITHOUT: &str = "The same without the features made from the labels of other rows: \
                       what to expect where no companions are known.";

/// Draws a table with one row per metric, the warnings of the training, and an explanation of the metrics.
pub fn draw(view: &PageView) -> Markup {
    let without = view.figures_without_companions.as_deref();
    html! {
        section #figures data-swap aria-labelledby="figures-title" {
            h2 #figures-title { "On rows it has not seen" }
            p.muted { "Cross-validated (" (view.evaluation) "), mean ± standard error; ↑ more, ↓ less is better." }
            table {
                thead {
                    tr {
                        th scope="col" { "metric" }
                        th scope="col" .number { (view.model) }
                        @if without.is_some() {
                            th scope="col" .number { abbr title=(WITHOUT) { "no companions" } }
                        }
                    }
                }
                tbody {
                    @for figure in &view.figures {
                        tr {
                            th scope="row" { (named(figure)) }
                            td.number { (estimate(Some(figure))) }
                            @if let Some(without) = without {
                                td.number { (estimate(without.iter().find(|f| f.name == figure.name))) }
                            }
                        }
                    }
                }
            }
            @if !view.warnings.is_empty() {
                details #training-warnings {
                    summary { "Warnings of the training (" (view.warnings.len()) ")" }
                    ul { @for warning in &view.warnings { li { (warning) } } }
                }
            }
            details {
                summary { "What these mean" }
                dl {
                    @for figure in view.figures.iter().filter(|f| !f.doc.is_empty()) {
                        dt { (figure.title) }
                        dd.muted { (figure.doc) }
                    }
                    @if without.is_some() {
                        dt { "no companions" }
                        dd.muted { (WITHOUT) }
                    }
                }
            }
        }
    }
}

/// Draws a metric's title, with its explanation as a tooltip, and an arrow for the direction that is better.
fn named(figure: &Figure) -> Markup {
    let doc = Some(figure.doc.as_str()).filter(|d| !d.is_empty());
    html! {
        @if let Some(doc) = doc { abbr title=(doc) { (figure.title) } } @else { (figure.title) }
        span.muted aria-hidden="true" { @if figure.lower { " ↓" } @else { " ↑" } }
    }
}

/// Draws an estimate with its standard error, such as `0.852 ± 0.013`.
fn estimate(figure: Option<&Figure>) -> Markup {
    match figure.and_then(|f| f.estimate) {
        Some((mean, Some(se))) => {
            html! { (format!("{mean:.3}")) span.muted { (format!(" ± {se:.3}")) } }
        }
        Some((mean, None)) => html! { (format!("{mean:.3}")) },
        None => html! { span.muted title="undefined in every fold" { "–" } },
    }
}
