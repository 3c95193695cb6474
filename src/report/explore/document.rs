//! The exploration as a document for people: findings first, then what they rest on.

use super::against;
use super::column::{ByTarget, Column, Distribution, Statistics};
use super::exploration::{Exploration, Severity};
use super::pairs::{Association, Measure};
use super::rows::{Agreement, Pattern};
use super::words::{fixed, list, of, percent, short, spark};
use crate::report::chart::{
    Axis, Cell, Chart, Counts, Mark, Spot, bars, heat_map, histogram, plain,
};
use crate::report::document::{Block, Document, Section, Style, Text};
use crate::report::table::Table;

/// Columns with a chart of their own: those that matter most.
const CHARTS: usize = 24;
/// Rows of a table on the page; the JSON has all.
const ROWS: usize = 1_000;
/// Associations on the page, with the target and among the columns.
const PAIRS: usize = 60;
/// Columns of a heat map: as many as leave room for a figure in each cell.
const HEAT: usize = 12;
/// Missing patterns that are drawn.
const PATTERNS: usize = 12;
/// Characters of a reason.
const REASON: usize = 220;

/// The exploration for people.
pub fn document(e: &Exploration) -> Document {
    let mut sections = vec![findings(e), columns(e)];
    sections.extend(against::section(e));
    sections.extend(
        [
            distributions(e),
            missing(e),
            associations(e),
            leakage(e),
            rows(e),
            numbers(e),
            definitions(e),
        ]
        .into_iter()
        .flatten(),
    );
    Document {
        title: format!("What is in {}", file(&e.source)),
        lead: vec![Block::Facts(facts(e))],
        sections,
    }
}

/// The last part of a path.
fn file(source: &str) -> String {
    short(source.rsplit(['/', '\\']).next().unwrap_or(source))
}

fn facts(e: &Exploration) -> Vec<(String, Text)> {
    let mut facts: Vec<(String, Text)> = vec![
        ("Source".into(), Text::code(e.source.clone())),
        ("Rows".into(), plain(e.rows as f64).into()),
        ("Columns".into(), plain(e.columns.len() as f64).into()),
    ];
    if let Some(sampled) = e.sampled {
        let text = format!(
            "Statistics, associations and charts are of {} rows drawn at random (seed {}). Rows, missing values and repeated rows are counted over the whole table.",
            plain(sampled.rows as f64),
            sampled.seed
        );
        facts.push(("Sample".into(), text.into()));
    }
    if let Some(target) = &e.target {
        let text = Text::code(target.column.clone()).and(
            Style::Plain,
            format!(
                ": {} in {} of {} rows ({})",
                target.positive,
                plain(target.rows.positive as f64),
                plain((target.rows.positive + target.rows.negative) as f64),
                percent(target.share)
            ),
        );
        facts.push(("Target".into(), text));
    }
    facts
}

fn findings(e: &Exploration) -> Section {
    let mut section = Section::new("findings", "Findings");
    let parts = [
        (
            Severity::High,
            "High: the model, or what is measured of it, would be wrong",
        ),
        (
            Severity::Medium,
            "Medium: the model would be worse than it could be",
        ),
        (Severity::Low, "Low: good to know"),
    ];
    for (severity, title) in parts {
        let of = e.findings.iter().filter(|f| f.severity == severity);
        let items: Vec<Text> = of.map(|f| f.text.as_str().into()).collect();
        if !items.is_empty() {
            section = section.with(Block::Part {
                title: title.into(),
                is_detail: false,
                blocks: vec![Block::List(items)],
            });
        }
    }
    match e.findings.is_empty() {
        true => section.with("Nothing stands out."),
        false => section,
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(REASON) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Says that a table is cut, if it is.
fn with_rest(section: Section, table: Table, all: usize) -> Section {
    let shown = table.rows.len();
    let section = section.with(table);
    match all > shown {
        true => section.with(format!("{} more are in the JSON (--json).", all - shown)),
        false => section,
    }
}

fn columns(e: &Exploration) -> Section {
    let headings = [
        "column",
        "taken for",
        "missing#",
        "distinct#",
        "distribution",
        "why",
        "in the inferred spec",
    ];
    let mut table = Table::new("Columns", &headings);
    for column in e.columns.iter().take(ROWS * 2) {
        let counts = match &column.distribution {
            _ if is_free(column) => String::new(),
            Some(Distribution::Bins { counts, .. }) => spark(counts),
            Some(Distribution::Levels { levels, .. }) => {
                let counts: Vec<u64> = levels.iter().map(|l| l.rows).collect();
                spark(&counts)
            }
            None => String::new(),
        };
        let missing = match column.missing {
            0 => "0".into(),
            missing => format!("{} ({})", plain(missing as f64), of(missing, e.rows)),
        };
        table.row([
            short(&column.name),
            column.kind.to_owned(),
            missing,
            plain(column.distinct as f64),
            counts,
            cut(&column.why),
            cut(&column.treatment),
        ]);
    }
    let section = Section::new("columns", "Columns").with(
        "What each column is taken for, and what the spec that spec infer would write does with it. Levels are in order of frequency, numbers in order of size.",
    );
    with_rest(section, table, e.columns.len())
}

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
fn is_free(column: &Column) -> bool {
    match &column.statistics {
        Statistics::Level { present, .. } => column.distinct > 20 && column.distinct * 2 > *present,
        Statistics::Number(n) => !column.used && column.distinct >= n.present,
        _ => false,
    }
}

fn distributions(e: &Exploration) -> Option<Section> {
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
                Some(bars(
                    name,
                    axis,
                    Axis::from_zero("rows"),
                    &[("rows", &counts)],
                ))
            }
        },
    }
}

