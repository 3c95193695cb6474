//! Who may ask at all: known names of the server, known origins of pages, tokens.
//!
//! A page of another origin must not reach a server on the reader's own machine. Browsers send `Origin` with everything
//! such a page could do harm with, and `Host` as the page named the server; both are checked before anything is done.

mod auth;
mod host;

use std::net::SocketAddr;

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

pub use auth::{Access, Caller, Tokens, word};
pub use host::Hosts;

use super::problem::{Problem, kind};
use crate::config::ConfigError;
use crate::config::server::Options;

/// How long a browser may remember what a page of a listed origin may do.
const PREFLIGHT_SECONDS: &str = "600";

/// The checks of one server.
#[derive(Clone, Debug)]
pub struct Guard {
    hosts: Hosts,
    origins: Vec<String>,
    tokens: Option<Tokens>,
}

/// What the checks found out.
#[derive(Debug, Default)]
pub struct Admitted {
    /// Who asks, where there are tokens.
    pub caller: Option<Caller>,
    /// The listed origin of the page that asks: the answer has to name it.
    pub page: Option<HeaderValue>,
}

impl Guard {
    /// The checks of a server at `listen`.
    ///
    /// # Errors
    /// When a token's secret is not where it should be.
    pub fn new(listen: SocketAddr, options: &Options) -> Result<Guard, ConfigError> {
        Ok(Guard {
            hosts: Hosts::new(listen, &options.hosts),
            origins: options
                .origins
                .iter()
                .map(|origin| origin.trim_end_matches('/').to_ascii_lowercase())
                .collect(),
            tokens: Tokens::fetch(options.auth.as_ref())?,
        })
    }

    /// Whether tokens are asked for.
    pub fn has_tokens(&self) -> bool {
        self.tokens.is_some()
    }

    /// Checks a request.
    ///
    /// # Errors
    /// 421, 403, 401.
    pub fn admit(&self, request: &HttpRequest, access: Access) -> Result<Admitted, Problem> {
        let headers = request.headers();
        let host = text(headers, header::HOST).unwrap_or_default();
        if !self.hosts.know(host) {
            let detail = format!(
                "{host:?} is no name of this server; ask under its address, or add the name to server.hosts"
            );
            return Err(Problem::new(&kind::HOST, detail));
        }
        let page = self.page(headers, host)?;
        let caller = match &self.tokens {
            Some(tokens) if !is_preflight(request) => tokens.admit(headers, access)?,
            _ => None,
        };
        Ok(Admitted { caller, page })
    }

    /// The listed origin of a foreign page; none for our own, and for whatever is no page.
    fn page(&self, headers: &HeaderMap, host: &str) -> Result<Option<HeaderValue>, Problem> {
        let Some(value) = headers.get(header::ORIGIN) else {
            return Ok(None);
        };
        let origin = value.to_str().unwrap_or_default().to_ascii_lowercase();
        let authority = origin
            .split_once("://")
            .map_or("", |(_, authority)| authority);
        if !authority.is_empty() && authority.eq_ignore_ascii_case(host) {
            return Ok(None);
        }
        if self.origins.contains(&origin) {
            return Ok(Some(value.clone()));
        }
        let detail = format!(
            "{origin:?} is not the origin of this server; add it to server.origins to let its pages ask"
        );
        Err(Problem::new(&kind::ORIGIN, detail))
    }
}

/// Whether a browser asks what a page of a listed origin may do.
fn is_preflight(request: &HttpRequest) -> bool {
    *request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a browser that asks what a page of a listed origin may do.
pub fn preflight(request: &HttpRequest, admitted: &Admitted, allow: &str) -> Option<HttpResponse> {
    if !is_preflight(request) || admitted.page.is_none() {
        return None;
    }
    let answer = HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, allow))
        .insert_header((
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "content-type, authorization",
        ))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS))
        .finish();
    Some(answer)
}

/// Names the listed origin in an answer, without which a browser keeps it from the page.
pub fn name_page(headers: &mut HeaderMap, page: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, page);
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use actix_web::test::TestRequest;

    fn guard(origins: &[&str]) -> Guard {
        let mut options = Settings::built_in().server;
        options.origins = origins.iter().map(|origin| (*origin).into()).collect();
        Guard::new(options.listen, &options).unwrap()
    }

    #[test]
    fn origins() {
        let guard = guard(&["https://app.example.org/"]);
        let check = |origin: Option<&str>, host: &str, expected: Option<bool>| {
            let mut request = TestRequest::default().insert_header((header::HOST, host));
            if let Some(origin) = origin {
                request = request.insert_header((header::ORIGIN, origin));
            }
            let found = guard.admit(&request.to_http_request(), Access::Open);
            assert_eq!(
                found.ok().map(|admitted| admitted.page.is_some()),
                expected,
                "{origin:?} {host}"
            );
        };
        let host = "localhost:5000";
        check(None, host, Some(false));
        check(Some("http://localhost:5000"), host, Some(false));
        check(Some("https://app.example.org"), host, Some(true));
        check(Some("http://127.0.0.1:5000"), host, None);
        check(Some("http://localhost:5001"), host, None);
        check(Some("https://evil.example"), host, None);
        check(Some("null"), host, None);
        check(None, "evil.example", None);
        check(Some("http://evil.example"), "evil.example", None);
    }
}
