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

use super::body::{AwaitsPlace, has_body};
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
    /// Those that there are.
    pub known: Vec<Known>,
    /// What other methods count for.
    pub unmatched: RouteId,
    /// The known ones, as `Allow` has them.
    pub allow: String,
}

/// A method of a path.
#[derive(Clone, Debug)]
pub struct Known {
    /// The method.
    pub method: Method,
    /// What it counts for.
    pub route: RouteId,
    /// Who may use it.
    pub access: Access,
    /// Whether it reads a body.
    pub takes_body: bool,
}

impl Methods {
    fn of(&self, method: &Method) -> (RouteId, Access, bool) {
        let known = self.known.iter().find(|known| known.method == *method);
        known.map_or((self.unmatched, Access::Open, false), |known| {
            (known.route, known.access, known.takes_body)
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
        let (route, access, takes_body) = self.watch.methods.of(request.method());
        let answered = move |status: u16, counts: bool| {
            let took = begun.elapsed();
            metrics.answered(route, status, took);
            if counts {
                metrics.latency.record(took);
            }
        };
        let connection = stream::of(request.request());
        let mut begun_on = Begun::new(connection.cloned(), has_body(request.headers()));
        let (place, page) = match self.watch.admit(&request, access, takes_body) {
            Ok(admitted) => admitted,
            Err(response) => {
                answered(response.status().as_u16(), true);
                let mut response = request.into_response(*response).map_into_right_body();
                close_if_stopping(&mut response, &self.watch.lifecycle);
                return Box::pin(ready(Ok(response)));
            }
        };
        let answer = self.service.call(request);
        begun_on.counted = Some(Counted {
            metrics: self.watch.metrics.clone(),
            route,
            begun,
        });
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

/// The status by which a request counts whose client left before its response.
const CLIENT_LEFT: u16 = 499;

/// A request on its connection, until it is answered or given up.
struct Begun {
    connection: Option<Rc<Connection>>,
    /// What counts it where nobody waits for its response any more.
    counted: Option<Counted>,
}

/// How a request counts.
struct Counted {
    metrics: Arc<Metrics>,
    route: RouteId,
    begun: Instant,
}

impl Begun {
    fn new(connection: Option<Rc<Connection>>, has_body: bool) -> Begun {
        connection.iter().for_each(|c| c.begin(has_body));
        Begun {
            connection,
            counted: None,
        }
    }

    fn end(mut self, status: StatusCode) {
        let upgraded = status == StatusCode::SWITCHING_PROTOCOLS;
        self.connection.take().iter().for_each(|c| c.end(upgraded));
        self.counted = None;
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.connection.take().iter().for_each(|c| c.end(false));
        if let Some(counted) = self.counted.take() {
            let took = counted.begun.elapsed();
            counted.metrics.answered(counted.route, CLIENT_LEFT, took);
            counted.metrics.latency.record(took);
        }
    }
}

/// Takes a large response into the budget until it has been read. It is never refused: its work is done.
fn hold<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
    budget: &Budget,
) -> ServiceResponse<EitherBody<B>> {
    let size = match response.response().body().size() {
        BodySize::Sized(size) if size > FREE as u64 => size as usize,
        _ => return response.map_into_left_body(),
    };
    let mut kept = Kept::default();
    budget.overdraw(&mut kept, size);
    response.map_body(|_, body| match body.try_into_bytes() {
        Ok(bytes) => EitherBody::right(BoxBody::new(Held::new(bytes, kept))),
        Err(body) => EitherBody::left(body), // it comes in pieces, of which one is kept at a time
    })
}

/// The response to a request that is not admitted: a browser without a session is redirected to `/login`, a program gets 401.
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
        takes_body: bool,
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
        let is_open = access == Access::Open;
        if !is_open && let Err(problem) = self.budget.check() {
            return Err(refuse(problem.response(), page));
        }
        let place = if has_body(request.headers()) && (takes_body || is_open) {
            request.extensions_mut().insert(AwaitsPlace);
            None
        } else {
            match self.inflight.enter() {
                Ok(place) => Some(place),
                // Whether the server lives is asked when it is busy, too.
                Err(_) if is_open => Some(self.inflight.extra()),
                Err(problem) => return Err(refuse(problem.response(), page)),
            }
        };
        if let Some(caller) = caller {
            request.extensions_mut().insert(caller);
        }
        Ok((place, page))
    }
}
