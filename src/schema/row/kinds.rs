//! Tests of column kinds beside plain numbers, levels and text, in each input format.

use super::super::fixture::{cells, faults, row, table_spec, warnings};
use super::super::{NumberForm, Schema, Slot, json, text};
use super::{Purpose, Row, Value};
use crate::schema::column::Order;

const ORDERS: &str = r#"
target: {column: paid, positive: 1, negative: 0}
id: nr
missing: ["?", -999]
columns:
  - {name: day, kind: date}
  - {name: due, kind: date, format: "%d.%m.%Y"}
  - {name: shop, kind: category, levels: any, missing: [unknown]}
  - {name: sum, kind: number, number: {decimal: ",", thousands: ".", suffix: " €"}}
  - {name: age, kind: number}
  - {name: rank, kind: category, levels: [NA, -999, x]}
  - {name: person, kind: unused}
"#;

fn orders() -> Schema {
    table_spec(ORDERS).unwrap()
}

fn from_json(schema: &Schema, object: &str) -> Row {
    let mut row = row(schema, Purpose::Predict);
    json::rows(schema, object.as_bytes(), 1, &mut row, &mut |_, _| ()).unwrap();
    row
}

fn from_text(schema: &Schema, names: &[(&str, &str)]) -> Row {
    let mut row = row(schema, Purpose::Predict);
    for (name, cell) in names {
        let slot = schema.slot(name).unwrap();
        text::put(schema, slot, cell, &NumberForm::default(), &mut row);
    }
    row.finish(schema);
    row
}

fn check(row: &Row, schema: &Schema, expected: &str) {
    assert_eq!(faults(row), [""; 0], "{expected}");
    assert_eq!(cells(schema, row), expected);
}

#[test]
fn each_kind_means_the_same_in_text_and_json() {
    let schema = orders();
    let expected = r#"1706659200 | 1706659200 | "7" | 1234.5 | – | -999"#;
    let text = [
        ("day", "2024-01-31"),
        ("due", "31.01.2024"),
        ("shop", " 7.0 "),
        ("sum", "1.234,50 €"),
        ("age", "-999"),
        ("rank", "-999.0"),
        ("person", "anybody"),
    ];
    check(&from_text(&schema, &text), &schema, expected);
    let object = r#"{"day": "2024-01-31T00:00:00Z", "due": "31.01.2024", "shop": 7, "sum": "1.234,5",
        "age": -999, "rank": -999, "person": [1]}"#;
    check(&from_json(&schema, object), &schema, expected);
}

#[test]
fn words_are_missing_by_column_unless_they_are_levels() {
    let schema = orders();
    let words =
        |word: &str| ["day", "shop", "sum", "age", "rank"].map(|name| (name, word.to_owned()));
    let read = |word: &str| {
        let words = words(word);
        let words: Vec<(&str, &str)> = words.iter().map(|(n, w)| (*n, w.as_str())).collect();
        from_text(&schema, &words)
    };
    check(&read("?"), &schema, r#"– | – | "?" | – | – | –"#);
    let row = read("unknown");
    assert_eq!(
        faults(&row),
        [
            "day: wrong type, got \"unknown\", allowed: a date as 2024-01-31 or 2024-01-31T13:30:00 (leave the value out where the date is not known)",
            "sum: wrong type, got \"unknown\", allowed: a finite number (leave the cell empty where the number is not known)",
            "age: wrong type, got \"unknown\", allowed: a finite number (leave the cell empty where the number is not known)",
        ]
    );
    assert_eq!(warnings(&row), ["rank: unknown_level unknown"]);
    let levels = from_text(&schema, &[("rank", "NA")]);
    check(&levels, &schema, "– | – | – | – | – | NA");
    // In JSON, a text marker in a number column stays a fault.
    let row = from_json(&schema, r#"{"age": "?", "shop": "unknown", "sum": "?"}"#);
    assert_eq!(
        faults(&row),
        ["age: wrong type, got \"?\", allowed: a finite number"]
    );
}

#[test]
fn what_is_not_finite_is_a_fault_by_name() {
    let schema = orders();
    for (cell, shown) in [
        ("inf", "\"inf\""),
        ("-Infinity", "\"-Infinity\""),
        ("1e400", "\"1e400\""),
    ] {
        let row = from_text(&schema, &[("age", cell)]);
        assert_eq!(row.faults.len(), 1);
        assert_eq!(row.faults[0].got, shown);
    }
    let mut row = row(&schema, Purpose::Predict);
    for name in ["age", "shop"] {
        row.put(
            &schema,
            schema.slot(name).unwrap(),
            Value::Number(f64::INFINITY),
        );
    }
    let got: Vec<&str> = row.faults.iter().map(|f| f.got.as_str()).collect();
    assert_eq!(got, ["inf", "inf"]);
}

#[test]
fn unknown_columns_are_passed_over_where_the_spec_says_so() {
    let schema = table_spec(&format!("extra: ignore\n{}", ORDERS.trim_start())).unwrap();
    let row = from_json(&schema, r#"{"age": 3, "colour": {"deep": [1]}, "AGE": 4}"#);
    check(&row, &schema, "– | – | – | – | 3 | –");
    let strict = from_json(&orders(), r#"{"age": 3, "AGE": 4}"#);
    assert_eq!(strict.faults[0].remedy, "did you mean \"age\"?");
}

#[test]
fn a_row_keeps_its_group_or_its_time() {
    let check = |column: &str, what: Order, object: &str, expected: &str| {
        let schema = orders().with_order(column, what).unwrap();
        let row = from_json(&schema, object);
        let found = match row.view().by {
            super::Cell::Text(span) => format!("{:?}", span.get(row.view().text)),
            super::Cell::Number(v) => v.to_string(),
            _ => "–".into(),
        };
        assert_eq!(found, expected, "{object}");
        // Writing the row and reading it again preserves the value.
        let mut out = Vec::new();
        json::write::object(&schema, row.view(), &mut out);
        let again = from_json(&schema, std::str::from_utf8(&out).unwrap());
        if schema.slot(column) != Some(Slot::Id) {
            assert_eq!(again.view().by.is_missing(), row.view().by.is_missing());
        }
    };
    check("person", Order::Groups, r#"{"person": 7}"#, "\"7\"");
    check("person", Order::Groups, r#"{"person": "7.0"}"#, "\"7\"");
    check("person", Order::Groups, r#"{"person": true}"#, "\"true\"");
    check("person", Order::Groups, r#"{"person": ""}"#, "–");
    check("shop", Order::Groups, r#"{"shop": " a "}"#, "\"a\"");
    // A missing-value marker is not a group.
    check("person", Order::Groups, r#"{"person": " ?"}"#, "–");
    check("person", Order::Groups, r#"{"person": -999}"#, "–");
    check("nr", Order::Groups, r#"{"nr": -999}"#, "–");
    check("shop", Order::Groups, r#"{"shop": "unknown"}"#, "–");
    check("nr", Order::Groups, r#"{"nr": 3}"#, "\"3\"");
    check(
        "person",
        Order::Time,
        r#"{"person": "2024-01-31"}"#,
        "1706659200",
    );
    check("due", Order::Time, r#"{"due": "31.01.2024"}"#, "1706659200");
    check("person", Order::Time, r#"{"person": "12.5"}"#, "12.5");
    check("person", Order::Time, r#"{"person": "soon"}"#, "–");
    assert!(orders().with_order("paid", Order::Groups).is_none());
    assert!(orders().with_order("nobody", Order::Groups).is_none());
}
