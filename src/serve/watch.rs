//! What every request passes on its way in and out: the guard, the bound on requests at once, the metrics.

use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError};
use futures_util::future::LocalBoxFuture;

use super::body::has_body;
use super::budget::{Budget, FREE, Kept};
use super::guard::{self, Access, Admitted, Guard};
use super::health::Lifecycle;
use super::held::Held;
use super::inflight::{Inflight, Place};
use super::login;
use super::predict::Trial;
use super::problem::Problem;
use super::stream::{self, Connection};
use crate::telemetry::metrics::{Metrics, RouteId};

/// The methods of one path: what each counts for and asks for.
#[derive(Clone, Debug)]
pub struct Methods {
    /// Method, counter, access.
    pub known: Vec<(Method, RouteId, Access)>,
    /// What other methods count for.
    pub unmatched: RouteId,
    /// The known ones, as `Allow` has them.
    pub allow: String,
}

impl Methods {
    fn of(&self, method: &Method) -> (RouteId, Access) {
        let known = self.known.iter().find(|(known, ..)| known == method);
        known.map_or((self.unmatched, Access::Open), |(_, route, access)| {
            (*route, *access)
        })
    }
}

/// The middleware, around one path.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The checks.
    pub guard: Arc<Guard>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// The bound on requests.
    pub inflight: Inflight,
    /// The bound on bytes, for large answers until they are read.
    pub budget: Budget,
    /// Whether connections are to be closed.
    pub lifecycle: Lifecycle,
    /// The path's methods.
    pub methods: Arc<Methods>,
}

impl<S, B> Transform<S, ServiceRequest> for Watch
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = Watched<S>;
    type InitError = ();
    type Future = Ready<Result<Watched<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Watched {
            service,
            watch: self.clone(),
        }))
    }
}

/// A path that is watched.
pub struct Watched<S> {
    service: S,
    watch: Watch,
}

impl<S, B> Service<ServiceRequest> for Watched<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let begun = Instant::now();
        let metrics = self.watch.metrics.clone();
        let (route, access) = self.watch.methods.of(request.method());
        let answered = move |status: u16, counts: bool| {
            let took = begun.elapsed();
            metrics.answered(route, status, took);
            if counts {
                metrics.latency.record(took);
            }
        };
        let connection = stream::of(request.request());
        let begun_on = Begun::new(connection.cloned(), has_body(request.headers()));
        let (place, page) = match self.watch.admit(&request, access) {
            Ok(admitted) => admitted,
            Err(response) => {
                answered(response.status().as_u16(), true);
                let mut response = request.into_response(*response).map_into_right_body();
                close_if_stopping(&mut response, &self.watch.lifecycle);
                return Box::pin(ready(Ok(response)));
            }
        };
        let answer = self.service.call(request);
        let (lifecycle, budget) = (self.watch.lifecycle.clone(), self.watch.budget.clone());
        Box::pin(async move {
            let mut response = hold(answer.await?, &budget);
            if let Some(page) = page {
                guard::name_page(response.headers_mut(), page);
            }
            let is_trial = response.request().extensions().contains::<Trial>();
            answered(response.status().as_u16(), !is_trial);
            drop(place);
            begun_on.end(response.status());
            close_if_stopping(&mut response, &lifecycle);
            Ok(response)
        })
    }
}

/// A request on its connection, until it is answered or given up.
struct Begun(Option<Rc<Connection>>);

impl Begun {
    fn new(connection: Option<Rc<Connection>>, has_body: bool) -> Begun {
        connection.iter().for_each(|c| c.begin(has_body));
        Begun(connection)
    }

    fn end(mut self, status: StatusCode) {
        let upgraded = status == StatusCode::SWITCHING_PROTOCOLS;
        self.0.take().iter().for_each(|c| c.end(upgraded));
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.take().iter().for_each(|c| c.end(false));
    }
}

/// Takes a large answer into the budget until it has been read.
fn hold<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
    budget: &Budget,
) -> ServiceResponse<EitherBody<B>> {
    let size = match response.response().body().size() {
        BodySize::Sized(size) if size > FREE as u64 => size as usize,
        _ => return response.map_into_left_body(),
    };
    let mut kept = Kept::default();
    if let Err(problem) = budget.take(&mut kept, size) {
        let (request, _) = response.into_parts();
        return ServiceResponse::new(request, problem.response()).map_into_right_body();
    }
    response.map_body(|_, body| match body.try_into_bytes() {
        Ok(bytes) => EitherBody::right(BoxBody::new(Held::new(bytes, kept))),
        Err(body) => EitherBody::left(body), // it comes in pieces, of which one is kept at a time
    })
}

/// The response to a request that is not admitted. A person without a session is led to where one begins; programs are told.
fn refused(request: &ServiceRequest, problem: &Problem) -> HttpResponse {
    let accepts = request.headers().get(header::ACCEPT);
    let is_page =
        accepts.is_some_and(|value| value.to_str().is_ok_and(|text| text.contains("text/html")));
    let is_unknown = problem.status_code() == StatusCode::UNAUTHORIZED;
    match is_unknown && is_page && *request.method() == Method::GET {
        true => login::see_other(login::PATH, None),
        false => problem.response(),
    }
}

/// A client of a server that stops is to find another one with its next request.
fn close_if_stopping<B>(response: &mut ServiceResponse<B>, lifecycle: &Lifecycle) {
    if lifecycle.is_stopping() {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
}

impl Watch {
    /// A place among the requests being answered, and the listed origin to be named in the answer. A request with a body
    /// gets its place when the body is there.
    fn admit(
        &self,
        request: &ServiceRequest,
        access: Access,
    ) -> Result<(Option<Place>, Option<HeaderValue>), Box<HttpResponse>> {
        let admitted = self
            .guard
            .admit(request.method(), request.headers(), access)
            .map_err(|problem| Box::new(refused(request, &problem)))?;
        let refuse = |mut response: HttpResponse, page: Option<HeaderValue>| {
            if let Some(page) = page {
                guard::name_page(response.headers_mut(), page);
            }
            Box::new(response)
        };
        if let Some(answer) = guard::preflight(request.request(), &admitted, &self.methods.allow) {
            return Err(refuse(answer, admitted.page));
        }
        let Admitted { caller, page } = admitted;
        let place = match access {
            _ if has_body(request.headers()) => None,
            // Whether the server lives is asked when it is busy, too.
            Access::Open => Some(
                self.inflight
                    .enter()
                    .unwrap_or_else(|_| self.inflight.extra()),
            ),
            _ => match self.inflight.enter() {
                Ok(place) => Some(place),
                Err(problem) => return Err(refuse(problem.response(), page)),
            },
        };
        if let Some(caller) = caller {
            request.extensions_mut().insert(caller);
        }
        Ok((place, page))
    }
}
