//! Model files of every format revision ever written must stay readable and give the same predictions.
//!
//! `tests/fixtures/revision-1.model` to `revision-3.model`: the second spec, trained with `train tests/fixtures/churn.csv
//! --spec tests/fixtures/churn.yaml --learner blend --folds 2 --repeats 1` by the first release that wrote the revision.

use titanic_platform::model::{Model, Workspace};
use titanic_platform::schema::Row;
use titanic_platform::schema::json;
use titanic_platform::schema::row::Purpose;

const ROW: &str =
    r#"{"plan":"basic","months":3,"spend":20.5,"calls":4,"region":"east","device":"Castor"}"#;

#[test]
fn revision_1_opens_and_answers_as_it_did() {
    let model = Model::from_bytes(include_bytes!("../fixtures/revision-1.model")).unwrap();
    assert_eq!(
        (model.spec().name.as_str(), model.card().learner.as_str()),
        ("churn", "blend")
    );
    let mut row = Row::new(model.schema(), Purpose::Predict);
    json::rows(model.schema(), ROW.as_bytes(), 1, &mut row, &mut |_, _| ()).unwrap();
    assert!(row.faults.is_empty(), "{:?}", row.faults);
    let probability = model.probability(row.view(), &mut Workspace::default());
    // As predicted on the day the file was written; the last digits may differ where the system's exp does.
    assert!((probability - EXPECTED).abs() < 1e-12, "{probability:?}");
    // The file lacks the mean probability of the training rows: explanations start from the share of positives.
    let (card, explanation) = (
        model.card(),
        model.explain(row.view(), &mut Workspace::default()),
    );
    assert_eq!(explanation.base, card.positives as f64 / card.rows as f64);
    let parts = explanation.contributions.iter().map(|c| c.probability);
    assert!((explanation.base + parts.sum::<f64>() - probability).abs() < 1e-9);
    // Written again, the file has the current revision and gives the same predictions.
    let again = Model::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!(
        again.probability(row.view(), &mut Workspace::default()),
        probability
    );
}

#[test]
fn revision_2_opens_and_answers_as_it_did() {
    let file: &[u8] = include_bytes!("../fixtures/revision-2.model");
    assert_eq!(file[8..12], 2_u32.to_le_bytes(), "it is of revision 2");
    let model = Model::from_bytes(file).unwrap();
    let card = model.card();
    assert_eq!(
        (model.spec().name.as_str(), card.learner.as_str()),
        ("churn", "blend")
    );
    let mut row = Row::new(model.schema(), Purpose::Predict);
    json::rows(model.schema(), ROW.as_bytes(), 1, &mut row, &mut |_, _| ()).unwrap();
    assert!(row.faults.is_empty(), "{:?}", row.faults);
    let probability = model.probability(row.view(), &mut Workspace::default());
    assert!((probability - EXPECTED).abs() < 1e-12, "{probability:?}");
    // The file contains the mean probability of its training rows, from which explanations start.
    let explanation = model.explain(row.view(), &mut Workspace::default());
    assert!(
        (explanation.base - BASE).abs() < 1e-12,
        "{:?}",
        explanation.base
    );
    assert_ne!(explanation.base, card.positives as f64 / card.rows as f64);
    let parts = explanation.contributions.iter().map(|c| c.probability);
    assert!((explanation.base + parts.sum::<f64>() - probability).abs() < 1e-9);
    assert!(card.table_warnings.is_empty(), "its table had nothing odd");
    let again = Model::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!(
        again.probability(row.view(), &mut Workspace::default()),
        probability
    );
    assert_eq!(again.spec().text(), model.spec().text());
    // Which learners it averages is not in its card, and known all the same.
    let members: Vec<String> = model.members().into_iter().map(|m| m.learner).collect();
    assert!(
        members.len() > 1 && members.is_sorted_by_key(|name| place(name)),
        "{members:?}"
    );
}

#[test]
fn revision_3_opens_and_answers_as_it_did() {
    let file: &[u8] = include_bytes!("../fixtures/revision-3.model");
    assert_eq!(file[8..12], 3_u32.to_le_bytes(), "it is of revision 3");
    let model = Model::from_bytes(file).unwrap();
    let mut row = Row::new(model.schema(), Purpose::Predict);
    json::rows(model.schema(), ROW.as_bytes(), 1, &mut row, &mut |_, _| ()).unwrap();
    let probability = model.probability(row.view(), &mut Workspace::default());
    assert!((probability - EXPECTED_3).abs() < 1e-12, "{probability:?}");
    assert!((model.base() - BASE_3).abs() < 1e-12);
    let again = Model::from_bytes(&model.to_bytes().unwrap()).unwrap();
    let of_again = again.probability(row.view(), &mut Workspace::default());
    assert_eq!(of_again, probability);
}

/// Prediction and mean probability of the file of revision 3, whose trees send missing values to either side.
const EXPECTED_3: f64 = 0.867_760_260_292_365_3;
const BASE_3: f64 = 0.385_890_364_521_899_84;

/// The mean probability of the training rows of the file of revision 2.
const BASE: f64 = 0.385_122_428_619_592_4;

/// Prediction of both models when they were written.
const EXPECTED: f64 = 0.749_491_468_110_928_3;

/// The place of a learner among those of `train`.
fn place(name: &str) -> Option<usize> {
    ["logistic", "forest", "boosted", "deep"]
        .iter()
        .position(|known| *known == name)
}

/// A kernel tells which learner made it.
#[test]
fn each_learner_is_recognised_by_its_kernel() {
    let folder = crate::cli::Folder::new();
    for learner in ["logistic", "forest", "boosted", "deep"] {
        let train = format!("train --learner {learner} --folds 2 --repeats 1 --state {learner}");
        folder.run(&train).ok();
        let shown = folder
            .run(&format!("models show 1 --json --state {learner}"))
            .ok()
            .json();
        assert_eq!(shown["card"]["learner"], learner);
        assert_eq!(shown["members"].as_array().unwrap().len(), 1);
        assert_eq!(
            shown["members"][0]["learner"], learner,
            "{}",
            shown["members"]
        );
    }
}
