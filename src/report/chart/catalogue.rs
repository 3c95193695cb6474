//! The charts of the platform, each from plain data.

use super::table::{cell, plain};
use super::{At, Axis, Bar, Cell, Chart, Mark, Point, Spot};

/// Counts of one series over shared intervals: `edges` has one value more than `counts`.
pub struct Counts<'a> {
    pub series: &'a str,
    pub counts: &'a [f64],
}

/// The edges of at most about `most` intervals of one width from the lowest to the highest value. Those of whole numbers hold
/// equally many of them each, in their middle, or every other bar would be empty.
pub fn edges(low: f64, high: f64, is_whole: bool, most: usize) -> Vec<f64> {
    let (low, high) = match is_whole {
        true => (low - 0.5, high + 0.5),
        false => (low, high),
    };
    let width = match (high - low) / most.max(1) as f64 {
        width if is_whole => width.ceil(),
        width if width > 0.0 && width.is_finite() => width,
        _ => return vec![low, low + 1.0],
    };
    let count = ((high - low) / width).ceil().clamp(1.0, most.max(1) as f64) as usize;
    (0..=count).map(|i| low + i as f64 * width).collect()
}

/// A histogram. Several series are laid over each other as shares of their totals, one as counts.
pub fn histogram(
    title: impl Into<String>,
    column: &str,
    unit: &str,
    edges: &[f64],
    all: &[Counts<'_>],
) -> Chart {
    let bars = |counts: &Counts<'_>| {
        let total: f64 = counts.counts.iter().sum();
        let scale = match all.len() > 1 && total > 0.0 {
            true => total / 100.0,
            false => 1.0,
        };
        let bar = |(pair, count): (&[f64], &f64)| Bar::plain(pair[0], pair[1], count / scale);
        Mark::Bars {
            series: counts.series.into(),
            bars: edges.windows(2).zip(counts.counts).map(bar).collect(),
        }
    };
    let highest = |counts: &Counts<'_>| {
        let found = counts
            .counts
            .iter()
            .zip(edges.windows(2))
            .max_by(|a, b| a.0.total_cmp(b.0));
        found.map_or(String::new(), |(_, pair)| {
            format!(
                "{} most often from {} to {}",
                counts.series,
                plain(pair[0]),
                plain(pair[1])
            )
        })
    };
    let summary: Vec<String> = all
        .iter()
        .map(highest)
        .filter(|text| !text.is_empty())
        .collect();
    Chart {
        title: title.into(),
        summary: format!("Distribution of {column}: {}.", summary.join("; ")),
        x: match edges.iter().all(|edge| edge.fract().abs() == 0.5) {
            true => Axis::whole(column),
            false => Axis::number(column),
        }
        .in_unit(unit),
        y: match all.len() > 1 {
            true => Axis::from_zero("share of the rows").in_unit("%"),
            false => Axis::count("rows"),
        },
        marks: all.iter().map(bars).collect(),
    }
}

/// A value of a category for each series; lying bars, side by side.
pub fn bars(
    title: impl Into<String>,
    names: Axis,
    values: Axis,
    series: &[(&str, &[f64])],
) -> Chart {
    let breadth = 0.8 / series.len().max(1) as f64;
    let values_axis = values.clone();
    let mark = |(s, (name, values)): (usize, &(&str, &[f64]))| {
        let bar = |(i, value): (usize, &f64)| {
            let from = i as f64 - 0.4 + s as f64 * breadth;
            let bar = Bar::plain(from, from + breadth, *value);
            match series.len() {
                1 => bar.labelled(cell(&values_axis, *value)),
                _ => bar,
            }
        };
        Mark::Bars {
            series: (*name).into(),
            bars: values.iter().enumerate().map(bar).collect(),
        }
    };
    let names_of = names.categories().unwrap_or_default().to_vec();
    let largest = |(name, values): &(&str, &[f64])| {
        let found = values.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        found.map(|(i, value)| {
            let at = names_of.get(i).map_or("", String::as_str);
            let of = if series.len() > 1 {
                format!("{name}: ")
            } else {
                String::new()
            };
            format!(
                "{of}the largest is {at} with {}",
                cell(&values_axis, *value)
            )
        })
    };
    let summary: Vec<String> = series.iter().filter_map(largest).collect();
    Chart {
        title: title.into(),
        summary: format!(
            "{} by {}: {}.",
            values.caption(),
            names.caption(),
            summary.join("; ")
        ),
        marks: series.iter().enumerate().map(mark).collect(),
        x: values,
        y: names,
    }
}

/// A bin of a calibration curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Mean predicted probability of its rows.
    pub predicted: f64,
    /// Share of positive rows with its interval.
    pub observed: f64,
    pub interval: (f64, f64),
    pub rows: u64,
}

