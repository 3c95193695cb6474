//! The distributions of the columns that matter most, by the target where there is one.

use super::column::{ByTarget, Column, Distribution, Statistics};
use super::exploration::Exploration;
use super::words::{percent, short};
use crate::report::chart::{Axis, Chart, Counts, Mark, Spot, bars, histogram};
use crate::report::document::{Block, Section};

/// Columns with a chart of their own.
const CHARTS: usize = 24;

/// The columns that matter most: by what they say about the target, or about each other.
fn important(e: &Exploration) -> Vec<&Column> {
    let mut strengths: Vec<(f64, usize)> = Vec::new();
    let target = e.target.as_ref().map(|t| t.column.as_str());
    for (i, column) in e.columns.iter().enumerate() {
        let is_charted = column.distribution.is_some()
            && column.distinct > 1
            && Some(column.name.as_str()) != target
            && column.kind != "id"
            && !is_free(column);
        if is_charted {
            strengths.push((0.0, i));
        }
    }
    let place: std::collections::BTreeMap<&str, usize> = strengths
        .iter()
        .enumerate()
        .map(|(place, (_, i))| (e.columns[*i].name.as_str(), place))
        .collect();
    let of_target = |b: &str| target.is_none_or(|target| target == b);
    for found in e.associations.iter().filter(|a| of_target(&a.b)) {
        for name in [&found.a, &found.b] {
            if let Some(place) = place.get(name.as_str()) {
                strengths[*place].0 = strengths[*place].0.max(found.strength);
            }
        }
    }
    strengths.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    strengths
        .iter()
        .take(CHARTS)
        .map(|(_, i)| &e.columns[*i])
        .collect()
}

/// Text that hardly repeats has no picture.
pub fn is_free(column: &Column) -> bool {
    match &column.statistics {
        Statistics::Level { present, .. } => column.distinct > 20 && column.distinct * 2 > *present,
        Statistics::Number(n) => !column.used && column.distinct >= n.present,
        _ => false,
    }
}

pub fn section(e: &Exploration) -> Option<Section> {
    let important = important(e);
    let mut section = Section::new("distributions", "Distributions");
    let words = match &e.target {
        Some(target) => format!(
            "By {}: numbers as shares of the rows of each value, categories as the share of {} = {} with its 95 % interval. The columns that say most come first.",
            short(&target.column),
            short(&target.column),
            target.positive
        ),
        None => "The columns that are associated most come first.".into(),
    };
    let charts: Vec<Chart> = important.iter().filter_map(|c| chart(e, c)).collect();
    if charts.is_empty() {
        return None;
    }
    let (shown, all) = (
        charts.len(),
        e.columns.len() - usize::from(e.target.is_some()),
    );
    section = section.with(words).with(Block::Charts(charts));
    if let Some(rest @ 1..) = all.checked_sub(shown) {
        let text = format!("{rest} other columns are drawn in the table of columns only.");
        section = section.with(text);
    }
    Some(section)
}

fn chart(e: &Exploration, column: &Column) -> Option<Chart> {
    let name = short(&column.name);
    let beyond = match &column.distribution {
        Some(Distribution::Bins { below, above, .. }) if below + above > 0 => {
            format!(" ({} values beyond)", below + above)
        }
        _ => String::new(),
    };
    match (&column.by_target, &e.target) {
        (
            Some(ByTarget::Bins {
                edges,
                positive,
                negative,
            }),
            Some(target),
        ) => {
            let series = [&target.negative, &target.positive]
                .map(|v| format!("{} = {v}", short(&target.column)));
            let [negative, positive] = [negative, positive].map(|counts| float(counts));
            let all = [
                Counts {
                    series: &series[0],
                    counts: &negative,
                },
                Counts {
                    series: &series[1],
                    counts: &positive,
                },
            ];
            Some(histogram(name.clone() + &beyond, &name, "", edges, &all))
        }
        (Some(ByTarget::Levels { levels }), Some(target)) => {
            let names: Vec<String> = levels.iter().map(|l| short(&l.level)).collect();
            let spots = levels.iter().enumerate().map(|(i, level)| Spot {
                x: i as f64,
                y: level.share,
                interval: Some((level.low, level.high)),
            });
            let largest = levels.iter().max_by(|a, b| a.share.total_cmp(&b.share))?;
            Some(Chart {
                title: name.clone(),
                summary: format!(
                    "Share of {} = {} by {name}: largest for {} with {} of {} rows.",
                    short(&target.column),
                    target.positive,
                    short(&largest.level),
                    percent(largest.share),
                    largest.positive + largest.negative
                ),
                x: Axis::names(name, names),
                y: Axis::share(format!(
                    "share of {} = {}",
                    short(&target.column),
                    target.positive
                )),
                marks: vec![Mark::Points {
                    series: "share".into(),
                    points: spots.collect(),
                }],
            })
        }
        _ => match column.distribution.as_ref()? {
            Distribution::Bins { edges, counts, .. } => {
                let counts = float(counts);
                let all = [Counts {
                    series: "rows",
                    counts: &counts,
                }];
                Some(histogram(name.clone() + &beyond, &name, "", edges, &all))
            }
            Distribution::Levels { levels, .. } => {
                let shown = levels.iter().take(8);
                let names = shown.clone().map(|l| short(&l.level)).collect();
                let counts: Vec<f64> = shown.map(|l| l.rows as f64).collect();
                let axis = Axis::names(name.clone(), names);
                Some(bars(name, axis, Axis::count("rows"), &[("rows", &counts)]))
            }
        },
    }
}

fn float(counts: &[u64]) -> Vec<f64> {
    counts.iter().map(|count| *count as f64).collect()
}
