//! What every request passes on its way in and out: the guard, the bound on requests at once, the metrics.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError};
use futures_util::future::LocalBoxFuture;

use super::guard::{self, Access, Admitted, Guard};
use super::health::Lifecycle;
use super::login;
use super::predict::Trial;
use super::problem::Problem;
use crate::telemetry::metrics::{Metrics, RouteId};

/// Requests being answered. Clones share the count.
#[derive(Clone, Debug)]
pub struct Inflight {
    now: Arc<AtomicUsize>,
    most: usize,
}

impl Inflight {
    /// At most so many at once.
    pub fn new(most: usize) -> Inflight {
        Inflight {
            now: Arc::new(AtomicUsize::new(0)),
            most,
        }
    }

    /// How many there are.
    pub fn now(&self) -> usize {
        self.now.load(Ordering::Relaxed)
    }

    fn enter(&self) -> Option<Place> {
        let place = Place(self.now.clone());
        let before = self.now.fetch_add(1, Ordering::Relaxed);
        (before < self.most).then_some(place) // a place that is dropped is free again
    }
}

/// One request's place among those being answered.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

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
    /// The bound.
    pub inflight: Inflight,
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
        let lifecycle = self.watch.lifecycle.clone();
        Box::pin(async move {
            let mut response = answer.await?;
            if let Some(page) = page {
                guard::name_page(response.headers_mut(), page);
            }
            let is_trial = response.request().extensions().contains::<Trial>();
            answered(response.status().as_u16(), !is_trial);
            drop(place);
            close_if_stopping(&mut response, &lifecycle);
            Ok(response.map_into_left_body())
        })
    }
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
    /// A place among the requests being answered, and the listed origin to be named in the answer.
    fn admit(
        &self,
        request: &ServiceRequest,
        access: Access,
    ) -> Result<(Place, Option<HeaderValue>), Box<HttpResponse>> {
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
        // Whether the server lives is asked when it is busy, too.
        let Some(place) = self
            .inflight
            .enter()
            .or_else(|| (access == Access::Open).then(|| self.inflight.extra()))
        else {
            let detail = format!(
                "{} requests are being answered; ask again in a moment",
                self.inflight.most
            );
            return Err(refuse(Problem::overloaded(detail).response(), page));
        };
        if let Some(caller) = caller {
            request.extensions_mut().insert(caller);
        }
        Ok((place, page))
    }
}

impl Inflight {
    /// A place beyond the bound.
    fn extra(&self) -> Place {
        self.now.fetch_add(1, Ordering::Relaxed);
        Place(self.now.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_given_back() {
        let inflight = Inflight::new(2);
        let (one, two) = (inflight.enter(), inflight.enter());
        assert!(one.is_some() && two.is_some() && inflight.enter().is_none());
        assert_eq!(inflight.now(), 2);
        drop(one);
        assert!(inflight.enter().is_some());
        drop(two);
        assert_eq!(inflight.now(), 0);
    }
}
