//! Integration tests, one binary: a module a feature.

mod churn;
mod problems;
mod recipe;
mod server;
mod tables;
mod training;
