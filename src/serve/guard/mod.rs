//! Access checks before a request is handled: known names of the server, known origins of pages, tokens.
//!
//! A page of another origin must not reach a server on the user's own machine. Browsers send `Origin` with every request by
//! which such a page could do harm, and `Host` with the name under which the page addressed the server. Both are checked
//! before the request is handled.

mod auth;
mod host;
mod proxy;
mod session;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use actix_web::dev::RequestHead;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

pub use auth::{Access, Caller, Tokens, word};
pub use host::Hosts;
pub use session::cookie;

use proxy::Proxies;
use session::Sessions;

use super::address::Listen;
use super::base_path::BasePath;
use super::problem::{Problem, kind};
use crate::schema::fault::excerpt;
use crate::serve::options::{Options, Scope, SecretError};

/// How long, in seconds, a browser may cache the response to a preflight request.
const PREFLIGHT_SECONDS: &str = "600";

/// The access checks of one server.
#[derive(Clone, Debug)]
pub struct Guard {
    hosts: Hosts,
    proxies: Proxies,
    base: BasePath,
    origins: Vec<String>,
    tokens: Option<Tokens>,
    sessions: Arc<Sessions>,
}

/// The result of the checks of an accepted request.
#[derive(Debug, Default)]
pub struct Admitted {
    /// The caller, if tokens are configured and the route requires one.
    pub caller: Option<Caller>,
    /// The configured foreign origin of the page that sent the request. The response must name it (CORS).
    pub page: Option<HeaderValue>,
}

impl Guard {
    /// Creates the checks of a server that listens at `listen`.
    ///
    /// # Errors
    /// When the secret of a token cannot be read.
    pub fn new(listen: &Listen, options: &Options) -> Result<Guard, SecretError> {
        Ok(Guard {
            hosts: Hosts::new(listen.ip(), &options.hosts),
            proxies: Proxies::new(listen, &options.trusted_proxies),
            base: options.base_path.clone(),
            origins: options
                .origins
                .iter()
                .map(|origin| origin.trim_end_matches('/').to_ascii_lowercase())
                .collect(),
            tokens: Tokens::fetch(options.auth.as_ref())?,
            sessions: Arc::default(),
        })
    }

    /// Whether tokens are configured.
    pub fn has_tokens(&self) -> bool {
        self.tokens.is_some()
    }

    /// The base path of the server's routes.
    pub fn base(&self) -> &BasePath {
        &self.base
    }

    /// The URL under which the client addressed the server, such as `https://models.example.org/ml`. A trusted proxy may set
    /// the scheme.
    pub fn address(&self, request: &HttpRequest) -> String {
        let is_scheme = |scheme: &&str| ["http", "https"].contains(scheme);
        let scheme = self.proxies.forwarded(request.head(), proxy::PROTO);
        let scheme = scheme.filter(is_scheme).unwrap_or("http");
        format!("{scheme}://{}{}", self.host(request.head()), self.base)
    }

    /// The address of the client, for the log; `None` if it is not known, as that of a program on this machine which uses the
    /// Unix socket.
    pub fn client(&self, request: &HttpRequest) -> Option<IpAddr> {
        self.proxies.client(request.head())
    }

