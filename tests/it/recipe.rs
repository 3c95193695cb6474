//! The recipe on the real table: reference values, one implementation for rows and batches, and no leaks.
//!
//! Reference values come from an independent implementation in Python (pandas 3.0, numpy 2.4) of the features described in
//! assets/titanic.yaml.

use proptest::prelude::*;
use titanic_platform::features::{Fitted, Scratch};
use titanic_platform::model::Spec;
use titanic_platform::schema::row::{Purpose, Value};
use titanic_platform::schema::{Kind, Row, Slot};

use crate::tables;

/// Features of all rows, fitted on the first `n`: the first `n` as for training, the rest as for predictions.
fn features(n: usize) -> (Fitted, Vec<Vec<f32>>) {
    let (spec, loaded) = tables::titanic();
    let labels = loaded.table.labels();
    let rows: Vec<usize> = (0..n).collect();
    let fitted = spec.recipe.fit(&loaded.table, &rows, &labels[..n]).unwrap();
    let width = fitted.recipe.width();
    let mut all: Vec<Vec<f32>> = fitted.matrix.chunks(width).map(<[f32]>::to_vec).collect();
    let mut scratch = Scratch::default();
    for i in n..loaded.table.len() {
        let mut out = vec![0.0; width];
        fitted
            .recipe
            .transform_row(&loaded.table, i, &mut scratch, &mut out);
        all.push(out);
    }
    (fitted, all)
}

fn column(fitted: &Fitted, name: &str) -> usize {
    let names: Vec<&str> = fitted
        .recipe
        .features()
        .iter()
        .map(|f| f.name.as_str())
        .collect();
    names
        .iter()
        .position(|n| *n == name)
        .unwrap_or_else(|| panic!("no feature {name} among {names:?}"))
}

#[test]
fn features_are_those_of_the_reference() {
    let (fitted, rows) = features(891);
    assert_eq!(fitted.recipe.width(), 23);
    let columns = [
        "companions.value",
        "women_and_boys.value.in",
        "women_and_boys.known.in",
        "women_and_boys.value.out",
        "women_and_boys.known.out",
    ];
    let columns = columns.map(|c| column(&fitted, c));
    let expected: [(usize, [f64; 5]); 6] = [
        (1, [-0.057271, 0.0, 0.0, 0.0, 0.0]),
        (2, [0.0, 0.0, 0.0, 0.0, 0.0]),
        (3, [0.0, 0.250796, 1.0, 0.0, 0.0]),
        (4, [-0.176726, 0.022043, 1.0, 0.0, 0.0]),
        (7, [0.0, 0.0, 0.0, 0.022043, 1.0]),
        (8, [-0.373807, -0.373807, 1.0, 0.0, 0.0]),
    ];
    for (id, values) in expected {
        for (column, value) in columns.iter().zip(values) {
            assert!(
                (f64::from(rows[id - 1][*column]) - value).abs() < 1e-6,
                "passenger {id}, feature {column}"
            );
        }
    }
    // The sixth passenger's age is unknown: the median of the 398 known Mr is 30.
    assert_eq!(rows[5][column(&fitted, "age")], 30.0);
    assert_eq!(rows[5][column(&fitted, "age_missing")], 1.0);
    assert!((rows[0][column(&fitted, "log_fare")] - 2.110213).abs() < 1e-6);
}

#[test]
fn sums_over_a_fixed_split_are_those_of_the_reference() {
    let (fitted, rows) = features(800);
    let expected = [
        ("age", 23513.92, 2574.25),
        ("log_fare", 2383.163825, 256.197131),
        ("companions.value", -6.801757, -0.215868),
        ("women_and_boys.value.in", -5.162317, -0.876822),
        ("women_and_boys.known.in", 164.0, 20.0),
        ("women_and_boys.value.out", -3.078732, -1.114295),
        ("women_and_boys.known.out", 112.0, 10.0),
    ];
    for (name, trained, served) in expected {
        let j = column(&fitted, name);
        let sum = |rows: &[Vec<f32>]| rows.iter().map(|r| f64::from(r[j])).sum::<f64>();
        assert!(
            (sum(&rows[..800]) - trained).abs() < 1e-2_f64.min(1e-5 * trained.abs().max(1.0)),
            "{name}: {}",
            sum(&rows[..800])
        );
        assert!(
            (sum(&rows[800..]) - served).abs() < 1e-5 * served.abs().max(1.0),
            "{name}: {}",
            sum(&rows[800..])
        );
    }
}

