//! Axes: what a direction of a chart means, and its range of values.

use super::{At, Chart, Mark};

/// Zone of the times along an axis.
pub const UTC: &str = "UTC";

/// What a direction of a chart means.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub label: String,
    /// Unit of the values, empty where they have none.
    pub unit: String,
    pub scale: Scale,
}

/// How values lie along an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Numbers over the range of the data, widened to `include` these values; only whole ones are marked if `is_whole` is set.
    Number { include: Vec<f64>, is_whole: bool },
    /// Shares from 0 to 1, written in per cent.
    Share,
    /// Names; the value of the first is 0.
    Names(Vec<String>),
    /// Seconds since 1970, written as times of UTC.
    Time,
}

impl Axis {
    pub fn number(label: impl Into<String>) -> Axis {
        Axis::of(
            label,
            Scale::Number {
                include: Vec::new(),
                is_whole: false,
            },
        )
    }

    /// Whole numbers, such as the number of a fold: a mark between two of them would mean nothing.
    pub fn whole(label: impl Into<String>) -> Axis {
        Axis::of(
            label,
            Scale::Number {
                include: Vec::new(),
                is_whole: true,
            },
        )
    }

    /// Numbers on an axis that starts at zero, as bars need.
    pub fn from_zero(label: impl Into<String>) -> Axis {
        Axis::of(
            label,
            Scale::Number {
                include: vec![0.0],
                is_whole: false,
            },
        )
    }

    /// Counts, from zero.
    pub fn count(label: impl Into<String>) -> Axis {
        Axis::of(
            label,
            Scale::Number {
                include: vec![0.0],
                is_whole: true,
            },
        )
    }

    pub fn share(label: impl Into<String>) -> Axis {
        Axis::of(label, Scale::Share)
    }

    pub fn names(label: impl Into<String>, names: Vec<String>) -> Axis {
        Axis::of(label, Scale::Names(names))
    }

    /// Times of UTC, which the caption says; the page's script writes both anew, as the reader's clock has them.
    pub fn time(label: impl Into<String>) -> Axis {
        Axis::of(label, Scale::Time).in_unit(UTC)
    }

    fn of(label: impl Into<String>, scale: Scale) -> Axis {
        Axis {
            label: label.into(),
            unit: String::new(),
            scale,
        }
    }

    pub fn in_unit(mut self, unit: impl Into<String>) -> Axis {
        self.unit = unit.into();
        self
    }

    /// The label with its unit, as it is written beside the axis.
    pub fn caption(&self) -> String {
        match self.unit.as_str() {
            "" => self.label.clone(),
            unit => format!("{} ({unit})", self.label),
        }
    }

    /// Whether only whole numbers have a meaning along it.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.scale, Scale::Number { is_whole: true, .. })
    }

    pub(super) fn categories(&self) -> Option<&[String]> {
        match &self.scale {
            Scale::Names(names) => Some(names),
            _ => None,
        }
    }
}

/// Lowest and highest value of an axis; never an empty range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    pub low: f64,
    pub high: f64,
}

impl Range {
    /// Where a value lies in the range, 0 at the lowest and 1 at the highest.
    pub(super) fn place(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// The range of times; around a single one, some minutes.
    fn of_times(times: &[f64]) -> Range {
        let range = Range::over(times.iter().copied());
        let first = times.iter().copied().find(|t| t.is_finite());
        match first.filter(|first| times.iter().all(|t| t == first || !t.is_finite())) {
            Some(first) => Range {
                low: first - 300.0,
                high: first + 300.0,
            },
            None => range,
        }
    }

    fn over(values: impl Iterator<Item = f64>) -> Range {
        let (low, high) = values
            .filter(|v| v.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(v), high.max(v))
            });
        match (low, high) {
            (low, high) if low < high && (high - low).is_finite() => Range { low, high },
            (low, high) if low == high => {
                let half = if low == 0.0 { 0.5 } else { low.abs() / 10.0 };
                Range {
                    low: low - half,
                    high: low + half,
                }
            }
            _ => Range {
                low: 0.0,
                high: 1.0,
            },
        }
    }
}

impl Chart {
    /// The ranges of both axes.
    pub(super) fn ranges(&self) -> (Range, Range) {
        (self.range(&self.x, Way::X), self.range(&self.y, Way::Y))
    }

    fn range(&self, axis: &Axis, way: Way) -> Range {
        match &axis.scale {
            Scale::Share => Range {
                low: 0.0,
                high: 1.0,
            },
            Scale::Names(names) => Range {
                low: -0.5,
                high: names.len().max(1) as f64 - 0.5,
            },
            Scale::Time => Range::of_times(&self.values(way)),
            Scale::Number { include, .. } => {
                Range::over(self.values(way).into_iter().chain(include.iter().copied()))
            }
        }
    }

    /// All values of the marks along an axis.
    fn values(&self, way: Way) -> Vec<f64> {
        let is_lying = self.y.categories().is_some();
        let mut values = Vec::new();
        for mark in &self.marks {
            match (mark, way) {
                (Mark::Bars { bars, .. }, _) if (way == Way::X) == is_lying => {
                    values.extend(bars.iter().flat_map(|bar| [bar.low, bar.high]));
                }
                (Mark::Bars { bars, .. }, _) => {
                    values.extend(bars.iter().flat_map(|bar| [bar.from, bar.to]));
                }
                (Mark::Line { points, .. } | Mark::Step { points, .. }, Way::X) => {
                    values.extend(points.iter().map(|point| point.0));
                }
                (Mark::Line { points, .. } | Mark::Step { points, .. }, Way::Y) => {
                    values.extend(points.iter().map(|point| point.1));
                }
                (Mark::Band { points, .. }, Way::X) => {
                    values.extend(points.iter().map(|point| point.0));
                }
                (Mark::Band { points, .. }, Way::Y) => {
                    values.extend(points.iter().flat_map(|point| [point.1, point.2]));
                }
                (Mark::Points { points, .. }, Way::X) => {
                    values.extend(points.iter().map(|point| point.x));
                }
                (Mark::Points { points, .. }, Way::Y) => {
                    let ends = |(low, high): (f64, f64)| [low, high];
                    values.extend(points.iter().map(|point| point.y));
                    values.extend(points.iter().filter_map(|p| p.interval).flat_map(ends));
                }
                (Mark::Rule { at: At::X(at), .. }, Way::X)
                | (Mark::Rule { at: At::Y(at), .. }, Way::Y) => values.push(*at),
                (Mark::Cells { .. } | Mark::Rule { .. }, _) => {}
            }
        }
        values
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    X,
    Y,
}