fn float(counts: &[u64]) -> Vec<f64> {
    counts.iter().map(|count| *count as f64).collect()
}

fn missing(e: &Exploration) -> Option<Section> {
    let mut holed: Vec<&Column> = e.columns.iter().filter(|c| c.missing > 0).collect();
    if holed.is_empty() {
        return None;
    }
    holed.sort_by_key(|column| std::cmp::Reverse(column.missing));
    let complete = e.missing_patterns.iter().find(|p| p.columns.is_empty());
    let rows: u64 = e.sampled.map_or(e.rows, |s| s.rows as u64);
    let complete = complete.map_or(0, |p| p.rows);
    let mut section = Section::new("missing", "Missing values").with(format!(
        "{} of {} columns have gaps; {} of {} rows ({}) are complete.",
        holed.len(),
        e.columns.len(),
        plain(complete as f64),
        plain(rows as f64),
        of(complete, rows)
    ));
    let shown: Vec<&&Column> = holed.iter().take(HEAT).collect();
    let names: Vec<String> = shown.iter().map(|c| short(&c.name)).collect();
    let shares: Vec<f64> = shown
        .iter()
        .map(|c| c.missing as f64 / e.rows.max(1) as f64)
        .collect();
    let chart = bars(
        "Share of the rows without a value",
        Axis::names("column", names.clone()),
        Axis::share("missing"),
        &[("missing", &shares)],
    );
    section = section.with(chart);
    let gaps: Vec<&Pattern> = e
        .missing_patterns
        .iter()
        .filter(|p| !p.columns.is_empty())
        .collect();
    let drawn = &gaps[..gaps.len().min(PATTERNS)];
    let cells: Vec<Vec<Cell>> = shown
        .iter()
        .map(|column| {
            let cell = |pattern: &&Pattern| Cell {
                share: Some(f64::from(u8::from(pattern.columns.contains(&column.name)))),
                label: String::new(),
            };
            drawn.iter().map(cell).collect()
        })
        .collect();
    if shown.len() > 1 && drawn.len() > 1 {
        let rows = drawn.iter().map(|p| plain(p.rows as f64)).collect();
        let mut chart = heat_map(
            "Which columns are missing together",
            Axis::names("rows with this pattern; dark is missing", rows),
            Axis::names("", names),
            cells,
        );
        chart.summary = format!(
            "The most frequent pattern with gaps lacks {} in {} rows.",
            list(&gaps[0].columns),
            gaps[0].rows
        );
        section = section.with(chart);
    }
    let mut table = Table::new(
        "Missing patterns",
        &["rows#", "share#", "columns#", "missing together"],
    );
    for pattern in e.missing_patterns.iter().take(20) {
        let names = match pattern.columns.is_empty() {
            true => "none: these rows are complete".into(),
            false => list(&pattern.columns),
        };
        table.row([
            plain(pattern.rows as f64),
            of(pattern.rows, rows),
            pattern.columns.len().to_string(),
            names,
        ]);
    }
    Some(section.with(Block::Part {
        title: "Patterns".into(),
        is_detail: true,
        blocks: vec![table.into()],
    }))
}

