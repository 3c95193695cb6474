//! Integration tests, one binary: a module a feature.

mod answers;
mod churn;
mod ingest;
mod odd_tables;
mod recipe;
mod tables;
mod training;
