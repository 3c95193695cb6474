//! The exact p-value of the Kolmogorov–Smirnov test, by counting lattice paths.
//!
//! Under the null hypothesis every order of the n + m values is equally likely. An order is a path from (0, 0) to
//! (n, m) with one step per value, and the distance is at least d if the path leaves the band |x/n − y/m| < d. The
//! share of the paths that ever leave it is the p-value (with ties, an upper bound on it). Hodges (Arkiv för
//! Matematik 3, 1958); as `scipy.stats.ks_2samp(method="exact")`.

/// Shares below this count as 0: it is far below every p-value of interest, and arithmetic on subnormal numbers is slow.
const NONE: f64 = 1e-290;

/// Share of the paths from (0, 0) to (n, m) that reach a distance of `apart`/(n·m) from the diagonal. Both n and m must
/// be at least 1.
///
/// The share g(x, y) of the paths to a point that have left the band follows from the two points before it: g(x, y) = (x·g(x
/// − 1, y) + y·g(x, y − 1)) / (x + y), and is 1 outside the band. Only the band is visited, 2·d·n·m points, diagonal by
/// diagonal, so that the points of a diagonal do not depend on each other.
pub(super) fn p_value(n: u64, m: u64, apart: u64) -> f64 {
    if apart == 0 {
        return 1.0;
    }
    let (n, m, apart) = (n as i64, m as i64, apart as i64);
    let mut left = vec![1.0; n as usize + 1];
    left[0] = 0.0; // the start is inside
    let mut lowest = 0;
    for steps in 1..=n + m {
        // Inside the band: |x·(n + m) − steps·n| < apart.
        let low = (steps * n - apart).div_euclid(n + m) + 1;
        let high = (steps * n + apart - 1).div_euclid(n + m);
        let over = 1.0 / steps as f64;
        // Downwards, in place. At x = 0 there is no left neighbour, and the share stays that of the previous step.
        for x in (low.max(steps - m).max(1)..=high.min(steps).min(n)).rev() {
            let (at, share) = (x as usize, x as f64 * over);
            let value = share * left[at - 1] + (1.0 - share) * left[at];
            left[at] = if value < NONE { 0.0 } else { value };
        }
        // Points that the band has passed are outside for all later steps.
        while lowest < low.min(n + 1) {
            left[lowest as usize] = 1.0;
            lowest += 1;
        }
    }
    left[n as usize].clamp(0.0, 1.0)
}
