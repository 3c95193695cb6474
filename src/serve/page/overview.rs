//! The overview: traffic, performance over time, monitor, alerts, loop, and the live feed.

use maud::{Markup, html};

use super::view::PageView;
use super::{cycle, figures, recent};
use crate::report::chart::{Axis, Bar, Chart, Mark, Size};
use crate::report::html::figure;
use crate::timeline::Story;

const SIZE: Size = Size::of(430.0, 180.0);

/// Draws the overview.
pub fn draw(view: &PageView, traffic: &Markup) -> Markup {
    html! {
        (traffic)
        div.pair {
            (figures::draw(view))
            (recent::draw(view))
        }
        (view.watch)
        (cycle::draw(&view.cycle))
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
    let predictions: u64 = counts.iter().map(|(_, b)| b.predictions).sum();
    let labels: u64 = counts.iter().map(|(_, b)| b.labels).sum();
    Chart {
        title: format!("Predictions and labels per {}", span(counts.width())),
        summary: format!("{predictions} predictions and {labels} labels are stored."),
        x: Axis::time("time, UTC"),
        y: Axis::from_zero("events"),
        marks: vec![
            Mark::Bars {
                series: "predictions".into(),
                bars: bars(|bucket| bucket.predictions),
            },
            Mark::Bars {
                series: "labels".into(),
                bars: bars(|bucket| bucket.labels),
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
        x: Axis::time("time, UTC"),
        y: Axis::share("mean probability"),
        marks: vec![Mark::Line {
            series: "mean probability".into(),
            points,
            dashed: false,
        }],
    }
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
