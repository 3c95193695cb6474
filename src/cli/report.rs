//! Subcommand `report`: the report on a model, as PDF, HTML and JSON.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::exit::Exit;
use super::out::print_json;
use super::remote::Opened;
use super::site::Site;
use crate::clock;
use crate::export::Filter;
use crate::ingest::{WriteError, write};
use crate::model::Model;
use crate::registry::VersionRef;
use crate::report::model::{Alert, Facts, Live, Report};
use crate::report::{html, pdf};
use crate::store::NAME;
use crate::store::event::Record;
use crate::store::kind::Kind;
use crate::trainset::table;

#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The version to report on, 7 or titanic@7 [default: the champion]
    #[arg(long, value_name = "V")]
    model: Option<String>,
    /// The PDF file
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "reports/final_report.pdf"
    )]
    output: PathBuf,
    /// Also write the report as one HTML file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Size of the pages of the PDF
    #[arg(long, value_enum, default_value = "a4")]
    paper: Paper,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Paper {
    A4,
    Letter,
}

pub fn run(args: &ReportArgs, site: &Site) -> Result<Exit> {
    let (version, model) = site.model(args.model.as_deref())?;
    let report = facts(version, &model, site)?;
    let document = report.document();
    let paper = match args.paper {
        Paper::A4 => pdf::Paper::A4,
        Paper::Letter => pdf::Paper::Letter,
    };
    save(&args.output, &pdf::file(&document, paper)?, site)?;
    if let Some(path) = &args.html {
        save(path, html::page(&document).as_bytes(), site)?;
    }
    if site.json {
        print_json(&serde_json::to_value(&report)?)?;
    }
    Ok(Exit::Done)
}

fn save(path: &Path, bytes: &[u8], site: &Site) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|source| WriteError::Io {
            path: folder.into(),
            source,
        })?;
    }
    write::beside(path, |to| {
        let written = to.write_all(bytes);
        written.map_err(|source| WriteError::Io {
            path: path.into(),
            source,
        })
    })?;
    site.say(format!("report → {}", path.display()));
    Ok(())
}

fn facts(version: String, model: &Model, site: &Site) -> Result<Report> {
    let found: VersionRef = version.parse()?;
    let listed = site.registry.versions()?;
    let listed = listed.iter().find(|listed| found.means(&listed.version));
    let role = listed
        .map(|listed| serde_json::to_value(listed.role))
        .transpose()?;
    let role = role.and_then(|role| role.as_str().map(str::to_owned));
    let loaded = table::of_model(&site.registry, model);
    let entries = site.registry.entries_after(0)?;
    let facts = Facts {
        role: role.unwrap_or_else(|| "unknown to the ledger".into()),
        model,
        sha256: listed.and_then(|l| l.sha256.clone()).unwrap_or_default(),
        table: match &loaded {
            Ok(loaded) => Ok(&loaded.table),
            Err(error) => Err(error.to_string()),
        },
        entries: &entries,
        live: live(&version, site)?,
        version,
    };
    Ok(Report::of(&facts))
}

/// What the store holds about a model; nothing if there is no store yet.
fn live(version: &str, site: &Site) -> Result<Live> {
    let mut live = Live::default();
    if !site.settings.state.join(NAME).exists() {
        return Ok(live);
    }
    let opened = Opened::of(site)?;
    for kind in [Kind::Verdict, Kind::Alert] {
        let filter = Filter {
            kind: Some(kind),
            ..Filter::default()
        };
        let read = opened.events().each(&filter, &mut |record| {
            match kind {
                Kind::Verdict => verdict(record, version, &mut live),
                _ => alert(record, version, &mut live),
            }
            Ok(())
        });
        match (read, &opened) {
            (Ok(()), _) => {}
            (Err(error), Opened::Server(remote)) => return Err(remote.explain(error)),
            (Err(error), Opened::File(_)) => return Err(error.into()),
        }
    }
    Ok(live)
}

/// The head of a verdict's event: what its body is.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    about: String,
    model: Option<String>,
}

/// Adds what the monitor said about the model. Events of another shape, such as those of earlier releases, are passed over.
fn verdict(record: &Record<'_>, version: &str, live: &mut Live) {
    let Some(Head { about, model }) = read(record) else {
        return;
    };
    if model.as_deref() != Some(version) {
        return;
    }
    match about.as_str() {
        "drift" => live.verdicts.extend(read(record)),
        "performance" => live
            .windows
            .extend(read(record).map(|window| (record.time, window))),
        "decay" => live
            .changes
            .extend(read(record).map(|fired| (record.time, fired))),
        _ => {}
    }
}

#[derive(Deserialize)]
struct AlertEvent {
    rule: String,
    subject: String,
    state: String,
    #[serde(default)]
    labels: Map<String, Value>,
    #[serde(default)]
    annotations: Map<String, Value>,
}

/// Adds a change of an alert about the model or about no model.
fn alert(record: &Record<'_>, version: &str, live: &mut Live) {
    let Some(found) = read::<AlertEvent>(record) else {
        return;
    };
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    if text(found.labels.get("model")).is_some_and(|model| model != version) {
        return;
    }
    live.alerts.push(Alert {
        time: record.time,
        rule: found.rule,
        subject: found.subject,
        state: found.state,
        summary: text(found.annotations.get("summary")).unwrap_or_default(),
    });
}

/// The body of an event, with its time, which stands beside it.
fn read<T: DeserializeOwned>(record: &Record<'_>) -> Option<T> {
    let mut body: Map<String, Value> = serde_json::from_str(&record.json()).ok()?;
    let time: Timestamp = record.time;
    body.entry("time")
        .or_insert_with(|| clock::rfc3339(time).into());
    serde_json::from_value(Value::Object(body)).ok()
}
