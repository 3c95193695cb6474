//! The mode of a server: everything, or predictions alone.

use actix_web::{HttpRequest, HttpResponse};

use super::problem::{Problem, kind};
use super::route::Route;
use crate::schema::fault::excerpt;
use crate::store::feed::{TOPICS, Topic};

/// What a server does besides predicting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It stores, monitors, trains and promotes.
    #[default]
    Full,
    /// It predicts with a model that others trained, and writes nothing.
    PredictOnly,
}

impl Mode {
    /// Whether the server has this route; others are answered with [`Mode::refusal`].
    pub fn serves(self, route: &Route) -> bool {
        self == Mode::Full || route.is_stateless
    }

    /// The topics of the live feed on which anything can happen.
    pub fn topics(self) -> impl Iterator<Item = Topic> {
        let lives = move |topic: &Topic| {
            self == Mode::Full || matches!(topic, Topic::Predictions | Topic::Models)
        };
        TOPICS.into_iter().filter(lives)
    }

    /// Checks that the server keeps what clients send, which `what` needs.
    ///
    /// # Errors
    /// 409 in predict-only mode.
    pub fn stores(self, what: &str) -> Result<(), Problem> {
        match self {
            Mode::Full => Ok(()),
            Mode::PredictOnly => Err(Mode::refusal(what)),
        }
    }

    /// The problem of what a predict-only server does not do.
    pub fn refusal(what: &str) -> Problem {
        let detail = format!(
            "{what} needs a store, a training or a write to the registry, and this server is predict-only; \
             send it to the server that trains, or start this one without --predict-only"
        );
        Problem::new(&kind::PREDICT_ONLY, detail)
    }
}

/// Answers a route that a predict-only server does not have.
pub async fn refuse(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let what = format!("{} {}", request.method(), excerpt(request.path()));
    Err(Mode::refusal(&what))
}
