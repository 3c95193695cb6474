//! `GET /timeline`.

use actix_web::{HttpRequest, HttpResponse, web};

use super::page;
use crate::serve::events;
use crate::serve::page::{overview, timeline as drawing};
use crate::serve::predictor::Predictor;
use crate::serve::problem::Problem;
use crate::serve::query;
use crate::serve::route::{Parameter, Route, count};
use crate::store::kind as kinds;
use crate::timeline::{Notable, Timeline};

const PARAMETERS: &[Parameter] = &[
    Parameter::query("kind", "only of this kind", events::kind_names),
    Parameter::query("before", "only events before this number", count),
];

pub static ROUTES: &[Route] =
    &[page("/timeline", "The page of what happened", || web::to(show)).parameters(PARAMETERS)];

/// Entries of a page.
const SHOWN: usize = 100;

async fn show(
    request: HttpRequest,
    predictor: web::Data<Predictor>,
    timeline: web::Data<Timeline>,
) -> Result<HttpResponse, Problem> {
    let view = super::view(&predictor, &request)?;
    let mut filter = drawing::Filter::default();
    for (name, value) in query::parameters(request.query_string(), PARAMETERS)? {
        match &*name {
            "kind" => {
                filter.kind = Some(kinds::named(&value).ok_or_else(|| events::no_kind(&value))?);
            }
            _ => filter.before = Some(events::number(&name, &value)?),
        }
    }
    let main = timeline.look(|story| {
        let is_wanted = |entry: &&Notable| {
            filter.kind.is_none_or(|kind| kind == entry.kind)
                && filter.before.is_none_or(|before| entry.seq < before)
        };
        let mut entries: Vec<Notable> = story
            .notable
            .iter()
            .rev()
            .filter(is_wanted)
            .take(SHOWN + 1)
            .cloned()
            .collect();
        let more = entries.len() > SHOWN;
        entries.truncate(SHOWN);
        let older = entries.last().filter(|_| more).map(|entry| entry.seq);
        let traffic = overview::traffic(story, &view.target.positive_is());
        drawing::draw(&traffic, &entries, &filter, older)
    });
    Ok(super::draw(&request, "Timeline", "/timeline", main))
}
