//! Cross-validated figures: what may be expected of the model on rows it has not seen.

use maud::{Markup, html};

use super::{Figure, PageView};

/// A table, one line a metric.
pub fn draw(view: &PageView) -> Markup {
    let without = view.figures_without_companions.as_deref();
    html! {
        section #figures data-swap aria-labelledby="figures-title" {
            h2 #figures-title { "On rows it has not seen" }
            p.muted {
                "Cross-validated (" (view.evaluation) "): mean ± standard error. ↓ lower is better."
            }
            table {
                thead {
                    tr {
                        th scope="col" { "metric" }
                        th scope="col" .number { (view.model) }
                        @if without.is_some() {
                            th scope="col" .number {
                                abbr title="The same without the features made from the labels of other rows: what to \
                                            expect where no companions are known." { "no companions" }
                            }
                        }
                        th scope="col" .wide { "says" }
                    }
                }
                tbody {
                    @for figure in &view.figures {
                        @let (title, says, long) = meaning(&figure.name);
                        tr {
                            th scope="row" {
                                @if long.is_empty() { (title) } @else { abbr title=(long) { (title) } }
                            }
                            td.number { (estimate(Some(figure))) }
                            @if let Some(without) = without {
                                td.number { (estimate(without.iter().find(|f| f.name == figure.name))) }
                            }
                            td.wide.muted { (says) }
                        }
                    }
                }
            }
        }
    }
}

/// `0.852 ± 0.013`.
fn estimate(figure: Option<&Figure>) -> Markup {
    match figure.and_then(|f| f.estimate) {
        Some((mean, se)) => html! { (format!("{mean:.3}")) span.muted { (format!(" ± {se:.3}")) } },
        None => html! { span.muted title="undefined in every fold" { "–" } },
    }
}

/// A metric's title, a few words and a sentence; a metric not known here is shown under its own name.
fn meaning(metric: &str) -> (&str, &'static str, &'static str) {
    match metric {
        "accuracy" => (
            "accuracy",
            "decisions that are right",
            "Share of rows whose decision is right. Higher is better.",
        ),
        "precision" => (
            "precision",
            "said yes that are yes",
            "Of the rows said to be yes, the share that is. Higher is better.",
        ),
        "recall" => (
            "recall",
            "yes that are found",
            "Of the rows that are yes, the share said to be. Higher is better.",
        ),
        "f1" => (
            "F1",
            "precision and recall in one",
            "Harmonic mean of precision and recall. Higher is better.",
        ),
        "auc" => (
            "AUC",
            "a yes ranks above a no",
            "Chance that a row that is yes gets a higher probability than one that is not. 0.5 is guessing, 1 is perfect.",
        ),
        "log_loss" => (
            "log loss",
            "surprise at the truth ↓",
            "Mean of −ln of the probability given to what came true. Punishes confident mistakes. Lower is better.",
        ),
        "brier" => (
            "Brier",
            "squared error ↓",
            "Mean squared difference between probability and outcome. Lower is better; 0.25 is always saying one half.",
        ),
        "ece" => (
            "ECE",
            "distance from true rates ↓",
            "Expected calibration error: how far probabilities are from the rates that came true, in 10 bins. Lower is better.",
        ),
        other => (other, "", ""),
    }
}
