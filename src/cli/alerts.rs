//! Subcommand `alerts`: list and silence alerts, test a channel, send dead letters again.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::chosen::Chosen;
use super::exit::{Exit, ExitError};
use super::out::{outln, print_json};
use super::remote::{Opened, Remote};
use super::site::Site;
use super::table;
use crate::alert::channels::Parcel;
use crate::alert::condition::{Condition, Rule, name};
use crate::alert::earlier;
use crate::alert::manager::silenced;
use crate::alert::notification::Notification;
use crate::alert::outbox::{Outbox, Row};
use crate::alert::silence::{Matcher, Silence};
use crate::alert::state::State;
use crate::alert::view::{self, OutboxView, Shown, View};
use crate::alert::wait::after;
use crate::clock::{self, Clock, System, rfc3339};
use crate::store::File;
use crate::store::alerts::{self, Change};
use crate::units::{Span, UnitError};

#[derive(Debug, Args)]
pub struct AlertsArgs {
    #[command(subcommand)]
    command: AlertsCommand,
}

#[derive(Debug, Subcommand)]
enum AlertsCommand {
    /// Every alert, and what could not be sent
    List,
    /// One alert with all that is known of it
    Show {
        /// Its id or fingerprint, as list shows them
        id: String,
    },
    /// Silence an alert, or every alert with certain labels, for some time
    Silence(SilenceArgs),
    /// Send one notification through a channel now; exit code 0 only when the receiver accepted it
    Test {
        /// The channel, as the settings name it
        channel: String,
        /// Text of the notification
        #[arg(long, default_value = "a test: this channel works")]
        summary: String,
    },
    /// Send undelivered notifications again, by the running server or the next one
    Resend(Chosen),
}

#[derive(Debug, Args)]
struct SilenceArgs {
    /// The alert's id, or labels: alertname=drift, subject!=titanic@7
    #[arg(value_name = "ID|LABEL=VALUE", required = true)]
    what: Vec<String>,
    /// How long: 30m, 2h, 7d
    #[arg(long = "for", value_name = "TIME", value_parser = lasting)]
    time: Span,
    /// Why it is silenced; shown in the list of alerts
    #[arg(long, default_value = "")]
    comment: String,
}

pub fn run(args: &AlertsArgs, site: &Site) -> anyhow::Result<Exit> {
    match &args.command {
        AlertsCommand::List => list(site, &viewed(&Opened::of(site)?)?),
        AlertsCommand::Show { id } => show(site, &viewed(&Opened::of(site)?)?, id),
        AlertsCommand::Silence(args) => silence(site, &Opened::of(site)?, args),
        AlertsCommand::Test { channel, summary } => test(site, channel, summary),
        AlertsCommand::Resend(chosen) => resend(site, &Opened::of(site)?, chosen),
    }
}

/// State of alerts and outbox as persisted in the store.
struct Kept {
    state: State,
    outbox: Outbox,
}

impl Kept {
    fn read(file: &File) -> anyhow::Result<Kept> {
        let (state, rows) = alerts::kept(file)?;
        let state = state.map_or_else(|| Ok(State::default()), |json| earlier::state(&json))?;
        let rows: Result<Vec<Row>, _> = rows.iter().map(|json| earlier::row(json)).collect();
        let outbox = Outbox::of(rows?);
        Ok(Kept { state, outbox })
    }
}

/// Current alerts, silences and outbox.
fn viewed(opened: &Opened) -> anyhow::Result<View> {
    match opened {
        Opened::Server(remote) => remote.get("/v1/alerts"),
        Opened::File(file) => {
            let Kept { state, outbox } = Kept::read(file)?;
            Ok(View {
                alerts: view::alerts(&state),
                outbox: outbox.view(),
                silences: state.silences,
                channels: Vec::new(),
            })
        }
    }
}

