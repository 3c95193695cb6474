//! REST, WebSocket and the web page. Handlers decode a request, call a domain function, and encode its result.
//!
//! * [`route`] describes a route; [`routes`] is the table of all routes; [`router`] registers them with actix.
//! * [`watch`] is the middleware around every request; [`guard`] authenticates and authorises the client.
//! * [`address`] has the addresses of a server, and [`listener`] listens on them; [`base_path`] is the prefix of all routes.
//! * [`http`] is the HTTP protocol below; [`expect`] rejects a request by its head alone, before the body is sent.
//! * [`predictor`] predicts rows, for [`predict`] over REST and for [`ws`] over a pipelined WebSocket, which also sends live
//!   events.
//! * [`models`], [`jobs`], [`alerts`], [`health`] and [`metrics`] are the other resources of the API.
//! * [`cloud`] has the routes by which hosting platforms call a model; [`mode`] leaves out what a predict-only server does not do.
//! * [`store`], [`backups`], [`quarantine`], [`sources`] and [`settings`] serve the CLI commands of the same names.
//! * [`views`] holds the documents: the JSON, its schema, the page and the CLI output all come from the same struct.
//! * [`openapi`], [`docs`], [`page`], [`site`] and [`login`] serve the API description, the web pages and the login.
//! * [`problem`] builds all error responses; their statuses are chosen only there.
//! * [`server`] assembles the HTTP server from handles.
//!
//! Architecture invariant: this module contains no domain logic. Code that can be tested without HTTP lives elsewhere.

pub mod address;
pub mod admission;
pub mod alerts;
pub mod backups;
pub mod base_path;
pub mod body;
pub mod budget;
pub mod cards;
pub mod cloud;
pub mod cycle;
pub mod docs;
pub mod events;
pub mod expect;
pub mod follow;
pub mod guard;
pub mod health;
mod held;
pub mod hidden;
pub mod http;
pub mod inflight;
pub mod jobs;
pub mod labels;
pub mod listener;
pub mod login;
pub mod metrics;
pub mod mode;
pub mod models;
pub mod monitor;
pub mod openapi;
pub mod options;
mod outward;
pub mod page;
mod pairs;
pub mod predict;
pub mod predictor;
pub mod problem;
pub mod quarantine;
mod query;
pub mod replay;
mod reply;
pub mod route;
pub mod router;
pub mod routes;
mod row_reader;
pub mod rows;
pub mod schemas;
pub mod server;
pub mod service;
pub mod settings;
mod shape;
pub mod site;
pub mod sources;
pub mod store;
pub mod stream;
pub mod views;
pub mod watch;
pub mod why;
pub mod ws;
