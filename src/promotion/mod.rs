//! Decides whether one model may replace another. Pure states and functions, which [`crate::control`] drives.
//!
//! * [`policy`]: whether a candidate is promoted automatically, from names and model cards.
//! * [`gate`]: a single comparison on labelled rows that the champion was not fitted on.
//! * [`shadow`]: the same comparison on live traffic, valid at every look.
//! * [`probation`]: whether a new champion performs as expected, or is rolled back.
//! * [`chain`]: a digest of the rows that a comparison rests on.

pub mod chain;
pub mod gate;
pub mod policy;
pub mod probation;
pub mod shadow;

#[cfg(test)]
pub mod fixture;
