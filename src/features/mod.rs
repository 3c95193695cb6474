//! Recipes: ordered feature steps, fitted on a table, applied to one row.
//!
//! The row function is the only implementation; a batch loops over it, so that training and serving cannot differ. A row's
//! cells are copied into a [`frame::Frame`], each step reads earlier cells and pushes its own, and the recipe's features are
//! the numbers selected from the frame at the end.
//!
//! A step that uses the target is fitted on the whole table it is given and applied in two forms: to the training rows with
//! their own label excluded ([`step::Step::apply_to_training_row`]), to any other row unchanged.
//!
//! To add a step: one file under `steps`, one line in the table of `steps/mod.rs`.

pub mod condition;
pub mod frame;
mod frames;
pub mod group;
pub mod recipe;
pub mod scope;
pub mod step;
mod steps;
pub mod training;

pub use recipe::{Fitted, Recipe, RecipeSpec, Scratch};
