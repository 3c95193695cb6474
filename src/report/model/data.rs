//! The training table and the features made of it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::facts::Facts;
use super::words::{count, counted, none, percent};
use crate::report::chart::{Axis, Counts, bars, histogram, plain};
use crate::report::document::{Block, Section, Style, Text};
use crate::report::table::Table;
use crate::stats::profile::{NumberProfile, Observed};

/// Bars of a histogram.
const BINS: usize = 16;
/// Columns whose distribution is drawn, the first that the model reads.
const DRAWN: usize = 24;
/// Levels that are shown of a category, the most frequent first.
const LEVELS: usize = 12;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Data {
    pub rows: u64,
    pub positives: u64,
    /// Rows that violate the schema and were not used.
    pub left_out: u64,
    /// Why the training table cannot be read; null if it is kept.
    pub gone: Option<String>,
    pub columns: Vec<Column>,
    pub warnings: Vec<String>,
    pub features: Vec<Feature>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Column {
    pub name: String,
    pub kind: String,
    pub unit: String,
    pub about: String,
    /// Share of rows without a value.
    pub missing: f64,
    pub is_read: bool,
    /// Whether its distribution is drawn.
    pub is_drawn: bool,
    pub numbers: Option<Numbers>,
    /// Most frequent first.
    pub levels: Vec<Level>,
}

/// Statistics of the values of a number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Numbers {
    pub min: f64,
    pub quartiles: [f64; 3],
    pub max: f64,
    pub mean: f64,
    pub sd: f64,
    /// Empty unless it is drawn.
    pub histogram: Vec<Bin>,
}

/// Values from `low` to below `high`; the last bin includes its end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    pub low: f64,
    pub high: f64,
    pub rows: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Level {
    pub level: String,
    pub rows: u64,
}

/// Features that one step makes of the same columns.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Feature {
    pub names: Vec<String>,
    /// Columns that they are computed from.
    pub columns: Vec<String>,
    /// Whether they are computed from the labels of other rows.
    pub from_target: bool,
}

impl Data {
    pub fn of(facts: &Facts<'_>) -> Data {
        let (model, card) = (facts.model, facts.model.card());
        let read = model.columns_read();
        let drawn: BTreeSet<usize> = read.iter().copied().take(DRAWN).collect();
        let observed = |name: &str| {
            let found = model.profile().columns.iter().find(|c| c.name == name);
            found.map(|column| &column.observed)
        };
        let columns = model
            .schema()
            .columns()
            .iter()
            .enumerate()
            .map(|(i, column)| {
                let observed = observed(&column.name);
                Column {
                    name: column.name.clone(),
                    kind: column.kind.word().into(),
                    unit: column.unit.clone(),
                    about: column.about.clone(),
                    missing: observed.map_or(0.0, |o| o.missing() as f64 / o.rows().max(1) as f64),
                    is_read: read.contains(&i),
                    is_drawn: drawn.contains(&i),
                    numbers: observed.and_then(|found| Numbers::of(found, drawn.contains(&i))),
                    levels: observed.map(levels).unwrap_or_default(),
                }
            });
        Data {
            rows: card.rows as u64,
            positives: card.positives as u64,
            left_out: card.left_out as u64,
            gone: facts.table.as_ref().err().cloned(),
            columns: columns.collect(),
            warnings: card
                .table_warnings
                .iter()
                .map(ToString::to_string)
                .chain(card.warnings.iter().cloned())
                .collect(),
            features: features(facts),
        }
    }

