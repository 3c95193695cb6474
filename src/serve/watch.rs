//! The middleware of all requests: it applies the guard and the limits, and records metrics.

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
use super::outward;
use super::predict::Trial;
use super::problem::Problem;
use super::stream::{self, Connection};
use crate::telemetry::metrics::{Metrics, RouteId};

/// The methods of one path, with the metrics route and the required access of each.
#[derive(Clone, Debug)]
pub struct Methods {
    pub known: Vec<Known>,
    /// Metrics route under which other methods are counted.
    pub unmatched: RouteId,
    /// Value of the `Allow` header: the supported methods.
    pub allow: String,
}

/// A supported method of a path.
#[derive(Clone, Debug)]
pub struct Known {
    pub method: Method,
    /// Metrics route under which the method is counted.
    pub route: RouteId,
    /// Access that a client needs.
    pub access: Access,
    /// Whether the handler reads a body.
    pub takes_body: bool,
    /// Whether its responses are predictions, for which there is an objective.
    pub predicts: bool,
}

/// What the middleware needs to know of a method.
#[derive(Clone, Copy)]
struct Asked {
    route: RouteId,
    access: Access,
    takes_body: bool,
    predicts: bool,
}

impl Methods {
    fn of(&self, method: &Method) -> Asked {
        let known = self.known.iter().find(|known| known.method == *method);
        let unknown = Asked {
            route: self.unmatched,
            access: Access::Open,
            takes_body: false,
            predicts: false,
        };
        known.map_or(unknown, |known| Asked {
            route: known.route,
            access: known.access,
            takes_body: known.takes_body,
            predicts: known.predicts,
        })
    }
}

/// The middleware around the resource of one path.
#[derive(Clone, Debug)]
pub struct Watch {
    pub guard: Arc<Guard>,
    pub metrics: Arc<Metrics>,
    /// Limit on the number of concurrent requests.
    pub inflight: Inflight,
    /// Limit on the memory held for clients. A large response counts until the client has read it.
    pub budget: Budget,
    /// Reports whether the server is stopping; connections are then closed.
    pub lifecycle: Lifecycle,
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

/// The resource of a path, wrapped in the middleware.
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
        let asked = self.watch.methods.of(request.method());
        let counted = Counted {
            metrics: self.watch.metrics.clone(),
            asked,
            begun,
        };
        let (access, takes_body) = (asked.access, asked.takes_body);
        let answered = move |status: u16, counts: bool| counted.record(status, counts);
        let connection = stream::of(request.request());
        let mut begun_on = Begun::new(connection.cloned(), has_body(request.headers()));
        let (place, page) = match self.watch.admit(&request, access, takes_body) {
            Ok(admitted) => admitted,
            Err(response) => {
                answered(response.status().as_u16(), true);
                let response = outward::below(*response, self.watch.guard.base());
                let response = request.into_response(response.map_into_boxed_body());
                let mut response = response.map_into_right_body();
                close_if_stopping(&mut response, &self.watch.lifecycle);
                return Box::pin(ready(Ok(response)));
            }
        };
        let answer = self.service.call(request);
        begun_on.counted = Some(Counted {
            metrics: self.watch.metrics.clone(),
            asked,
            begun,
        });
        let (lifecycle, budget) = (self.watch.lifecycle.clone(), self.watch.budget.clone());
        let guard = self.watch.guard.clone();
        Box::pin(async move {
            let (request, response) = answer.await?.into_parts();
            let response = outward::below(response, guard.base());
            let mut response = hold(ServiceResponse::new(request, response), &budget);
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

/// Status in the metrics for a request whose client disconnected before the response.
const CLIENT_LEFT: u16 = 499;

/// A request in progress. On drop without a response, it counts as abandoned by the client.
struct Begun {
    connection: Option<Rc<Connection>>,
    /// Set if a drop without a response is to be counted.
    counted: Option<Counted>,
}

/// The data needed to count a request in the metrics.
struct Counted {
    metrics: Arc<Metrics>,
    asked: Asked,
    begun: Instant,
}

impl Counted {
    /// Records a response. Trials count in the metrics of their route alone.
    fn record(&self, status: u16, counts: bool) {
        let took = self.begun.elapsed();
        self.metrics.answered(self.asked.route, status, took);
        if counts {
            self.metrics.latency.record(took);
        }
        if counts && self.asked.predicts {
            self.metrics.answers.record(status, took);
        }
    }
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
            counted.record(CLIENT_LEFT, true);
        }
    }
}

/// Charges a large response to the memory budget until the client has read it. The response is never rejected, because its
/// work is already done.
fn hold<B: MessageBody + 'static>(
    response: ServiceResponse<EitherBody<B>>,
    budget: &Budget,
) -> ServiceResponse<EitherBody<B>> {
    let size = match response.response().body().size() {
        BodySize::Sized(size) if size > FREE as u64 => size as usize,
        _ => return response,
    };
    let mut kept = Kept::default();
    budget.overdraw(&mut kept, size);
    response.map_body(|_, body| match body.try_into_bytes() {
        Ok(bytes) => EitherBody::right(BoxBody::new(Held::new(bytes, kept))),
        Err(body) => body, // it comes in pieces, of which one is kept at a time
    })
}

/// The response to a request that the guard rejects. A browser without a session is redirected to `/login`; any other client
/// gets the problem document.
fn refused(request: &ServiceRequest, problem: Problem) -> HttpResponse {
    let accepts = request.headers().get(header::ACCEPT);
    let is_page =
        accepts.is_some_and(|value| value.to_str().is_ok_and(|text| text.contains("text/html")));
    let is_unknown = problem.status_code() == StatusCode::UNAUTHORIZED;
    match is_unknown && is_page && *request.method() == Method::GET {
        true => login::see_other(login::PATH, None),
        false => problem.response(),
    }
}

/// Closes the connection if the server is stopping, so that the client's next request goes to another server.
fn close_if_stopping<B>(response: &mut ServiceResponse<B>, lifecycle: &Lifecycle) {
    if lifecycle.is_stopping() {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
}

impl Watch {
    /// Admits a request. Returns its place among the concurrent requests, and the allowed origin for the response headers. A
    /// request with a body gets its place only when the body has arrived.
    fn admit(
        &self,
        request: &ServiceRequest,
        access: Access,
        takes_body: bool,
    ) -> Result<(Option<Place>, Option<HeaderValue>), Box<HttpResponse>> {
        let admitted = self
            .guard
            .admit(request.request().head(), access)
            .map_err(|problem| Box::new(refused(request, problem)))?;
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
                // Open routes such as the health checks must respond even if the server is at its limit.
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
