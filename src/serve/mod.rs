//! REST, WebSocket, the page: translate, call, translate back.

pub mod docs;
pub mod explanation;
pub mod page;
pub mod problem;
pub mod ws;
