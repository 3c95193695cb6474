//! `GET /alerts`.

use actix_web::{HttpRequest, HttpResponse, web};

use super::page;
use crate::alert::Handle;
use crate::serve::page::{alert_center, alerts};
use crate::serve::route::Route;

pub static ROUTES: &[Route] = &[page("/alerts", "The page of the alerts", || web::to(show))];

async fn show(request: HttpRequest, handle: web::Data<Handle>) -> HttpResponse {
    let view = handle.view();
    let main = alert_center::draw(&alerts::draw(&view), &view);
    super::draw(&request, "Alerts", "/alerts", main)
}
