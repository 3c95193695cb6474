//! Tests of the table's part of a spec: what is read from it, and every error with its position and remedy.

use super::super::fixture::table_spec;
use super::*;

/// Checks the errors of a spec with one column, written in one line.
fn check(column: &str, expected: &[&str]) {
    let text = format!(
        "target: {{column: good, positive: 1, negative: 0}}\nid: bottle\ncolumns:\n  - {column}\n"
    );
    let faults = match table_spec(&text) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(faults, expected, "{column}");
}

#[test]
fn sound_columns_pass() {
    for column in [
        "{name: sugar, kind: number}",
        "{name: sugar, kind: number, range: [0, 0], unit: g/l, about: sweetness, required: true}",
        "{name: sugar, kind: number, range: [null, null], unexpected: quarantine}",
        "{name: colour, kind: category, levels: [red]}",
        "{name: maker, kind: text, required: true}",
        "{name: maker, kind: category, levels: any, missing: [?, \"-\", null, -999]}",
        "{name: colour, kind: category, levels: [NA, 1.5, true]}",
        "{name: sugar, kind: number, number: {decimal: \",\", thousands: \".\", prefix: $}}",
        "{name: day, kind: date}",
        "{name: sugar, kind: number, monotone: decreasing}",
        "{name: day, kind: date, format: \"%d/%m/%Y\", required: true}",
    ] {
        check(column, &[]);
    }
}

#[test]
fn every_fault_of_a_column_has_its_place_and_remedy() {
    check(
        "{name: sugar, kind: number, range: [2, 1]}",
        &["line 4, column 40: the range is empty; write [smallest, largest], null for an open end"],
    );
    check(
        "{name: colour, kind: category}",
        &[
            "line 4, column 12: the category \"colour\" has no levels; list them: levels: [a, b], or write levels: any",
        ],
    );
    check(
        "{name: colour, kind: category, levels: []}",
        &["line 4, column 44: no levels; list them: levels: [a, b], or write levels: any"],
    );
    check(
        "{name: colour, kind: category, levels: [red, NA, red, \"\"]}",
        &[
            "line 4, column 44: the level \"red\" stands twice; keep one",
            "line 4, column 44: \"\" means missing and cannot be a level; remove it",
        ],
    );
    // A level written as a number and as text is the same level.
    check(
        "{name: stars, kind: category, levels: [1, \"1\"]}",
        &["line 4, column 43: the level \"1\" stands twice; keep one"],
    );
    check(
        "{name: sugar, kind: number, levels: [a]}",
        &["line 4, column 41: only a category has levels; remove it, or make it a category"],
    );
    check(
        "{name: colour, kind: category, levels: [red], monotone: increasing}",
        &["line 4, column 61: only a number has monotone; remove it, or make it a number"],
    );
    check(
        "{name: maker, kind: text, levels: [a], range: [0, 1], unexpected: warn}",
        &[
            "line 4, column 39: only a category has levels; remove it, or make it a category",
            "line 4, column 51: only a number has a range; remove it, or make it a number",
            "line 4, column 71: no value of a text is unexpected; remove it, or make it a number or a category",
        ],
    );
}

#[test]
fn faults_of_dates_forms_and_unused_columns() {
    check(
        "{name: day, kind: date, format: \"%H:%M\"}",
        &[
            "line 4, column 37: the pattern \"%H:%M\" does not make a date: it needs a year, a month and a day, as %Y-%m-%d; write a strftime pattern, or leave format out for dates such as 2024-01-31",
        ],
    );
    for form in ["{decimal: x}", "{thousands: \".\"}", "{thousands: abc}"] {
        check(
            &format!("{{name: sugar, kind: number, number: {form}}}"),
            &[
                "line 4, column 41: no numbers are written like this; decimal is \".\" or \",\", thousands another sign or null",
            ],
        );
    }
    check(
        "{name: sugar, kind: number}\n  - {name: nr, kind: unused, required: true, levels: any}",
        &[
            "line 5, column 54: only a category has levels; remove it, or make it a category",
            "line 5, column 12: the column \"nr\" is required and not used; remove required, or give it another kind",
        ],
    );
    check(
        "{name: nr, kind: unused}",
        &[
            "line 1, column 18: no columns: there is nothing to predict from; list the table's columns under columns",
        ],
    );
}

#[test]
fn names_are_there_and_once() {
    let twice = |name: &str| {
        format!(
            "line 4, column 12: the column {name:?} stands twice; keep one; id and target are not listed under columns"
        )
    };
    check("{name: good, kind: text}", &[&twice("good")]);
    check("{name: bottle, kind: text}", &[&twice("bottle")]);
    check(
        "{name: \"\", kind: text}",
        &["line 4, column 12: a column without a name; name it as the table's header does"],
    );
    let both = "target: {column: a, positive: \"yes\", negative: yes}\nid: a\ncolumns: []\n";
    let faults: Vec<String> = table_spec(both)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        faults,
        [
            "line 1, column 18: the column \"a\" stands twice; keep one; id and target are not listed under columns",
            "line 1, column 48: positive and negative are the same value; name the two values of the target",
            "line 1, column 18: no columns: there is nothing to predict from; list the table's columns under columns",
        ]
    );
}

#[test]
fn defaults_are_the_lenient_ones() {
    let text = "target: {column: good, positive: 1, negative: 0}\ncolumns: [{name: sugar, kind: number, range: [0, null]}]\n";
    let schema = table_spec(text).unwrap();
    let column = &schema.columns()[0];
    assert_eq!(
        (column.required, column.policy, schema.id()),
        (false, Policy::Warn, None)
    );
    assert_eq!(
        column.kind,
        Kind::Number {
            min: 0.0,
            max: f64::INFINITY
        }
    );
    assert_eq!(column.allowed(), "a number from 0 up");
}

/// Labels and levels are taken literally, as the table holds them.
#[test]
fn words_of_a_table_are_read_as_they_are_written() {
    let labels = |list: &str| yaml::read::<Vec<Label>>(list);
    let text = |s: &str| Label::Text(s.into());
    assert_eq!(
        labels("[yes, no, NO, on, off, y, n, Yes]").unwrap(),
        ["yes", "no", "NO", "on", "off", "y", "n", "Yes"].map(text)
    );
    assert_eq!(
        labels("[true, false, 1, -3, 0]").unwrap(),
        [
            Label::Flag(true),
            Label::Flag(false),
            Label::Integer(1),
            Label::Integer(-3),
            Label::Integer(0)
        ]
    );
    assert_eq!(
        labels("[007, 1_000, \"1\", '1.50', 1a, 18446744073709551615]").unwrap(),
        ["007", "1_000", "1", "1.50", "1a", "18446744073709551615"].map(text)
    );
    assert_eq!(
        labels("[1.0, -2.50]").unwrap(),
        [Label::Integer(1), Label::Number(-2.5)]
    );
    let refused = |list: &str| labels(list).unwrap_err().to_string();
    assert_eq!(
        refused("[a, null]"),
        "line 1, column 5: nothing stands here; write a value, in quotes if it is null"
    );
    assert_eq!(
        refused("[a, [b]]"),
        "line 1, column 5: sequence where a text, a number, true or false is needed; write that instead"
    );
}
