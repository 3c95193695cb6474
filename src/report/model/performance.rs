//! How the model does since its training: with labels, and estimated without them.

use serde::Serialize;

use super::data::part;
use super::facts::Facts;
use super::words::{count, interval, none, three, time};
use crate::clock::rfc3339;
use crate::monitor::performance::Window as Labelled;
use crate::report::chart::{Axis, Chart, Mark, Spot};
use crate::report::document::{Block, Section};
use crate::report::table::Table;
use crate::stats::interval::Interval;
use crate::stats::metric::METRICS;

/// Windows and changes that are listed, the newest.
const LISTED: usize = 40;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Performance {
    /// Windows of labelled predictions, oldest first.
    pub windows: Vec<Window>,
    /// The newest window in full.
    pub newest: Vec<Metric>,
    /// Metrics estimated from the probabilities of the newest window, without labels.
    pub estimated: Vec<Metric>,
    /// What the estimate cannot detect.
    pub note: Option<String>,
    /// Changes of the error, newest first.
    pub changes: Vec<Change>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Window {
    pub time: String,
    pub labels: u64,
    pub accuracy: Option<f64>,
    pub interval: Option<Interval>,
    pub log_loss: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metric {
    pub metric: String,
    pub value: Option<f64>,
    pub interval: Option<Interval>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    pub time: String,
    /// Whether the error rose.
    pub decay: bool,
    pub says: String,
}

impl Performance {
    pub fn of(facts: &Facts<'_>) -> Performance {
        let live = &facts.live;
        let skipped = live.windows.len().saturating_sub(LISTED);
        let window = |(time, window): &(jiff::Timestamp, Labelled)| {
            let accuracy = window.get("accuracy");
            Window {
                time: rfc3339(*time),
                labels: window.n,
                accuracy: accuracy.and_then(|a| a.value),
                interval: accuracy.and_then(|a| a.interval),
                log_loss: window.get("log_loss").and_then(|l| l.value),
            }
        };
        let newest = live.windows.last().map(|(_, window)| {
            let metric = |figure: &crate::monitor::performance::Figure| Metric {
                metric: figure.metric.clone(),
                value: figure.value,
                interval: figure.interval,
            };
            window.figures.iter().map(metric).collect()
        });
        let estimated = live
            .verdicts
            .iter()
            .rev()
            .find_map(|v| v.estimated.as_ref());
        let of_estimate = estimated.map(|found| {
            let metric = |metric: &crate::stats::metric::Metric| Metric {
                metric: metric.name.into(),
                value: found.estimate.get(metric.name),
                interval: found.intervals.get(metric.name),
            };
            METRICS
                .iter()
                .map(metric)
                .filter(|m| m.value.is_some())
                .collect()
        });
        let changes = live
            .changes
            .iter()
            .rev()
            .take(LISTED)
            .map(|(time, fired)| Change {
                time: rfc3339(*time),
                decay: fired.decay,
                says: fired.says.clone(),
            });
        Performance {
            windows: live.windows.iter().skip(skipped).map(window).collect(),
            newest: newest.unwrap_or_default(),
            estimated: of_estimate.unwrap_or_default(),
            note: estimated.map(|found| found.note.to_string()),
            changes: changes.collect(),
        }
    }

    pub fn section(&self) -> Section {
        let mut section = Section::new("performance", "Live performance");
        section = match self.windows.len() {
            0 => section.with("There is no full window of labelled predictions of this model yet."),
            1 => section.with(self.table()),
            _ => section.with(self.chart()).with(self.table()),
        };
        if !self.newest.is_empty() {
            let table = metrics("Metrics of the newest window", &self.newest);
            section = section.with(part("The newest window", vec![table.into()]));
        }
        if !self.estimated.is_empty() {
            let note = self.note.clone().unwrap_or_default();
            let table = metrics("Estimated metrics", &self.estimated);
            section = section.with(part(
                "Estimated without labels",
                vec![Block::from(note), table.into()],
            ));
        }
        if !self.changes.is_empty() {
            let mut table = Table::new(
                "Changes of the error, newest first",
                &["time (UTC)", "change"],
            );
            for change in &self.changes {
                table.row([time(&change.time), change.says.clone()]);
            }
            section = section.with(part("Changes", vec![table.into()]));
        }
        section
    }

    fn chart(&self) -> Chart {
        let spot = |(i, window): (usize, &Window)| {
            Some(Spot {
                x: i as f64,
                y: window.accuracy?,
                interval: window.interval.map(|i| (i.low, i.high)),
            })
        };
        let last = self.windows.last().and_then(|window| window.accuracy);
        Chart {
            title: "Accuracy over windows of labelled predictions".into(),
            summary: format!(
                "{} windows, the newest with an accuracy of {}.",
                self.windows.len(),
                last.map_or_else(none, three)
            ),
            x: Axis::names(
                "window",
                (1..=self.windows.len()).map(|i| i.to_string()).collect(),
            ),
            y: Axis::share("accuracy"),
            marks: vec![Mark::Points {
                series: "accuracy".into(),
                points: self.windows.iter().enumerate().filter_map(spot).collect(),
            }],
        }
    }

    fn table(&self) -> Table {
        let headings = [
            "time (UTC)",
            "labels#",
            "accuracy#",
            "95 % interval#",
            "log loss#",
        ];
        let mut table = Table::new("Windows of labelled predictions", &headings);
        for window in &self.windows {
            table.row([
                time(&window.time),
                count(window.labels),
                window.accuracy.map_or_else(none, three),
                window.interval.map_or_else(none, interval),
                window.log_loss.map_or_else(none, three),
            ]);
        }
        table
    }
}

fn metrics(caption: &str, all: &[Metric]) -> Table {
    let mut table = Table::new(caption, &["metric", "value#", "95 % interval#"]);
    for metric in all {
        let title = METRICS.iter().find(|known| known.name == metric.metric);
        table.row([
            title.map_or(metric.metric.clone(), |known| known.title.into()),
            metric.value.map_or_else(none, three),
            metric.interval.map_or_else(none, interval),
        ]);
    }
    table
}
