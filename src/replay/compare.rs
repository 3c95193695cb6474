//! Accumulates pairs of a stored prediction and another version's prediction for the same row, in bounded memory. Pure.

use std::collections::HashMap;

use super::document::{ByLevel, Difference, Flips, Labelled, LogLoss, Replay};
use crate::schema::column::{Column, Kind, Label};
use crate::schema::{Cell, RowView, Schema, Span};
use crate::stats::difference;
use crate::stats::grid::Grid;
use crate::stats::moments::Moments;

/// Quantiles of the differences, by their names in the document.
const QUANTILES: [(&str, f64); 5] = [
    ("0.05", 0.05),
    ("0.25", 0.25),
    ("0.5", 0.5),
    ("0.75", 0.75),
    ("0.95", 0.95),
];

/// Error level of each end of the interval, 95 % in all.
const LEVEL: f64 = 0.025;

/// Maximum levels per column. More are names or ids, with too few rows each to say anything.
const MOST_LEVELS: usize = 100;

/// Both predictions for one row: the stored one and the new one.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// Probabilities of the positive value.
    pub from: f64,
    pub to: f64,
    /// Whether each version decided for the positive value.
    pub decisions: (bool, bool),
    /// The label, if it is known.
    pub label: Option<Known>,
}

/// A known label.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    pub positive: bool,
    /// Whether it had arrived before the new version was trained.
    pub seen: bool,
}

/// Accumulator of pairs.
pub struct Compare<'s> {
    schema: &'s Schema,
    skipped: u64,
    flips: Flips,
    differences: Moments,
    grid: Grid,
    /// Counts by level for each column of the schema; `None` for one that has no levels, or too many.
    columns: Vec<Option<Levels>>,
    losses: difference::Difference,
    seen: u64,
}

/// Counts by level of one column.
#[derive(Default)]
struct Levels {
    missing: Count,
    closed: Vec<Count>,
    /// Levels that the spec does not list, by their text.
    open: HashMap<String, Count>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    rows: u64,
    flips: u64,
}

impl<'s> Compare<'s> {
    /// An empty accumulator for rows of the schema.
    pub fn new(schema: &'s Schema) -> Compare<'s> {
        Compare {
            schema,
            skipped: 0,
            flips: Flips::default(),
            differences: Moments::default(),
            grid: Grid::default(),
            columns: schema.columns().iter().map(Levels::of).collect(),
            losses: difference::Difference::default(),
            seen: 0,
        }
    }

    pub fn update(&mut self, row: RowView<'_>, pair: Pair) {
        match pair.decisions {
            (false, true) => self.flips.to_positive += 1,
            (true, false) => self.flips.to_negative += 1,
            _ => {}
        }
        let is_flip = pair.decisions.0 != pair.decisions.1;
        self.differences.update(pair.to - pair.from);
        self.grid.update(pair.to - pair.from);
        for (levels, cell) in self.columns.iter_mut().zip(row.cells) {
            let is_full = levels
                .as_mut()
                .is_some_and(|levels| !levels.update(*cell, row.text, is_flip));
            if is_full {
                *levels = None;
            }
        }
        if let Some(known) = pair.label {
            self.losses.update(known.positive, pair.from, pair.to);
            self.seen += u64::from(known.seen);
        }
    }

    /// Counts a row that the new version cannot score.
    pub fn skip(&mut self) {
        self.skipped += 1;
    }

    pub fn finish(self, from: String, to: String) -> Replay {
        let quantiles = QUANTILES.map(|(name, q)| (name.to_owned(), self.grid.quantile(q)));
        Replay {
            from,
            to,
            rows: self.differences.count(),
            skipped: self.skipped,
            flips: self.flips,
            difference: Difference {
                mean: self.differences.mean(),
                quantiles: quantiles.into(),
            },
            labelled: labelled(&self.losses, self.seen),
            by_column: by_column(self.schema, self.columns),
        }
    }
}

impl Levels {
    fn of(column: &Column) -> Option<Levels> {
        match &column.kind {
            Kind::Category { levels } if levels.len() <= MOST_LEVELS => Some(Levels {
                closed: vec![Count::default(); levels.len()],
                ..Levels::default()
            }),
            _ => None,
        }
    }

