//! How a live monitor looks: at each full window alone and together with the one before, and once in between.
//!
//! Windows do not overlap, so that each row is in one of them. A change begins anywhere in a window and is diluted there; so
//! there are two more looks, each with more rows than a window alone. At a half-full window, that half together with the window
//! before ([`glance`]). At a full one, both windows together, for what is too small for one.
//!
//! All looks of a window share one family-wise level by Bonferroni, which holds whatever they have to do with each other:
//! [`ALONE`], [`PAIR`] and [`HALF`] of it. The rest stays unspent, for a server looks a hundred times in 10,000 rows, and a false
//! alarm costs more than a few rows of delay. What this comes to on the bundled table is simulated in
//! `tests/it/drift/simulated.rs`. Who leaves [`glance`] out only learns later of a change.

use super::drift::{Drift, compare};
use super::sample::Sample;

/// Share of the level that the look at a full window spends.
pub const ALONE: f64 = 0.5;

/// Share of the level that the look at two windows spends.
pub const PAIR: f64 = 0.1;

/// Share of the level that the look at a half-full window and the one before spends.
pub const HALF: f64 = 0.15;

/// Looks at a full window, and at it with the one `before`, which followed the same model; the verdict of the window, or of
/// both together where only they prove a change. Its level is the share of `level` that the look spends.
pub fn look(reference: &Sample, window: &Sample, before: Option<&Sample>, level: f64) -> Drift {
    let alone = compare(reference, window, ALONE * level);
    if alone.drift {
        return alone;
    }
    let pair = before.map(|before| compare(reference, &before.join(window), PAIR * level));
    pair.filter(|pair| pair.drift).unwrap_or(alone)
}

/// Looks at a window that is half full, together with the one `before`, which followed the same model. Only a drift is a verdict:
/// without one the window is looked at when it is full.
pub fn glance(reference: &Sample, half: &Sample, before: &Sample, level: f64) -> Option<Drift> {
    let drift = compare(reference, &before.join(half), HALF * level);
    Some(drift).filter(|drift| drift.drift)
}
