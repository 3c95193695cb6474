//! Reading JSON into rows: valid rows, rows with faults, invalid documents.

use super::super::fixture::{cells, faults, row, warnings, wines};
use super::super::row::Purpose;
use super::*;

mod documents;

/// The result of a document: the cells or faults of each row, and the document's error.
fn read(purpose: Purpose, text: &[u8], most: usize) -> (Vec<Result<String, Vec<String>>>, String) {
    let schema = wines();
    let mut row = row(&schema, purpose);
    let mut rows_read = Vec::new();
    let outcome = rows(&schema, text, most, &mut row, &mut |i, row| {
        assert_eq!(i, rows_read.len());
        rows_read.push(match faults(row) {
            none if none.is_empty() => Ok(cells(&schema, row)),
            faults => Err(faults),
        });
    });
    let outcome = match outcome {
        Ok(body) => format!("{body:?}"),
        Err(fault) => fault.to_string(),
    };
    (rows_read, outcome)
}

/// Checks the cells of one object.
fn check(text: &str, expected: &str) {
    let (rows, outcome) = read(Purpose::Predict, text.as_bytes(), 10);
    assert_eq!(outcome, "One", "{text}");
    assert_eq!(rows, [Ok(expected.to_owned())], "{text}");
}

/// Checks the faults of one object.
fn check_faults(purpose: Purpose, text: &str, expected: &[&str]) {
    let (rows, outcome) = read(purpose, text.as_bytes(), 10);
    assert_eq!(outcome, "One", "{text}");
    assert_eq!(rows[0].as_ref().unwrap_err(), expected, "{text}");
}

