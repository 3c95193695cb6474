//! Two samples of one column: how far apart they are, and how sure that is. One file a figure.

pub mod chi2;
pub mod ks;
