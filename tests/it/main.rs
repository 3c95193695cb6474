//! Integration tests, one binary: a module a feature.

mod answers;
mod churn;
mod ingest;
mod recipe;
mod tables;
mod training;
