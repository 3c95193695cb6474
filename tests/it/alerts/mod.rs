//! Alerts from a condition to the receiver, over real sockets.

mod cli;
mod crash;
mod faults;
mod mail;
mod receiver;
mod rest;
mod smtp;
mod trouble;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use titanic_platform::alert::{Condition, Rule};
use titanic_platform::clock::Manual;
use titanic_platform::config::Settings;
use titanic_platform::units::Span;

use crate::server::{Server, state};
use titanic_platform::app::First;

/// A clock that the test advances.
fn clock() -> Arc<Manual> {
    let start: Timestamp = "2026-01-31T09:15:00Z".parse().unwrap();
    Arc::new(Manual::new(start))
}

/// Sends drift alerts to these channels at once; delivery attempts time out after a second.
fn through(settings: &mut Settings, channels: &[(&str, Value)]) {
    let alerts = &mut settings.alerts;
    alerts.group_wait = Span(Duration::ZERO);
    alerts.timeout = Span(Duration::from_secs(1));
    for (name, channel) in channels {
        let channel = serde_json::from_value(channel.clone()).unwrap();
        alerts.channels.insert((*name).into(), channel);
        alerts.rules.drift.channels.push((*name).into());
    }
}

/// Settings of a webhook channel.
fn hook(url: &str) -> Value {
    json!({"type": "webhook", "url": url})
}

/// A server with its own clock that sends alerts through these channels.
async fn server(channels: &[(&str, Value)], clock: &Arc<Manual>) -> Server {
    let change = |settings: &mut Settings| through(settings, channels);
    let clock = clock.clone();
    Server::over(state(), change, First::bundled(), clock)
        .await
        .unwrap()
}

/// Reports that drift holds, or no longer holds.
fn drift(server: &Server, active: bool) {
    let condition = Condition::holds(Rule::Drift, "titanic@1", "more women").label("column", "sex");
    server.app().alerts().report(Condition {
        active,
        ..condition
    });
}
