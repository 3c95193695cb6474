//! Registers the route table with actix: one resource per path, plus one for unknown paths, each wrapped in the middleware.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use super::base_path::BasePath;
use super::budget::Budget;
use super::guard::Guard;
use super::health::Lifecycle;
use super::inflight::Inflight;
use super::mode::{self, Mode};
use super::problem::{Problem, kind};
use super::route::{Route, Tag};
use super::routes::ROUTES;
use super::watch::{Known, Methods, Watch};
use crate::telemetry::metrics::Metrics;

/// The shared state of the middleware, from which the router is built.
#[derive(Clone)]
pub struct Router {
    pub guard: Arc<Guard>,
    /// Which of the routes the server has.
    pub mode: Mode,
    /// Further paths of routes. At such a path they take precedence over a route of the same method.
    pub aliases: Vec<(String, &'static Route)>,
    pub metrics: Arc<Metrics>,
    /// Limit on the number of concurrent requests.
    pub inflight: Inflight,
    /// Limit on the memory held for clients.
    pub budget: Budget,
    /// Reports whether the server is stopping; connections are then closed.
    pub lifecycle: Lifecycle,
}

/// Value of the `Allow` header of a path: its methods, separated by commas.
struct Allowed(String);

impl Router {
    /// Registers all routes with actix.
    pub fn mount(&self, app: &mut web::ServiceConfig) {
        for (path, routes) in self.paths() {
            app.service(self.resource(&path, &routes));
        }
        let nowhere = web::resource("/{path:.*}").default_service(web::to(nowhere));
        app.service(nowhere.wrap(self.watch(Vec::new(), String::new())));
    }

    /// The paths with their routes, in the order in which the router tries them: all routes below the base path, and beside it
    /// those that probes and hosting platforms call at the server itself.
    pub fn paths(&self) -> Vec<(String, Vec<&'static Route>)> {
        let base = self.guard.base();
        let below = |(path, route): (&str, &'static Route)| (base.public(path), route);
        let aliases = || {
            let aliases = self.aliases.iter();
            aliases.map(|(path, route)| (path.as_str(), *route))
        };
        let table = || ROUTES.iter().map(|route| (route.pattern, route));
        let mut paths: Vec<(String, &Route)> = aliases().chain(table()).map(below).collect();
        if !base.is_root() {
            // The page, without the slash that people leave out.
            let page = table().filter(|(path, _)| *path == "/");
            paths.extend(page.map(|(_, route)| (base.to_string(), route)));
            let direct = table().filter(|(_, route)| route.is_direct);
            paths.extend(
                aliases()
                    .chain(direct)
                    .map(|(path, route)| (path.into(), route)),
            );
        }
        let mut resources: Vec<(String, Vec<&Route>)> = Vec::new();
        for (path, route) in paths {
            match resources.iter_mut().find(|(known, _)| *known == path) {
                Some((_, routes)) if routes.iter().any(|other| other.method == route.method) => {}
                Some((_, routes)) => routes.push(route),
                None => resources.push((path, vec![route])),
            }
        }
        resources
    }

    fn resource(
        &self,
        pattern: &str,
        routes: &[&Route],
    ) -> impl actix_web::dev::HttpServiceFactory + use<> {
        let mut known = Vec::new();
        let mut resource = web::resource(pattern.to_owned());
        for route in routes {
            let id = self.metrics.route(route.method, route.pattern);
            let is_served = self.mode.serves(route);
            for method in methods(route) {
                let handler = match is_served {
                    true => (route.handler)(),
                    false => web::to(mode::refuse),
                };
                resource = resource.route(handler.method(method.clone()));
                known.push(Known {
                    method,
                    route: id,
                    access: route.access,
                    takes_body: is_served && route.body.is_some(),
                    predicts: route.tag == Tag::Predictions && route.body.is_some(),
                });
            }
        }
        let allow = known
            .iter()
            .map(|known| known.method.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        let watch = self.watch(known, allow.clone());
        resource
            .app_data(Allowed(allow))
            .default_service(web::to(not_allowed))
            .wrap(watch)
    }

    fn watch(&self, known: Vec<Known>, allow: String) -> Watch {
        let methods = Methods {
            known,
            unmatched: self.metrics.unmatched(),
            allow,
        };
        let Router {
            guard,
            metrics,
            inflight,
            budget,
            lifecycle,
            mode: _,
            aliases: _,
        } = self.clone();
        Watch {
            guard,
            metrics,
            inflight,
            budget,
            lifecycle,
            methods: Arc::new(methods),
        }
    }
}

/// The HTTP methods that a route handles; a GET route handles HEAD as well.
pub fn methods(route: &Route) -> Vec<Method> {
    match route.method {
        "GET" => vec![Method::GET, Method::HEAD],
        "DELETE" => vec![Method::DELETE],
        _ => vec![Method::POST],
    }
}

async fn not_allowed(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let allow = request
        .app_data::<Allowed>()
        .map_or("", |allowed| &allowed.0);
    if *request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent()
            .insert_header((header::ALLOW, allow))
            .finish());
    }
    Err(other_method(request.method(), request.path(), allow))
}

/// The problem of a method that a path does not support.
pub fn other_method(method: &Method, path: &str, allow: &str) -> Problem {
    let detail = format!("{method} is not known at {path}; there are {allow}");
    Problem::new(&kind::METHOD, detail).header(header::ALLOW, allow)
}

async fn nowhere(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let guard = request.app_data::<web::Data<Guard>>();
    let base = guard.map(|guard| guard.base().clone()).unwrap_or_default();
    Err(unknown_path(request.path(), &base))
}

/// The problem of a path that does not exist.
pub fn unknown_path(path: &str, base: &BasePath) -> Problem {
    let detail = format!(
        "there is nothing at {}; {} describes every route",
        crate::schema::fault::excerpt(path),
        base.public("/docs"),
    );
    Problem::new(&kind::NOT_FOUND, detail)
}
