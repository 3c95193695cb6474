//! The overview: traffic, service level, performance over time, monitor, alerts, loop, and the live feed.

use maud::{Markup, html};
use serde_json::Value;

use super::view::PageView;
use super::{cycle, figures, predict, recent, service};
use crate::report::chart::{At, Axis, Bar, Chart, Mark, Size, Spot};
use crate::report::html::figure;
use crate::serve::views::ServiceLevel;
use crate::store::kind::Kind;
use crate::timeline::Story;

const SIZE: Size = Size::of(430.0, 180.0);

/// Draws the overview.
pub fn draw(view: &PageView, traffic: &Markup, level: &ServiceLevel) -> Markup {
    html! {
        (traffic)
        (service::draw(level))
        div.pair {
            (figures::draw(view))
            (recent::draw(view))
        }
        (view.watch)
        (cycle::draw(&view.cycle))
    }
}

/// Draws the overview of a server that only predicts: the form with the answer, and the metrics of the model.
pub fn of_model(view: &PageView) -> Markup {
    html! {
        (predict::draw(view))
        (figures::draw(view))
    }
}

/// Draws how many predictions were made, and how probable they were on average.
pub fn traffic(story: &Story, positive: &str) -> Markup {
    let counts = &story.counts;
    let total: u64 = counts.iter().map(|(_, bucket)| bucket.predictions).sum();
    html! {
        section #traffic data-part aria-labelledby="traffic-title" {
            h2 #traffic-title { "Traffic" }
            @if total == 0 {
                p.muted { "No prediction is stored yet. Trials of this page are not stored." }
            } @else {
                div.charts.broad {
                    (figure(&volume(story), "traffic-volume", SIZE))
                    (figure(&mean(story, positive), "traffic-mean", SIZE))
                    @if let Some(chart) = accuracy(story) { (figure(&chart, "traffic-accuracy", SIZE)) }
                }
            }
        }
    }
}

fn volume(story: &Story) -> Chart {
    let (counts, width) = (&story.counts, story.counts.width() as f64);
    let bars = |of: fn(&crate::timeline::Bucket) -> u64| {
        let bar = |(begin, bucket): (i64, &crate::timeline::Bucket)| {
            Bar::plain(begin as f64, begin as f64 + width, of(bucket) as f64)
        };
        counts.iter().map(bar).collect::<Vec<Bar>>()
    };
    let mut labelled: Vec<(f64, f64)> = Vec::new();
    for (begin, bucket) in counts.iter() {
        let begin = begin as f64;
        // The end of the interval before, whose value would otherwise be kept over a gap.
        if labelled.last().is_some_and(|last| last.0 == begin) {
            labelled.pop();
        }
        labelled.extend([(begin, bucket.labels as f64), (begin + width, 0.0)]);
    }
    let predictions: u64 = counts.iter().map(|(_, b)| b.predictions).sum();
    let labels: u64 = counts.iter().map(|(_, b)| b.labels).sum();
    Chart {
        title: format!("Predictions and labels per {}", span(counts.width())),
        summary: format!("{predictions} predictions and {labels} labels are stored."),
        x: Axis::time("time"),
        y: Axis::count("events"),
        marks: vec![
            Mark::Bars {
                series: "predictions".into(),
                bars: bars(|bucket| bucket.predictions),
            },
            // A line, which can be told apart from bars of the same height.
            Mark::Step {
                series: "labels".into(),
                points: labelled,
            },
        ],
    }
}

fn mean(story: &Story, positive: &str) -> Chart {
    let half = story.counts.width() as f64 / 2.0;
    let points: Vec<(f64, f64)> = story
        .counts
        .iter()
        .filter(|(_, bucket)| bucket.predictions > 0)
        .map(|(begin, bucket)| {
            (
                begin as f64 + half,
                bucket.probability / bucket.predictions as f64,
            )
        })
        .collect();
    let last = points.last().map_or(0.0, |point| point.1);
    Chart {
        title: format!("Mean probability of {positive}"),
        summary: format!("The mean of the last interval is {:.1} %.", last * 100.0),
        x: Axis::time("time"),
        y: Axis::share("mean probability"),
        marks: vec![Mark::Line {
            series: "mean probability".into(),
            points,
            dashed: false,
        }],
    }
}

/// Accuracy over time with its 95 % intervals: estimated from scores for each window, and measured where labels came. `None`
/// before the first verdict.
fn accuracy(story: &Story) -> Option<Chart> {
    let (mut estimated, mut measured) = (Vec::new(), Vec::new());
    let mut promotions = Vec::new();
    for entry in &story.notable {
        let at = entry.time.as_second() as f64;
        let Ok(document) = serde_json::from_str::<Value>(&entry.json) else {
            continue;
        };
        let spot = |value: &Value, interval: &Value| {
            let ends = interval["low"].as_f64().zip(interval["high"].as_f64());
            value.as_f64().map(|y| Spot {
                x: at,
                y,
                interval: ends,
            })
        };
        match (entry.kind, document["about"].as_str()) {
            (Kind::Verdict, Some("drift")) if document["slice"].is_null() => {
                let found = &document["estimated"];
                estimated.extend(spot(&found["accuracy"], &found["intervals"]["accuracy"]));
            }
            (Kind::Verdict, Some("performance")) => {
                let figures = document["figures"].as_array();
                let of = figures.and_then(|all| all.iter().find(|f| f["metric"] == "accuracy"));
                measured.extend(of.and_then(|f| spot(&f["value"], &f["interval"])));
            }
            (Kind::Model, _) if document["action"] == "promoted" => {
                promotions.push((at, entry.id.clone()))
            }
            _ => {}
        }
    }
    let last = |spots: &[Spot]| spots.last().map(|spot| format!("{:.1} %", spot.y * 100.0));
    let none = || "unknown".to_owned();
    let summary = format!(
        "Last estimated without labels: {}; last measured with labels: {}.",
        last(&estimated).unwrap_or_else(none),
        last(&measured).unwrap_or_else(none)
    );
    let first = estimated
        .iter()
        .chain(&measured)
        .map(|spot| spot.x)
        .reduce(f64::min)?;
    let swaps = promotions.into_iter().filter(|(at, _)| *at >= first);
    let mut marks: Vec<Mark> = swaps
        .map(|(at, label)| Mark::Rule {
            label,
            at: At::X(at),
        })
        .collect();
    for (series, points) in [
        ("estimated without labels", estimated),
        ("measured with labels", measured),
    ] {
        if !points.is_empty() {
            marks.push(Mark::Points {
                series: series.into(),
                points,
            });
        }
    }
    Some(Chart {
        title: "Accuracy of the windows".into(),
        summary,
        x: Axis::time("time"),
        y: Axis::share("accuracy"),
        marks,
    })
}

/// A number of seconds in words.
fn span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
