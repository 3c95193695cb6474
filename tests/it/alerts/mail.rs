//! E-mail with a real server: with STARTTLS and with TLS from the first byte, with a login, delivered into a folder.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::{clock, drift, server};
use crate::server::{Server, until};

/// Folder in which `.ci/mail` stores ports, certificate, password and messages.
fn home() -> PathBuf {
    let home = std::env::var_os("MAIL_TEST_HOME");
    home.expect(".ci/mail starts a server and sets MAIL_TEST_HOME")
        .into()
}

fn channel(home: &Path, tls: &str, to: &str) -> Value {
    let port = std::fs::read_to_string(home.join(tls)).unwrap();
    json!({
        "type": "email", "host": "localhost", "port": port.trim().parse::<u16>().unwrap(), "tls": tls,
        "from": "Models <alerts@example.org>", "to": [to], "user": "alerts",
        "password_file": home.join("password"), "ca_file": home.join("ca.pem"),
    })
}

/// Waits for the message to a recipient and returns it.
async fn letter(home: &Path, to: &str) -> String {
    let line = format!("To: {to}\n");
    let find = || {
        let letters = std::fs::read_dir(home.join("maildir/new"))
            .into_iter()
            .flatten();
        let texts = letters.filter_map(|letter| std::fs::read_to_string(letter.ok()?.path()).ok());
        texts
            .map(|text| text.replace("\r\n", "\n"))
            .find(|text| text.contains(&line))
    };
    until("the letter", || async { find().is_some() }).await;
    find().unwrap()
}

/// The notification in the outbox on disk; null if there is none yet.
async fn row(server: &Server) -> Value {
    let (_, rows) = server.app().store().alerts().unwrap();
    rows.first()
        .map_or(Value::Null, |row| serde_json::from_str(row).unwrap())
}

async fn error(server: &Server) -> String {
    row(server).await["error"]
        .as_str()
        .unwrap_or_default()
        .to_lowercase()
}

async fn sent(tls: &str) {
    let home = home();
    let to = format!("{tls}@example.org");
    let clock = clock();
    let server = server(&[("mail", channel(&home, tls, &to))], &clock).await;
    drift(&server, true);
    let letter = letter(&home, &to).await;
    for line in [
        "From: Models <alerts@example.org>\n",
        "Subject: [FIRING: 1] drift: more women\n",
        "Date: Sat, 31 Jan 2026 09:15:00 +0000\n",
        "Message-ID: <msg_",
        "Content-Type: multipart/alternative;",
        "Content-Type: text/plain; charset=utf-8\n",
        "Content-Type: text/html; charset=utf-8\n",
        "FIRING more women (since 2026-01-31 09:15 UTC)\n",
        "  column: sex\n",
    ] {
        assert!(letter.contains(line), "{line}\n{letter}");
    }
    let line = "titanic_notifications_sent_total{type=\"email\"} 1\n";
    until("it is taken", || async {
        server.metrics().await.contains(line)
    })
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a mail server: .ci/mail starts one and sets MAIL_TEST_HOME"]
async fn a_letter_arrives_through_starttls_and_a_login() {
    sent("starttls").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a mail server: .ci/mail starts one and sets MAIL_TEST_HOME"]
async fn a_letter_arrives_through_tls_and_a_login() {
    sent("tls").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a mail server: .ci/mail starts one and sets MAIL_TEST_HOME"]
async fn a_refused_login_is_tried_again_under_the_same_id() {
    let home = home();
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, "wrong").unwrap();
    let to = "again@example.org";
    let mut channel = channel(&home, "starttls", to);
    channel["password_file"] = json!(password);
    let clock = clock();
    let before = server(&[("mail", channel.clone())], &clock).await;
    drift(&before, true);
    until("the refusal", || async {
        let error = error(&before).await;
        error.contains("the login is rejected: 535")
    })
    .await;
    let id = row(&before).await["id"].as_str().unwrap().to_owned();
    // The password is corrected and the server restarted.
    channel["password_file"] = json!(home.join("password"));
    let state = before.leave().await;
    clock.advance(Duration::from_secs(5));
    let change = |settings: &mut titanic_platform::config::Settings| {
        super::through(settings, &[("mail", channel)]);
    };
    let first = titanic_platform::app::First::bundled();
    let after = Server::over(state, change, first, clock.clone())
        .await
        .unwrap();
    let letter = letter(&home, to).await;
    assert!(
        letter.contains(&format!("Message-ID: <{id}@example.org>\n")),
        "{letter}"
    );
    after.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a mail server: .ci/mail starts one and sets MAIL_TEST_HOME"]
async fn nothing_is_sent_to_a_server_that_cannot_show_who_it_is() {
    let home = home();
    let mut channel = channel(&home, "starttls", "nobody@example.org");
    channel["ca_file"] = Value::Null;
    let server = server(&[("mail", channel)], &clock()).await;
    drift(&server, true);
    until("the refusal", || async {
        let error = error(&server).await;
        error.contains("certificate") || error.contains("issuer")
    })
    .await;
    server.stop().await;
}
