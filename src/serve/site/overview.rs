//! `GET /`, and the fragment of the traffic.

use actix_web::{HttpRequest, HttpResponse, web};

use super::page;
use crate::alert::Handle;
use crate::serve::cycle::LoopReader;
use crate::serve::guard::Access;
use crate::serve::mode::Mode;
use crate::serve::page::{self as pages, CSP, overview};
use crate::serve::predictor::Predictor;
use crate::serve::problem::{Problem, kind};
use crate::serve::route::{HTML, Response, Route, Tag};
use crate::serve::{monitor, reply, service};
use crate::timeline::Timeline;

pub static ROUTES: &[Route] = &[
    page("/", "The page of the live model", || web::to(show))
        .responses(&[Response::text(200, "A page.", HTML)])
        .stateless(),
    Route::get(
        "/fragments/traffic",
        Tag::Server,
        Access::READ,
        "Fragment of the page: the traffic",
        || web::to(fragment),
    )
    .responses(&[Response::text(200, "A part of a page.", HTML)])
    .problems(&[&kind::NOT_READY]),
];

async fn show(
    request: HttpRequest,
    predictor: web::Data<Predictor>,
    cycle: web::Data<LoopReader>,
    watched: web::Data<monitor::MonitorReader>,
    alerts: web::Data<Handle>,
    timeline: web::Data<Timeline>,
    mode: web::Data<Mode>,
) -> Result<HttpResponse, Problem> {
    let mut view = super::view(&predictor, &request)?;
    if **mode == Mode::PredictOnly {
        return Ok(super::draw_live(&view, "/", overview::of_model(&view)));
    }
    view.watch = pages::watch(&watched.document(), &alerts.view());
    view.cycle = cycle.look().await?;
    let traffic = timeline.look(|story| overview::traffic(story, &view.target.positive_is()));
    Ok(super::draw_live(
        &view,
        "/",
        overview::draw(&view, &traffic, &service::level(&predictor)),
    ))
}

async fn fragment(
    request: HttpRequest,
    predictor: web::Data<Predictor>,
    timeline: web::Data<Timeline>,
) -> Result<HttpResponse, Problem> {
    let view = super::view(&predictor, &request)?;
    let traffic = timeline.look(|story| overview::traffic(story, &view.target.positive_is()));
    Ok(reply::page(CSP, traffic.into_string()))
}
