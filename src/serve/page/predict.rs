//! The prediction page: the form with the answer, what-if curves, the request in three languages, and predictions of a file.

use maud::{Markup, html};

use super::view::{FieldKind, PageView};
use super::{form, result};
use crate::model::evaluation::DependencePoint;
use crate::report::chart::{At, Axis, Chart, Mark, Size, Spot};
use crate::report::html::figure;

const SIZE: Size = Size::of(560.0, 200.0);

/// Draws the page.
pub fn draw(view: &PageView) -> Markup {
    html! {
        @if view.reader.may_predict {
            div.pair {
                (form::draw(view))
                (result::draw(view))
            }
            (what_if(view))
            (file())
        } @else {
            section { h2 { "Predict" } p { "The token of this session may not predict." } }
        }
    }
}

fn what_if(view: &PageView) -> Markup {
    let is_curve = |kind: &FieldKind| !matches!(kind, FieldKind::Text);
    html! {
        section aria-labelledby="what-if-title" {
            div.title {
                h2 #what-if-title { "What if" }
                label.beside { "column "
                    select #what-if-column {
                        @for field in view.fields.iter().filter(|field| is_curve(&field.kind)) {
                            option value=(field.name) { (field.name) }
                        }
                    }
                }
            }
            p.muted { "How the probability changes with one column, while all others stay as in the form." }
            div #what-if {}
        }
    }
}

/// Draws the probability of a row over one column; `at` is the row's own value.
pub fn curve(
    column: &str,
    unit: &str,
    positive: &str,
    points: &[DependencePoint],
    at: &DependencePoint,
) -> Markup {
    let name = |point: &DependencePoint| match (point.number, &point.level) {
        (Some(number), _) => number.to_string(),
        (None, Some(level)) => level.clone(),
        (None, None) => "missing".into(),
    };
    let is_number = points.iter().any(|point| point.number.is_some());
    let (low, high) = points
        .iter()
        .fold((1.0_f64, 0.0_f64), |(low, high), point| {
            (low.min(point.probability), high.max(point.probability))
        });
    let summary = format!(
        "The probability of {positive} lies between {:.1} % and {:.1} % over the values of {column}; for the row's own value, {}, \
         it is {:.1} %.",
        low * 100.0,
        high * 100.0,
        name(at),
        at.probability * 100.0
    );
    let spot = |x: f64, y: f64| Spot {
        x,
        y,
        interval: None,
    };
    let (x, curve, own) = if is_number {
        let known = points
            .iter()
            .filter_map(|p| Some((p.number?, p.probability)));
        let line = Mark::Line {
            series: "other values of the column".into(),
            points: known.collect(),
            dashed: false,
        };
        (Axis::number(column).in_unit(unit), line, at.number)
    } else {
        let names: Vec<String> = points.iter().map(name).collect();
        let own = names.iter().position(|known| *known == name(at));
        let spots = points
            .iter()
            .enumerate()
            .map(|(i, p)| spot(i as f64, p.probability));
        let spots = Mark::Points {
            series: "other values of the column".into(),
            points: spots.collect(),
        };
        (Axis::names(column, names), spots, own.map(|i| i as f64))
    };
    let mut marks = vec![curve];
    if let Some(x) = own {
        marks.push(Mark::Rule {
            label: "the row".into(),
            at: At::X(x),
        });
        marks.push(Mark::Points {
            series: "the row in the form".into(),
            points: vec![spot(x, at.probability)],
        });
    }
    let chart = Chart {
        title: format!("{column}: probability of {positive}"),
        summary,
        x,
        y: Axis::share("probability"),
        marks,
    };
    figure(&chart, "what-if-curve", SIZE)
}

fn file() -> Markup {
    html! {
        section.screen aria-labelledby="file-title" {
            h2 #file-title { "A file" }
            p.muted { "CSV with the columns of the live model. It is predicted as a trial: nothing of it is stored." }
            div #drop .drop {
                label for="file" { "Choose a CSV file, or drop one here" }
                input #file type="file" accept=".csv,text/csv";
            }
            progress #file-progress max="100" value="0" aria-label="progress" hidden {}
            p #file-said role="status" {}
            div.buttons { a #file-download .button download="predictions.csv" hidden { "Download the predictions" } }
            div #file-preview .scroll tabindex="0" role="region" aria-label="Preview of the predictions, table" hidden {}
        }
    }
}
