//! The data of a chart as a table, for readers who do not see the drawing.

use super::axis::{Axis, Scale};
use super::ticks::grouped;
use super::{Bar, Chart, Mark};
use crate::report::table::{Column, Table};

impl Chart {
    /// The data of all marks but reference lines: a row for each bar, point or cell.
    pub fn table(&self) -> Table {
        let is_lying = self.y.categories().is_some();
        let is_named = self.series().len() > 1;
        let with_interval = self.marks.iter().any(|mark| match mark {
            Mark::Band { .. } => true,
            Mark::Points { points, .. } => points.iter().any(|p| p.interval.is_some()),
            _ => false,
        });
        let is_floating = self.marks.iter().any(|mark| match mark {
            Mark::Bars { bars, .. } => bars.iter().any(|bar| bar.low != 0.0 && bar.high != 0.0),
            _ => false,
        });
        let (first, second) = if is_lying {
            (&self.y, &self.x)
        } else {
            (&self.x, &self.y)
        };
        let is_matrix = self
            .marks
            .iter()
            .any(|mark| matches!(mark, Mark::Cells { .. }));
        let column = |axis: &Axis| match axis.scale {
            Scale::Names(_) => Column::text(axis.caption()),
            Scale::Time => Column::time(axis.caption()),
            _ => Column::number(axis.caption()),
        };
        let mut columns = vec![column(first), column(second)];
        if is_matrix {
            columns.push(Column::number("value"));
        }
        if with_interval || is_floating {
            columns.extend(["from", "to"].map(Column::number));
        }
        if is_named {
            columns.insert(0, Column::text("series"));
        }
        let width = columns.len();
        let mut rows = Vec::new();
        for mark in &self.marks {
            let found: Vec<Vec<String>> = match mark {
                Mark::Bars { bars, .. } => bars
                    .iter()
                    .map(|bar| bar_cells(bar, first, second, is_floating))
                    .collect(),
                Mark::Line { points, .. } | Mark::Step { points, .. } => points
                    .iter()
                    .map(|(x, y)| vec![cell(&self.x, *x), cell(&self.y, *y)])
                    .collect(),
                Mark::Band { points, .. } => points
                    .iter()
                    .map(|(x, low, high)| {
                        let ends = [cell(&self.y, *low), cell(&self.y, *high)];
                        [vec![cell(&self.x, *x), String::new()], ends.into()].concat()
                    })
                    .collect(),
                Mark::Points { points, .. } => points
                    .iter()
                    .map(|spot| {
                        let ends = spot.interval.map(|(low, high)| [low, high]);
                        let ends = ends.into_iter().flatten().map(|end| cell(&self.y, end));
                        [cell(&self.x, spot.x), cell(&self.y, spot.y)]
                            .into_iter()
                            .chain(ends)
                            .collect()
                    })
                    .collect(),
                Mark::Cells { rows, .. } => self.matrix(rows),
                Mark::Rule { .. } => continue,
            };
            for mut row in found {
                if is_named {
                    row.insert(0, mark.series().to_owned());
                }
                row.resize(width, String::new());
                rows.push(row);
            }
        }
        Table {
            caption: self.title.clone(),
            columns,
            rows,
        }
    }

    fn matrix(&self, rows: &[Vec<super::Cell>]) -> Vec<Vec<String>> {
        let of_row = |(r, row): (usize, &Vec<super::Cell>)| {
            let of_cell = |(c, found): (usize, &super::Cell)| {
                vec![
                    cell(&self.x, c as f64),
                    cell(&self.y, r as f64),
                    found.label.clone(),
                ]
            };
            row.iter().enumerate().map(of_cell).collect::<Vec<_>>()
        };
        rows.iter().enumerate().flat_map(of_row).collect()
    }
}

fn bar_cells(bar: &Bar, first: &Axis, second: &Axis, is_floating: bool) -> Vec<String> {
    let place = match first.categories() {
        Some(_) => cell(first, (bar.from + bar.to) / 2.0),
        None if first.is_whole() && bar.to - bar.from == 1.0 => {
            cell(first, (bar.from + bar.to) / 2.0)
        }
        None => format!("{}{TO}{}", cell(first, bar.from), cell(first, bar.to)),
    };
    if is_floating {
        let change = cell(second, bar.high - bar.low);
        return vec![place, change, cell(second, bar.low), cell(second, bar.high)];
    }
    let value = if bar.high == 0.0 { bar.low } else { bar.high };
    vec![place, cell(second, value)]
}

/// Between the two ends of a bar along its axis.
pub const TO: &str = " to ";

/// A value as it is written in a table.
pub(super) fn cell(axis: &Axis, value: f64) -> String {
    if !value.is_finite() {
        return String::new();
    }
    match &axis.scale {
        Scale::Names(names) => names
            .get(value.round().max(0.0) as usize)
            .cloned()
            .unwrap_or_default(),
        Scale::Share => format!("{:.1} %", value * 100.0),
        Scale::Time => {
            jiff::Timestamp::from_second(value as i64).map_or(String::new(), |t| t.to_string())
        }
        Scale::Number { .. } => plain(value),
    }
}

/// A number to four significant digits, whole numbers in full.
pub fn plain(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return grouped(&format!("{value:.0}"));
    }
    let size = value.abs().log10().floor();
    if !(-5.0..9.0).contains(&size) {
        return format!("{value:.3e}");
    }
    let digits = (3.0 - size).clamp(0.0, 8.0) as usize;
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    grouped(text)
}
