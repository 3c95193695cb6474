//! `GET /data`, and the rows of a drifted window that differ most.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};

use super::page;
use crate::live::Champion;
use crate::monitor::verdict::Verdict;
use crate::pulls::view::{SourceView, Sources};
use crate::schema::cell::Scalar;
use crate::serve::page::data::{self as drawing, ColumnView, Explorer, OddRow, Recent};
use crate::serve::predictor::Predictor;
use crate::serve::problem::Problem;
use crate::serve::route::{Parameter, Route, count, text};
use crate::serve::{events, monitor, query, views};
use crate::stats::profile::{ColumnProfile, Observed};
use crate::stats::quantile::median;
use crate::store::kind::{self as kinds, Kind};
use crate::store::{Store, StoreError};

const PARAMETERS: &[Parameter] = &[
    Parameter::query("kind", "stored events of this kind", events::kind_names),
    Parameter::query("after", "stored events after this number", count),
];
const COLUMN: &[Parameter] = &[Parameter::query("column", "the column", text)];

pub static ROUTES: &[Route] = &[
    page("/data", "The page of the data", || web::to(show)).parameters(PARAMETERS),
    page("/data/rows", "The page of a drifted window's rows", || {
        web::to(rows)
    })
    .parameters(COLUMN),
];

/// Latest events among which predictions are looked for, and events looked at for the explorer.
const LATEST: u64 = 2_000;
const LOOKED_AT: usize = 20_000;
/// Stored events, quarantined rows and odd rows shown.
const EVENTS: usize = 25;
const QUARANTINED: usize = 20;
const ODD: usize = 25;

/// What the page needs of the store.
struct Read {
    columns: HashMap<String, Recent>,
    quarantine: Vec<crate::store::rows::Quarantined>,
    quarantined: u64,
    sources: Vec<SourceView>,
    events: Vec<views::Event>,
    next: Option<u64>,
}

