//! Decides whether a candidate is promoted automatically: a pure function of names and model cards.

use crate::model::Card;
use crate::model::spec::Evaluation;
use crate::promotion::gate::Floor;
use crate::stats::metric::{Better, Metric};

/// Promotion mode of a training.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Promote {
    /// Promoted when there is no champion, or when it is not worse by the spec's primary metric and better than always
    /// answering the base rate.
    Auto,
    /// Promoted whatever its figures.
    Always,
    /// Kept, to be promoted by hand.
    Never,
}

/// The decision on a candidate, with its reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Whether the candidate becomes champion.
    pub promote: bool,
    /// One sentence with metrics.
    pub reason: String,
}

/// The champion that a candidate is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Champion<'a> {
    /// Name of its spec, as in `titanic`.
    pub name: &'a str,
    /// Name of the version, as in `titanic@7`.
    pub version: &'a str,
    /// The champion's card; `None` if its file cannot be read.
    pub card: Option<&'a Card>,
}

/// Decides on the promotion of a candidate.
///
/// A champion of another name was trained on another table: the metrics are not comparable, and the champion is not replaced
/// automatically. Metrics with the same table, seed, folds and repeats are paired, and any difference counts. Otherwise the
/// two were measured on different splits, and the candidate counts as worse only beyond one standard error (Breiman et al.
/// 1984, the 1-SE rule).
pub fn decide(
    mode: Promote,
    candidate: &Card,
    name: &str,
    champion: Option<Champion<'_>>,
    evaluation: &Evaluation,
) -> Verdict {
    let verdict = |promote, reason| Verdict { promote, reason };
    let champion = match (mode, champion) {
        (Promote::Always, _) => return verdict(true, "requested: --promote always".into()),
        (Promote::Never, _) => return verdict(false, "requested: --promote never".into()),
        (Promote::Auto, None) => {
            return verdict(true, first("there was no champion".into(), candidate));
        }
        (Promote::Auto, Some(champion)) => champion,
    };
    let version = champion.version;
    if champion.name != name {
        let reason = format!(
            "not compared: the champion {version} is not a model of {name}; promote the new one by hand if it is to replace it"
        );
        return verdict(false, reason);
    }
    let (promote, reason) = match champion.card {
        Some(card) => weigh(candidate, version, card, evaluation),
        None => {
            let reason = format!("the champion {version} cannot be read");
            (true, first(reason, candidate))
        }
    };
    let no_better = || champion.card.and_then(|_| no_better(candidate));
    let missed = || below_floor(candidate, evaluation).or_else(no_better);
    match promote.then(missed).flatten() {
        Some(reason) => verdict(false, reason),
        None => verdict(promote, reason),
    }
}

fn weigh(candidate: &Card, name: &str, champion: &Card, evaluation: &Evaluation) -> (bool, String) {
    let metric = evaluation.metric;
    let word = metric.name.replace('_', " ");
    let (Some(new), Some(old)) = (candidate.cv.get(metric), champion.cv.get(metric)) else {
        return (false, format!("{word} is undefined for one of the two"));
    };
    let worse_by = match metric.better {
        Better::Higher => old.mean - new.mean,
        Better::Lower => new.mean - old.mean,
    };
    let paired = candidate.table == champion.table
        && candidate.seed == champion.seed
        && (candidate.cv.folds, candidate.cv.repeats) == (champion.cv.folds, champion.cv.repeats);
    let figures = format!("{word} {:.4} against {:.4} of {name}", new.mean, old.mean);
    if paired {
        let than = if worse_by <= 0.0 {
            "not worse"
        } else {
            "worse"
        };
        return (
            worse_by <= 0.0,
            format!("{than}: {figures}, on the same splits"),
        );
    }
    let room = new.se.into_iter().chain(old.se).fold(0.0, f64::max);
    let than = if worse_by <= room {
        "not worse"
    } else {
        "worse"
    };
    (
        worse_by <= room,
        format!("{than}: {figures}, on other splits, one standard error being {room:.4}"),
    )
}

/// The reason of a promotion without a comparable champion, with a note if the candidate is no better than the base rate.
fn first(reason: String, candidate: &Card) -> String {
    match no_better(candidate) {
        Some(no_better) => format!("{reason}; {no_better}"),
        None => reason,
    }
}

/// A sentence that says that the candidate's cross-validated log loss is no better than always predicting the base rate of
/// its table; `None` if it is better, or undefined.
fn no_better(candidate: &Card) -> Option<String> {
    let value = candidate.cv.get(Metric::named("log_loss")?)?.mean;
    let (positives, rows) = (candidate.positives as u64, candidate.rows as u64);
    let floor = Floor::base_rate(positives, rows, Some(value));
    (!floor.holds).then(|| floor.no_better())
}

fn below_floor(candidate: &Card, evaluation: &Evaluation) -> Option<String> {
    evaluation.floors.iter().find_map(|(metric, floor)| {
        let value = candidate.cv.get(metric)?.mean;
        let below = !metric.meets(value, *floor);
        let word = metric.name.replace('_', " ");
        below.then(|| format!("{word} {value:.4} misses the spec's floor {floor}"))
    })
}

#[cfg(test)]
mod tests;
