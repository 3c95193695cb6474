//! `Expect: 100-continue`: if the head of a request alone leads to a rejection, the response is sent before the body arrives.
//!
//! Without this check, every such request gets `100 Continue` first, and its client sends a body that is discarded.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::dev::{RequestHead, ResourceDef, Url};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};

use super::body::{self, Intake};
use super::guard::{self, Access};
use super::outward;
use super::problem::Problem;
use super::route::Route;
use super::router::{self, Router};

/// The checks of a request head, in the order in which they apply to a request without `Expect`.
pub struct Expect {
    router: Router,
    intake: Intake,
    /// Each path with its routes, in the order in which the router tries them.
    paths: Vec<(ResourceDef, Vec<&'static Route>)>,
}

impl Expect {
    /// Creates the checks of a server.
    pub fn new(router: Router, intake: Intake) -> Arc<Expect> {
        let paths = router.paths().into_iter();
        let paths = paths.map(|(path, routes)| (ResourceDef::new(path), routes));
        let paths = paths.collect();
        Arc::new(Expect {
            router,
            intake,
            paths,
        })
    }

    /// The rejection of a request by its head alone. None if the client should send the body.
    pub fn response(&self, head: &RequestHead) -> Option<HttpResponse> {
        let path = Url::new(head.uri.clone());
        let path = path.path();
        let found = self
            .paths
            .iter()
            .find(|(pattern, _)| pattern.is_match(path));
        let routes = found.map_or(&[][..], |(_, routes)| routes);
        let route = routes.iter().find(|route| is_of(route, &head.method));
        let access = route.map_or(Access::Open, |route| route.access);
        let admitted = self.router.guard.admit(head, access);
        let (page, problem) = match admitted {
            Err(problem) => (None, Some(problem)),
            Ok(admitted) => {
                let problem = match (routes, route) {
                    ([], _) => Some(router::unknown_path(path, self.router.guard.base())),
                    (routes, None) => {
                        Some(router::other_method(&head.method, path, &allowed(routes)))
                    }
                    (_, Some(route)) => self.body(route, &head.headers).err(),
                };
                (admitted.page, problem)
            }
        };
        let response = outward::below(problem?.response(), self.router.guard.base());
        let mut response = response.map_into_boxed_body();
        if let Some(page) = page {
            guard::name_page(response.headers_mut(), page);
        }
        let metrics = &self.router.metrics;
        let counted = route.map_or_else(
            || metrics.unmatched(),
            |route| metrics.route(route.method, route.pattern),
        );
        metrics.answered(counted, response.status().as_u16(), Default::default());
        Some(response)
    }

    /// Checks the type and the declared length of the body against what the route accepts.
    fn body(&self, route: &Route, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(body) = &route.body else {
            return Ok(());
        };
        // An optional document may be absent, and then no content type is required.
        if body.formats != body::DOCUMENT || headers.contains_key(header::CONTENT_TYPE) {
            body::format(headers, body.formats)?;
        }
        self.intake.admit(headers)
    }
}

fn is_of(route: &Route, method: &Method) -> bool {
    router::methods(route).contains(method)
}

fn allowed(routes: &[&Route]) -> String {
    let methods = routes.iter().flat_map(|route| router::methods(route));
    let methods: Vec<String> = methods.map(|method| method.to_string()).collect();
    methods.join(", ")
}