async fn show(
    request: HttpRequest,
    predictor: web::Data<Predictor>,
    watched: web::Data<monitor::MonitorReader>,
    store: web::Data<Store>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, Problem> {
    let (mut kind, mut after) = (None, 0);
    for (name, value) in query::parameters(request.query_string(), PARAMETERS)? {
        match &*name {
            "kind" => kind = Some(kinds::named(&value).ok_or_else(|| events::no_kind(&value))?),
            _ => after = events::number(&name, &value)?,
        }
    }
    let champion = predictor.champion()?;
    let (reader, model, list) = (store.get_ref().clone(), champion.clone(), sources.list());
    let read = web::block(move || read(&reader, &model, list, (kind, after)));
    let read = read.await.map_err(Problem::internal)??;
    let monitor = watched.document();
    let drifts = monitor
        .verdict
        .as_ref()
        .map_or(&[][..], |verdict| &verdict.drift.columns);
    let empty = Recent::default();
    let schema = champion.model.schema();
    let unit = |name: &str| {
        let column = schema.columns().iter().find(|column| column.name == name);
        column.map_or("", |column| column.unit.as_str())
    };
    let column = |profile| {
        let profile: &ColumnProfile = profile;
        ColumnView {
            profile,
            unit: unit(&profile.name),
            recent: read.columns.get(&profile.name).unwrap_or(&empty),
            drift: drifts.iter().find(|drift| drift.name == profile.name),
        }
    };
    let names: Vec<&'static str> = kinds::all().map(kinds::name).collect();
    let main = drawing::draw(&drawing::View {
        model: &champion.name,
        columns: champion
            .model
            .profile()
            .columns
            .iter()
            .map(column)
            .collect(),
        quarantine: &read.quarantine,
        quarantined: read.quarantined,
        sources: &read.sources,
        events: &read.events,
        explorer: Explorer {
            kinds: &names,
            kind: kind.map(kinds::name),
            after,
            next: read.next,
        },
    });
    Ok(super::draw(&request, "Data", "/data", main))
}

fn read(
    store: &Store,
    champion: &Champion,
    mut sources: Vec<SourceView>,
    (kind, after): (Option<Kind>, u64),
) -> Result<Read, Problem> {
    for source in &mut sources {
        source.cursor = store.cursor(&source.name)?;
    }
    let quarantine = store.newest_aside(QUARANTINED)?;
    let (events, next) = events_after(store, kind, after)?;
    Ok(Read {
        columns: recent(store, champion)?,
        quarantine,
        quarantined: store.stats()?.quarantine,
        sources,
        events,
        next,
    })
}

/// The columns of the latest predictions of the live model.
fn recent(store: &Store, champion: &Champion) -> Result<HashMap<String, Recent>, StoreError> {
    let mut columns: HashMap<String, Recent> = HashMap::new();
    let names: Vec<&String> = champion
        .model
        .schema()
        .columns()
        .iter()
        .map(|c| &c.name)
        .collect();
    let from = store.last()?.saturating_sub(LATEST);
    store.after(from, |record| {
        let Some(prediction) = record.prediction().filter(|p| *p.model == *champion.name) else {
            return true;
        };
        for name in &names {
            let recent = columns.entry((*name).clone()).or_default();
            recent.rows += 1;
        }
        for (name, value) in prediction.row.values() {
            let Some(recent) = columns.get_mut(name) else {
                continue;
            };
            match (&value, value.number()) {
                (Scalar::Missing, _) => {}
                (_, Some(number)) => recent.numbers.push(number),
                _ => recent.texts.push(value.to_string()),
            }
        }
        true
    })?;
    for recent in columns.values_mut() {
        let known = recent.numbers.len() + recent.texts.len();
        recent.missing = recent.rows.saturating_sub(known as u64);
    }
    // The levels of a category may be numbers.
    for profile in &champion.model.profile().columns {
        if let (Observed::Category(_), Some(recent)) =
            (&profile.observed, columns.get_mut(&profile.name))
        {
            let numbers = std::mem::take(&mut recent.numbers);
            recent.texts.extend(numbers.iter().map(f64::to_string));
        }
    }
    Ok(columns)
}

fn events_after(
    store: &Store,
    kind: Option<Kind>,
    after: u64,
) -> Result<(Vec<views::Event>, Option<u64>), Problem> {
    let (mut lines, mut seen, mut looked) = (Vec::new(), after, 0);
    let mut more = false;
    store.after(after, |record| {
        if lines.len() == EVENTS || looked == LOOKED_AT {
            more = true;
            return false;
        }
        looked += 1;
        seen = record.seq;
        if kind.is_none_or(|kind| kind == record.kind()) {
            lines.push(record.line());
        }
        true
    })?;
    let parse = |line: &String| serde_json::from_str(line).map_err(Problem::internal);
    let events = lines.iter().map(parse).collect::<Result<_, _>>()?;
    Ok((events, more.then_some(seen)))
}

async fn rows(
    request: HttpRequest,
    predictor: web::Data<Predictor>,
    watched: web::Data<monitor::MonitorReader>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    let pairs = query::parameters(request.query_string(), COLUMN)?;
    let column = pairs
        .into_iter()
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default();
    let champion = predictor.champion()?;
    let verdict = watched.document().verdict;
    let (about, rows) = match verdict {
        None => ("There is no verdict yet.".to_owned(), Vec::new()),
        Some(verdict) => {
            let (store, name) = (store.get_ref().clone(), column.clone());
            let about = format!(
                "Predictions {} to {} of the window of {}.",
                verdict.window.from, verdict.window.to, verdict.model
            );
            let find = web::block(move || odd_rows(&store, &champion, &verdict, &name));
            (about, find.await.map_err(Problem::internal)??)
        }
    };
    Ok(super::draw(
        &request,
        "Data",
        "/data",
        drawing::odd_rows(&column, &about, &rows),
    ))
}

/// The rows of the verdict's window whose value of a column is least likely among the training rows.
fn odd_rows(
    store: &Store,
    champion: &Champion,
    verdict: &Verdict,
    column: &str,
) -> Result<Vec<OddRow>, StoreError> {
    let columns = &champion.model.profile().columns;
    let Some(profile) = columns.iter().find(|profile| profile.name == column) else {
        return Ok(Vec::new());
    };
    let mut found: Vec<(f64, OddRow)> = Vec::new();
    let mut looked = 0;
    store.after(verdict.window.from.saturating_sub(1), |record| {
        looked += 1;
        if record.seq > verdict.window.to || looked > LOOKED_AT {
            return false;
        }
        if let Some(prediction) = record.prediction().filter(|p| *p.model == *verdict.model) {
            let value = prediction.row.values().find(|(name, _)| *name == column);
            let value = value
                .map(|(_, value)| value)
                .filter(|v| *v != Scalar::Missing);
            let row = OddRow {
                id: record.id.to_string(),
                value: value.as_ref().map_or("missing".into(), ToString::to_string),
                probability: prediction.probability,
            };
            found.push((oddness(&profile.observed, value.as_ref()), row));
        }
        true
    })?;
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.truncate(ODD);
    Ok(found.into_iter().map(|(_, row)| row).collect())
}

/// How far a value lies from the training rows: the share of them that is nearer to their median, or has another level.
fn oddness(reference: &Observed, value: Option<&Scalar<'_>>) -> f64 {
    let rare = |part: u64, rows: u64| 1.0 - part as f64 / rows.max(1) as f64;
    match (reference, value) {
        (Observed::Number(found), None) => rare(found.missing, found.rows),
        (Observed::Category(found), None) => rare(found.missing, found.rows),
        (Observed::Text(found), None) => rare(found.missing, found.rows),
        (Observed::Number(found), Some(value)) => {
            let Some(value) = value.number() else {
                return 0.0;
            };
            let middle = median(&found.sample).unwrap_or(value);
            let distance = (value - middle).abs();
            let nearer = found
                .sample
                .iter()
                .filter(|v| (*v - middle).abs() < distance)
                .count();
            nearer as f64 / found.sample.len().max(1) as f64
        }
        (Observed::Category(found), Some(value)) => {
            let name = value.to_string();
            let count = found
                .levels
                .iter()
                .find(|level| level.name == name)
                .map_or(0, |l| l.count);
            rare(count, found.rows)
        }
        _ => 0.0,
    }
}