    /// The host that the client addressed: that of the checked `Host` header. A trusted proxy may replace it by another
    /// accepted host name.
    fn host<'r>(&self, head: &'r RequestHead) -> &'r str {
        let forwarded = self.proxies.forwarded(head, proxy::HOST);
        let forwarded = forwarded.filter(|host| self.hosts.know(host));
        let given = || text(&head.headers, header::HOST).unwrap_or_default();
        forwarded.unwrap_or_else(given)
    }

    /// Checks the host, the origin and the token of a request.
    ///
    /// # Errors
    /// 421 for an unknown host; 403 for an unknown origin or a missing scope; 401 without a known token or session.
    pub fn admit(&self, head: &RequestHead, access: Access) -> Result<Admitted, Problem> {
        let (method, headers) = (&head.method, &head.headers);
        let given = text(headers, header::HOST);
        let host = given.unwrap_or_default();
        // A health check over HTTP/1.0 may have no `Host` header.
        let is_nameless = given.is_none() && access == Access::Open;
        if !is_nameless && !self.hosts.know(host) {
            let detail = format!(
                "{:?} is not a name of this server; use its address, or add the name to server.hosts",
                excerpt(host)
            );
            return Err(Problem::new(&kind::HOST, detail));
        }
        let host = self.host(head);
        let page = self.page(headers, host)?;
        let caller = match &self.tokens {
            Some(tokens) if !is_preflight(method, headers) => {
                tokens.admit(headers, access, || self.session(method, headers, host))?
            }
            _ => None,
        };
        Ok(Admitted { caller, page })
    }

    /// Starts a session with the scopes of a token, ends the request's previous session, and returns the cookie's secret.
    ///
    /// # Errors
    /// A message for the login page: the token is unknown, or lacks the scope `read`.
    pub fn sign_in(&self, request: &HttpRequest, token: &str) -> Result<String, &'static str> {
        let caller = self
            .tokens
            .as_ref()
            .and_then(|t| t.caller(token.as_bytes()));
        let caller = caller
            .ok_or("This token is not known. Tokens stand in the settings, under server.auth.")?;
        if caller.may(Access::Scope(Scope::Read)).is_err() {
            return Err("This token lacks the scope read, which the page needs.");
        }
        let now = Instant::now();
        self.sessions.end(request.headers(), now);
        Ok(self.sessions.begin(caller, now))
    }

    /// Ends the session of the request if our own page sent it, and returns whether it did.
    pub fn sign_out(&self, request: &HttpRequest) -> bool {
        let headers = request.headers();
        let is_own = is_own_page(headers, self.host(request.head()));
        if is_own {
            self.sessions.end(headers, Instant::now());
        }
        is_own
    }

    /// The caller of the session that the request's cookie identifies. The session counts only if our own page sent the
    /// request, that is, with our `Origin`. Browsers omit `Origin` from a plain GET, which changes nothing; such a request
    /// counts unless `Sec-Fetch-Site` says that a page of another site caused it. A WebSocket requires `Origin`.
    fn session(&self, method: &Method, headers: &HeaderMap, host: &str) -> Option<Caller> {
        let is_read =
            [Method::GET, Method::HEAD].contains(method) && !headers.contains_key(header::UPGRADE);
        let is_own = match headers.contains_key(header::ORIGIN) {
            true => is_own_page(headers, host),
            false => {
                is_read
                    && text(headers, SITE)
                        .is_none_or(|site| ["same-origin", "none"].contains(&site))
            }
        };
        is_own.then(|| self.sessions.find(headers, Instant::now()))?
    }

    /// The origin of a foreign page, if it is configured. None for our own page and for clients that are not pages.
    fn page(&self, headers: &HeaderMap, host: &str) -> Result<Option<HeaderValue>, Problem> {
        let Some(value) = headers.get(header::ORIGIN) else {
            return Ok(None);
        };
        if is_own_page(headers, host) {
            return Ok(None);
        }
        let origin = value.to_str().unwrap_or_default().to_ascii_lowercase();
        if self.origins.contains(&origin) {
            return Ok(Some(value.clone()));
        }
        let detail = format!(
            "{:?} is not the origin of this server; add it to server.origins to let its pages ask",
            excerpt(&origin)
        );
        Err(Problem::new(&kind::ORIGIN, detail))
    }
}

/// The header in which a browser says what caused a request: a page of the same origin, same site or another site, or none.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether the `Origin` of a request names the host that the client addressed.
fn is_own_page(headers: &HeaderMap, host: &str) -> bool {
    let origin = text(headers, header::ORIGIN).unwrap_or_default();
    let authority = origin
        .split_once("://")
        .map_or("", |(_, authority)| authority);
    !authority.is_empty() && authority.eq_ignore_ascii_case(host)
}

/// Whether the request is a CORS preflight.
fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The response to a CORS preflight from a configured origin. None for any other request.
pub fn preflight(request: &HttpRequest, admitted: &Admitted, allow: &str) -> Option<HttpResponse> {
    if !is_preflight(request.method(), request.headers()) || admitted.page.is_none() {
        return None;
    }
    let answer = HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, allow))
        .insert_header((
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "content-type, authorization, idempotency-key",
        ))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS))
        .finish();
    Some(answer)
}

