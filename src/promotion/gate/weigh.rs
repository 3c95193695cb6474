//! The decision of the gate from labelled rows.

use super::{Floor, Gate, LogLoss, McNemar, Options, Paired, Thresholds, Verdict};
use crate::stats::difference::Difference;
use crate::stats::mcnemar::Discordant;
use crate::stats::metric::Metric;
use crate::stats::scores::Scores;

/// Power at which the number of rows counts as sufficient to show the minimum gain: the customary 80 %.
const POWER: f64 = 0.8;

/// Compares a candidate with the champion.
///
/// The log loss decides; the decisions and the floors can only forbid a promotion. The rules, in order:
///
/// 1. *Insufficient* with fewer than the minimum rows.
/// 2. *Keep* if a floor is missed, or if the decisions are significantly worse. Always predicting the base rate of these rows
///    is a floor for every candidate.
/// 3. *Promote* if the lower bound of the difference is above 0.
/// 4. *Keep* if the upper bound is below the minimum gain, or if there were enough rows to show that gain.
/// 5. *Insufficient* otherwise.
pub fn weigh(
    rows: &[Paired],
    thresholds: Thresholds,
    floors: &[(&'static Metric, f64)],
    options: &Options,
) -> Gate {
    let (mut difference, mut discordant) = (Difference::default(), Discordant::default());
    let mut scores = Scores::new(thresholds.candidate);
    let positives = rows.iter().filter(|row| row.positive).count() as u64;
    for row in rows {
        difference.update(row.positive, row.champion, row.candidate);
        let (champion, candidate) = row.right(thresholds);
        discordant.update(champion, candidate);
        scores.update(row.candidate, row.positive);
    }
    let mcnemar = McNemar {
        champion_right: discordant.first,
        candidate_right: discordant.second,
        p_value: discordant.p_value(),
    };
    let log_loss = log_loss(&difference, options.level);
    let mut floors = held(floors, &scores);
    let rows = difference.rows();
    floors.push(Floor::base_rate(positives, rows, log_loss.candidate));
    let (verdict, needed) = match too_few(&difference, options) {
        needed @ 1.. => (Verdict::Insufficient, needed),
        0 if floors.iter().any(|floor| !floor.holds) => (Verdict::Keep, 0),
        0 if decides_worse(&mcnemar, options.level) => (Verdict::Keep, 0),
        0 => decide(&difference, options),
    };
    Gate {
        verdict,
        rows,
        needed,
        log_loss,
        mcnemar,
        floors,
    }
}

fn too_few(difference: &Difference, options: &Options) -> u64 {
    // A variance needs at least two rows.
    options.min_rows.max(2).saturating_sub(difference.rows())
}

fn decides_worse(mcnemar: &McNemar, level: f64) -> bool {
    mcnemar.champion_right > mcnemar.candidate_right && mcnemar.p_value < level
}

fn decide(difference: &Difference, options: &Options) -> (Verdict, u64) {
    let Options {
        level, min_gain, ..
    } = *options;
    let enough = difference.rows_to_show(min_gain, level, POWER);
    let (low, high) = difference.bounds(level).unzip();
    let missing = enough.unwrap_or(0).saturating_sub(difference.rows());
    if low.is_some_and(|low| low > 0.0) {
        (Verdict::Promote, 0)
    } else if missing == 0 || high.is_some_and(|high| high < min_gain) {
        (Verdict::Keep, 0)
    } else {
        (Verdict::Insufficient, missing)
    }
}

fn log_loss(difference: &Difference, level: f64) -> LogLoss {
    let (champion, candidate) = difference.losses().unzip();
    let (low, high) = difference.bounds(level).unzip();
    LogLoss {
        champion,
        candidate,
        difference: difference.mean(),
        low,
        high,
    }
}

/// The candidate's metrics against the floors.
fn held(floors: &[(&'static Metric, f64)], scores: &Scores) -> Vec<Floor> {
    let figures = scores.finish();
    let floor = |&(metric, floor): &(&'static Metric, f64)| {
        let value = metric.value(&figures);
        Floor {
            metric: metric.name.to_owned(),
            floor,
            value,
            holds: value.is_some_and(|value| metric.meets(value, floor)),
        }
    };
    floors.iter().map(floor).collect()
}
