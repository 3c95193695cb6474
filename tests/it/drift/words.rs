//! Texts of a verdict: changes, rows needed for a certain verdict, undefined statistics.

use serde_json::Value;
use titanic_platform::monitor::drift::{ColumnDrift, Drift, LEVEL, Test, compare};
use titanic_platform::monitor::sample::{Column, Levels, Numbers, Observed, Sample};

use super::population::{Chance, Population, Shift};
use crate::case::TITANIC;

fn of<'d>(drift: &'d Drift, name: &str) -> &'d ColumnDrift {
    drift.columns.iter().find(|c| c.name == name).unwrap()
}

fn shifted(n: usize, shift: Shift) -> Drift {
    let (population, mut chance) = (Population::of(&TITANIC), Chance(31));
    let reference = population.draw(population.len(), Shift::None, &mut chance);
    let window = population.draw(n, shift, &mut chance);
    compare(&reference, &window, LEVEL)
}

#[test]
fn changes_are_told_in_words() {
    let change = |shift, column: &str| of(&shifted(400, shift), column).change.clone().unwrap();
    let women = change(Shift::Share("Sex", "female", 0.65), "Sex");
    assert!(
        women.starts_with("female 3") && women.contains(" % → 6"),
        "{women}"
    );
    let fare = change(Shift::Times("Fare", 3.0), "Fare");
    assert!(
        fare.starts_with("median 14") || fare.starts_with("median 15"),
        "{fare}"
    );
    let age = change(Shift::Blank("Age", 1.0 / 3.0), "Age");
    assert!(
        age.starts_with("missing ") && age.contains(" % → 4"),
        "{age}"
    );
    let age = change(Shift::Blank("Age", 1.0), "Age");
    assert!(
        age.starts_with("gone blank: missing ") && age.ends_with("→ 100 %"),
        "{age}"
    );
}

#[test]
fn a_verdict_survives_its_way_through_json() {
    let drift = shifted(100, Shift::Share("Sex", "female", 0.65));
    let text = serde_json::to_string(&drift).unwrap();
    assert_eq!(serde_json::from_str::<Drift>(&text).unwrap(), drift);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["columns"][1]["test"], "fisher");
    assert_eq!(document["columns"][2]["ks"]["method"], "exact");
}

fn numbers(name: &str, values: &[Option<f64>]) -> Column {
    Column {
        name: name.into(),
        observed: Observed::Number(Numbers::of(values.iter().copied())),
    }
}

fn category(name: &str, counts: &[(&str, u64)], missing: u64, unnamed: u64) -> Column {
    let counts = counts
        .iter()
        .map(|(name, rows)| ((*name).to_owned(), *rows));
    Column {
        name: name.into(),
        observed: Observed::Category(Levels {
            missing,
            gap: 0,
            counts: counts.collect(),
            unnamed,
        }),
    }
}

fn one(reference: Column, current: Column) -> ColumnDrift {
    let sample = |column: Column| Sample {
        rows: column.observed.missing() + column.observed.present(),
        columns: vec![column],
    };
    let mut drift = compare(&sample(reference), &sample(current), LEVEL);
    drift.columns.pop().unwrap()
}

#[test]
fn what_is_undefined_is_none() {
    let blank = one(numbers("a", &[None, None]), numbers("a", &[Some(1.0)]));
    assert_eq!(
        (blank.ks, blank.psi, blank.js, blank.wasserstein),
        (None, None, None, None)
    );
    // Presence of values can still be compared: of three equally likely tables, one is this extreme.
    assert_eq!(blank.test, Some(Test::FisherMissing));
    assert!((blank.p_adjusted.unwrap() - 1.0 / 3.0).abs() < 1e-12);
    let empty = one(numbers("a", &[]), numbers("a", &[]));
    assert_eq!(
        (empty.ks, empty.psi, empty.test, empty.missing.reference),
        (None, None, None, None)
    );
    let constant = one(numbers("a", &[Some(2.0); 3]), numbers("a", &[Some(2.0)]));
    assert_eq!((constant.wasserstein, constant.psi), (None, Some(0.0)));
    assert_eq!(constant.ks.unwrap().p_value, 1.0);
    let level = one(
        category("c", &[("x", 5)], 0, 0),
        category("c", &[("x", 2)], 0, 0),
    );
    assert_eq!(
        (level.chi2, level.test, level.psi, level.drift),
        (None, None, Some(0.0), false)
    );
}

#[test]
fn what_was_never_seen_is_always_named() {
    let seen = &[("S", 80), ("C", 20), ("Q", 0)];
    let new = one(
        category("port", seen, 0, 0),
        category("port", &[("S", 9), ("Q", 1), ("Z", 1)], 0, 0),
    );
    assert!(!new.drift);
    assert_eq!(
        new.change.as_deref(),
        Some(r#"never seen before: "Q", "Z""#)
    );
    // A profile that counted levels without their names may contain the level.
    let may = one(
        category("port", seen, 0, 3),
        category("port", &[("S", 9), ("Z", 1)], 0, 0),
    );
    assert_eq!(may.change, None);
    let many: Vec<(String, u64)> = (0..10).map(|i| (format!("n{i}"), 1)).collect();
    let many: Vec<(&str, u64)> = many.iter().map(|(n, c)| (n.as_str(), *c)).collect();
    let listed = one(
        category("port", &[("S", 80)], 0, 0),
        category("port", &many, 0, 0),
    );
    assert!(
        listed
            .change
            .unwrap()
            .ends_with(r#"never seen before: "n0", "n1", "n2", "n3", "n4", 5 more"#)
    );
}

#[test]
fn what_is_missing_to_be_sure() {
    // Multiples of ten, so that the share is exactly 60 % at every size.
    let seen = |rows: u64| {
        let tens = rows / 10;
        let share = [("a", 6 * tens), ("b", 4 * tens)];
        one(
            category("c", &[("a", 500), ("b", 500)], 0, 0),
            category("c", &share, 0, 0),
        )
    };
    // 60 % compared with 50 %: not significant with 120 rows.
    let unsure = seen(120);
    assert!(
        !unsure.drift && unsure.p_adjusted.unwrap() < 0.05,
        "{unsure:?}"
    );
    let needed = unsure.needed.unwrap();
    // At the same share, slightly more rows than needed are significant, clearly fewer are not.
    assert!(seen(needed * 12 / 10).drift, "{needed}");
    assert!(!seen(needed * 8 / 10).drift, "{needed}");
    assert_eq!(seen(needed * 12 / 10).needed, None);
    assert_eq!(seen(20).needed, None, "nothing to speak of");
}

#[test]
fn ten_thousand_levels_and_a_hundred_thousand_rows() {
    let names: Vec<String> = (0..10_000).map(|i| format!("level {i}")).collect();
    let spread = |offset: usize| -> Vec<(&str, u64)> {
        let rows = |i: usize| 1 + ((i + offset) % 20) as u64;
        names
            .iter()
            .enumerate()
            .map(|(i, n)| (n.as_str(), rows(i)))
            .collect()
    };
    let same = one(
        category("c", &spread(0), 0, 0),
        category("c", &spread(0), 0, 0),
    );
    assert_eq!((same.drift, same.psi), (false, Some(0.0)));
    let moved = one(
        category("c", &spread(0), 0, 0),
        category("c", &spread(10), 0, 0),
    );
    assert!(moved.drift && moved.chi2.unwrap().dof == 9_999);
}