/// Adds the CORS headers for a configured origin, without which the browser withholds the response from the page.
pub fn name_page(headers: &mut HeaderMap, page: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, page);
    let exposed = HeaderValue::from_static("location, retry-after");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
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
        Guard::new(&options.listen, &options).unwrap()
    }

    fn admit(guard: &Guard, request: &HttpRequest, access: Access) -> Result<Admitted, Problem> {
        guard.admit(request.head(), access)
    }

    #[test]
    fn b8_forwarded_headers_count_from_trusted_proxies_alone() {
        let mut options = Settings::built_in().server;
        options.hosts = vec!["models.example.org".into()];
        let check = |proxies: &[&str], peer: &str, host: &str, expected: &str| {
            let mut options = options.clone();
            options.trusted_proxies = proxies.iter().map(|text| text.parse().unwrap()).collect();
            let guard = Guard::new(&options.listen, &options).unwrap();
            let request = TestRequest::default()
                .peer_addr(peer.parse().unwrap())
                .insert_header((header::HOST, "localhost:5000"))
                .insert_header(("x-forwarded-host", host))
                .insert_header(("x-forwarded-proto", "https"))
                .insert_header((header::FORWARDED, "host=evil.example;proto=https"));
            let found = guard.address(&request.to_http_request());
            assert_eq!(found, expected, "{proxies:?} {peer} {host}");
        };
        let (plain, named) = ("http://localhost:5000", "models.example.org");
        let proxies = ["10.0.0.0/8", "::1/128"];
        check(&[], "127.0.0.1:9", named, plain);
        check(&proxies, "192.168.0.1:9", named, plain);
        check(&proxies, "10.1.2.3:9", named, "https://models.example.org");
        check(
            &proxies,
            "[::ffff:10.1.2.3]:9",
            named,
            "https://models.example.org",
        );
        check(
            &proxies,
            "[::1]:9",
            "models.example.org, other",
            "https://models.example.org",
        );
        check(
            &proxies,
            "10.1.2.3:9",
            "evil.example",
            "https://localhost:5000",
        );
    }

    #[test]
    fn a_page_behind_a_proxy_is_our_own_by_the_host_that_the_proxy_names() {
        let mut options = Settings::built_in().server;
        options.listen = "unix:/run/a.sock".parse().unwrap();
        options.hosts = vec!["models.example.org".into()];
        let check = |proxies: &[&str], forwarded: &str, origin: &str, expected: bool| {
            let mut options = options.clone();
            options.trusted_proxies = proxies.iter().map(|text| text.parse().unwrap()).collect();
            let guard = Guard::new(&options.listen, &options).unwrap();
            let request = TestRequest::default()
                .insert_header((header::HOST, "localhost"))
                .insert_header((proxy::HOST, forwarded))
                .insert_header((header::ORIGIN, origin));
            let found = admit(&guard, &request.to_http_request(), Access::Open);
            assert_eq!(found.is_ok(), expected, "{proxies:?} {forwarded} {origin}");
        };
        let (named, origin) = ("models.example.org", "https://models.example.org");
        check(&["unix"], named, origin, true);
        check(&[], named, origin, false);
        check(&["unix"], named, "https://evil.example", false);
        check(&["unix"], "evil.example", "https://evil.example", false);
        check(&["unix"], "evil.example", "http://localhost", true);
    }

    #[test]
    fn b10_a_health_check_needs_no_host() {
        let nameless = TestRequest::default();
        let guard = guard(&[]);
        let nameless = nameless.to_http_request();
        assert!(admit(&guard, &nameless, Access::Open).is_ok());
        assert!(admit(&guard, &nameless, Access::Token).is_err());
        let foreign = TestRequest::default().insert_header((header::HOST, "evil.example"));
        assert!(admit(&guard, &foreign.to_http_request(), Access::Open).is_err());
    }

    #[test]
    fn origins() {
        let guard = guard(&["https://app.example.org/"]);
        let check = |origin: Option<&str>, host: &str, expected: Option<bool>| {
            let mut request = TestRequest::default().insert_header((header::HOST, host));
            if let Some(origin) = origin {
                request = request.insert_header((header::ORIGIN, origin));
            }
            let found = admit(&guard, &request.to_http_request(), Access::Open);
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
