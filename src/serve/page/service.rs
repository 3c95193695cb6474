//! The service level: response times of predictions over the last hours, and how much of the error budget is spent.

use maud::{Markup, html};

use super::text::thousands;
use crate::report::chart::{At, Axis, Bar, Chart, Mark, Size};
use crate::report::html::figure;
use crate::serve::views::{Interval, ServiceLevel};

const SIZE: Size = Size::of(430.0, 180.0);

pub fn draw(level: &ServiceLevel) -> Markup {
    let within = seconds(level.objective.within_seconds);
    let bad = level.failed + level.slow;
    html! {
        section #service data-part aria-labelledby="service-title" {
            h2 #service-title { "Service level" }
            p.muted {
                "Objective: " (percent(level.objective.share)) " of the predictions are made without an error of the server and within "
                (within) " (" code { "alerts.rules.latency.p99" } "). Trials of this page do not count."
            }
            @match level.budget_spent {
                None => p { "No prediction was requested over the last " (hours(level.over_seconds)) ", or since the server started." },
                Some(spent) => {
                    p {
                        @if spent > 1.0 { strong.alarm { "The error budget is overspent: " (percent(spent)) " of it" } }
                        @else { strong { (percent(spent)) " of the error budget" } " is spent" }
                        " over the last " (hours(level.over_seconds)) ": of " (thousands(level.answers as usize)) " responses "
                        (thousands(level.failed as usize)) " failed and " (thousands(level.slow as usize)) " were slow."
                    }
                    div.charts.broad {
                        (figure(&latency(level), "service-latency", SIZE))
                        (figure(&budget(level, bad), "service-budget", SIZE))
                    }
                }
            }
        }
    }
}

/// Median and 99th percentile of each interval.
fn latency(level: &ServiceLevel) -> Chart {
    let millis = |value: Option<f64>| value.map_or(f64::NAN, |seconds| seconds * 1e3);
    let line = |series: &str, of: fn(&Interval) -> Option<f64>| {
        let point = |interval: &Interval| (middle(interval), millis(of(interval)));
        Mark::Line {
            series: series.into(),
            points: level.intervals.iter().map(point).collect(),
            dashed: false,
        }
    };
    let mut marks = vec![
        line("median", |interval| interval.p50_seconds),
        line("99th percentile", |interval| interval.p99_seconds),
    ];
    // Far above the response times, the objective would press them onto the axis.
    let objective = level.objective.within_seconds;
    let highest = level.intervals.iter().filter_map(|i| i.p99_seconds);
    if highest.fold(0.0, f64::max) > objective / 3.0 {
        marks.push(Mark::Rule {
            label: "objective".into(),
            at: At::Y(objective * 1e3),
        });
    }
    let all = |value: Option<f64>| value.map_or("unknown".to_owned(), seconds);
    Chart {
        title: "Response times of predictions".into(),
        summary: format!(
            "Over the whole time the median is {} and the 99th percentile {}; the objective is {}.",
            all(level.p50_seconds),
            all(level.p99_seconds),
            seconds(objective)
        ),
        x: Axis::time("time"),
        y: Axis::from_zero("response time").in_unit("ms"),
        marks,
    }
}

/// Share of the responses of each interval that failed or were slow, beside the share that the objective allows.
fn budget(level: &ServiceLevel, bad: u64) -> Chart {
    let bar = |interval: &Interval| {
        let begin = interval.begin.as_second() as f64;
        let share = (interval.failed + interval.slow) as f64 / interval.answers.max(1) as f64;
        Bar::plain(begin, begin + interval.seconds as f64, 100.0 * share)
    };
    let allowed = 100.0 * (1.0 - level.objective.share);
    Chart {
        title: "Responses that failed or were slow".into(),
        summary: format!(
            "{bad} of {} responses failed or were slow; the objective allows {allowed:.0} %.",
            level.answers
        ),
        x: Axis::time("time"),
        y: Axis::from_zero("share of the responses").in_unit("%"),
        marks: vec![
            Mark::Bars {
                series: "failed or slow".into(),
                bars: level.intervals.iter().map(bar).collect(),
            },
            Mark::Rule {
                label: "allowed".into(),
                at: At::Y(allowed),
            },
        ],
    }
}

fn middle(interval: &Interval) -> f64 {
    interval.begin.as_second() as f64 + interval.seconds as f64 / 2.0
}

/// A share in per cent, with a decimal only where it is below 10 %.
fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent < 10.0 && percent > 0.0 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}

/// A duration of microseconds to seconds in the unit that suits it.
fn seconds(seconds: f64) -> String {
    match seconds {
        s if s >= 1.0 => format!("{} s", (s * 100.0).round() / 100.0),
        s if s >= 0.01 => format!("{:.0} ms", s * 1e3),
        s => format!("{:.2} ms", s * 1e3),
    }
}

fn hours(seconds: i64) -> String {
    format!("{} hours", seconds / 3600)
}
