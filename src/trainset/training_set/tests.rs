//! Tests that corrections find the rows that they belong to.

use std::sync::Arc;

use super::*;
use crate::model::Spec;
use crate::schema::row::Purpose;
use crate::schema::{Row, Schema, json};

fn schema() -> Arc<Schema> {
    let spec = "version: 1\nname: wine\ntarget: {column: good, positive: 1, negative: 0}\n\
                columns: [{name: sugar, kind: number}, {name: grape, kind: text}]\n\
                recipe: {steps: [{impute: {of: sugar, as: x}}], features: [x]}\n";
    Spec::parse(spec).unwrap().schema.clone()
}

fn table(schema: &Arc<Schema>, rows: &[&str]) -> Table {
    let (mut table, mut row) = (Table::new(schema.clone()), Row::new(schema, Purpose::Learn));
    for text in rows {
        json::line(schema, text.as_bytes(), &mut row).unwrap();
        table.push(&row).unwrap();
    }
    table
}

fn loaded(table: Table) -> Loaded {
    table.into()
}

fn corrected(schema: &Arc<Schema>, row: &str, positive: bool) -> Corrected {
    let one = table(schema, &[row]);
    Corrected {
        content: content(schema, one.row(0, &mut Vec::new())),
        positive,
    }
}

#[test]
fn a_correction_changes_one_row_where_it_stands_and_adds_none() {
    let schema = schema();
    let learnt = table(
        &schema,
        &[
            r#"{"sugar": 1.25, "grape": "ä", "good": 0}"#,
            r#"{"sugar": 2, "good": 1}"#,
            r#"{"sugar": 1.25, "grape": "ä", "good": 0}"#,
            r#"{"sugar": 1.25, "grape": "ä", "good": 1}"#,
        ],
    );
    let corrected = vec![
        corrected(&schema, r#"{"grape": "ä", "sugar": 1.25, "good": 0}"#, true),
        corrected(&schema, r#"{"sugar": 2.0, "good": 0}"#, false),
        corrected(&schema, r#"{"sugar": 3, "good": 0}"#, false), // nobody learnt it
    ];
    let fresh = Labelled {
        table: table(&schema, &[r#"{"sugar": 7, "good": 1}"#]),
        corrected,
        through: 9,
        digest: String::new(),
        left_out: 0,
    };
    let training_set = TrainingSet::new(loaded(learnt), fresh).unwrap();
    let expected = [false, false, true, true, true];
    assert_eq!(training_set.loaded.table.labels(), expected);
    let origin = Origin {
        table: 4,
        store: 1,
        corrected: 2,
    };
    assert_eq!(training_set.origin(), origin);
}

/// A8: rows of a group that the champion was trained on are not unseen; a row without a group is its own group.
#[test]
fn a8_a_group_that_was_learnt_from_is_not_unseen() {
    let schema = schema();
    let rows: Vec<String> = (0..6)
        .map(|n| format!(r#"{{"sugar": {n}, "good": {}}}"#, n % 2))
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let mut training_set = TrainingSet::from(loaded(table(&schema, &rows)));
    training_set.stored = Some(Stored {
        rows: 4,
        corrected: 0,
        through: 9,
        digest: String::new(),
    });
    let groups = [Some(7), None, Some(7), None, Some(8), Some(8)];
    assert_eq!(training_set.unseen(Some(&groups)), [3, 4, 5]);
    assert_eq!(training_set.unseen(None), [2, 3, 4, 5]);
}
