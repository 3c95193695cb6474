//! A notification as an e-mail with a plain-text and an HTML part. The same notification gives the same bytes at every attempt.

use std::time::{Duration, UNIX_EPOCH};

use jiff::Timestamp;
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};

use super::Parcel;
use crate::alert::notification::{Document, Told};
use crate::clock::rfc3339;

/// Maximum length of a subject, in characters.
const LONGEST_SUBJECT: usize = 200;

pub(super) fn write(parcel: &Parcel, from: &Mailbox, to: &[Mailbox]) -> Result<Message, String> {
    let document: Document = serde_json::from_str(&parcel.body)
        .map_err(|fault| format!("it cannot be read: {fault}"))?;
    let second = u64::try_from(parcel.created.as_second()).unwrap_or(0);
    let mut message = Message::builder()
        .from(from.clone())
        .subject(subject(&document))
        .date(UNIX_EPOCH + Duration::from_secs(second))
        .message_id(Some(id(parcel, from)));
    for to in to {
        message = message.to(to.clone());
    }
    // Asks mail servers not to send automatic replies such as out-of-office notes (RFC 3834).
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    let message = message.raw_header(HeaderValue::new(automatic, "auto-generated".into()));
    let part = |kind: ContentType, text: String| SinglePart::builder().header(kind).body(text);
    let body = MultiPart::alternative()
        .boundary(format!(
            "=_{}",
            parcel.id.replace(|c: char| !c.is_alphanumeric(), "")
        ))
        .singlepart(part(ContentType::TEXT_PLAIN, plain(&document)))
        .singlepart(part(ContentType::TEXT_HTML, html(&document)));
    message.multipart(body).map_err(|fault| fault.to_string())
}

/// Message-ID: the same at every attempt of a notification.
fn id(parcel: &Parcel, from: &Mailbox) -> String {
    format!("<{}@{}>", parcel.id, from.email.domain())
}

/// Subject, such as `[FIRING: 2] drift: …`, without characters that could start another header.
fn subject(document: &Document) -> String {
    let fires =
        document.alerts.iter().filter(|told| told.fires()).count() + document.truncated_alerts;
    let rule = document
        .group_labels
        .get("alertname")
        .map_or("", String::as_str);
    let first = document.alerts.first();
    let said = first.map_or("", |told| summary(told));
    let head = match document.status.as_str() {
        "firing" => format!("[FIRING: {fires}]"),
        _ => "[RESOLVED]".to_owned(),
    };
    let text = format!("{head} {rule}: {said}");
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(LONGEST_SUBJECT).collect()
}

fn summary(told: &Told) -> &str {
    let subject = told.labels.get("subject").map_or("", String::as_str);
    match told.annotations.get("summary").map_or("", String::as_str) {
        "" => subject,
        summary => summary,
    }
}

fn when(told: &Told) -> String {
    let since = minute(told.starts_at);
    match told.ends_at {
        Some(end) => format!("from {since} to {}", minute(end)),
        None => format!("since {since}"),
    }
}

fn minute(time: Timestamp) -> String {
    let text = rfc3339(time);
    format!("{} {} UTC", &text[..10], &text[11..16])
}

fn plain(document: &Document) -> String {
    let mut text = String::new();
    for told in &document.alerts {
        let state = if told.fires() { "FIRING" } else { "RESOLVED" };
        text += &format!("{state} {} ({})\n", summary(told), when(told));
        if let Some(description) = told.annotations.get("description") {
            text += &format!("  {}\n", description.replace('\n', "\n  "));
        }
        for (name, value) in &told.labels {
            text += &format!("  {name}: {value}\n");
        }
        text.push('\n');
    }
    if document.truncated_alerts > 0 {
        text += &format!("and {} more that go on\n\n", document.truncated_alerts);
    }
    text += &format!("{}/v1/alerts\n", document.external_url);
    clean(&text)
}

