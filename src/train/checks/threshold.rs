//! Check for a model that never predicts the positive label.

use crate::schema::WarningSummary;
use crate::schema::fault::Problem;

/// Warns if no out-of-fold probability reaches the threshold, and suggests the threshold with the best F1 and the decision
/// costs that correspond to it.
pub(super) fn check(
    target: &str,
    labels: &[bool],
    scores: &[Option<f64>],
    threshold: f64,
    summary: &mut WarningSummary,
) {
    let scored = scores.iter().zip(labels);
    let mut rows: Vec<(f64, bool)> = scored.filter_map(|(p, y)| Some(((*p)?, *y))).collect();
    if rows.is_empty() || rows.iter().any(|(p, _)| *p >= threshold) {
        return;
    }
    let n = rows.len() as u64;
    let Some((best, f1)) = best(&mut rows) else {
        return;
    };
    let ratio = (1.0 - best) / best;
    let detail = format!(
        "none of {n} rows out of fold reaches the threshold {threshold}: the model never says yes; best by F1 ({f1:.3}) is \
         decision: {{threshold: {}}}, which is costs: {{false_positive: 1, false_negative: {}}}",
        rounded(best, f64::floor),
        rounded(ratio, f64::ceil),
    );
    summary.say(target, Problem::NeverPositive, n, detail);
}

/// The threshold with the largest F1, and that F1; `None` without positive rows or if the threshold is 0 or 1.
fn best(rows: &mut [(f64, bool)]) -> Option<(f64, f64)> {
    rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let positives = rows.iter().filter(|(_, y)| *y).count() as f64;
    let (mut hits, mut best) = (0.0, None);
    for (i, (p, y)) in rows.iter().enumerate() {
        hits += f64::from(u8::from(*y));
        let is_last = rows.get(i + 1).is_none_or(|(next, _)| next < p);
        let f1 = 2.0 * hits / (i as f64 + 1.0 + positives);
        if is_last && f1 > best.map_or(0.0, |(_, f1)| f1) {
            best = Some((*p, f1));
        }
    }
    best.filter(|(threshold, _)| *threshold > 0.0 && *threshold < 1.0)
}

/// Rounds to three significant digits, in the direction in which rows at the threshold still reach it.
fn rounded(value: f64, to_side: fn(f64) -> f64) -> f64 {
    let digits = 2 - value.log10().floor() as i32;
    let scale = 10_f64.powi(digits);
    to_side(value * scale) / scale
}
