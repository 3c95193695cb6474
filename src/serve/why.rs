//! Collects everything that is known of a prediction, a model version, an alert or a verdict, from the store and the registry.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::events::may_be_new;
use super::guard::Access;
use super::predict::PredictService;
use super::problem::{Problem, kind};
use super::reply;
use super::route::{Parameter, Response, Route, Tag};
use super::views::{
    self, Contribution, Event, Explanation, Facts, FeatureValue, LedgerLine, Line, OtherAnswer,
    PredictedLabel, Why, WhyAlert, WhyModel, WhyPrediction, WhyVerdict,
};
use crate::clock::rfc3339;
use crate::model::{Model, Workspace};
use crate::registry::ledger::Entry;
use crate::registry::{Listed, Registry, RegistryError, Version, VersionRef};
use crate::schema::Row;
use crate::schema::column::Label;
use crate::schema::row::Purpose;
use crate::store::event::{Record, StoredRow, VerdictEvent};
use crate::store::kind as kinds;
use crate::store::kind::Kind;
use crate::store::{File, Store, StoreError};

pub static ROUTES: &[Route] = &[Route::get(
    "/v1/why/{id}",
    Tag::Store,
    Access::READ,
    "Show all that is known of a prediction, a model version, an alert or a verdict",
    || web::to(why),
)
.parameters(&[Parameter::path(
    "id",
    "id of a prediction or alert, full name of a version, or number of an event",
)])
.responses(&[Response::json::<views::Why>(
    200,
    "What is known, by the kind of thing.",
)])
.problems(&[&kind::NOT_FOUND, &kind::CONFLICT, &kind::NOT_STORED])];

/// Maximum other versions that answer for a row: each is read from its file.
const MOST_VERSIONS: usize = 10;

/// Maximum events that are searched after a prediction for the windows that it was in, and after a verdict for its alerts.
const NEAR: u64 = 100_000;

/// Maximum events that are searched for an alert, newest ones first: alerts have no index.
const RECENT: u64 = 1_000_000;

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub enum WhyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(
        "nothing is known of {0:?}: write the id of a stored prediction or of an alert, the full name of a version such as titanic@7, or the number of a verdict's event"
    )]
    Unknown(String),
    #[error("event {seq} is of the kind {kind}, of which no more is known than `/v1/events` shows")]
    OtherKind { seq: u64, kind: &'static str },
}

impl From<WhyError> for Problem {
    fn from(error: WhyError) -> Problem {
        match error {
            WhyError::Store(error) => error.into(),
            WhyError::Registry(error) => error.into(),
            WhyError::Unknown(_) | WhyError::OtherKind { .. } => {
                Problem::new(&kind::NOT_FOUND, error.to_string())
            }
        }
    }
}

pub async fn why(
    path: web::Path<String>,
    store: web::Data<Store>,
    registry: web::Data<Registry>,
    service: web::Data<PredictService>,
) -> Result<HttpResponse, Problem> {
    let id = path.into_inner();
    let look = || {
        let (store, registry, id) = (store.clone(), registry.clone(), id.clone());
        web::block(move || find(store.file(), &registry, &id))
    };
    let mut found = look().await.map_err(Problem::internal)?;
    let is_new = || {
        may_be_new(
            &id,
            service.predictor.named_at(&id),
            service.predictor.clock.now(),
        )
    };
    if matches!(found, Err(WhyError::Unknown(_))) && is_new() {
        store.flush().await?; // the writer may have it still
        found = look().await.map_err(Problem::internal)?;
    }
    Ok(reply::json(StatusCode::OK, &found?))
}

/// Everything that is known of the thing with this id: a prediction, else a version by its full name, an event by its number,
/// an alert. Blocks on the disk.
///
/// # Errors
/// [`WhyError`].
pub fn find(file: &File, registry: &Registry, id: &str) -> Result<Why, WhyError> {
    if let Some(prediction) = prediction(file, registry, id)? {
        return Ok(Why::Prediction(Box::new(prediction)));
    }
    if let Ok(version) = id.parse::<Version>() {
        return Ok(Why::Model(model(registry, &version)?));
    }
    if let Ok(seq) = id.parse::<u64>() {
        return event(file, registry, seq);
    }
    let alert = alert(file, id)?;
    alert
        .map(Why::Alert)
        .ok_or_else(|| WhyError::Unknown(id.to_owned()))
}

