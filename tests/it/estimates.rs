//! Performance estimates without labels on the real table, compared with the true performance.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use titanic_platform::model::Workspace;
use titanic_platform::monitor::cbpe::{Reference, judge};
use titanic_platform::stats::metric::Metric;
use titanic_platform::stats::scores::Scores;
use titanic_platform::train::{self, Request, Unwatched};

use crate::tables;

const NAMES: [&str; 6] = ["accuracy", "precision", "recall", "f1", "auc", "brier"];

/// A model trained on half the table predicts the other half, a hundred rows at a time: the intervals cover the true metrics.
#[test]
fn intervals_hold_what_the_truths_say() {
    let (spec, _) = tables::titanic();
    let text = std::fs::read_to_string(tables::root().join("data/raw/train.csv")).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let (mut held, mut windows) = ([0; 6], 0);
    for seed in 0..24 {
        let mut order = rows.clone();
        order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
        let (learnt, unseen) = order.split_at(order.len() / 2);
        let table = |rows: &[&str]| tables::csv(&spec, &format!("{header}\n{}\n", rows.join("\n")));
        let (learnt, unseen) = (table(learnt), table(unseen));
        let request = Request {
            learner: Some("logistic".into()),
            folds: 5,
            repeats: 1,
            seed,
            threads: 2,
            limits: Default::default(),
        };
        let model = train::train(&spec, &tables::material(&learnt), &request, &Unwatched)
            .unwrap()
            .model;
        let threshold = model.card().cv.threshold;
        let scores = &model.profile().scores.as_ref().unwrap().sample;
        let reference = Reference::new(scores, threshold, |metric| model.card().cv.get(metric));
        let mut answers = vec![0.0; unseen.table.len()];
        model.probabilities(&unseen.table, 0, &mut answers, &mut Workspace::default());
        let labels = unseen.table.labels();
        for (answers, labels) in answers.chunks_exact(100).zip(labels.chunks_exact(100)) {
            let estimated = judge(answers, threshold, &reference);
            let json = serde_json::to_value(&estimated).unwrap();
            let mut truths = Scores::new(threshold);
            answers
                .iter()
                .zip(labels)
                .for_each(|(p, y)| truths.update(*p, *y));
            let figures = truths.finish();
            for (name, held) in NAMES.iter().zip(&mut held) {
                let value = Metric::named(name).unwrap().value(&figures).unwrap();
                let end = |end: &str| json["intervals"][name][end].as_f64().unwrap();
                *held += u32::from(end("low") <= value && value <= end("high"));
            }
            windows += 1;
        }
        if seed == 0 {
            println!(
                "off on the reference: {:?}",
                NAMES.map(|name| reference.off(name))
            );
        }
    }
    println!("of {windows} windows of 100 rows: {held:?} held, of {NAMES:?}");
    for (name, held) in NAMES.iter().zip(held) {
        assert!(
            f64::from(held) >= 0.85 * f64::from(windows),
            "{name}: {held} of {windows}"
        );
    }
}
