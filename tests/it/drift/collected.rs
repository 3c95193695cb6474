//! A live window beside the table it was fed with.

use titanic_platform::monitor::collect::Collector;
use titanic_platform::monitor::sample::{Observed, Sample};
use titanic_platform::schema::row::Purpose;
use titanic_platform::train;

use crate::case::{CHURN, Case, TITANIC};
use crate::tables;

/// A table with a level that its spec does not know, and an empty cell.
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

#[test]
fn a_window_is_the_table_it_was_fed_with() {
    for case in [&TITANIC, &CHURN] {
        for text in [case.table.to_owned(), odd(case)] {
            let table = tables::csv_for(&case.spec(), &text, Purpose::Keep).table;
            assert!(table.len() >= 2, "{}", case.name);
            let mut window = Collector::new(table.schema(), true);
            for (i, row) in table.rows().enumerate() {
                // As over a restart, at every row of the first.
                if i < 5 {
                    let kept = serde_json::to_string(&window).unwrap();
                    window = serde_json::from_str(&kept).unwrap();
                }
                window.push(row, Some(i as f64 / 1e4));
            }
            assert_eq!(window.rows(), table.len() as u64);
            let scores: Vec<f64> = (0..table.len()).map(|i| i as f64 / 1e4).collect();
            assert_eq!(
                window.finish(),
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
        let profile = train::profile::of(&table, &scores);
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
    for (i, row) in table.rows().enumerate() {
        halves[usize::from(i >= 300)].push(row, None);
    }
    let [first, second] = halves.map(|half| half.finish());
    assert_eq!(first.join(&second), Sample::of_table(&table));
    let same =
        |c: &&titanic_platform::monitor::sample::Column| matches!(c.observed, Observed::Number(_));
    assert_eq!(first.columns.iter().filter(same).count(), 4);
}