fn html(document: &Document) -> String {
    let mut text = String::from("<!DOCTYPE html><html><body style=\"font-family:sans-serif\">\n");
    for told in &document.alerts {
        let (state, colour) = match told.fires() {
            true => ("firing", "#b00020"),
            false => ("resolved", "#1b6e3c"),
        };
        text += &format!(
            "<h3><span style=\"color:{colour}\">{state}</span> {}</h3>\n<p>{}</p>\n",
            escape(summary(told)),
            escape(&when(told))
        );
        if let Some(description) = told.annotations.get("description") {
            text += &format!(
                "<p style=\"white-space:pre-wrap\">{}</p>\n",
                escape(description)
            );
        }
        text += "<table>\n";
        for (name, value) in &told.labels {
            text += &format!(
                "<tr><td>{}</td><td>{}</td></tr>\n",
                escape(name),
                escape(value)
            );
        }
        text += "</table>\n";
    }
    if document.truncated_alerts > 0 {
        text += &format!("<p>and {} more that go on</p>\n", document.truncated_alerts);
    }
    let url = escape(&document.external_url);
    text += &format!("<p><a href=\"{url}\">{url}</a></p></body></html>\n");
    clean(&text)
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            c => safe.push(c),
        }
    }
    safe
}

/// Removes control characters except line breaks.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| *c == '\n' || !c.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::condition::{Condition, Rule};
    use crate::alert::decide::{News, decide};
    use crate::alert::options::{Options, Retry, RuleOptions};
    use crate::alert::state::State;

    fn parcel(summary: &str) -> Parcel {
        let zero = Duration::ZERO;
        let rule = RuleOptions {
            wait: zero,
            keep_firing_for: zero,
            repeat: Duration::MAX,
            channels: Vec::new(),
            inhibited_by: Vec::new(),
        };
        let options = Options {
            group_wait: zero,
            retry: Retry {
                first: zero,
                max: zero,
                give_up: zero,
            },
            rules: [(Rule::Drift, rule)].into(),
            channels: vec!["mail".into()],
        };
        let condition = Condition::holds(Rule::Drift, "wine@7 <acid>", summary)
            .describe("p = 0.001 & more\nsecond line")
            .label("column", "säure");
        let now: Timestamp = "2026-01-31T09:15:00Z".parse().unwrap();
        let news = News {
            conditions: &[condition],
            whole: &[],
        };
        let (_, decision) = decide(State::default(), &news, now, &options, &mut || "a".into());
        let document = decision.notifications[0].document("http://127.0.0.1:5000");
        Parcel {
            id: "msg_1".into(),
            created: now,
            body: serde_json::to_string(&document).unwrap(),
        }
    }

    fn written(summary: &str) -> String {
        let from: Mailbox = "Models <alerts@example.org>".parse().unwrap();
        let to: Mailbox = "ops@example.org".parse().unwrap();
        let message = write(&parcel(summary), &from, &[to.clone(), to]).unwrap();
        String::from_utf8(message.formatted()).unwrap()
    }

    #[test]
    fn a_letter_is_the_same_however_often_it_is_written() {
        let letter = written("the women are more");
        assert_eq!(letter, written("the women are more"));
        for line in [
            "From: Models <alerts@example.org>\r\n",
            "To: ops@example.org, ops@example.org\r\n",
            "Subject: [FIRING: 1] drift: the women are more\r\n",
            "Date: Sat, 31 Jan 2026 09:15:00 +0000\r\n",
            "Message-ID: <msg_1@example.org>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Type: multipart/alternative;",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Type: text/html; charset=utf-8\r\n",
            "FIRING the women are more (since 2026-01-31 09:15 UTC)\r\n",
            "http://127.0.0.1:5000/v1/alerts",
        ] {
            assert!(letter.contains(line), "{line}\n{letter}");
        }
        assert!(letter.contains("&lt;acid&gt;") && letter.contains("&amp; more"));
        assert!(letter.is_ascii(), "whatever it says, any server takes it");
    }

    #[test]
    fn nothing_said_becomes_a_header() {
        let letter = written("a\r\nBcc: everybody@example.org\r\n\r\nbody\u{7}");
        let head = letter.split("\r\n\r\n").next().unwrap();
        assert!(!head.contains("\nBcc"), "{head}");
        assert!(head.contains("Subject: [FIRING: 1] drift: a  Bcc: everybody@example.org"));
        let letter = written("die Säure steigt");
        let head = letter.split("\r\n\r\n").next().unwrap();
        assert!(head.is_ascii() && head.contains("=?utf-8?b?"), "{head}");
    }
}
