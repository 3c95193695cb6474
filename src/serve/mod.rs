//! REST, WebSocket, the page: translate, call, translate back.

pub mod docs;
pub mod page;
pub mod problem;
