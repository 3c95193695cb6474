//! The expected area under the ROC curve.

use super::guess::Guess;

/// Σ over pairs of p·(1 − q), where pairs with p above q count fully and ties count half (each row is also paired with
/// itself, as in the trapezoids of NannyML's curve), divided by expected positives times expected negatives.
pub(super) fn guess(scores: &[f64]) -> Option<Guess> {
    let mut sorted = scores.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let positives: f64 = sorted.iter().sum();
    let negatives: f64 = sorted.iter().map(|p| 1.0 - p).sum();
    if positives <= 0.0 || negatives <= 0.0 {
        return None;
    }
    let ties = || {
        let (mut below, mut passed) = (0.0, 0.0);
        sorted.chunk_by(|a, b| a == b).map(move |tie| {
            let (rows, p) = (tie.len() as f64, tie[0]);
            let (up, down) = (rows * p, rows * (1.0 - p));
            // Expected negatives ranked below a positive of this score, and expected positives ranked above a negative of it.
            let beaten = below + down / 2.0;
            let beating = positives - passed - up / 2.0;
            below += down;
            passed += up;
            (rows, p, beaten, beating)
        })
    };
    let pairs = positives * negatives;
    let wins: f64 = ties().map(|(rows, p, beaten, _)| rows * p * beaten).sum();
    let value = wins / pairs;
    let variance: f64 = ties()
        .map(|(rows, p, beaten, beating)| {
            let moves = (beaten - beating) / pairs - value * (1.0 / positives - 1.0 / negatives);
            rows * p * (1.0 - p) * moves * moves
        })
        .sum();
    Some(Guess {
        value,
        error: variance.sqrt(),
    })
}