    pub fn section(&self) -> Section {
        let mut section = Section::new("data", "Data");
        let rows = format!(
            "{} were learnt from, {} of them positive. {} left out because they violate the schema.",
            counted(self.rows, "row"),
            count(self.positives),
            match self.left_out {
                0 => "No row was".into(),
                1 => "1 row was".into(),
                more => format!("{} rows were", count(more)),
            }
        );
        section = section.with(rows);
        if let Some(gone) = &self.gone {
            let text = format!("{gone}. What follows is what the model file keeps of it.");
            section = section
                .with(Text::strong("The training table cannot be read: ").and(Style::Plain, text));
        }
        section = section.with(self.columns());
        let charts: Vec<_> = self.columns.iter().filter_map(Column::chart).collect();
        if !charts.is_empty() {
            section = section.with(part("Distributions", vec![Block::Charts(charts)]));
        }
        if !self.warnings.is_empty() {
            let warnings = self
                .warnings
                .iter()
                .map(|w| Text::from(w.as_str()))
                .collect();
            section = section.with(part("Warnings", vec![Block::List(warnings)]));
        }
        section.with(part("Recipe", self.recipe()))
    }

    fn columns(&self) -> Table {
        let headings = [
            "column",
            "kind",
            "missing#",
            "min#",
            "quartile#",
            "median#",
            "quartile#",
            "max#",
            "mean#",
            "sd#",
            "levels",
        ];
        let mut table = Table::new("Columns", &headings);
        for column in &self.columns {
            let mut row = vec![
                match column.unit.as_str() {
                    "" => column.name.clone(),
                    unit => format!("{} ({unit})", column.name),
                },
                column.kind.clone(),
                percent(column.missing),
            ];
            match &column.numbers {
                Some(n) => {
                    let [low, median, high] = n.quartiles;
                    let figures = [n.min, low, median, high, n.max, n.mean, n.sd];
                    row.extend(figures.map(plain));
                }
                None => row.extend((0..7).map(|_| none())),
            }
            let levels: Vec<String> = column
                .levels
                .iter()
                .map(|l| format!("{}:\u{a0}{}", l.level, count(l.rows)))
                .collect();
            row.push(match levels.len() {
                0 => none(),
                _ => levels.join(", "),
            });
            table.row(row);
        }
        table
    }

    fn recipe(&self) -> Vec<Block> {
        let mut table = Table::new(
            "Features",
            &["features", "computed from", "uses labels of other rows"],
        );
        for feature in &self.features {
            table.row([
                feature.names.join(", "),
                feature.columns.join(", "),
                if feature.from_target { "yes" } else { "no" }.into(),
            ]);
        }
        let mut blocks = vec![
            Block::from(
                "The recipe turns the columns of a row into these features. It is fitted on the training rows alone, within \
                 each fold of the cross-validation.",
            ),
            Block::Table(table),
        ];
        let unread: Vec<&str> = self
            .columns
            .iter()
            .filter(|c| !c.is_read)
            .map(|c| c.name.as_str())
            .collect();
        if !unread.is_empty() {
            blocks.push(Block::from(format!(
                "Columns that no feature is computed from: {}.",
                unread.join(", ")
            )));
        }
        if self.features.iter().any(|f| f.from_target) {
            blocks.push(Block::from(
                "Features that use labels never use the label of their own row: in training, each row is left out of its own \
                 features.",
            ));
        }
        blocks
    }
}

pub fn part(title: &str, blocks: Vec<Block>) -> Block {
    Block::Part {
        title: title.into(),
        is_detail: false,
        blocks,
    }
}

/// Features of a recipe; those with the same beginning and the same columns together.
fn features(facts: &Facts<'_>) -> Vec<Feature> {
    let schema = facts.model.schema();
    let mut found: Vec<(String, Feature)> = Vec::new();
    for feature in facts.model.recipe().features() {
        let column = |i: &u32| schema.columns().get(*i as usize).map(|c| c.name.clone());
        let columns: Vec<String> = feature.sources.iter().filter_map(column).collect();
        let stem = feature
            .name
            .split(['=', '.'])
            .next()
            .unwrap_or_default()
            .to_owned();
        match found.last_mut() {
            Some((last, group)) if *last == stem && group.columns == columns => {
                group.names.push(feature.name.clone());
            }
            _ => {
                let feature = Feature {
                    names: vec![feature.name.clone()],
                    columns,
                    from_target: feature.from_target,
                };
                found.push((stem, feature));
            }
        }
    }
    found.into_iter().map(|(_, feature)| feature).collect()
}

