//! The exploration as a document for people: findings first, then what they rest on.

use super::against;
use super::associated::{self, HEAT};
use super::column::{Column, Distribution, Statistics};
use super::distributions::{self, is_free};
use super::exploration::{Exploration, Severity};
use super::rows::{Agreement, Pattern};
use super::words::{list, of, percent, short, spark};
use crate::report::chart::{Axis, Cell, bars, heat_map, plain};
use crate::report::document::{Block, Document, Section, Style, Text};
use crate::report::table::Table;

/// Rows of a table on the page; the JSON has all.
const ROWS: usize = 1_000;
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
            distributions::section(e),
            missing(e),
            associated::section(e),
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
