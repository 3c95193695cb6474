//! A live window compared with the table whose rows were fed into it.

use titanic_platform::monitor::collect::Collector;
use titanic_platform::monitor::drift::{LEVEL, compare};
use titanic_platform::monitor::quality::{IssueKind, issues};
use titanic_platform::monitor::sample::{Observed, Sample};
use titanic_platform::schema::row::Purpose;
use titanic_platform::train;

use super::population::Chance;
use crate::case::{CHURN, Case, TITANIC};
use crate::tables;

/// A table with a level that is unknown to its spec, and an empty cell.
fn odd(case: &Case) -> String {
    let (column, row) = match case.name {
        "titanic" => (
            "Pclass,Sex,Embarked",
            "3,male,Atlantis\n2,female,Atlantis\n1,male,\n",
        ),
        _ => ("plan,region", "pro,moon\nbasic,\nplus,moon\n"),
    };
    format!("{column}\n{row}")
}

/// Removes missing-value runs from a sample: they depend on the order of rows, which tables and profiles do not keep.
fn in_any_order(mut sample: Sample) -> Sample {
    for column in &mut sample.columns {
        match &mut column.observed {
            Observed::Number(numbers) | Observed::Score(numbers) => numbers.gap = 0,
            Observed::Category(levels) => levels.gap = 0,
        }
    }
    sample
}

/// A window of rows in which some lack age and port.
fn holed(rows: usize, is_hole: impl Fn(usize) -> bool) -> Sample {
    let lines: String = (0..rows)
        .map(|n| {
            if is_hole(n) {
                "3,male,,\n"
            } else {
                "3,male,30,S\n"
            }
        })
        .collect();
    let text = format!("Pclass,Sex,Age,Embarked\n{lines}");
    let table = tables::csv_for(&TITANIC.spec(), &text, Purpose::Keep).table;
    let mut window = Collector::new(table.schema(), false);
    let mut cells = Vec::new();
    (0..table.len()).for_each(|i| window.push(table.row(i, &mut cells), None));
    window.finish()
}

#[test]
fn rows_without_a_value_are_counted_one_after_the_other() {
    let check = |is_hole: &dyn Fn(usize) -> bool, missing: u64, gap: u64| {
        let sample = holed(100, is_hole);
        for name in ["Age", "Embarked"] {
            let column = sample.columns.iter().find(|c| c.name == name).unwrap();
            let found = (column.observed.missing(), column.observed.gap());
            assert_eq!(found, (missing, gap), "{name}");
        }
        let sex = sample.columns.iter().find(|c| c.name == "Sex").unwrap();
        assert_eq!((sex.observed.missing(), sex.observed.gap()), (0, 0));
        assert_eq!(
            sample.join(&holed(5, |_| true)).columns.len(),
            sample.columns.len()
        );
    };
    check(&|_| false, 0, 0);
    check(&|_| true, 100, 100);
    check(&|n| n % 2 == 0, 50, 1);
    check(&|n| n >= 80, 20, 20);
    check(&|n| n < 7 || (20..50).contains(&n) || n == 60, 38, 30);
}

#[test]
fn a_source_that_was_broken_for_a_while_is_told_from_a_world_that_misses_more() {
    let table = tables::csv(&TITANIC.spec(), TITANIC.table).table;
    let reference = Sample::of_table(&table);
    let blank = |sample: &Sample| {
        let drift = compare(&reference, sample, LEVEL);
        let found = issues(&reference, sample, None, &drift);
        let mut of_age = found.into_iter().filter(|a| a.column == "Age");
        of_age.find(|a| a.kind == IssueKind::Blank).map(|a| a.why)
    };
    for broken in [60..100, 0..45, 30..75] {
        let why = blank(&holed(100, |n| broken.contains(&n) || n % 5 == 0));
        let rows = broken.len();
        let why = why.unwrap_or_else(|| panic!("{rows} rows were not noticed"));
        assert!(why.contains("rows one after the other"), "{why}");
    }
    // A third or two thirds of the values are missing at random, in windows of a hundred and of a thousand rows.
    let mut chance = Chance(31);
    for share in [0.33, 0.67] {
        for rows in [100, 1000] {
            for _ in 0..100 {
                let holes: Vec<bool> = (0..rows).map(|_| chance.share() < share).collect();
                assert_eq!(blank(&holed(rows, |n| holes[n])), None, "{share} of {rows}");
            }
        }
    }
}

#[test]
fn a_window_is_the_table_it_was_fed_with() {
    for case in [&TITANIC, &CHURN] {
        for text in [case.table.to_owned(), odd(case)] {
            let table = tables::csv_for(&case.spec(), &text, Purpose::Keep).table;
            assert!(table.len() >= 2, "{}", case.name);
            let mut window = Collector::new(table.schema(), true);
            let mut cells = Vec::new();
            for i in 0..table.len() {
                // The window is serialized and restored, as over a restart, at each of the first rows.
                if i < 5 {
                    let kept = serde_json::to_string(&window).unwrap();
                    window = serde_json::from_str(&kept).unwrap();
                }
                window.push(table.row(i, &mut cells), Some(i as f64 / 1e4));
            }
            assert_eq!(window.rows(), table.len() as u64);
            let scores: Vec<f64> = (0..table.len()).map(|i| i as f64 / 1e4).collect();
            assert_eq!(
                in_any_order(window.finish()),
                Sample::of_table(&table).with_scores(&scores)
            );
        }
    }
}

#[test]
fn a_profile_is_the_table_it_was_made_of() {
    for case in [&TITANIC, &CHURN] {
        let table = tables::csv(&case.spec(), case.table).table;
        let scores: Vec<f64> = (0..table.len()).map(|i| (i % 97) as f64 / 97.0).collect();
        let profile = train::profile::of(&table, scores.iter().copied());
        assert_eq!(
            Sample::of_profile(&profile),
            Sample::of_table(&table).with_scores(&scores)
        );
    }
}

#[test]
fn two_windows_are_one() {
    let text = TITANIC.table;
    let table = tables::csv(&TITANIC.spec(), text).table;
    let mut halves = [0, 1].map(|_| Collector::new(table.schema(), false));
    let mut cells = Vec::new();
    for i in 0..table.len() {
        halves[usize::from(i >= 300)].push(table.row(i, &mut cells), None);
    }
    let [first, second] = halves.map(|half| half.finish());
    let joined = in_any_order(first.join(&second));
    assert_eq!(joined, Sample::of_table(&table));
    let same =
        |c: &&titanic_platform::monitor::sample::Column| matches!(c.observed, Observed::Number(_));
    assert_eq!(first.columns.iter().filter(same).count(), 4);
}
