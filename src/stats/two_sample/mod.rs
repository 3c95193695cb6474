//! Two samples of one column: their distance and its significance. One file per statistic; each agrees with scipy.
//!
//! | statistic | measures | file |
//! |---|---|---|
//! | Kolmogorov–Smirnov | largest distance of two distribution functions, with its p-value | [`ks`] |
//! | Pearson's χ² | whether two rows of counts have the same distribution | [`chi2`] |
//! | Fisher's exact test | the same for two levels, at any sample size | [`fisher`] |
//! | PSI, Jensen–Shannon | divergence of the shares of bins ([`bins`]) | [`divergence`] |
//! | Wasserstein | mean distance that values have to move, in the reference's standard deviations | [`wasserstein`] |
//! | Holm | adjusted p-values of many tests, for one family-wise level | [`holm`] |

pub mod bins;
pub mod chi2;
pub mod divergence;
pub mod fisher;
pub mod holm;
pub mod ks;
pub mod wasserstein;

#[cfg(test)]
mod tests;
