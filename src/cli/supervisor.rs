//! Notifies the service manager that the server is ready, stopping and alive (sd_notify(3) of systemd, also understood by
//! other supervisors). Without `NOTIFY_SOCKET` nothing is sent.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::MissedTickBehavior;

use super::health;
use crate::serve::address::ServerUrl;

pub fn ready() {
    notify(NotifyState::Ready);
}

pub fn stopping() {
    notify(NotifyState::Stopping);
}

/// Feeds the watchdog for as long as the server answers at this URL; never ends. Without `WATCHDOG_USEC` it does nothing.
pub async fn watch(server: ServerUrl) {
    let Some(limit) = sd_notify::watchdog_enabled() else {
        return std::future::pending().await;
    };
    let mut tick = tokio::time::interval((limit / 2).max(Duration::from_millis(1)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        match tokio::time::timeout(limit / 2, health::ask(&server, "/healthz")).await {
            Ok(Ok(_)) => notify(NotifyState::Watchdog),
            Ok(Err(error)) => tracing::error!(
                error = format!("{error:#}"),
                "server: it does not answer itself; the watchdog is not fed"
            ),
            Err(_) => tracing::error!(
                "server: it takes too long to answer itself; the watchdog is not fed"
            ),
        }
    }
}

fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "server: the service manager cannot be notified; see NOTIFY_SOCKET");
    }
}