/// A calibration curve: what was predicted against what came.
pub fn calibration(title: impl Into<String>, positive: &str, bins: &[Bin]) -> Chart {
    let furthest = bins.iter().filter(|b| b.rows > 0).max_by(|a, b| {
        let gap = |bin: &Bin| (bin.predicted - bin.observed).abs();
        gap(a).total_cmp(&gap(b))
    });
    let summary = furthest.map_or("No rows with a known outcome.".to_owned(), |bin| {
        format!(
            "Share of {positive} against the predicted probability, in {} bins. Furthest from the diagonal: of {} rows predicted \
             {:.1} % on average, {:.1} % came out {positive}.",
            bins.len(),
            bin.rows,
            bin.predicted * 100.0,
            bin.observed * 100.0
        )
    });
    let spot = |bin: &Bin| Spot {
        x: bin.predicted,
        y: bin.observed,
        interval: Some(bin.interval),
    };
    let known = || bins.iter().filter(|bin| bin.rows > 0);
    Chart {
        title: title.into(),
        summary,
        x: Axis::share("predicted probability"),
        y: Axis::share(format!("share of {positive}")),
        marks: vec![
            Mark::Rule {
                label: "as predicted".into(),
                at: At::Diagonal,
            },
            Mark::Points {
                series: "observed".into(),
                points: known().map(spot).collect(),
            },
        ],
    }
}

/// A receiver operating characteristic, from (false positive rate, true positive rate) in order of falling threshold.
pub fn roc(title: impl Into<String>, auc: f64, points: Vec<Point>) -> Chart {
    Chart {
        title: title.into(),
        summary: format!(
            "Share of positive rows found against the share of negative rows taken for positive; the area is {auc:.3}."
        ),
        x: Axis::share("false positive rate"),
        y: Axis::share("true positive rate"),
        marks: vec![
            Mark::Rule {
                label: "by chance".into(),
                at: At::Diagonal,
            },
            Mark::Line {
                series: "ROC".into(),
                points,
                dashed: false,
            },
        ],
    }
}

/// Precision against recall, in order of falling threshold; `share` is the share of positive rows.
pub fn precision_recall(title: impl Into<String>, share: f64, points: Vec<Point>) -> Chart {
    Chart {
        title: title.into(),
        summary: format!(
            "Share of right positive decisions against the share of positive rows found; by chance the share is {:.1} %.",
            share * 100.0
        ),
        x: Axis::share("recall"),
        y: Axis::share("precision"),
        marks: vec![
            Mark::Rule {
                label: "by chance".into(),
                at: At::Y(share),
            },
            Mark::Line {
                series: "precision".into(),
                points,
                dashed: false,
            },
        ],
    }
}

/// Contributions that add up from a start to an end, such as log odds from the base to a prediction.
pub struct Waterfall<'a> {
    pub unit: &'a str,
    pub start: f64,
    /// Name and contribution, in the order in which they are added.
    pub steps: &'a [(String, f64)],
}

impl Waterfall<'_> {
    /// Bars that each begin where the one above ended.
    pub fn chart(&self, title: impl Into<String>) -> Chart {
        let mut at = self.start;
        let mut bars = Vec::new();
        for (i, (_, contribution)) in self.steps.iter().enumerate() {
            let sign = if *contribution < 0.0 { "\u{2212}" } else { "+" };
            bars.push(Bar {
                from: i as f64 - 0.36,
                to: i as f64 + 0.36,
                low: at,
                high: at + contribution,
                label: Some(format!("{sign}{:.2}", contribution.abs())),
                against: *contribution < 0.0,
            });
            at += contribution;
        }
        let names: Vec<String> = self.steps.iter().map(|step| step.0.clone()).collect();
        let largest = self
            .steps
            .iter()
            .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
        let largest = largest.map_or(String::new(), |(name, value)| {
            format!(
                " The largest contribution is that of {name}: {}.",
                plain(*value)
            )
        });
        Chart {
            title: title.into(),
            summary: format!(
                "Contributions of the columns from {} to {} {}.{largest}",
                plain(self.start),
                plain(at),
                self.unit
            ),
            x: Axis::number("sum").in_unit(self.unit),
            y: Axis::names("", names),
            marks: vec![
                Mark::Rule {
                    label: String::new(),
                    at: At::X(self.start),
                },
                Mark::Bars {
                    series: "contribution".into(),
                    bars,
                },
            ],
        }
    }
}

/// A confusion matrix: rows by their true and their predicted class.
pub fn confusion(title: impl Into<String>, classes: [&str; 2], counts: [[u64; 2]; 2]) -> Chart {
    let names: Vec<String> = classes.map(str::to_owned).into();
    let row = |row: &[u64; 2]| {
        let total = row.iter().sum::<u64>().max(1) as f64;
        let cell = |count: &u64| Cell {
            share: Some(*count as f64 / total),
            label: plain(*count as f64),
        };
        row.iter().map(cell).collect()
    };
    let right = counts[0][0] + counts[1][1];
    let all: u64 = counts.iter().flatten().sum();
    Chart {
        title: title.into(),
        summary: format!("{right} of {all} rows are decided as they came out."),
        x: Axis::names("decision", names.clone()),
        y: Axis::names("outcome", names),
        marks: vec![Mark::Cells {
            series: "rows".into(),
            rows: counts.iter().map(row).collect(),
        }],
    }
}