fn list(site: &Site, view: &View) -> anyhow::Result<Exit> {
    let View {
        alerts,
        silences,
        outbox,
        ..
    } = view;
    if site.json {
        print_json(&json!({"alerts": alerts, "silences": silences, "outbox": outbox}))?;
        return Ok(Exit::Done);
    }
    match alerts.as_slice() {
        [] => outln!("no alerts"),
        alerts => outln!("{}", table::text(&alert_table(alerts))),
    }
    for silence in silences {
        outln!(
            "silenced until {}: {}",
            rfc3339(silence.until),
            labels(silence)
        );
    }
    told_outbox(outbox)?;
    Ok(Exit::Done)
}

fn alert_table(alerts: &[Shown]) -> comfy_table::Table {
    let mut rows = table::new(["id", "rule", "subject", "state", "since", "summary"]);
    for alert in alerts {
        let summary = alert.annotations.get("summary").map_or("", String::as_str);
        rows.add_row([
            &*alert.id,
            name(alert.rule),
            &alert.subject,
            &alert.state,
            &rfc3339(alert.since),
            summary,
        ]);
    }
    table::sentences(&mut rows, 5);
    rows
}

fn told_outbox(outbox: &OutboxView) -> anyhow::Result<()> {
    if outbox.waiting > 0 {
        outln!("{} notifications wait to be sent", outbox.waiting);
    }
    if outbox.dead == 0 {
        return Ok(());
    }
    let mut rows = table::new([
        "dead letter",
        "channel",
        "rule",
        "written",
        "tries",
        "error",
    ]);
    for letter in &outbox.dead_letters {
        rows.add_row([
            &*letter.id,
            &letter.channel,
            name(letter.rule),
            &rfc3339(letter.created),
            &letter.attempts.to_string(),
            &letter.error,
        ]);
    }
    table::sentences(&mut rows, 5);
    outln!("{}", table::text(&rows));
    Ok(())
}

fn labels(silence: &Silence) -> String {
    let each = silence.matchers.iter().map(|matcher| {
        let sign = if matcher.equal { "=" } else { "!=" };
        format!("{}{sign}{}", matcher.name, matcher.value)
    });
    each.collect::<Vec<_>>().join(" ")
}

fn show(site: &Site, view: &View, id: &str) -> anyhow::Result<Exit> {
    let found = view
        .alerts
        .iter()
        .find(|a| a.id == id || a.fingerprint == id);
    let Some(alert) = found else {
        bail!("there is no alert {id:?}; `alerts list` shows all of them");
    };
    if site.json {
        print_json(&serde_json::to_value(alert)?)?;
        return Ok(Exit::Done);
    }
    outln!("{} of {}: {}", name(alert.rule), alert.subject, alert.state);
    outln!("since {}", rfc3339(alert.since));
    for (name, text) in &alert.annotations {
        outln!("{name}: {text}");
    }
    for (name, text) in &alert.labels {
        outln!("label {name}: {text}");
    }
    outln!("id {}, fingerprint {}", alert.id, alert.fingerprint);
    Ok(Exit::Done)
}

fn silence(site: &Site, opened: &Opened, args: &SilenceArgs) -> anyhow::Result<Exit> {
    let silence = match opened {
        Opened::File(file) => silence_here(file, args)?,
        Opened::Server(remote) => silence_there(remote, args)?,
    };
    if site.json {
        print_json(&serde_json::to_value(&silence)?)?;
    } else {
        outln!(
            "silenced until {}: {}",
            rfc3339(silence.until),
            labels(&silence)
        );
    }
    Ok(Exit::Done)
}

fn silence_here(file: &File, args: &SilenceArgs) -> anyhow::Result<Silence> {
    let Kept { mut state, .. } = Kept::read(file)?;
    let now = System.now();
    let (time, comment) = (args.time.0, args.comment.clone());
    let silence = match args.what.as_slice() {
        [id] if !id.contains('=') => silenced(&state, id, time, comment, now)?,
        labels => labelled(labels, time, comment)?,
    };
    let change = Change {
        state: {
            state.silences.push(silence.clone());
            Some(serde_json::to_string(&state)?)
        },
        ..Change::default()
    };
    alerts::keep_offline(file, &change, now)?;
    Ok(silence)
}

