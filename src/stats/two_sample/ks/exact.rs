//! The exact p-value: lattice paths counted.
//!
//! Under the null hypothesis every order of the n + m values is equally likely. An order is a path from (0, 0) to (n, m),
//! one step for each value, and its distance is reached where the path leaves the band |x/n − y/m| < d. The share of the
//! paths that ever leave it is the p-value, ties or not (with ties it is an upper bound). Hodges (Arkiv för Matematik 3,
//! 1958); as `scipy.stats.ks_2samp(method="exact")`.

/// Below this a share counts as none: it is far below every p-value that matters, and numbers that are nearly zero are slow.
const NONE: f64 = 1e-290;

/// Share of the paths from (0, 0) to (n, m) that come as far as `apart`/(n·m) from the diagonal. Both sizes 1 or more.
///
/// The share g(x, y) of the paths to a point that have left the band follows from the two points before it:
/// g(x, y) = (x·g(x − 1, y) + y·g(x, y − 1)) / (x + y), and is 1 outside. Only the band is visited: 2·d·n·m points,
/// diagonal by diagonal, so that no point waits for its neighbour.
pub(super) fn p_value(n: u64, m: u64, apart: u64) -> f64 {
    if apart == 0 {
        return 1.0;
    }
    let (n, m, apart) = (n as i64, m as i64, apart as i64);
    let mut left = vec![1.0; n as usize + 1];
    left[0] = 0.0; // the start is inside
    let mut lowest = 0;
    for steps in 1..=n + m {
        // Inside: |x·(n + m) − steps·n| < apart.
        let low = (steps * n - apart).div_euclid(n + m) + 1;
        let high = (steps * n + apart - 1).div_euclid(n + m);
        let over = 1.0 / steps as f64;
        // Downwards, in place. At x = 0 nothing is to the left, and the share is what it was one step before.
        for x in (low.max(steps - m).max(1)..=high.min(steps).min(n)).rev() {
            let (at, share) = (x as usize, x as f64 * over);
            let value = share * left[at - 1] + (1.0 - share) * left[at];
            left[at] = if value < NONE { 0.0 } else { value };
        }
        // What the band has left behind is outside for the steps to come.
        while lowest < low.min(n + 1) {
            left[lowest as usize] = 1.0;
            lowest += 1;
        }
    }
    left[n as usize].clamp(0.0, 1.0)
}
