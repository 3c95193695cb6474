//! Integration tests, one binary: a module a feature.

mod answers;
mod bad_input;
mod browser;
mod case;
mod churn;
mod cli;
mod crash;
mod demo;
mod ingest;
mod life;
mod models;
mod odd_tables;
mod problems;
mod recipe;
mod rest;
mod revisions;
mod server;
mod socket;
mod sources;
mod store;
mod store_cli;
mod swap;
mod tables;
mod the_loop;
mod training;
mod ws;
