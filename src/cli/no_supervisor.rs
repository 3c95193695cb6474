//! In place of the service manager on systems without `NOTIFY_SOCKET`: nothing is sent.

use crate::serve::address::ServerUrl;

pub fn ready() {}

pub fn stopping() {}

/// Never ends: there is no watchdog.
pub async fn watch(_: ServerUrl) {
    std::future::pending().await
}
