//! Training on tables that are small, imbalanced or half empty: a model or one clear error, never a panic, never NaN.

use titanic_platform::model::{Model, Spec, Workspace};
use titanic_platform::schema::row::Purpose;
use titanic_platform::schema::{ColumnWarning, Problem};
use titanic_platform::train::{self, Request, TrainError, Unwatched};

use crate::tables;

const WINE: &str = r#"
version: 1
name: wine
target: {column: good, positive: 1, negative: 0}
columns:
  - {name: colour, kind: category, levels: [red, white], unexpected: warn}
  - {name: sugar, kind: number}
  - {name: price, kind: number}
  - {name: maker, kind: text}
recipe:
  steps:
    - missing: {of: price, as: no_price}
    - impute: {of: sugar, as: sugar}
    - impute: {of: price, by: colour, as: price}
    - one_hot: {of: [colour]}
    - companion_target: {keys: [{of: [maker]}], as: house}
  features: [sugar, price, no_price, colour=*, house.*]
"#;

fn request(learner: &str, folds: usize) -> Request {
    Request {
        learner: Some(learner.into()),
        folds,
        repeats: 1,
        seed: 0,
        threads: 2,
        limits: Default::default(),
    }
}

fn train(spec: &Spec, csv: &str, request: &Request) -> Result<Model, TrainError> {
    let loaded = tables::csv(spec, csv);
    train::train(spec, &tables::material(&loaded), request, &Unwatched).map(|trained| trained.model)
}

/// A table of `n` rows; `row` formats one.
fn table(header: &str, n: usize, row: impl Fn(usize) -> String) -> String {
    let rows: Vec<String> = (0..n).map(row).collect();
    format!("{header}\n{}\n", rows.join("\n"))
}

/// Checks that every learner gives a model whose predictions are within [0, 1] and whose file can be read back.
fn check_trains(spec: &Spec, csv: &str, folds: usize) -> Model {
    let loaded = tables::csv(spec, csv);
    assert_eq!(loaded.bad, []);
    let mut work = Workspace::default();
    let mut last = None;
    for learner in train::LEARNERS.iter().map(|l| l.name()).chain(["auto"]) {
        let model =
            train(spec, csv, &request(learner, folds)).unwrap_or_else(|e| panic!("{learner}: {e}"));
        let empty = tables::csv_for(spec, "maker\nunheard of\n", Purpose::Predict);
        for table in [&loaded.table, &empty.table] {
            for i in 0..table.len() {
                let p = model.probability_of(table, i, &mut work);
                assert!((0.0..=1.0).contains(&p), "{learner}: {p}");
            }
        }
        let loss = model
            .card()
            .cv
            .get(titanic_platform::stats::metric::Metric::named("log_loss").unwrap());
        assert!(loss.unwrap().mean.is_finite(), "{learner}: {loss:?}");
        Model::from_bytes(&model.to_bytes().unwrap()).unwrap();
        last = Some(model);
    }
    last.unwrap()
}

const HEADER: &str = "colour,sugar,price,maker,good";

#[test]
fn a_column_that_is_all_missing_trains_with_a_warning() {
    let spec = Spec::parse(WINE).unwrap();
    let csv = table(HEADER, 40, |i| {
        format!("{},,,M{},{}", ["red", "white"][i % 2], i % 5, i * 7 % 3 % 2)
    });
    let model = check_trains(&spec, &csv, 4);
    let check = |model: &Model, column: &str, problem: Problem| {
        let warnings = &model.card().table_warnings;
        let named = |w: &&ColumnWarning| w.column == column && w.problem == problem;
        assert_eq!(
            warnings.iter().filter(named).count(),
            1,
            "{column}: {warnings:?}"
        );
    };
    check(&model, "sugar", Problem::AllMissing);
    check(&model, "price", Problem::AllMissing);
    // The same for a column that is missing from the file.
    let csv = table("colour,good", 40, |i| {
        format!("{},{}", ["red", "white"][i % 2], i * 7 % 3 % 2)
    });
    let model = check_trains(&spec, &csv, 4);
    check(&model, "sugar", Problem::MissingColumn);
    check(&model, "price", Problem::MissingColumn);
}

#[test]
fn constant_and_enormous_values_train() {
    let spec = Spec::parse(WINE).unwrap();
    let csv = table(HEADER, 40, |i| {
        format!(
            "red,5,{},M,{}",
            ["1e308", "-1e308", "1e-308", "0"][i % 4],
            i % 3 % 2
        )
    });
    check_trains(&spec, &csv, 4);
}

