//! How a live monitor looks: at each full window alone, and at it together with the one before.
//!
//! Windows do not overlap, so that each row is in one of them; a change that begins inside a window is diluted there, and the
//! second look, with twice the rows, finds what is too small for one window. Both looks share one family-wise level by
//! Bonferroni, whatever they have to do with each other: six tenths for the window, one tenth for the pair. Three tenths stay
//! unspent, for a server looks a hundred times in 10,000 rows: over the bundled table that makes fewer than one false alarm in
//! 20,000 rows, and costs a median of three rows of delay against spending them on the window (`tests/it/drift_looks.rs`).

use super::drift::{Drift, compare};
use super::sample::Sample;

/// Share of the level that the look at one window spends.
const ALONE: f64 = 0.7;

/// Share of the level that the look at two windows spends.
const PAIR: f64 = 0.1;

/// Looks at a full window, and at it with the one `before`, which followed the same model; the verdict of the window, or of
/// both together where only they prove a change. Its level is the share that this look may spend of `level`.
pub fn look(reference: &Sample, window: &Sample, before: Option<&Sample>, level: f64) -> Drift {
    let alone = compare(reference, window, ALONE * level);
    if alone.drift {
        return alone;
    }
    let pair = before.map(|before| compare(reference, &before.join(window), PAIR * level));
    pair.filter(|pair| pair.drift).unwrap_or(alone)
}
