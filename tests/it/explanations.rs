//! Explanations: with every learner, each starts from the mean probability of the training rows, and its contributions add
//! up to the probability.

use titanic_platform::ingest::Loaded;
use titanic_platform::kernel::Calibration;
use titanic_platform::model::{Model, Spec, Workspace};
use titanic_platform::train::{self, LEARNERS, Request, Unwatched};

use crate::tables;

const CLOSE: f64 = 1e-9;

fn train(spec: &Spec, loaded: &Loaded, learner: &str) -> Model {
    let request = Request {
        learner: Some(learner.into()),
        folds: 2,
        repeats: 1,
        seed: 0,
        threads: 2,
        limits: Default::default(),
    };
    train::train(spec, &tables::material(loaded), &request, &Unwatched)
        .unwrap()
        .model
}

/// 400 rows, of which one in twenty is positive and has a high `x`.
fn imbalanced() -> (Spec, Loaded) {
    let spec = Spec::parse(
        "version: 1\nname: rare\ntarget: {column: y, positive: 1, negative: 0}\n\
         columns: [{name: x, kind: number, required: true}, {name: z, kind: number, required: true}]\n\
         recipe: {steps: [], features: [x, z]}\n",
    )
    .unwrap();
    let row = |n: u32| {
        let y = u32::from(n.is_multiple_of(20));
        format!("{},{},{y}\n", n * 7 % 31 + 40 * y, n * 13 % 17)
    };
    let text: String = (0..400).map(row).collect();
    let loaded = tables::csv(&spec, &format!("x,z,y\n{text}"));
    (spec, loaded)
}

/// Returns the base of each explanation, after checking that it adds up, and the mean probability.
fn bases(model: &Model, loaded: &Loaded) -> (Vec<f64>, f64) {
    let mut work = Workspace::default();
    let (mut bases, mut mean) = (Vec::new(), 0.0);
    let mut cells = Vec::new();
    for i in 0..loaded.table.len() {
        let row = loaded.table.row(i, &mut cells);
        let probability = model.probability(row, &mut work);
        let explanation = model.explain(row, &mut work);
        let parts = explanation.contributions.iter().map(|c| c.probability);
        let sum = explanation.base + parts.sum::<f64>();
        assert!(
            (sum - probability).abs() < CLOSE,
            "{sum} explains {probability}"
        );
        bases.push(explanation.base);
        mean += probability / loaded.table.len() as f64;
    }
    (bases, mean)
}

#[test]
fn every_explanation_starts_from_the_mean_probability_of_the_training_rows() {
    for (spec, loaded) in [tables::titanic(), tables::churn(), imbalanced()] {
        for learner in LEARNERS {
            let trained = train(&spec, &loaded, learner.name());
            let model = Model::from_bytes(&trained.to_bytes().unwrap()).unwrap();
            assert_eq!(model.base(), trained.base());
            let (bases, mean) = bases(&model, &loaded);
            for base in bases {
                let what = (&spec.name, learner.name());
                assert!((base - mean).abs() < CLOSE, "{what:?}: {base}, not {mean}");
            }
        }
    }
}

#[test]
fn contributions_of_a_linear_score_are_told_in_log_odds_too() {
    for (spec, loaded) in [tables::titanic(), tables::churn(), imbalanced()] {
        let model = train(&spec, &loaded, "logistic");
        if matches!(model.calibration(), Calibration::Isotonic { .. }) {
            continue; // no line in log odds
        }
        // For every row, log odds minus contributions give the same value, that of the mean row.
        let mut work = Workspace::default();
        let mut at_mean = Vec::new();
        let mut cells = Vec::new();
        for i in 0..loaded.table.len() {
            let row = loaded.table.row(i, &mut cells);
            let p = model.probability(row, &mut work);
            let explanation = model.explain(row, &mut work);
            let parts = explanation
                .contributions
                .iter()
                .map(|c| c.log_odds.unwrap());
            at_mean.push((p / (1.0 - p)).ln() - parts.sum::<f64>());
        }
        for other in &at_mean {
            assert!((other - at_mean[0]).abs() < 1e-6, "{}", spec.name);
        }
    }
    let (spec, loaded) = tables::churn();
    let forest = train(&spec, &loaded, "forest");
    let mut cells = Vec::new();
    let row = loaded.table.row(0, &mut cells);
    let explanation = forest.explain(row, &mut Workspace::default());
    assert!(
        explanation
            .contributions
            .iter()
            .all(|c| c.log_odds.is_none())
    );
}
