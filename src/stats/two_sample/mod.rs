//! Two samples of one column: how far apart they are, and how sure that is. One file a figure; each agrees with scipy.
//!
//! | figure | says | file |
//! |---|---|---|
//! | Kolmogorov–Smirnov | largest distance of two distribution functions, with its p-value | [`ks`] |
//! | Pearson's χ² | whether two rows of counts are of one distribution | [`chi2`] |
//! | Fisher's exact test | the same of two counts each, at any size | [`fisher`] |
//! | PSI, Jensen–Shannon | how different the shares of bins are ([`bins`]) | [`divergence`] |
//! | Wasserstein | how far values have to move, in the reference's deviations | [`wasserstein`] |
//! | Holm | p-values of many tests at one family-wise level | [`holm`] |

pub mod bins;
pub mod chi2;
pub mod divergence;
pub mod fisher;
pub mod holm;
pub mod ks;
pub mod wasserstein;

#[cfg(test)]
mod tests;