/// Everything that is known of a prediction; `None` if none with this id is stored. Blocks on the disk.
///
/// # Errors
/// If the store or the registry cannot be read. A version that cannot be read is a note in the document.
pub fn prediction(
    file: &File,
    registry: &Registry,
    id: &str,
) -> Result<Option<WhyPrediction>, WhyError> {
    let found = file.event(id, |record, label| {
        let prediction = record.prediction()?;
        let (row, model) = (
            prediction.row.clone().into_owned(),
            prediction.model.clone(),
        );
        let label = label.map(|label| label.label);
        Some((shown(record), row, model, label))
    })?;
    let Some((event, row, made_by, label)) = found.flatten() else {
        return Ok(None);
    };
    let versions = registry.versions()?;
    let is_maker = |listed: &&Listed| listed.version.to_string() == *made_by;
    let mut why = WhyPrediction {
        about: "prediction".into(),
        id: id.to_owned(),
        windows: windows(file, event.seq, &made_by)?,
        event,
        truth: label,
        model: None,
        features: Vec::new(),
        explanation: None,
        versions: Vec::new(),
        notes: Vec::new(),
    };
    match versions.iter().find(is_maker) {
        None => why
            .notes
            .push(format!("{made_by} is not registered any more")),
        Some(listed) => match Scored::of(registry, &listed.version, &row) {
            Ok(mut scored) => {
                why.features = scored.features();
                why.explanation = Some(scored.explanation());
                why.model = Some(Line::of(listed, Some(&Facts::of(&scored.model))));
            }
            Err(fault) => {
                why.model = Some(Line::of(listed, None));
                why.notes
                    .push(format!("no features and no explanation: {fault}"));
            }
        },
    }
    let others = versions.iter().rev().filter(|listed| !is_maker(listed));
    let others = others.take(MOST_VERSIONS);
    why.versions = others
        .map(|listed| answer(registry, listed, &row))
        .collect();
    Ok(Some(why))
}

/// The verdicts on drift whose windows contain an event of the model.
fn windows(file: &File, seq: u64, model: &str) -> Result<Vec<Event>, StoreError> {
    let mut windows = Vec::new();
    file.snapshot(|snapshot| {
        snapshot.after(seq, |record| {
            let Some(found) = record.event.window().filter(|found| found.model == model) else {
                return record.seq < seq + NEAR;
            };
            if (found.window.from..=found.window.to).contains(&seq) {
                windows.push(shown(record));
            }
            // The windows of all rows follow one another.
            found.slice.is_some() || found.window.from <= seq
        })
    })?;
    Ok(windows)
}

/// What another version answers for a row.
fn answer(registry: &Registry, listed: &Listed, row: &StoredRow<'_>) -> OtherAnswer {
    let answer = OtherAnswer {
        model: listed.version.to_string(),
        role: listed.role,
        probability: None,
        label: None,
        error: None,
    };
    match Scored::of(registry, &listed.version, row) {
        Ok(mut scored) => {
            let probability = scored.probability();
            OtherAnswer {
                probability: Some(probability),
                label: Some(PredictedLabel(scored.model.label(probability).clone())),
                ..answer
            }
        }
        Err(fault) => OtherAnswer {
            error: Some(fault),
            ..answer
        },
    }
}

/// A version with a row as it reads it.
struct Scored {
    model: Model,
    row: Row,
    work: Workspace,
}

impl Scored {
    /// Reads the version and the row; the error says why it cannot answer.
    fn of(
        registry: &Registry,
        version: &Version,
        stored: &StoredRow<'_>,
    ) -> Result<Scored, String> {
        let (_, model) = registry
            .decode(&VersionRef::from(version.clone()), Model::from_bytes)
            .map_err(|error| error.to_string())?;
        let mut row = Row::new(model.schema(), Purpose::Predict);
        stored.read(model.schema(), &mut row);
        if !row.faults.is_empty() {
            return Err("the row violates the contract of this version".into());
        }
        Ok(Scored {
            model,
            row,
            work: Workspace::default(),
        })
    }

    fn probability(&mut self) -> f64 {
        self.model.probability(self.row.view(), &mut self.work)
    }

    fn features(&mut self) -> Vec<FeatureValue> {
        let names = self.model.recipe().features().iter();
        let values = self.model.features(self.row.view(), &mut self.work);
        let features = names.zip(values).map(|(feature, value)| FeatureValue {
            name: feature.name.clone(),
            value: (!value.is_nan()).then_some(f64::from(*value)),
        });
        features.collect()
    }

    fn explanation(&mut self) -> Explanation {
        let row = self.row.view();
        let explained = self.model.explain(row, &mut self.work);
        let contributions = explained.contributions.iter().map(|part| {
            let column = &self.model.schema().columns()[part.column];
            let value = column.scalar(row.cells[part.column], row.text);
            Contribution {
                column: column.name.clone(),
                value: Label::of(value),
                contribution: part.probability,
                log_odds: part.log_odds,
            }
        });
        Explanation {
            base: explained.base,
            unit: "probability".into(),
            contributions: contributions.collect(),
        }
    }
}

