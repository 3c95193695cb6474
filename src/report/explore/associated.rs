//! Associations with the target and among the columns.

use super::exploration::Exploration;
use super::pairs::{Association, Measure};
use super::words::{fixed, short};
use crate::report::chart::{Axis, Cell, Chart, bars, heat_map, plain};
use crate::report::document::{Block, Section};
use crate::report::table::Table;

/// Associations on the page, with the target and among the columns.
const PAIRS: usize = 60;
/// Columns of a heat map: as many as leave room for a figure in each cell.
pub const HEAT: usize = 12;

pub fn section(e: &Exploration) -> Option<Section> {
    if e.associations.is_empty() {
        return None;
    }
    let target = e.target.as_ref().map(|t| t.column.as_str());
    let with = || {
        e.associations
            .iter()
            .filter(|a| Some(a.b.as_str()) == target)
    };
    let among = || {
        e.associations
            .iter()
            .filter(|a| Some(a.b.as_str()) != target)
    };
    let mut section = Section::new("associations", "Associations").with(format!(
        "{} pairs were measured, {} are in the JSON. Strength puts all measures on one scale from 0 to 1; each measure has its 95 % interval.",
        plain(e.pairs.tested as f64),
        plain(e.pairs.shown as f64)
    ));
    if let Some(rows) = e.pairs.searched_rows {
        section = section.with(format!(
            "The strongest pairs among the columns were searched on {} rows; their figures are of all.",
            plain(rows as f64)
        ));
    }
    if let Some(target) = target.filter(|_| with().next().is_some()) {
        let mut best: Vec<(&str, f64)> = Vec::new();
        for found in with() {
            if !best.iter().any(|(name, _)| *name == found.a) {
                best.push((&found.a, found.strength));
            }
        }
        best.truncate(HEAT);
        let names = best.iter().map(|(name, _)| short(name)).collect();
        let strengths: Vec<f64> = best.iter().map(|(_, strength)| *strength).collect();
        let title = format!("What each column says about {}", short(target));
        let axis = Axis::from_zero("strength");
        let chart = bars(
            title,
            Axis::names("column", names),
            axis,
            &[("strength", &strengths)],
        );
        section = section
            .with(chart)
            .with(table("With the target", with().take(PAIRS)));
    }
    section = section.with_all(heat(e).map(Block::from));
    if among().next().is_some() {
        let strongest = table("Among the columns", among().take(PAIRS));
        section = section.with(Block::Part {
            title: "The strongest pairs among the columns".into(),
            is_detail: target.is_some(),
            blocks: vec![strongest.into()],
        });
    }
    Some(section)
}

fn table<'a>(caption: &str, all: impl Iterator<Item = &'a Association>) -> Table {
    let headings = [
        "column",
        "and",
        "measure",
        "value#",
        "from#",
        "to#",
        "strength#",
        "rows#",
    ];
    let mut table = Table::new(caption, &headings);
    for found in all {
        let end = |end: Option<f64>| end.map_or_else(|| "–".to_owned(), fixed);
        let uncorrected = found.cramers_v_uncorrected;
        let measure = match uncorrected {
            Some(v) => format!("{} (uncorrected {})", Measure::CramersV.words(), fixed(v)),
            None => found.measure.words().to_owned(),
        };
        table.row([
            short(&found.a),
            short(&found.b),
            measure,
            fixed(found.value),
            end(found.low),
            end(found.high),
            fixed(found.strength),
            plain(found.rows as f64),
        ]);
    }
    table
}

/// The strengths of all pairs of the columns that have the strongest.
fn heat(e: &Exploration) -> Option<Chart> {
    let mut names: Vec<&str> = Vec::new();
    for found in &e.associations {
        for name in [found.b.as_str(), found.a.as_str()] {
            if !names.contains(&name) && names.len() < HEAT {
                names.push(name);
            }
        }
    }
    if names.len() < 3 {
        return None;
    }
    let place = |name: &str| names.iter().position(|other| *other == name);
    let mut cells = vec![
        vec![
            Cell {
                share: None,
                label: String::new()
            };
            names.len()
        ];
        names.len()
    ];
    for found in &e.associations {
        let Some((a, b)) = place(&found.a).zip(place(&found.b)) else {
            continue;
        };
        for (r, c) in [(a, b), (b, a)] {
            if cells[r][c].share.is_none_or(|share| share < found.strength) {
                cells[r][c] = Cell {
                    share: Some(found.strength),
                    label: format!("{:.2}", found.strength),
                };
            }
        }
    }
    // Across there is no room for names: numbers stand for them.
    let numbered = names.iter().enumerate();
    let down = numbered.map(|(i, name)| format!("{} {}", short(name), i + 1));
    let across = (1..=names.len()).map(|i| i.to_string());
    let mut chart = heat_map(
        "Strength of the associations",
        Axis::names("", across.collect()),
        Axis::names("", down.collect()),
        cells,
    );
    let first = &e.associations[0];
    chart.summary = format!(
        "Strengths from 0 to 1; the largest is that of {} and {} with {}.",
        short(&first.a),
        short(&first.b),
        fixed(first.strength)
    );
    Some(chart)
}