/// A held-out row's label must not reach any feature of any row.
#[test]
fn labels_of_held_out_rows_change_nothing() {
    let (spec, loaded) = tables::titanic();
    let labels = loaded.table.labels();
    let train: Vec<usize> = (0..891).filter(|i| i % 10 != 3).collect();
    let y: Vec<bool> = train.iter().map(|i| labels[*i]).collect();
    let fit = |table| spec.recipe.fit(table, &train, &y).unwrap();
    let flipped: Vec<Option<bool>> = labels
        .iter()
        .enumerate()
        .map(|(i, l)| Some(if i % 10 == 3 { !*l } else { *l }))
        .collect();
    let other = loaded.table.clone().with_targets(flipped);
    let (a, b) = (fit(&loaded.table), fit(&other));
    assert_eq!(a.matrix, b.matrix);
    let (mut scratch, width) = (Scratch::default(), a.recipe.width());
    let (mut x, mut z) = (vec![0.0; width], vec![0.0; width]);
    for i in 0..891 {
        a.recipe
            .transform_row(&loaded.table, i, &mut scratch, &mut x);
        b.recipe.transform_row(&other, i, &mut scratch, &mut z);
        assert_eq!(x, z);
    }
}

/// A training row's own label must not reach its own companion features. In this spec the outcome is the label itself, so
/// the features do not depend on the label rates of cells.
#[test]
fn a_training_rows_own_label_does_not_reach_its_companions() {
    let (_, loaded) = tables::titanic();
    let spec = tables::titanic_with(
        "        against: who_class\n        credit: [Ticket, Name]\n        as: companions",
        "        credit: [Ticket, Name]\n        as: companions",
    );
    let labels = loaded.table.labels();
    let all: Vec<usize> = (0..891).collect();
    let fitted = spec.recipe.fit(&loaded.table, &all, &labels).unwrap();
    let j = column(&fitted, "companions.value");
    // Swaps two different labels, so that the prior stays the same.
    let (yes, no) = (
        labels.iter().position(|l| *l).unwrap(),
        labels.iter().position(|l| !*l).unwrap(),
    );
    let mut flipped = labels.clone();
    flipped.swap(yes, no);
    let other = spec.recipe.fit(&loaded.table, &all, &flipped).unwrap();
    for i in [yes, no] {
        let width = fitted.recipe.width();
        assert_eq!(
            fitted.matrix[i * width + j],
            other.matrix[i * width + j],
            "row {i}"
        );
    }
    assert_ne!(
        fitted.matrix, other.matrix,
        "the flip reached nobody: the test is blind"
    );
}

/// A value of any kind for any column: known, unknown, absurd, missing.
fn any_value() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        Just(Some(String::new())),
        any::<f64>().prop_map(|v| Some(v.to_string())),
        prop_oneof![
            Just(1e308),
            Just(-1e308),
            Just(0.0),
            Just(f64::MIN_POSITIVE)
        ]
        .prop_map(|v: f64| Some(v.to_string())),
        "[A-Z][a-z]{0,8}, (Mr|Mrs|Miss|Master|Dr)\\. [a-z]{1,5}".prop_map(Some),
        "[ -~]{0,20}".prop_map(Some),
        "\\PC{0,12}".prop_map(Some),
        prop_oneof![
            "male", "female", "1", "2", "3", "S", "C", "Q", "basic", "north"
        ]
        .prop_map(Some),
    ]
}

/// Builds a row from the values that fit their columns. The specs have no ranges and levels; other tests cover those.
fn admit(spec: &Spec, values: &[Option<String>]) -> Row {
    let mut row = Row::new(&spec.schema, Purpose::Predict);
    for (i, (column, value)) in spec.schema.columns().iter().zip(values).enumerate() {
        let value = match (value, &column.kind) {
            (None, _) => Value::Missing,
            (Some(v), Kind::Number { .. }) => v.parse().map_or(Value::Missing, Value::Number),
            (Some(v), _) => Value::Text(v),
        };
        row.put(&spec.schema, Slot::Column(i), value);
    }
    row
}

