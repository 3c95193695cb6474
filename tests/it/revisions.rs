//! Model files of every format revision that was ever written must open for ever, and answer as they did.
//!
//! `tests/fixtures/revision-1.model`: the second spec, trained with
//! `train tests/fixtures/churn.csv --spec tests/fixtures/churn.yaml --learner blend --folds 2 --repeats 1`.

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
    // As answered on the day the file was written; the last digits may differ where the system's exp does.
    assert!((probability - EXPECTED).abs() < 1e-12, "{probability:?}");
    // It does not know the mean probability of its training rows: explanations start from their positive share.
    let (card, explanation) = (
        model.card(),
        model.explain(row.view(), &mut Workspace::default()),
    );
    assert_eq!(explanation.base, card.positives as f64 / card.rows as f64);
    let parts = explanation.contributions.iter().map(|c| c.probability);
    assert!((explanation.base + parts.sum::<f64>() - probability).abs() < 1e-9);
    // Written again it is a file of this release's revision, and answers the same.
    let again = Model::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!(
        again.probability(row.view(), &mut Workspace::default()),
        probability
    );
}

/// What the model said when it was new.
const EXPECTED: f64 = 0.749_491_468_110_928_3;
