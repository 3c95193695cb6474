//! Integration tests, one binary: a module a feature.

mod churn;
mod recipe;
mod tables;
mod training;