/// Everything that is known of a version, also of one whose file is gone.
fn model(registry: &Registry, version: &Version) -> Result<WhyModel, WhyError> {
    let versions = registry.versions()?;
    let listed = versions.iter().find(|listed| listed.version == *version);
    let listed = listed.ok_or_else(|| WhyError::Unknown(version.to_string()))?;
    let wanted = VersionRef::from(version.clone());
    let read = registry.decode(&wanted, Model::from_bytes);
    let facts = read.ok().map(|(_, model)| Facts::of(&model));
    Ok(WhyModel {
        about: "model".into(),
        model: Line::of(listed, facts.as_ref()),
        history: history(registry, version)?,
    })
}

/// The lines of the ledger about a version, oldest first. Blocks on the disk.
///
/// # Errors
/// If the ledger cannot be read.
pub fn history(registry: &Registry, version: &Version) -> Result<Vec<LedgerLine>, RegistryError> {
    let entries = registry.entries_after(0)?.into_iter();
    let entries = entries.filter(|entry| entry.model == *version);
    let line = |entry: Entry| LedgerLine {
        seq: entry.seq,
        time: rfc3339(entry.time),
        action: entry.action,
        previous: entry.previous.map(|previous| previous.to_string()),
        by: entry.by,
        reason: entry.reason,
        evidence: serde_json::from_str(entry.evidence.get()).unwrap_or_default(),
    };
    Ok(entries.map(line).collect())
}

/// Everything that is known of an event: a verdict, or what the event is about.
fn event(file: &File, registry: &Registry, seq: u64) -> Result<Why, WhyError> {
    let unknown = || WhyError::Unknown(seq.to_string());
    let mut found = None;
    file.snapshot(|snapshot| {
        snapshot.after(seq.saturating_sub(1), |record| {
            if record.seq == seq {
                let alert = record.event.alert().map(|change| change.alert);
                found = Some((record.kind(), record.id.to_string(), alert, shown(record)));
            }
            false
        })
    })?;
    let (kind, id, alert_id, shown) = found.ok_or_else(unknown)?;
    match (kind, alert_id) {
        (Kind::Prediction | Kind::Model, _) => find(file, registry, &id),
        (Kind::Alert, Some(id)) => Ok(Why::Alert(alert(file, &id)?.ok_or_else(unknown)?)),
        (Kind::Verdict, _) => Ok(Why::Verdict(verdict(file, shown)?)),
        (kind, _) => Err(WhyError::OtherKind {
            seq,
            kind: kinds::name(kind),
        }),
    }
}

/// A verdict with the alerts that followed from it.
fn verdict(file: &File, event: Event) -> Result<WhyVerdict, StoreError> {
    let mut alerts = Vec::new();
    file.snapshot(|snapshot| {
        snapshot.after(event.seq, |record| {
            if record
                .event
                .alert()
                .is_some_and(|change| change.subject == event.id)
            {
                alerts.push(shown(record));
            }
            let is_next = match record.event.verdict() {
                Some(VerdictEvent::Drift { slice, .. }) => {
                    slice.is_none() && event.members["about"] == "drift"
                }
                Some(VerdictEvent::Performance { .. }) => event.members["about"] == "performance",
                Some(VerdictEvent::Decay { .. }) => event.members["about"] == "decay",
                _ => false,
            };
            !is_next && record.seq < event.seq + NEAR
        })
    })?;
    Ok(WhyVerdict {
        about: "verdict".into(),
        event,
        alerts,
    })
}

/// An alert with its changes and the verdict before them; `None` if it is not among the newest events.
fn alert(file: &File, id: &str) -> Result<Option<WhyAlert>, StoreError> {
    let (mut events, mut verdict) = (Vec::<Event>::new(), None);
    file.snapshot(|snapshot| {
        let mut last_verdicts: Vec<Event> = Vec::new(); // the newest of each model
        let first = snapshot.last()?.saturating_sub(RECENT);
        snapshot.after(first, |record| {
            if record.event.verdict().is_some() {
                let newest = shown(record);
                last_verdicts.retain(|known| known.id != newest.id);
                last_verdicts.push(newest);
            }
            if let Some(change) = record.event.alert().filter(|change| change.alert == id) {
                if events.is_empty() {
                    verdict = last_verdicts
                        .iter()
                        .find(|v| v.id == change.subject)
                        .cloned();
                }
                events.push(shown(record));
            }
            true
        })
    })?;
    Ok((!events.is_empty()).then(|| WhyAlert {
        about: "alert".into(),
        id: id.to_owned(),
        events,
        verdict,
    }))
}

/// An event as documents show it.
fn shown(record: &Record<'_>) -> Event {
    serde_json::from_str(&record.line()).expect("the line of an event is an object of JSON")
}