    /// Counts a row by its level; returns false if there are too many levels.
    fn update(&mut self, cell: Cell, text: &str, is_flip: bool) -> bool {
        let count = match cell {
            Cell::Level(level) => self.closed.get_mut(level as usize),
            Cell::Text(span) => {
                let level = span.get(text);
                if !self.open.contains_key(level) {
                    if self.open.len() == MOST_LEVELS {
                        return false;
                    }
                    self.open.insert(level.to_owned(), Count::default());
                }
                self.open.get_mut(level)
            }
            Cell::Missing | Cell::Number(_) => Some(&mut self.missing),
        };
        if let Some(count) = count {
            count.rows += 1;
            count.flips += u64::from(is_flip);
        }
        true
    }
}

fn by_column(schema: &Schema, columns: Vec<Option<Levels>>) -> Vec<ByLevel> {
    let mut all = Vec::new();
    for (column, levels) in schema.columns().iter().zip(columns) {
        let Some(levels) = levels else { continue };
        let closed = (0..).zip(levels.closed);
        let closed =
            closed.map(|(level, count)| (Label::of(column.scalar(Cell::Level(level), "")), count));
        let mut open: Vec<_> = levels.open.into_iter().collect();
        open.sort_by(|(a, _), (b, _)| a.cmp(b));
        let open = open.into_iter().map(|(text, count)| {
            let cell = Cell::Text(Span::of(&text, &text));
            (Label::of(column.scalar(cell, &text)), count)
        });
        let missing = [(None, levels.missing)];
        let of_column = closed.chain(open).chain(missing);
        let mut of_column: Vec<ByLevel> = of_column
            .filter(|(_, count)| count.rows > 0)
            .map(|(level, Count { rows, flips })| ByLevel {
                column: column.name.clone(),
                level,
                rows,
                flips,
            })
            .collect();
        of_column.sort_by_key(|of_level| std::cmp::Reverse(of_level.flips));
        all.extend(of_column);
    }
    all
}

fn labelled(losses: &difference::Difference, seen: u64) -> Option<Labelled> {
    let (from, to) = losses.losses()?;
    let (low, high) = losses.bounds(LEVEL).unzip();
    Some(Labelled {
        rows: losses.rows(),
        seen,
        log_loss: LogLoss {
            from,
            to,
            difference: losses.mean()?,
            low,
            high,
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::fixture::wines;
    use crate::schema::row::Purpose;
    use crate::schema::{Row, Scalar};
    use crate::stats::scores::log_loss;

    /// Adds a bottle with one value and both probabilities, decided at one half, and perhaps a label.
    fn add(
        compare: &mut Compare<'_>,
        value: Option<(&str, &str)>,
        (from, to): (f64, f64),
        label: Option<Known>,
    ) {
        let mut row = Row::new(compare.schema, Purpose::Look);
        let value = value.map(|(column, level)| (column, Scalar::Text(level.into())));
        row.read(compare.schema, value);
        let decisions = (from >= 0.5, to >= 0.5);
        let pair = Pair {
            from,
            to,
            decisions,
            label,
        };
        compare.update(row.view(), pair);
    }

    fn known(positive: bool, seen: bool) -> Option<Known> {
        Some(Known { positive, seen })
    }

    #[test]
    fn flips_differences_levels_and_labels() {
        let schema = wines();
        let mut compare = Compare::new(&schema);
        let [red, white] = ["red", "white"].map(|colour| Some(("colour", colour)));
        add(&mut compare, red, (0.25, 0.75), known(true, true));
        add(&mut compare, red, (0.75, 0.25), known(true, false));
        add(&mut compare, white, (0.5, 0.625), None);
        add(&mut compare, None, (0.125, 0.5), known(false, false));
        compare.skip();
        let replay = compare.finish("wines@1".into(), "wines@2".into());
        assert_eq!((replay.rows, replay.skipped), (4, 1));
        let flips = Flips {
            to_positive: 2,
            to_negative: 1,
        };
        assert_eq!(replay.flips, flips);
        assert!((replay.difference.mean.unwrap() - 0.125).abs() < 1e-15);
        // numpy 2.4.6: np.quantile([0.5, -0.5, 0.125, 0.375], q)
        let quantiles: Vec<_> = replay.difference.quantiles.values().flatten().collect();
        for (found, expected) in quantiles
            .iter()
            .zip([-0.40625, -0.03125, 0.25, 0.40625, 0.48125])
        {
            assert!((**found - expected).abs() < 5e-7, "{found} {expected}");
        }
        let colours = replay
            .by_column
            .iter()
            .filter(|level| level.column == "colour");
        let colours: Vec<_> = colours
            .map(|l| (serde_json::json!(l.level), l.rows, l.flips))
            .collect();
        assert_eq!(
            colours,
            [
                (json!("red"), 2, 2),
                (json!(null), 1, 1),
                (json!("white"), 1, 0)
            ]
        );
        let labelled = replay.labelled.unwrap();
        assert_eq!((labelled.rows, labelled.seen), (3, 1));
        let mean = |losses: [f64; 3]| losses.iter().sum::<f64>() / 3.0;
        let from = mean([
            log_loss(0.25, true),
            log_loss(0.75, true),
            log_loss(0.125, false),
        ]);
        let to = mean([
            log_loss(0.75, true),
            log_loss(0.25, true),
            log_loss(0.5, false),
        ]);
        let loss = labelled.log_loss;
        for (found, expected) in [
            (loss.from, from),
            (loss.to, to),
            (loss.difference, from - to),
        ] {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        assert!(loss.low.unwrap() < loss.difference && loss.difference < loss.high.unwrap());
    }

    #[test]
    fn nothing_is_known_of_no_rows() {
        let schema = wines();
        let replay = Compare::new(&schema).finish("wines@1".into(), "wines@2".into());
        assert_eq!((replay.rows, replay.difference.mean), (0, None));
        assert!(replay.difference.quantiles.values().all(Option::is_none));
        assert_eq!(replay.labelled, None);
        assert!(replay.by_column.is_empty());
    }

    #[test]
    fn a_column_of_too_many_levels_is_left_out() {
        let schema = wines();
        let mut compare = Compare::new(&schema);
        for n in 0..=MOST_LEVELS {
            add(
                &mut compare,
                Some(("stars", &format!("s{n}"))),
                (0.25, 0.75),
                None,
            );
        }
        let replay = compare.finish("wines@1".into(), "wines@2".into());
        assert_eq!(replay.rows, MOST_LEVELS as u64 + 1);
        assert!(replay.by_column.iter().all(|level| level.column != "stars"));
    }
}
