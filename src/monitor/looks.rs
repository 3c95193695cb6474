//! The schedule of tests of a live stream: at each full window, alone and pooled with the previous window, and an interim
//! look in between.
//!
//! Windows do not overlap, so each row is in exactly one. A change may begin anywhere in a window and is diluted there, so
//! there are two additional looks with more rows than a single window: at half a window, that half pooled with the previous
//! window ([`glance`]), and at a full window, both windows pooled, for changes too small for one window.
//!
//! All looks of a window share one family-wise level by Bonferroni, which holds for any dependence between them: [`ALONE`],
//! [`PAIR`] and [`HALF`] are their shares. The rest stays unspent: a server looks a hundred times in 10,000 rows, and a
//! false alarm costs more than a delay of a few rows. `tests/it/drift/simulated.rs` simulates the resulting rates on the
//! bundled table. A caller that omits [`glance`] only detects a change later.

use super::drift::{Drift, compare};
use super::sample::Sample;

/// Share of the level for a full window alone.
pub const ALONE: f64 = 0.5;

/// Share of the level for a full window pooled with the previous one.
pub const PAIR: f64 = 0.1;

/// Share of the level for half a window pooled with the previous window.
pub const HALF: f64 = 0.15;

/// Tests a full window alone, then pooled with the window `before`, which must be of the same model. Returns the verdict on
/// the window, or on both if only the pooled window shows a drift. The verdict's level is the share of `level` for that look.
pub fn look(reference: &Sample, window: &Sample, before: Option<&Sample>, level: f64) -> Drift {
    let alone = compare(reference, window, ALONE * level);
    if alone.drift {
        return alone;
    }
    let pair = before.map(|before| compare(reference, &before.join(window), PAIR * level));
    pair.filter(|pair| pair.drift).unwrap_or(alone)
}

/// The interim look: tests half a window pooled with the window `before`, which must be of the same model. Returns a verdict
/// only for a drift; otherwise the window is tested when it is full.
pub fn glance(reference: &Sample, half: &Sample, before: &Sample, level: f64) -> Option<Drift> {
    let drift = compare(reference, &before.join(half), HALF * level);
    Some(drift).filter(|drift| drift.drift)
}