#[test]
fn values_become_cells() {
    check(
        r#"{"colour": "red", "stars": 3, "sugar": 7.5, "price": 12, "maker": "Argo"}"#,
        r#"red | 3 | 7.5 | 12 | "Argo""#,
    );
    // Keys in any order, with escapes in keys and values.
    check(
        r#"{"maker": "Ar\u0067o \"x\"", "pri\u0063e": 0.1, "colour": "white"}"#,
        r#"white | – | – | 0.1 | "Argo \"x\"""#,
    );
    // An absent key, null and "" are missing values.
    for text in [
        r#"{"colour": "rose"}"#,
        r#"{"colour": "rose", "stars": null, "sugar": null, "maker": null, "bottle": null}"#,
        r#"{"colour": "rose", "stars": "", "sugar": "", "price": "", "maker": "", "good": ""}"#,
    ] {
        check(text, "rose | – | – | – | –");
    }
    // A marker for missing values in text files is an ordinary word in JSON.
    check(r#"{"colour": "red", "maker": "NA"}"#, "red | – | – | – | –");
    check(
        r#"{"colour": "red", "maker": "Na"}"#,
        r#"red | – | – | – | "Na""#,
    );
    // A level of digits matches a whole number, a number with a point or exponent, and text.
    for three in ["3", "3.0", "3e0", "\"3\""] {
        check(
            &format!(r#"{{"colour": "red", "stars": {three}}}"#),
            "red | 3 | – | – | –",
        );
    }
    check(
        r#"{"colour": "red", "sugar": 0, "price": 1.7976931348623157e308}"#,
        &format!("red | – | 0 | {} | –", f64::MAX),
    );
    check(
        r#"{"colour": "red", "sugar": 1e-400}"#,
        "red | – | 0 | – | –",
    );
}

#[test]
fn every_fault_of_a_row_is_told_at_once() {
    check_faults(
        Purpose::Predict,
        r#"{"colour": "blue", "stars": true, "sugar": "7.5", "price": [1], "maker": 4, "suger": 1, "bottle": {}}"#,
        &[
            "colour: unknown level, got blue, allowed: one of red, white, rose",
            r#"sugar: wrong type, got "7.5", allowed: a number from 0 to 400 (write 7.5 without quotes)"#,
            "price: wrong type, got a list, allowed: a number from 0 up",
            r#"maker: wrong type, got 4, allowed: text (write "4" in quotes)"#,
            r#"suger: unknown column, allowed: bottle, good, colour, stars, sugar, price, maker (did you mean "sugar"?)"#,
            "bottle: wrong type, got an object, allowed: a number or text",
        ],
    );
}

#[test]
fn what_is_missing_or_unexpected_is_named() {
    let required = "colour: missing, allowed: one of red, white, rose (the column is required)";
    check_faults(Purpose::Predict, "{}", &[required]);
    check_faults(Purpose::Predict, r#"{"colour": null}"#, &[required]);
    check_faults(Purpose::Predict, r#"{"colour": ""}"#, &[required]);
    check_faults(
        Purpose::Predict,
        r#"{"colour": "whte", "sugar": -0.5}"#,
        &[
            r#"colour: unknown level, got whte, allowed: one of red, white, rose (did you mean "white"?)"#,
            "sugar: out of range, got -0.5, allowed: a number from 0 to 400",
        ],
    );
    // Levels are case-sensitive.
    check_faults(
        Purpose::Predict,
        r#"{"colour": "Red"}"#,
        &[
            r#"colour: unknown level, got Red, allowed: one of red, white, rose (did you mean "red"?)"#,
        ],
    );
    check_faults(
        Purpose::Predict,
        r#"{"colour": "red", "sugar": true, "price": false}"#,
        &[
            "sugar: wrong type, got true, allowed: a number from 0 to 400",
            "price: wrong type, got false, allowed: a number from 0 up",
        ],
    );
    // No suggestion is made for a name that is far from all known ones.
    check_faults(
        Purpose::Predict,
        r#"{"colour": "red", "temperature": 3}"#,
        &[
            "temperature: unknown column, allowed: bottle, good, colour, stars, sugar, price, maker (leave the column out)",
        ],
    );
}

#[test]
fn an_unexpected_value_of_a_lenient_column_is_kept_with_a_warning() {
    let schema = wines();
    let mut row = row(&schema, Purpose::Predict);
    let text = br#"{"colour": "red", "stars": 4, "price": -1, "good": "yes", "bottle": 7}"#;
    rows(&schema, text, 1, &mut row, &mut |_, _| ()).unwrap();
    assert_eq!(faults(&row), [""; 0]);
    assert_eq!(cells(&schema, &row), r#"red | "4" | – | -1 | –"#);
    assert_eq!(
        warnings(&row),
        [
            "stars: unknown_level 4",
            "price: out_of_range -1, set apart",
            "good: target_ignored yes"
        ]
    );
    assert_eq!((row.target(), row.id_text().as_deref()), (None, Some("7")));
}

#[test]
fn the_target_is_ignored_required_or_kept() {
    let check = |purpose, text: &str, expected: Result<Option<bool>, &str>| {
        let schema = wines();
        let mut row = row(&schema, purpose);
        rows(&schema, text.as_bytes(), 1, &mut row, &mut |_, _| ()).unwrap();
        let found = match faults(&row).as_slice() {
            [] => Ok(row.target()),
            [fault] => Err(fault.clone()),
            more => panic!("{more:?}"),
        };
        assert_eq!(
            found,
            expected.map_err(str::to_owned),
            "{purpose:?} of {text}"
        );
    };
    let yes = r#"{"colour": "red", "good": "yes"}"#;
    let odd = r#"{"colour": "red", "good": "perhaps"}"#;
    let none = r#"{"colour": "red", "good": null}"#;
    let unknown = r#"good: unknown level, got "perhaps", allowed: no or yes"#;
    check(Purpose::Predict, yes, Ok(None));
    check(Purpose::Predict, odd, Ok(None));
    check(
        Purpose::Predict,
        r#"{"colour": "red", "good": [1, {"a": 2}]}"#,
        Ok(None),
    );
    check(Purpose::Learn, yes, Ok(Some(true)));
    check(
        Purpose::Learn,
        r#"{"colour": "red", "good": "no"}"#,
        Ok(Some(false)),
    );
    check(Purpose::Learn, odd, Err(unknown));
    check(
        Purpose::Learn,
        none,
        Err("good: missing, allowed: no or yes (a row without it cannot be trained on)"),
    );
    check(Purpose::Keep, yes, Ok(Some(true)));
    check(Purpose::Keep, none, Ok(None));
    check(Purpose::Keep, odd, Err(unknown));
}

#[test]
fn lists_are_read_row_by_row() {
    let (rows, outcome) = read(
        Purpose::Predict,
        br#" [{"colour": "red"}, {"sugar": 1}, 3, "x", null, [1], true, -2.5] "#,
        10,
    );
    assert_eq!(outcome, "Many(8)");
    let not = |got: &str| {
        Err(vec![format!(
            "not a row, got {got}, allowed: an object like {{\"column\": value}}"
        )])
    };
    assert_eq!(rows[0], Ok("red | – | – | – | –".into()));
    assert!(rows[1].as_ref().unwrap_err()[0].starts_with("colour: missing"));
    assert_eq!(
        rows[2..],
        [
            not("3"),
            not("\"x\""),
            not("null"),
            not("a list"),
            not("true"),
            not("-2.5")
        ]
    );
    assert_eq!(
        read(Purpose::Predict, b"[]", 10),
        (vec![], "Many(0)".into())
    );
}

#[test]
fn more_rows_than_are_taken_at_once_are_refused() {
    let list = |n: usize| format!("[{}]", vec![r#"{"colour": "red"}"#; n].join(","));
    assert_eq!(
        read(Purpose::Predict, list(3).as_bytes(), 3).1,
        "Many(3)".to_owned()
    );
    let (rows, outcome) = read(Purpose::Predict, list(4).as_bytes(), 3);
    assert_eq!(rows.len(), 3);
    assert_eq!(outcome, "the list has more than 3 rows; send it in parts");
}

#[test]
fn ids_are_kept_to_the_last_digit() {
    let schema = wines();
    let mut row = row(&schema, Purpose::Predict);
    for id in [
        "7",
        "-7",
        "9007199254740992",
        "9007199254740993",
        "-9007199254740993",
        "18446744073709551615",
    ] {
        let text = format!(r#"{{"colour": "red", "bottle": {id}}}"#);
        rows(&schema, text.as_bytes(), 1, &mut row, &mut |_, _| ()).unwrap();
        assert_eq!(row.id_text().as_deref(), Some(id));
    }
}
