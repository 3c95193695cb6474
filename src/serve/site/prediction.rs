//! `GET /predictions/{id}`.

use actix_web::{HttpRequest, HttpResponse, web};

use super::page;
use crate::live::Champion;
use crate::model::{Explanation, Workspace};
use crate::registry::Registry;
use crate::schema::Row;
use crate::schema::row::Purpose;
use crate::serve::events::stored;
use crate::serve::page::prediction as drawing;
use crate::serve::predictor::Predictor;
use crate::serve::problem::{Problem, kind};
use crate::serve::route::{Parameter, Route};
use crate::serve::views;
use crate::store::Store;
use crate::timeline::Timeline;

pub static ROUTES: &[Route] = &[page("/predictions/{id}", "The page of a prediction", || {
    web::to(show)
})
.parameters(&[Parameter::path("id", "the prediction's id")])
.problems(&[&kind::NOT_READY, &kind::NOT_FOUND, &kind::NOT_STORED])];

/// Other versions that are asked for the row, the newest.
const OTHERS: usize = 5;

/// What the models say of a stored row.
#[derive(Default)]
struct Said {
    explained: Option<(Champion, Explanation)>,
    others: Vec<(String, f64)>,
}

async fn show(
    request: HttpRequest,
    path: web::Path<String>,
    store: web::Data<Store>,
    predictor: web::Data<Predictor>,
    registry: web::Data<Registry>,
    timeline: web::Data<Timeline>,
) -> Result<HttpResponse, Problem> {
    let id = path.into_inner();
    let found: views::StoredPrediction = stored(&id, &store, &predictor).await?;
    let model = found
        .event
        .members
        .get("model")
        .and_then(|name| name.as_str());
    let model = model.unwrap_or_default().to_owned();
    let (reader, registry) = (store.get_ref().clone(), registry.get_ref().clone());
    let said = web::block(move || said(&reader, &registry, &id, &model));
    let said = said.await.map_err(Problem::internal)??;
    let verdicts = timeline.look(|story| {
        let windows = story.notable.iter().filter_map(|entry| {
            let document: serde_json::Value = serde_json::from_str(&entry.json).ok()?;
            let (from, to) = (
                document["window"]["from"].as_u64()?,
                document["window"]["to"].as_u64()?,
            );
            let is_in = (from..=to).contains(&found.event.seq);
            is_in.then(|| (entry.seq, crate::clock::rfc3339(entry.time)))
        });
        windows.collect::<Vec<_>>()
    });
    let explained = said.explained.as_ref();
    let main = drawing::draw(&drawing::View {
        stored: &found,
        explained: explained
            .map(|(champion, explanation)| (&**champion.model.schema(), explanation)),
        others: &said.others,
        verdicts: &verdicts,
    });
    Ok(super::draw(&request, "Prediction", "/predictions", main))
}

/// Asks the model that made the prediction why, and the newest others what they answer.
fn said(store: &Store, registry: &Registry, id: &str, model: &str) -> Result<Said, Problem> {
    let mut said = Said::default();
    let versions = registry.versions()?;
    let mut work = Workspace::default();
    for listed in versions.iter().rev() {
        let name = listed.version.to_string();
        if name != model && said.others.len() == OTHERS {
            continue;
        }
        let Ok(champion) = Champion::read(registry, &listed.version) else {
            continue;
        };
        let read = store.event(id, |record, _| {
            let prediction = record.prediction()?;
            let mut row = Row::new(champion.model.schema(), Purpose::Predict);
            prediction.row.read(champion.model.schema(), &mut row);
            row.faults.is_empty().then_some(row)
        })?;
        let Some(row) = read.flatten() else { continue };
        if name == model {
            let explanation = champion.model.explain(row.view(), &mut work);
            said.explained = Some((champion, explanation));
        } else {
            let probability = champion.model.probability(row.view(), &mut work);
            said.others.push((name, probability));
        }
    }
    Ok(said)
}