fn associations(e: &Exploration) -> Option<Section> {
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

fn leakage(e: &Exploration) -> Option<Section> {
    e.target.as_ref()?;
    let section = Section::new("leakage", "Leakage suspects");
    if e.leakage.is_empty() {
        return Some(section.with("No column alone separates the target (AUC of 0.95 or more)."));
    }
    let mut table = Table::new("Leakage suspects", &["column", "AUC#", "reason"]);
    for leak in e.leakage.iter().take(ROWS) {
        table.row([
            short(&leak.column),
            format!("{:.4}", leak.auc),
            leak.reason.clone(),
        ]);
    }
    Some(with_rest(section, table, e.leakage.len()))
}

fn rows(e: &Exploration) -> Option<Section> {
    let d = &e.duplicates;
    let mut facts: Vec<(String, Text)> = vec![
        (
            "Repeated rows".into(),
            format!("{} ({})", plain(d.rows as f64), of(d.rows, e.rows)).into(),
        ),
        ("Equal columns".into(), plain(d.columns as f64).into()),
    ];
    if let Some(rows) = d.rows_without_ids {
        let name = "Repeated but for what names the rows".into();
        facts.insert(1, (name, plain(rows as f64).into()));
    }
    let mut section = Section::new("rows", "Repeated rows and groups").with(Block::Facts(facts));
    if !e.groups.is_empty() {
        let headings = [
            "key",
            "groups#",
            "rows#",
            "largest#",
            "agree in",
            "of pairs#",
            "by chance#",
            "same target#",
            "by chance#",
        ];
        let mut table = Table::new("Groups", &headings);
        for group in &e.groups {
            let target = |of: fn(&Agreement) -> f64| {
                group
                    .target
                    .as_ref()
                    .map_or_else(|| "–".into(), |t| percent(of(t)))
            };
            table.row([
                list(&group.key),
                plain(group.groups as f64),
                plain(group.rows as f64),
                plain(group.largest as f64),
                short(&group.agrees_in),
                percent(group.agreement),
                percent(group.by_chance),
                target(|t| t.within),
                target(|t| t.by_chance),
            ]);
        }
        section = section
            .with("Rows that share a value of these columns belong together, judged by the data alone.")
            .with(table);
    }
    Some(section)
}

fn numbers(e: &Exploration) -> Option<Section> {
    let headings = [
        "column",
        "mean#",
        "sd#",
        "min#",
        "25 %#",
        "median#",
        "75 %#",
        "max#",
        "skewness#",
        "zeros#",
        "outliers#",
        "outside",
    ];
    let mut numbers = Table::new("Numbers", &headings);
    let headings = [
        "column",
        "most frequent",
        "rows#",
        "share#",
        "levels of one row#",
        "entropy (nats)#",
        "characters#",
    ];
    let mut levels = Table::new("Categories and texts", &headings);
    let mut dates = Table::new("Dates", &["column", "first", "last"]);
    let (mut all_numbers, mut all_levels) = (0, 0);
    let features = e
        .columns
        .iter()
        .filter(|c| !matches!(c.kind, "id" | "target"));
    for column in features {
        let name = short(&column.name);
        match &column.statistics {
            Statistics::Number(n) => {
                all_numbers += 1;
                let optional = |v: Option<f64>| v.map_or_else(|| "–".into(), plain);
                let o = &n.outliers;
                if numbers.rows.len() < ROWS {
                    numbers.row([
                        name,
                        plain(n.mean),
                        optional(n.sd),
                        plain(n.min),
                        plain(n.q25),
                        plain(n.median),
                        plain(n.q75),
                        plain(n.max),
                        optional(n.skewness),
                        plain(n.zeros as f64),
                        plain(o.rows as f64),
                        format!("{} to {}", plain(o.low), plain(o.high)),
                    ]);
                }
            }
            Statistics::Level {
                present,
                most,
                most_rows,
                single,
                entropy,
                shortest,
                longest,
            } => {
                all_levels += 1;
                let lengths = match shortest == longest {
                    true => shortest.to_string(),
                    false => format!("{shortest} to {longest}"),
                };
                if levels.rows.len() < ROWS {
                    levels.row([
                        name,
                        short(most),
                        plain(*most_rows as f64),
                        of(*most_rows, *present),
                        plain(*single as f64),
                        plain(*entropy),
                        lengths,
                    ]);
                }
            }
            Statistics::Date { min, max, .. } => dates.row([name, min.clone(), max.clone()]),
            Statistics::Empty { .. } => {}
        }
    }
    let mut section = Section::new("statistics", "Statistics");
    let parts = [
        (numbers, all_numbers),
        (levels, all_levels),
        (dates.clone(), dates.rows.len()),
    ];
    let mut is_empty = true;
    for (table, all) in parts {
        if !table.rows.is_empty() {
            is_empty = false;
            section = section.with(Block::Part {
                title: table.caption.clone(),
                is_detail: false,
                blocks: Vec::new(),
            });
            section = with_rest(section, table, all);
        }
    }
    (!is_empty).then_some(section)
}

fn definitions(e: &Exploration) -> Option<Section> {
    let facts = e.definitions.iter();
    let facts = facts.map(|(name, text)| ((*name).to_owned(), Text::from(*text)));
    Some(Section::new("definitions", "Definitions").with(Block::Facts(facts.collect())))
}
