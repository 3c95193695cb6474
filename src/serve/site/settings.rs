//! `GET /settings`.

use actix_web::{HttpRequest, HttpResponse, web};

use super::page;
use crate::serve::guard::Access;
use crate::serve::page::settings as drawing;
use crate::serve::route::Route;
use crate::serve::views::Settings;

pub static ROUTES: &[Route] = &[Route {
    access: Access::ADMIN,
    is_stateless: true,
    ..page("/settings", "The page of the settings", || web::to(show))
}];

async fn show(request: HttpRequest, settings: web::Data<Settings>) -> HttpResponse {
    let main = drawing::draw(&settings.settings);
    super::draw(&request, "Settings", "/settings", main)
}