fn levels(observed: &Observed) -> Vec<Level> {
    let Observed::Category(category) = observed else {
        return Vec::new();
    };
    let mut levels: Vec<Level> = category
        .levels
        .iter()
        .map(|level| Level {
            level: level.name.clone(),
            rows: level.count,
        })
        .collect();
    levels.sort_by_key(|level| std::cmp::Reverse(level.rows));
    let rest: u64 = levels.iter().skip(LEVELS).map(|l| l.rows).sum::<u64>() + category.unseen;
    levels.truncate(LEVELS);
    if rest > 0 {
        levels.push(Level {
            level: "others".into(),
            rows: rest,
        });
    }
    levels
}

impl Numbers {
    fn of(observed: &Observed, is_drawn: bool) -> Option<Numbers> {
        let Observed::Number(number) = observed else {
            return None;
        };
        let at = |share: f64| quantile(&number.sample, share);
        Some(Numbers {
            min: number.min?,
            quartiles: [at(0.25)?, at(0.5)?, at(0.75)?],
            max: number.max?,
            mean: number.mean?,
            sd: number.sd?,
            histogram: match is_drawn {
                true => histogram_of(number),
                false => Vec::new(),
            },
        })
    }
}

/// By linear interpolation between order statistics, as numpy's default.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (
        sorted[place.floor() as usize],
        sorted[place.ceil() as usize],
    );
    Some(low + (high - low) * place.fract())
}

/// Counts of the sample, scaled to all values.
fn histogram_of(number: &NumberProfile) -> Vec<Bin> {
    let (Some(min), Some(max)) = (number.min, number.max) else {
        return Vec::new();
    };
    if min >= max || !(max - min).is_finite() {
        return vec![Bin {
            low: min,
            high: max,
            rows: number.present(),
        }];
    }
    let is_whole = number.sample.iter().all(|v| v.fract() == 0.0);
    let bins = match is_whole && max - min < BINS as f64 {
        true => (max - min) as usize + 1,
        false => BINS,
    };
    let step = match is_whole && max - min < BINS as f64 {
        true => 1.0,
        false => (max - min) / bins as f64,
    };
    let mut counts = vec![0_usize; bins];
    for value in &number.sample {
        counts[(((value - min) / step) as usize).min(bins - 1)] += 1;
    }
    let scale = number.present() as f64 / number.sample.len().max(1) as f64;
    let bin = |(i, count): (usize, &usize)| Bin {
        low: min + step * i as f64,
        high: min + step * (i + 1) as f64,
        rows: (*count as f64 * scale).round() as u64,
    };
    counts.iter().enumerate().map(bin).collect()
}

impl Column {
    fn chart(&self) -> Option<crate::report::chart::Chart> {
        if !self.is_drawn {
            return None;
        }
        if let Some(numbers) = self.numbers.as_ref().filter(|n| n.histogram.len() > 1) {
            let mut edges: Vec<f64> = numbers.histogram.iter().map(|bin| bin.low).collect();
            edges.extend(numbers.histogram.last().map(|bin| bin.high));
            let counts: Vec<f64> = numbers
                .histogram
                .iter()
                .map(|bin| bin.rows as f64)
                .collect();
            let counts = Counts {
                series: "training rows",
                counts: &counts,
            };
            let title = format!("Distribution of {}", self.name);
            return Some(histogram(title, &self.name, &self.unit, &edges, &[counts]));
        }
        if self.levels.is_empty() {
            return None;
        }
        let names = self.levels.iter().map(|l| l.level.clone()).collect();
        let counts: Vec<f64> = self.levels.iter().map(|l| l.rows as f64).collect();
        let (names, rows) = (Axis::names(&self.name, names), Axis::count("rows"));
        Some(bars(
            format!("Distribution of {}", self.name),
            names,
            rows,
            &[("training rows", &counts)],
        ))
    }
}
