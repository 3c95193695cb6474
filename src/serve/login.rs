//! Login to the page with a token, and logout.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::body::Intake;
use super::guard::{Access, Guard, cookie};
use super::page;
use super::problem::{Problem, kind};
use super::route::{Route, Tag};
use super::{query, reply};

/// Path of the login page.
pub const PATH: &str = "/login";

pub static ROUTES: &[Route] = &[
    Route::get(PATH, Tag::Server, Access::Open, "The sign-in form", || {
        web::to(form)
    })
    .stateless(),
    Route::post(
        PATH,
        Tag::Server,
        Access::Open,
        "Sign in to the page with a token",
        || web::to(sign_in),
    )
    .stateless(),
    Route::post(
        "/logout",
        Tag::Server,
        Access::Open,
        "Sign out of the page",
        || web::to(sign_out),
    )
    .stateless(),
];

/// The media type in which browsers send forms.
const FORM: &str = "application/x-www-form-urlencoded";

/// Maximum size of the login form in bytes. It is small because the client is not authenticated yet.
const LONGEST: usize = 4 << 10;

/// The login form. Without configured tokens no login is needed, and the browser is redirected to the page.
pub async fn form(guard: web::Data<Guard>) -> HttpResponse {
    match guard.has_tokens() {
        true => reply::page(page::LOGIN_CSP, page::login::draw(None).into_string()),
        false => see_other("/", None),
    }
}

/// Checks a token and starts a session with its scopes.
pub async fn sign_in(
    request: HttpRequest,
    mut payload: web::Payload,
    intake: web::Data<Intake>,
    guard: web::Data<Guard>,
) -> Result<HttpResponse, Problem> {
    let given = request.headers().get(header::CONTENT_TYPE);
    let given = given.and_then(|value| value.to_str().ok());
    let essence = given
        .and_then(|text| text.split(';').next())
        .unwrap_or_default();
    if !essence.trim().eq_ignore_ascii_case(FORM) {
        let detail = format!(
            "the form of {PATH} is sent as {FORM}; programs send a token as Authorization: Bearer"
        );
        return Err(Problem::new(&kind::MEDIA_TYPE, detail).header(header::ACCEPT, FORM));
    }
    let intake = intake.limited(LONGEST);
    let body = intake.read(&request, &mut payload).await?;
    let text = std::str::from_utf8(&body.bytes).unwrap_or_default();
    let fields = query::pairs(text, &["token"])?;
    let token = fields.first().map_or("", |(_, value)| value.trim());
    match guard.sign_in(&request, token) {
        Err(why) => {
            let client = client(&guard, &request);
            tracing::warn!(client, "server: sign-in rejected");
            let page = page::login::draw(Some(why)).into_string();
            let mut response = reply::page(page::LOGIN_CSP, page);
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            Ok(response)
        }
        Ok(secret) => {
            let client = client(&guard, &request);
            tracing::info!(client, "server: signed in");
            let is_tls = guard.address(&request).starts_with("https:");
            let cookie = cookie(Some(&secret), guard.base(), is_tls);
            Ok(see_other("/", Some(cookie)))
        }
    }
}

/// The client as the log names it.
fn client(guard: &Guard, request: &HttpRequest) -> String {
    let client = guard.client(request);
    client.map_or_else(|| "unix".into(), |client| client.to_string())
}

/// Ends the session if our own page sent the request; requests from elsewhere have no session.
pub async fn sign_out(request: HttpRequest, guard: web::Data<Guard>) -> HttpResponse {
    if !guard.sign_out(&request) {
        return see_other(PATH, None);
    }
    let is_tls = guard.address(&request).starts_with("https:");
    see_other(PATH, Some(cookie(None, guard.base(), is_tls)))
}

/// Redirects a browser to another page and optionally sets a cookie.
pub fn see_other(place: &str, cookie: Option<String>) -> HttpResponse {
    let mut response = HttpResponse::SeeOther();
    response
        .insert_header((header::LOCATION, place))
        .insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(cookie) = cookie {
        response.insert_header((header::SET_COOKIE, cookie));
    }
    response.finish()
}