/// A matrix of shares, the first row on top; the caller says in the summary what stands out.
pub fn heat_map(title: impl Into<String>, x: Axis, y: Axis, rows: Vec<Vec<Cell>>) -> Chart {
    Chart {
        title: title.into(),
        summary: String::new(),
        x,
        y,
        marks: vec![Mark::Cells {
            series: "cells".into(),
            rows,
        }],
    }
}

impl Bar {
    /// A bar from zero.
    pub fn plain(from: f64, to: f64, value: f64) -> Bar {
        Bar {
            from,
            to,
            low: 0.0,
            high: value,
            label: None,
            against: false,
        }
    }

    pub fn labelled(mut self, label: String) -> Bar {
        self.label = Some(label);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::Size;
    use super::*;
    use crate::report::html::figure;
    use crate::report::table::Table;

    fn headings(table: &Table) -> Vec<&str> {
        table.columns.iter().map(|c| c.heading.as_str()).collect()
    }

    #[test]
    fn a_waterfall_ends_where_its_contributions_add_up_to() {
        let steps = [("a".to_owned(), 1.5), ("<b>".to_owned(), -2.0)];
        let waterfall = Waterfall {
            unit: "log odds",
            start: -0.5,
            steps: &steps,
        };
        let chart = waterfall.chart("Why");
        let Mark::Bars { bars, .. } = &chart.marks[1] else {
            panic!("{chart:?}")
        };
        assert_eq!(
            bars.iter().map(|b| (b.low, b.high)).collect::<Vec<_>>(),
            [(-0.5, 1.0), (1.0, -1.0)]
        );
        assert_eq!(
            chart.summary,
            "Contributions of the columns from \u{2212}0.5 to \u{2212}1 log odds. The largest contribution is that of <b>: \u{2212}2."
        );
        let table = chart.table();
        assert_eq!(headings(&table), ["", "sum (log odds)", "from", "to"]);
        assert_eq!(table.rows[1], ["<b>", "\u{2212}2", "1", "\u{2212}1"]);
        let drawn = figure(&chart, "why", Size::of(300.0, 120.0)).into_string();
        assert!(
            drawn.contains("&lt;b&gt;") && !drawn.contains("<b>"),
            "{drawn}"
        );
    }

    #[test]
    fn two_histograms_are_laid_over_each_other_as_shares() {
        let edges = [0.0, 10.0, 20.0];
        let all = [
            Counts {
                series: "then",
                counts: &[30.0, 10.0],
            },
            Counts {
                series: "now",
                counts: &[1.0, 3.0],
            },
        ];
        let chart = histogram("Heights", "height", "m", &edges, &all);
        let table = chart.table();
        assert_eq!(
            headings(&table),
            ["series", "height (m)", "share of the rows (%)"]
        );
        assert_eq!(table.rows[0], ["then", "0 to 10", "75"]);
        assert_eq!(table.rows[3], ["now", "10 to 20", "75"]);
    }

    #[test]
    fn whole_numbers_have_bars_around_them_and_marks_at_them() {
        assert_eq!(edges(0.0, 2.0, true, 20), [-0.5, 0.5, 1.5, 2.5]);
        assert_eq!(
            edges(0.0, 39.0, true, 20).len(),
            21,
            "two numbers in each bar"
        );
        assert_eq!(edges(0.0, 1.0, false, 4), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(edges(3.0, 3.0, false, 4), [3.0, 4.0]);
        assert_eq!(edges(3.0, 3.0, true, 4), [2.5, 3.5]);
        let counts = Counts {
            series: "rows",
            counts: &[5.0, 1.0, 2.0],
        };
        let chart = histogram("h", "siblings", "", &edges(0.0, 2.0, true, 20), &[counts]);
        assert_eq!(chart.table().rows[1], ["1", "1"]);
        let drawn = figure(&chart, "h", Size::of(290.0, 190.0)).into_string();
        assert!(
            !drawn.contains(">0.5<") && !drawn.contains(">1.5<"),
            "{drawn}"
        );
    }

    #[test]
    fn values_that_are_not_finite_are_left_out_of_the_drawing() {
        let mut chart = roc(
            "ROC",
            0.5,
            vec![
                (0.0, 0.0),
                (f64::NAN, 0.5),
                (1.0, f64::INFINITY),
                (1.0, 1.0),
            ],
        );
        chart.x = Axis::number("x");
        chart.y = Axis::number("y");
        let drawn = figure(&chart, "roc", Size::of(200.0, 200.0)).into_string();
        assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
    }
}
