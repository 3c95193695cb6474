//! The alerts page: alerts with their state, silences, notifications and dead letters.

use maud::{Markup, html};

use super::text::when;
use crate::alert::condition;
use crate::alert::view::View;

/// Draws what can be managed beside the alerts themselves.
pub fn draw(alerts: &Markup, view: &View) -> Markup {
    html! {
        (alerts)
        p #said role="status" {}
        section aria-labelledby="all-title" {
            h2 #all-title { "All alerts" }
            @if view.alerts.is_empty() { p.muted { "There has been no alert." } }
            @else { div.scroll tabindex="0" role="region" aria-label="alerts, table" { table {
                thead { tr { th scope="col" { "rule" } th scope="col" { "subject" } th scope="col" { "state" } th scope="col" { "since" }
                    th scope="col" { "summary" } th scope="col" { span.unseen { "silence" } } } }
                tbody { @for alert in &view.alerts { tr {
                    th scope="row" { (condition::name(alert.rule)) } td { (alert.subject) }
                    td { @if alert.state == "firing" { strong.alarm { "firing" } } @else { (alert.state) } }
                    td.muted { (when(alert.since)) }
                    td.says { (alert.annotations.get("summary").cloned().unwrap_or_default()) }
                    td { @if alert.state != "silenced" && alert.state != "resolved" {
                        button type="button" data-post={ "/v1/alerts/" (alert.id) "/silence" } data-body=r#"{"for": "2h"}"# { "Silence 2 h" }
                    } @else if alert.state == "silenced" {
                        button type="button" data-delete={ "/v1/alerts/" (alert.id) "/silence" } { "End silence" }
                    } }
                } } }
            } } }
        }
        section aria-labelledby="silences-title" {
            h2 #silences-title { "Silences" }
            form.inline data-json="/v1/silences" {
                label { "labels " input type="text" name="matchers" data-list placeholder="alertname=drift" required size="24"; }
                label { "for " input type="text" name="for" value="2h" required size="6"; }
                label { "comment " input type="text" name="comment" size="24"; }
                button type="submit" { "Silence" }
            }
            @if view.silences.is_empty() { p.muted { "Nothing is silenced." } }
            @else { div.scroll tabindex="0" role="region" aria-label="silences, table" { table {
                thead { tr { th scope="col" { "labels" } th scope="col" { "until" } th scope="col" { "comment" } } }
                tbody { @for silence in &view.silences { tr {
                    th scope="row" { @for matcher in &silence.matchers {
                        (matcher.name) @if matcher.equal { "=" } @else { "≠" } (matcher.value) " "
                    } }
                    td { (when(silence.until)) } td { (silence.comment) }
                } } }
            } } }
        }
        section aria-labelledby="outbox-title" {
            h2 #outbox-title { "Notifications" }
            p { (view.outbox.waiting) " waiting, " (view.outbox.dead) " given up." }
            div.scroll tabindex="0" role="region" aria-label="channels, table" { table {
                thead { tr { th scope="col" { "channel" } th scope="col" { "type" } th scope="col" { "state" } } }
                tbody { @for channel in &view.channels { tr {
                    th scope="row" { (channel.name) } td { (channel.kind) }
                    td { @match &channel.paused { Some(why) => strong.alarm { "paused: " (why) }, None => "active" } }
                } } }
            } }
            @if !view.outbox.dead_letters.is_empty() { div.scroll tabindex="0" role="region" aria-label="dead letters, table" { table {
                thead { tr { th scope="col" { "given up" } th scope="col" { "channel" } th scope="col" { "rule" } th.number scope="col" { "attempts" }
                    th scope="col" { "error" } th scope="col" { span.unseen { "resend" } } } }
                tbody { @for letter in &view.outbox.dead_letters { tr {
                    td.muted { (when(letter.created)) } td { (letter.channel) } td { (condition::name(letter.rule)) }
                    td.number { (letter.attempts) } td.says { (letter.error) }
                    td { button type="button" data-post={ "/v1/alerts/outbox/" (letter.id) "/resend" } { "Resend" } }
                } } }
            } } }
        }
    }
}
