//! The alerts section of the page: firing and resolved alerts, notification channels, undeliverable notifications.

use maud::{Markup, html};

use super::text::when;
use crate::alert::condition;
use crate::alert::view::{Shown, View};

/// Maximum number of dead letters shown.
const SHOWN: usize = 3;

pub fn draw(view: &View) -> Markup {
    let is_over = |alert: &&Shown| alert.state == "resolved";
    let (over, open): (Vec<_>, Vec<_>) = view.alerts.iter().partition(is_over);
    let firing = open.iter().filter(|alert| alert.state == "firing").count();
    html! {
        section #alerts data-part aria-labelledby="alerts-title" data-firing=[(firing > 0).then_some(firing)] {
            h2 #alerts-title { "Alerts" }
            @if open.is_empty() { p { "No alert is firing." } }
            @for alert in open { (draw_open(alert)) }
            @for channel in view.channels.iter() {
                @if let Some(why) = &channel.paused {
                    p.alarm { "Nothing is sent through " (channel.name) ": " (why) }
                }
            }
            @for letter in view.outbox.dead_letters.iter().take(SHOWN) {
                p.alarm { "A notification of " (condition::name(letter.rule)) " through " (letter.channel)
                    " was given up after " (letter.attempts) " attempts: " (letter.error) }
            }
            @if !over.is_empty() {
                p.muted.hint {
                    "Resolved: "
                    @for (n, alert) in over.iter().enumerate() {
                        @if n > 0 { " · " }
                        (condition::name(alert.rule)) " (" (alert.subject) ") since "
                        (when(alert.since))
                    }
                }
            }
            p.muted.hint {
                "Sent through "
                @for (n, channel) in view.channels.iter().enumerate() {
                    @if n > 0 { ", " }
                    (channel.name)
                }
                " · " (view.outbox.waiting) " notifications waiting, " (view.outbox.dead) " given up"
            }
        }
    }
}

fn draw_open(alert: &Shown) -> Markup {
    let said = |key: &str| alert.annotations.get(key).cloned().unwrap_or_default();
    html! {
        div {
            h3 {
                @if alert.state == "firing" { span.alarm { (condition::name(alert.rule)) } }
                @else { (condition::name(alert.rule)) }
                " " span.plain.muted { (alert.state) " · " (alert.subject) " · since "
                    (when(alert.since)) }
            }
            p { (said("summary")) }
            p.muted.hint { (said("description")) }
        }
    }
}
