//! Puts the base path before the addresses in what is sent back: the `Location` header, the `type` of a problem, the links,
//! forms and buttons of a page. The code that writes them knows only paths of the route table.

use actix_web::HttpResponse;
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::http::header::{self, HeaderMap, HeaderValue};

use super::base_path::BasePath;
use super::problem::Problem;
use super::route::HTML;

/// The response as a client below `base` understands it.
pub fn below<B: MessageBody + 'static>(
    response: HttpResponse<B>,
    base: &BasePath,
) -> HttpResponse<EitherBody<B>> {
    if base.is_root() {
        return response.map_into_left_body();
    }
    let mut response = response;
    if let Some(location) = location(response.headers(), base) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    let problem = response.error().and_then(|error| error.as_error());
    if let Some(problem) = problem.map(|problem: &Problem| problem.text(base)) {
        return response.map_body(|_, _| EitherBody::right(BoxBody::new(problem)));
    }
    if !is_page(response.headers()) {
        return response.map_into_left_body();
    }
    response.map_body(|_, body| match body.try_into_bytes() {
        Ok(bytes) => {
            let markup = String::from_utf8_lossy(&bytes); // pages are made of text
            EitherBody::right(BoxBody::new(base.in_markup(&markup)))
        }
        Err(body) => EitherBody::left(body), // pages are sent whole
    })
}

/// The `Location` header, if it is a path of this server.
fn location(headers: &HeaderMap, base: &BasePath) -> Option<HeaderValue> {
    let path = headers.get(header::LOCATION)?.to_str().ok()?;
    let path = path.starts_with('/').then(|| base.public(path))?;
    HeaderValue::from_str(&path).ok()
}

fn is_page(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE);
    media_type.is_some_and(|value| value.as_bytes().starts_with(HTML.as_bytes()))
}