#[test]
fn a_few_of_one_value_are_enough() {
    let spec = Spec::parse(WINE).unwrap();
    let lopsided = |yes: usize| {
        table(HEADER, 60, |i| {
            format!(
                "red,{},1,M{},{}",
                i % 7,
                i % 5,
                usize::from(i % 30 == 0 && i / 30 < yes)
            )
        })
    };
    check_trains(&spec, &lopsided(2), 10);
    let fault = train(&spec, &lopsided(1), &request("auto", 10))
        .unwrap_err()
        .to_string();
    assert_eq!(
        fault,
        "only 1 of 60 rows have the value 1 in the target column \"good\"; at least 2 rows of each value are needed"
    );
    let fault = train(&spec, &lopsided(0), &request("auto", 10))
        .unwrap_err()
        .to_string();
    assert_eq!(
        fault,
        "only 0 of 60 rows have the value 1 in the target column \"good\"; at least 2 rows of each value are needed"
    );
    let all_yes = lopsided(0).replace(",0\n", ",1\n");
    let fault = train(&spec, &all_yes, &request("auto", 10))
        .unwrap_err()
        .to_string();
    assert_eq!(
        fault,
        "only 0 of 60 rows have the value 0 in the target column \"good\"; at least 2 rows of each value are needed"
    );
}

#[test]
fn the_smallest_table_trains() {
    let spec = Spec::parse(WINE).unwrap();
    let csv = table(HEADER, 4, |i| format!("red,{i},1,M,{}", i % 2));
    check_trains(&spec, &csv, 2);
    check_trains(&spec, &csv, 4);
    let fault = train(&spec, &csv, &request("auto", 5))
        .unwrap_err()
        .to_string();
    assert_eq!(
        fault,
        "4 rows cannot be cut into 5 folds; ask for 4 or fewer with --folds"
    );
}

/// The recipe has only companion features, which are made of the labels of other rows.
#[test]
fn a_recipe_of_companions_alone_trains() {
    let spec =
        Spec::parse(&WINE.replace("[sugar, price, no_price, colour=*, house.*]", "[house.*]"))
            .unwrap();
    let csv = table(HEADER, 60, |i| {
        format!("red,1,1,M{},{}", i % 6, usize::from(i % 6 < 3))
    });
    let model = check_trains(&spec, &csv, 5);
    let auc = titanic_platform::stats::metric::Metric::named("auc").unwrap();
    assert!(
        model.card().cv.get(auc).unwrap().mean > 0.9,
        "{:?}",
        model.card().cv
    );
    assert!(model.card().without_companions.is_none());
}

/// Most folds then test nothing; their share of the importance was 0/0, which no model file can hold.
#[test]
fn fewer_groups_than_folds_give_a_model_that_can_be_opened() {
    let grouped = "positive: 1, negative: 0}\nevaluation: {metric: log_loss, groups: colour}";
    let spec = Spec::parse(&WINE.replace("positive: 1, negative: 0}", grouped)).unwrap();
    let colour = |i: usize| if i % 4 < 2 { "red" } else { "white" };
    let csv = table(HEADER, 60, |i| format!("{},{i},1,M,{}", colour(i), i % 2));
    check_trains(&spec, &csv, 5);
}

#[test]
fn senseless_requests_are_refused_before_any_work() {
    let spec = Spec::parse(WINE).unwrap();
    let csv = table(HEADER, 40, |i| format!("red,{i},1,M,{}", i % 2));
    let refused = |request: Request| match train(&spec, &csv, &request).unwrap_err() {
        TrainError::Request(said) => said,
        other => panic!("{other}"),
    };
    let sound = request("logistic", 4);
    let least = "at least 2 folds, 1 repeat and 1 thread are needed";
    assert_eq!(
        refused(Request {
            folds: 1,
            ..sound.clone()
        }),
        least
    );
    assert_eq!(
        refused(Request {
            repeats: 0,
            ..sound.clone()
        }),
        least
    );
    assert_eq!(
        refused(Request {
            threads: 0,
            ..sound.clone()
        }),
        least
    );
    assert_eq!(
        refused(Request {
            repeats: usize::MAX,
            ..sound.clone()
        }),
        "18446744073709551615 repeats are too many; 10000 are the most"
    );
    let fault = train(&spec, &csv, &request("logistc", 4))
        .unwrap_err()
        .to_string();
    assert_eq!(
        fault,
        "there is no learner \"logistc\", did you mean \"logistic\"?; there are: auto, logistic, forest, boosted, deep, blend"
    );
}

#[test]
fn a_table_without_rows_is_called_that() {
    let spec = Spec::parse(WINE).unwrap();
    let said = |csv: &str| {
        train(&spec, csv, &request("logistic", 2))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        said(&format!("{HEADER}\n")),
        "the table has no rows; it cannot be trained on"
    );
    let loaded = tables::csv(&spec, &format!("{HEADER}\nred,x,1,M,1\nred,1,1,M,2\n"));
    let fault = train::train(
        &spec,
        &tables::material(&loaded),
        &request("logistic", 2),
        &Unwatched,
    )
    .unwrap_err();
    assert_eq!(
        fault.to_string(),
        "none of the table's 2 rows can be used; it cannot be trained on"
    );
}
