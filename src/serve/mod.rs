//! REST, WebSocket, the page: translate, call, translate back.
//!
//! * [`route`]: what is said of a route; [`routes`]: the table of all; [`router`] puts them where actix finds them.
//! * [`watch`]: what every request passes on its way in and out; [`guard`] says who may ask at all.
//! * [`http`]: the protocol below it; [`expect`] responds before a body is sent where the head alone decides.
//! * [`predict`]: rows in, answers out. [`ws`]: the same, pipelined, with live events.
//! * [`models`], [`jobs`], [`alerts`], [`health`], [`metrics`]: the rest of the interface.
//! * [`store`], [`quarantine`], [`sources`], [`settings`]: what the commands of the same names ask a running server for.
//! * [`views`]: the documents, one struct each: the JSON, its schema, the page and the command line are drawn from it.
//! * [`openapi`], [`docs`], [`page`], [`site`], [`login`]: the documents and pages about it, and signing in to them.
//! * [`problem`]: every request without an answer gets a problem document; statuses are chosen there alone.
//! * [`server`]: all of it put together from handles.
//!
//! Architecture invariant: nothing is computed here. Whatever can be tested without HTTP lives elsewhere.

pub mod admission;
pub mod alerts;
pub mod body;
pub mod budget;
pub mod cards;
pub mod cycle;
pub mod docs;
pub mod events;
pub mod expect;
pub mod guard;
pub mod health;
mod held;
pub mod http;
pub mod inflight;
pub mod jobs;
pub mod labels;
pub mod login;
pub mod metrics;
pub mod models;
pub mod monitor;
pub mod openapi;
pub mod options;
pub mod page;
mod pairs;
pub mod predict;
pub mod predictor;
pub mod problem;
pub mod quarantine;
mod query;
mod reply;
pub mod route;
pub mod router;
pub mod routes;
mod row_reader;
pub mod rows;
pub mod schemas;
pub mod server;
pub mod settings;
mod shape;
pub mod site;
pub mod sources;
pub mod store;
pub mod stream;
pub mod views;
pub mod watch;
pub mod ws;