fn lenient(spec: &str) -> Spec {
    Spec::parse(&spec.replace("reject", "warn")).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Any row through both recipes: no panic, no NaN, and the batch equals the row to the bit.
    #[test]
    fn no_row_breaks_a_recipe(values in proptest::collection::vec(proptest::collection::vec(any_value(), 10), 1..6)) {
        thread_local! {
            static MODELS: Vec<(Spec, Fitted)> = [(titanic_platform::model::spec::BUNDLED, tables::titanic()), (crate::churn::SPEC, tables::churn())]
                .into_iter()
                .map(|(text, (_, loaded))| {
                    let spec = lenient(text);
                    let labels = loaded.table.labels();
                    let all: Vec<usize> = (0..labels.len()).collect();
                    let fitted = spec.recipe.fit(&loaded.table, &all, &labels).unwrap();
                    (spec, fitted)
                })
                .collect();
        }
        MODELS.with(|models| for (spec, fitted) in models {
            let width = fitted.recipe.width();
            let (mut fresh, mut reused) = (vec![0.0; width], vec![0.0; width]);
            let mut scratch = Scratch::default();
            for values in &values {
                let row = admit(spec, values);
                fitted.recipe.transform(row.view(), &mut Scratch::default(), &mut fresh);
                fitted.recipe.transform(row.view(), &mut scratch, &mut reused);
                assert!(fresh.iter().all(|v| v.is_finite()), "{values:?} → {fresh:?}");
                assert_eq!(fresh, reused);
            }
        });
    }
}

/// A table with one category, whose outcomes are random.
fn tossed(levels: impl Fn(u64) -> u64, rows: usize) -> (Spec, titanic_platform::ingest::Loaded) {
    let spec = Spec::parse(
        "version: 1\nname: t\ntarget: {column: y, positive: 1, negative: 0}\n\
         columns: [{name: c, kind: category, levels: any}]\n\
         recipe: {steps: [{target_mean: {of: c, as: mean}}], features: [mean]}\n",
    )
    .unwrap();
    let mut state = 7u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let line = |_| format!("v{},{}\n", levels(next()), next() % 2);
    let text: String = (0..rows).map(line).collect();
    let loaded = tables::csv(&spec, &format!("c,y\n{text}"));
    (spec, loaded)
}

/// AUC of the training rows' own encodings for their labels; 0.5 means no information.
fn auc_of_own_encodings(spec: &Spec, loaded: &titanic_platform::ingest::Loaded) -> f64 {
    let labels = loaded.table.labels();
    let rows: Vec<usize> = (0..labels.len()).collect();
    let matrix = spec
        .recipe
        .fit(&loaded.table, &rows, &labels)
        .unwrap()
        .matrix;
    let (mut wins, mut pairs) = (0.0, 0.0);
    for (a, yes) in matrix.iter().zip(&labels).filter(|(_, l)| **l) {
        for (b, _) in matrix.iter().zip(&labels).filter(|(_, l)| **l != *yes) {
            pairs += 1.0;
            wins += if a > b {
                1.0
            } else if a == b {
                0.5
            } else {
                0.0
            };
        }
    }
    wins / pairs
}

/// Out-of-fold encodings contain no information about random outcomes, neither with many small groups nor with one large
/// group, where leaving out only the row itself would reveal each outcome (AUC 0).
#[test]
fn a8_target_mean_tells_no_row_its_own_outcome() {
    let (spec, many) = tossed(|n| n % 150, 1500);
    let found = auc_of_own_encodings(&spec, &many);
    assert!((0.42..0.58).contains(&found), "many levels: {found}");
    let (spec, one) = tossed(|_| 0, 1500);
    let found = auc_of_own_encodings(&spec, &one);
    assert!((0.42..0.58).contains(&found), "one level: {found}");
    // A model trained on them is no better than chance.
    let request = titanic_platform::train::Request {
        learner: Some("boosted".into()),
        folds: 4,
        repeats: 1,
        seed: 0,
        threads: 2,
        limits: Default::default(),
    };
    let material = tables::material(&many);
    let trained = titanic_platform::train::train(
        &spec,
        &material,
        &request,
        &titanic_platform::train::Unwatched,
    );
    let card = trained.unwrap().model.card().clone();
    let auc = card
        .cv
        .metrics
        .iter()
        .find(|(name, _)| name == "auc")
        .unwrap();
    let auc = auc.1.as_ref().unwrap().mean;
    assert!((0.44..0.56).contains(&auc), "{auc}");
}
