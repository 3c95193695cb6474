//! For any input, a row either has faults or its cells satisfy the schema.

use std::ops::ControlFlow;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::super::dialect::Dialect;
use super::super::fixture::{cells, faults, row, wines};
use super::super::{Table, csv, json as rows};
use super::*;
use crate::schema::column::{Kind, Policy};

/// Any JSON value of limited depth.
fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        (-2.0..500.0f64).prop_map(Json::from),
        prop::sample::select(vec!["red", "white", "3", "yes", "", "NA"]).prop_map(Json::from),
        any::<String>().prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

/// Objects whose keys are known, nearly known or unknown to the schema.
fn any_object() -> impl Strategy<Value = Json> {
    let known = [
        "bottle", "good", "colour", "stars", "sugar", "price", "maker", "suger",
    ];
    let key = prop_oneof![
        6 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::btree_map(key, any_json(), 0..9).prop_map(|map| json!(map))
}

fn purposes() -> impl Strategy<Value = Purpose> {
    prop::sample::select(vec![Purpose::Predict, Purpose::Learn, Purpose::Keep])
}

/// Checks that a row without faults satisfies what its readers rely on.
fn check_promise(schema: &Schema, row: &Row) {
    for (column, cell) in schema.columns().iter().zip(row.view().cells) {
        let kept = match (*cell, &column.kind) {
            (Cell::Missing, _) => !column.required,
            (Cell::Number(v), Kind::Number { min, max }) => {
                let inside = (*min..=*max).contains(&v);
                v.is_finite() && (inside || column.policy != Policy::Reject)
            }
            (Cell::Level(level), Kind::Category { levels }) => (level as usize) < levels.len(),
            (Cell::Text(span), Kind::Category { levels }) => {
                let text = span.get(row.view().text);
                column.policy != Policy::Reject && !levels.iter().any(|l| l == text)
            }
            (Cell::Text(span), Kind::Text) => !span.get(row.view().text).is_empty(),
            _ => false,
        };
        assert!(kept, "{}: {cell:?}", column.name);
    }
    assert_eq!(
        row.purpose == Purpose::Learn,
        row.target().is_some() && row.purpose != Purpose::Keep
    );
}

proptest! {
    #![proptest_config(crate::proptest_config())]
    #[test]
    fn any_object_gives_faults_or_a_sound_row(object in any_object(), purpose in purposes()) {
        let schema = wines();
        let mut row = row(&schema, purpose);
        let text = object.to_string();
        let body = rows::rows(&schema, text.as_bytes(), 1, &mut row, &mut |_, _| ()).unwrap();
        prop_assert_eq!(body, rows::Body::One);
        if row.faults.is_empty() {
            check_promise(&schema, &row);
        }
        for (i, fault) in row.faults.iter().enumerate() {
            prop_assert!(!fault.allowed.is_empty() && !fault.to_string().is_empty());
            prop_assert!(!row.faults[..i].contains(fault), "{} twice", fault);
        }
    }

    /// A quarantined row that is checked again under the same spec has the same faults.
    #[test]
    fn a_row_as_it_came_has_the_faults_it_had(object in any_object()) {
        let schema = wines();
        let mut first = row(&schema, Purpose::Keep);
        rows::line(&schema, object.to_string().as_bytes(), &mut first).unwrap();
        first.set_apart(&schema);
        if let Some(came) = first.as_it_came(&schema) {
            let mut again = row(&schema, Purpose::Keep);
            rows::line(&schema, came.as_bytes(), &mut again).unwrap();
            again.set_apart(&schema);
            let sorted = |row: &Row| {
                let mut faults: Vec<String> = row.faults.iter().map(ToString::to_string).collect();
                faults.sort();
                faults
            };
            prop_assert_eq!(sorted(&first), sorted(&again));
            prop_assert_eq!(cells(&schema, &first), cells(&schema, &again));
            prop_assert_eq!((first.id_text(), first.target()), (again.id_text(), again.target()));
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..60), purpose in purposes()) {
        let schema = wines();
        let mut row = row(&schema, purpose);
        let _ = rows::rows(&schema, &bytes, 3, &mut row, &mut |_, _| ());
        let table = [b"colour,maker,sugar\n", bytes.as_slice()].concat();
        for text in [&bytes, &table] {
            let _ = csv::rows(&schema, text.as_slice(), &Dialect::AUTO, &mut row, &mut |(_, row)| {
                if let Ok(row) = row && row.faults.is_empty() {
                    check_promise(&schema, row);
                }
                ControlFlow::Continue(())
            }, &mut |_| ());
        }
    }

    /// A row has the same meaning in JSON and CSV.
    #[test]
    fn json_and_csv_give_the_same_cells(
        colour in prop::sample::select(vec!["red", "white", "rose"]),
        stars in prop::option::of(0..5i64),
        sugar in prop::option::of(0.0..=400.0f64),
        price in prop::option::of(prop_oneof![any::<f64>().prop_filter("finite", |v| v.is_finite()), -9.0..99.0f64]),
        maker in prop::option::of(any::<String>()),
        good in prop::sample::select(vec!["yes", "no"]),
        bottle in any::<u64>(),
    ) {
        let schema = wines();
        let object = json!({"bottle": bottle, "good": good, "colour": colour, "stars": stars, "sugar": sugar, "price": price, "maker": maker});
        let mut from_json = row(&schema, Purpose::Learn);
        rows::rows(&schema, object.to_string().as_bytes(), 1, &mut from_json, &mut |_, _| ()).unwrap();

        let mut writer = ::csv::Writer::from_writer(Vec::new());
        writer.write_record(["bottle", "good", "colour", "stars", "sugar", "price", "maker"]).unwrap();
        let word = |v: Option<String>| v.unwrap_or_default();
        let record = [
            bottle.to_string(), good.into(), colour.into(), word(stars.map(|v| v.to_string())),
            word(sugar.map(|v| v.to_string())), word(price.map(|v| v.to_string())), word(maker.clone()),
        ];
        writer.write_record(record).unwrap();
        let text = writer.into_inner().unwrap();
        let mut seen = 0;
        let mut from_csv = row(&schema, Purpose::Learn);
        csv::rows(&schema, text.as_slice(), &Dialect::AUTO, &mut from_csv, &mut |(line, row)| {
            let row = row.unwrap();
            seen += 1;
            assert_eq!(line, 2);
            assert_eq!(faults(row), faults(&from_json));
            assert_eq!(cells(&schema, row), cells(&schema, &from_json));
            // In CSV every value is text, so that warnings are compared by their message.
            let words = |row: &Row| row.warnings.iter().map(ToString::to_string).collect::<Vec<_>>();
            assert_eq!(words(row), words(&from_json));
            assert_eq!((row.target(), row.id_text()), (from_json.target(), from_json.id_text()));
            ControlFlow::Continue(())
        }, &mut |_| ()).unwrap();
        prop_assert_eq!(seen, 1);
        prop_assert_eq!(from_json.id_text(), Some(bottle.to_string()));
    }

    /// Rows pushed into a table come out unchanged.
    #[test]
    fn a_table_keeps_rows_as_they_were(objects in prop::collection::vec(any_object(), 0..12)) {
        let schema = std::sync::Arc::new(wines());
        let mut table = Table::new(schema.clone());
        let mut expected = Vec::new();
        let mut row = row(&schema, Purpose::Keep);
        let text = Json::from(objects).to_string();
        rows::rows(&schema, text.as_bytes(), usize::MAX, &mut row, &mut |_, row| {
            if row.faults.is_empty() {
                expected.push((cells(&schema, row), row.target(), row.id_text()));
                table.push(row).unwrap();
            }
        }).unwrap();
        prop_assert_eq!(table.len(), expected.len());
        for (i, (words, target, id)) in expected.into_iter().enumerate() {
            let mut back = super::super::fixture::row(&schema, Purpose::Keep);
            table.row(i, &mut back.cells);
            back.text = table.text().to_owned();
            back.id = table.id(i);
            prop_assert_eq!((cells(&schema, &back), table.target(i), back.id_text()), (words, target, id));
        }
        // A table of some of the rows has those, takes others, and leaves the first as it is.
        let chosen: Vec<usize> = (0..table.len()).rev().step_by(2).collect();
        let mut some = table.select(&chosen).select(&(0..chosen.len()).collect::<Vec<_>>());
        some.append(&table).unwrap();
        let expected = chosen.iter().copied().chain(0..table.len());
        let seen = |table: &Table, i: usize| {
            let mut back = super::super::fixture::row(&schema, Purpose::Keep);
            table.row(i, &mut back.cells);
            back.text = table.text().to_owned();
            back.id = table.id(i);
            (cells(&schema, &back), table.target(i), back.id_text())
        };
        prop_assert_eq!(some.len(), chosen.len() + table.len());
        for (i, from) in expected.enumerate() {
            prop_assert_eq!(seen(&some, i), seen(&table, from));
        }
    }
}

#[test]
fn flags_of_the_target_are_read_however_they_are_written() {
    let schema = super::super::fixture::table_spec(
        "target: {column: good, positive: true, negative: false}\ncolumns: [{name: sugar, kind: number}]\n",
    )
    .unwrap();
    let check = |text: &str, expected: Option<bool>| {
        let mut row = row(&schema, Purpose::Keep);
        let object = format!("{{\"good\": {text}}}");
        rows::rows(&schema, object.as_bytes(), 1, &mut row, &mut |_, _| ()).unwrap();
        assert_eq!(row.target(), expected, "{text}");
        assert_eq!(row.faults.is_empty(), expected.is_some(), "{text}");
    };
    for yes in [
        "true", "\"true\"", "\"True\"", "\"TRUE\"", "1", "1.0", "\"1\"",
    ] {
        check(yes, Some(true));
    }
    check("\"False\"", Some(false));
    for neither in ["2", "\"yes\"", "\"t\"", "[]"] {
        check(neither, None);
    }
}

#[test]
fn a_bad_row_is_told_as_it_came() {
    let schema = wines();
    let mut bad = row(&schema, Purpose::Keep);
    let mut told = Vec::new();
    let table =
        "bottle,colour,sugar,price,maker,good\n7,blue,401.5,-1,A \"b\",maybe\n,red,much,,,no\n";
    let mut each = |(_, row): csv::Line<'_>| {
        told.push(row.unwrap().as_it_came(&schema).unwrap());
        ControlFlow::Continue(())
    };
    let text = table.as_bytes();
    csv::rows(
        &schema,
        text,
        &Dialect::AUTO,
        &mut bad,
        &mut each,
        &mut |_| (),
    )
    .unwrap();
    assert_eq!(
        told,
        [
            r#"{"bottle":7,"colour":"blue","sugar":401.5,"good":"maybe","price":-1,"maker":"A \"b\""}"#,
            r#"{"good":"no","sugar":"much","colour":"red"}"#,
        ]
    );
    // A list cannot be a row's value under any spec.
    rows::line(&schema, br#"{"colour":["red"]}"#, &mut bad).unwrap();
    assert_eq!((bad.faults.len(), bad.as_it_came(&schema)), (1, None));
    // A column that is unknown to this spec may be known to a later one.
    rows::line(&schema, br#"{"colour":"red","grape":"Syrah"}"#, &mut bad).unwrap();
    let came = bad.as_it_came(&schema);
    assert_eq!(came.as_deref(), Some(r#"{"grape":"Syrah","colour":"red"}"#));
}
