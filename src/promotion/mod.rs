//! Whether one model may take the place of another. Pure: plain states and functions, looked at by [`crate::control`].
//!
//! * [`policy`]: whether a candidate becomes champion by itself, from names and cards.
//! * [`gate`]: the comparison on labelled rows that the champion was not fitted on, at one look.
//! * [`shadow`]: the same from live traffic, at every look.
//! * [`probation`]: whether a new champion performs as expected, or is rolled back.
//! * [`chain`]: which rows a comparison rests on, as a digest.

pub mod chain;
pub mod gate;
pub mod policy;
pub mod probation;
pub mod shadow;

#[cfg(test)]
pub mod fixture;