fn silence_there(remote: &Remote, args: &SilenceArgs) -> anyhow::Result<Silence> {
    let (time, comment) = (args.time.to_string(), &args.comment);
    let view: View = match args.what.as_slice() {
        [id] if !id.contains('=') => {
            // Ids of alerts need no encoding; any other text is encoded, and the server reports that no alert has this id.
            let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
            let path = format!("/v1/alerts/{id}/silence");
            remote.post(&path, &json!({"for": time, "comment": comment}))?
        }
        labels => {
            labelled(labels, args.time.0, comment.clone())?; // faults are found as without a server
            let document = json!({"matchers": labels, "for": time, "comment": comment});
            remote.post("/v1/silences", &document)?
        }
    };
    let newest = view.silences.last().cloned();
    newest.context("the server shows no silence; `alerts list` has more")
}

/// Parses a duration that must not be zero.
fn lasting(text: &str) -> Result<Span, String> {
    let span: Span = text.parse().map_err(|e: UnitError| e.to_string())?;
    if span.0.is_zero() {
        return Err("a silence lasts for some time, such as 30m, 2h or 7d".into());
    }
    Ok(span)
}

fn labelled(labels: &[String], time: Duration, comment: String) -> anyhow::Result<Silence> {
    let read = |text: &String| {
        Matcher::parse(text).ok_or_else(|| ExitError {
            message: format!("{text:?} is not a label; write NAME=VALUE or NAME!=VALUE, the name in letters, digits and _"),
            exit: Exit::Usage,
        })
    };
    let now = System.now();
    Ok(Silence {
        id: clock::id(now).to_string(),
        matchers: labels.iter().map(read).collect::<Result<_, _>>()?,
        since: now,
        until: after(now, time),
        comment,
    })
}

/// Works while a server is running: it does not open the store.
fn test(site: &Site, channel: &str, summary: &str) -> anyhow::Result<Exit> {
    let open = site.settings.alerts.open_one(channel)?;
    let now = System.now();
    let condition = Condition::holds(Rule::Training, "test", summary)
        .describe("Sent by `alerts test`. Nothing is wrong.")
        .label("test", "true");
    let server = &site.settings.server;
    let own = server.listen.url(&server.base_path);
    let url = site.settings.alerts.url(&own);
    let document = Notification::test(channel, condition, now).document(&url);
    let parcel = Parcel {
        id: format!("msg_{}", clock::id(now).simple()),
        created: now,
        body: serde_json::to_string(&document)?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let sent = runtime.block_on(open.channel.send(&parcel, now));
    // Does not wait for a DNS lookup that never ends.
    runtime.shutdown_background();
    if let Err(failure) = sent {
        bail!("{channel} did not accept the notification: {}", failure.why);
    }
    if site.json {
        print_json(&json!({"channel": channel, "id": parcel.id}))?;
    } else {
        outln!("{channel} took {}", parcel.id);
    }
    Ok(Exit::Done)
}

fn resend(site: &Site, opened: &Opened, chosen: &Chosen) -> anyhow::Result<Exit> {
    let mut dead: Vec<String> = viewed(opened)?
        .outbox
        .dead_letters
        .into_iter()
        .map(|letter| letter.id)
        .collect();
    dead.sort(); // by their time
    let ids = chosen
        .of(dead, |id| id)
        .map_err(|id| anyhow!("there is no dead letter {id:?}; `alerts list` shows all of them"))?;
    match opened {
        Opened::Server(remote) => {
            for id in &ids {
                remote.ask::<View>(&format!("/v1/alerts/outbox/{id}/resend"))?;
            }
        }
        Opened::File(file) => {
            let Kept { mut outbox, .. } = Kept::read(file)?;
            let now = System.now();
            for id in &ids {
                outbox.revive(id, now);
            }
            let (put, gone) = outbox.take_changes();
            let change = Change {
                put,
                gone,
                ..Change::default()
            };
            alerts::keep_offline(file, &change, now)?;
        }
    }
    if site.json {
        print_json(&json!({"waiting": ids}))?;
    } else {
        outln!("{} notifications wait to be sent", ids.len());
    }
    Ok(Exit::Done)
}
