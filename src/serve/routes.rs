//! The one table of routes: the router, the metrics, the guard, the OpenAPI document and `Allow` read it.

use actix_web::web;

use super::guard::Access;
use super::page::ASSETS;
use super::problem::kind;
use super::route::{Route, Takes, answer};
use super::{
    alerts, cycle, events, health, jobs, labels, login, metrics, models, monitor, openapi, predict,
    quarantine, rows, settings, site, sources, store, ws,
};
use crate::serve::options::Scope;

const JSON: &str = "application/json";
const HTML: &str = "text/html";
const CSV: &str = "text/csv";
const LINES: &str = "application/x-ndjson";
const PARQUET: &str = "application/vnd.apache.parquet";

/// Where the parts of the page live that an open page fetches again. They are no public interface: the OpenAPI document
/// leaves them out.
pub const FRAGMENTS: &str = "/fragments/";

const PREDICT: Access = Access::Scope(Scope::Predict);
const LABEL: Access = Access::Scope(Scope::Label);
const READ: Access = Access::Scope(Scope::Read);
const ADMIN: Access = Access::Scope(Scope::Admin);

/// Every route; those asked most come first, for the router tries them in this order.
pub static ROUTES: &[Route] = &[
    Route {
        method: "POST",
        pattern: "/v1/predict",
        access: PREDICT,
        summary: "Answer one row or many",
        takes: Takes::Rows,
        answers: &[
            answer(
                200,
                "An object for an object, an object with the list `predictions` for a list, \
                 CSV for CSV, JSON lines for JSON lines.",
                "Answer",
                JSON,
            ),
            answer(200, "", "", CSV),
            answer(200, "", "", LINES),
        ],
        problems: &[
            &kind::UNREADABLE,
            &kind::BAD_REQUEST,
            &kind::TIMEOUT,
            &kind::CONFLICT,
            &kind::TOO_LARGE,
            &kind::MEDIA_TYPE,
            &kind::INVALID,
            &kind::NOT_STORED,
        ],
        handler: || web::to(predict::predict),
    },
    Route {
        method: "GET",
        pattern: "/ws",
        access: Access::Token,
        summary: "Predictions and live events over a WebSocket",
        takes: Takes::Nothing,
        answers: &[answer(101, "The connection is a WebSocket.", "", "")],
        problems: &[&kind::BAD_REQUEST, &kind::UPGRADE],
        handler: || web::to(ws::open),
    },
    Route {
        method: "POST",
        pattern: "/v1/labels",
        access: LABEL,
        summary: "Tell the truth of a prediction, whenever it comes",
        takes: Takes::Labels,
        answers: &[
            answer(200, "It is stored; a list for a list.", "Labelled", JSON),
            answer(
                202,
                "It waits: the prediction is not known yet.",
                "Label",
                JSON,
            ),
        ],
        problems: &[
            &kind::UNREADABLE,
            &kind::BAD_REQUEST,
            &kind::TIMEOUT,
            &kind::CONFLICT,
            &kind::TOO_LARGE,
            &kind::MEDIA_TYPE,
            &kind::INVALID,
            &kind::NOT_STORED,
        ],
        handler: || web::to(labels::label),
    },
    Route {
        method: "POST",
        pattern: "/v1/rows",
        access: LABEL,
        summary: "Hand rows in to be kept, labelled or not",
        takes: Takes::RowsToKeep,
        answers: &[answer(
            200,
            "They are on the disk, each once.",
            "Taken",
            JSON,
        )],
        problems: &[
            &kind::UNREADABLE,
            &kind::BAD_REQUEST,
            &kind::TIMEOUT,
            &kind::TOO_LARGE,
            &kind::MEDIA_TYPE,
            &kind::INVALID,
            &kind::NOT_STORED,
        ],
        handler: || web::to(rows::take),
    },
    Route {
        method: "GET",
        pattern: "/v1/predictions/{id}",
        access: READ,
        summary: "Show one prediction with its truth",
        takes: Takes::Nothing,
        answers: &[answer(
            200,
            "The event, with its truth or null.",
            "Event",
            JSON,
        )],
        problems: &[&kind::NOT_FOUND, &kind::NOT_STORED],
        handler: || web::to(events::prediction),
    },
    Route {
        method: "GET",
        pattern: "/v1/events",
        access: READ,
        summary: "List what is stored, in order",
        takes: Takes::Page,
        answers: &[answer(
            200,
            "Events, and after which number to go on.",
            "Events",
            JSON,
        )],
        problems: &[&kind::BAD_REQUEST, &kind::NOT_STORED],
        handler: || web::to(events::list),
    },
    Route {
        method: "GET",
        pattern: "/v1/models",
        access: PREDICT,
        summary: "List the versions",
        takes: Takes::Nothing,
        answers: &[answer(
            200,
            "Every version, with its role and figures.",
            "Models",
            JSON,
        )],
        problems: &[],
        handler: || web::to(models::list),
    },
    Route {
        method: "POST",
        pattern: "/v1/models/rollback",
        access: ADMIN,
        summary: "Make the champion before this one champion again",
        takes: Takes::Nothing,
        answers: &[answer(200, "It answers.", "Promotion", JSON)],
        problems: &[&kind::CONFLICT],
        handler: || web::to(models::rollback),
    },
    Route {
        method: "GET",
        pattern: "/v1/models/{version}",
        access: PREDICT,
        summary: "Show all that is known of a version",
        takes: Takes::Nothing,
        answers: &[answer(
            200,
            "Its card: figures, features, columns, spec.",
            "Card",
            JSON,
        )],
        problems: &[&kind::NOT_FOUND, &kind::CONFLICT],
        handler: || web::to(models::show),
    },
    Route {
        method: "POST",
        pattern: "/v1/models/{version}/promote",
        access: ADMIN,
        summary: "Make a version the champion",
        takes: Takes::Nothing,
        answers: &[answer(200, "It answers.", "Promotion", JSON)],
        problems: &[&kind::NOT_FOUND, &kind::CONFLICT],
        handler: || web::to(models::promote),
    },
    Route {
        method: "GET",
        pattern: "/v1/loop",
        access: READ,
        summary: "Show how the loop stands: new labels, the shadow, the watch",
        takes: Takes::Nothing,
        answers: &[answer(
            200,
            "What is compared and watched, with its figures.",
            "Loop",
            JSON,
        )],
        problems: &[&kind::NOT_STORED],
        handler: || web::to(cycle::document),
    },
    Route {
        method: "GET",
        pattern: "/v1/monitor",
        access: READ,
        summary: "Show what the monitor sees: drift, performance, what is estimated without truths",
        takes: Takes::Nothing,
        answers: &[answer(
            200,
            "The window, the newest verdict, the last ones, the figures.",
            "Monitor",
            JSON,
        )],
        problems: &[],
        handler: || web::to(monitor::document),
    },
    Route {
        method: "GET",
        pattern: "/v1/alerts",
        access: READ,
        summary: "List the alerts, the silences and what could not be sent",
        takes: Takes::Nothing,
        answers: &[answer(
            200,
            "Every alert of the last day; dead letters newest first.",
            "Alerts",
            JSON,
        )],
        problems: &[],
        handler: || web::to(alerts::list),
    },
    Route {
        method: "POST",
        pattern: "/v1/alerts/{id}/silence",
        access: ADMIN,
        summary: "Tell nobody of an alert for some time",
        takes: Takes::Silence,
        answers: &[answer(200, "It is silenced.", "Alerts", JSON)],
        problems: &[
            &kind::UNREADABLE,
            &kind::NOT_FOUND,
            &kind::MEDIA_TYPE,
            &kind::INVALID,
            &kind::OVERLOADED,
        ],
        handler: || web::to(alerts::silence),
    },
    Route {
        method: "POST",
        pattern: "/v1/silences",
        access: ADMIN,
        summary: "Silence every alert with certain labels for some time",
        takes: Takes::LabelSilence,
        answers: &[answer(200, "They are silenced.", "Alerts", JSON)],
        problems: &[
            &kind::UNREADABLE,
            &kind::MEDIA_TYPE,
            &kind::INVALID,
            &kind::OVERLOADED,
        ],
        handler: || web::to(alerts::silence_labels),
    },
    Route {
        method: "DELETE",
        pattern: "/v1/alerts/{id}/silence",
        access: ADMIN,
        summary: "End the silences of an alert",
        takes: Takes::Nothing,
        answers: &[answer(200, "It is heard again.", "Alerts", JSON)],
        problems: &[&kind::NOT_FOUND, &kind::CONFLICT, &kind::OVERLOADED],
        handler: || web::to(alerts::unsilence),
    },
    Route {
        method: "POST",
        pattern: "/v1/alerts/outbox/{id}/resend",
        access: ADMIN,
        summary: "Send a dead letter again",
        takes: Takes::Nothing,
        answers: &[answer(200, "It waits to be sent.", "Alerts", JSON)],
        problems: &[&kind::NOT_FOUND, &kind::CONFLICT, &kind::OVERLOADED],
        handler: || web::to(alerts::resend),
    },
    Route {
        method: "POST",
        pattern: "/v1/train",
        access: ADMIN,
        summary: "Ask for a training",
        takes: Takes::Training,
        answers: &[answer(
            202,
            "It is queued; Location has the job.",
            "Queued",
            JSON,
        )],
        problems: &[&kind::UNREADABLE, &kind::MEDIA_TYPE, &kind::INVALID],
        handler: || web::to(jobs::train),
    },
    Route {
        method: "GET",
        pattern: "/v1/jobs",
        access: ADMIN,
        summary: "List the jobs",
        takes: Takes::Nothing,
        answers: &[answer(200, "Newest first.", "Jobs", JSON)],
        problems: &[],
        handler: || web::to(jobs::list),
    },
    Route {
        method: "GET",
        pattern: "/v1/jobs/{id}",
        access: ADMIN,
        summary: "Show a job",
        takes: Takes::Nothing,
        answers: &[answer(
            200,
            "How far it is, and what came of it.",
            "Job",
            JSON,
        )],
        problems: &[&kind::NOT_FOUND],
        handler: || web::to(jobs::show),
    },
    Route {
        method: "DELETE",
        pattern: "/v1/jobs/{id}",
        access: ADMIN,
        summary: "Call a job off",
        takes: Takes::Nothing,
        answers: &[answer(202, "It stops at its next step.", "Job", JSON)],
        problems: &[&kind::NOT_FOUND, &kind::CONFLICT],
        handler: || web::to(jobs::cancel),
    },
    Route {
        method: "GET",
        pattern: "/v1/quarantine",
        access: READ,
        summary: "List the rows in quarantine",
        takes: Takes::After,
        answers: &[answer(
            200,
            "Rows, oldest first, and after which id to go on.",
            "Quarantine",
            JSON,
        )],
        problems: &[&kind::BAD_REQUEST, &kind::NOT_STORED],
        handler: || web::to(quarantine::list),
    },
    Route {
        method: "POST",
        pattern: "/v1/quarantine/{id}/retry",
        access: ADMIN,
        summary: "Check a row of the quarantine again and store it if it is good now",
        takes: Takes::Nothing,
        answers: &[answer(
            200,
            "Whether it is stored, or what is still wrong.",
            "Retry",
            JSON,
        )],
        problems: &[&kind::NOT_FOUND, &kind::NOT_STORED, &kind::NOT_READY],
        handler: || web::to(quarantine::retry),
    },
    Route {
        method: "DELETE",
        pattern: "/v1/quarantine/{id}",
        access: ADMIN,
        summary: "Drop a row from the quarantine",
        takes: Takes::Nothing,
        answers: &[answer(200, "It is dropped.", "Dropped", JSON)],
        problems: &[&kind::NOT_FOUND, &kind::NOT_STORED],
        handler: || web::to(quarantine::remove),
    },
    Route {
        method: "GET",
        pattern: "/v1/store",
        access: READ,
        summary: "Show what the store holds",
        takes: Takes::Nothing,
        answers: &[answer(200, "Counts and sizes.", "Store", JSON)],
        problems: &[&kind::NOT_STORED],
        handler: || web::to(store::stats),
    },
    Route {
        method: "POST",
        pattern: "/v1/store/check",
        access: ADMIN,
        summary: "Check the store",
        takes: Takes::Nothing,
        answers: &[answer(
            202,
            "A job; Location has its address.",
            "Queued",
            JSON,
        )],
        problems: &[],
        handler: || web::to(store::check),
    },
    Route {
        method: "POST",
        pattern: "/v1/store/compact",
        access: ADMIN,
        summary: "Give unused room of the store back to the disk",
        takes: Takes::Nothing,
        answers: &[answer(
            202,
            "A job; Location has its address.",
            "Queued",
            JSON,
        )],
        problems: &[],
        handler: || web::to(store::compact),
    },
    Route {
        method: "POST",
        pattern: "/v1/backups",
        access: ADMIN,
        summary: "Copy the store into a file of the server's machine",
        takes: Takes::Backup,
        answers: &[answer(
            202,
            "A job; Location has its address.",
            "Queued",
            JSON,
        )],
        problems: &[&kind::UNREADABLE, &kind::MEDIA_TYPE, &kind::INVALID],
        handler: || web::to(store::backup),
    },
    Route {
        method: "GET",
        pattern: "/v1/store/export",
        access: READ,
        summary: "Export events as lines of JSON, or those of one kind as a Parquet table",
        takes: Takes::Export,
        answers: &[
            answer(200, "Events in order.", "", LINES),
            answer(200, "", "", PARQUET),
        ],
        problems: &[&kind::BAD_REQUEST, &kind::NOT_STORED],
        handler: || web::to(store::export),
    },
    Route {
        method: "GET",
        pattern: "/v1/sources",
        access: READ,
        summary: "List the sources that the server pulls",
        takes: Takes::Nothing,
        answers: &[answer(
            200,
            "Every source, with its last pull.",
            "Sources",
            JSON,
        )],
        problems: &[&kind::NOT_STORED],
        handler: || web::to(sources::list),
    },
    Route {
        method: "GET",
        pattern: "/v1/settings",
        access: ADMIN,
        summary: "Show the settings the server runs with",
        takes: Takes::Nothing,
        answers: &[answer(
            200,
            "Every setting, secrets masked.",
            "Settings",
            JSON,
        )],
        problems: &[],
        handler: || web::to(settings::list),
    },
    Route {
        method: "GET",
        pattern: "/healthz",
        access: Access::Open,
        summary: "Whether the process lives",
        takes: Takes::Nothing,
        answers: &[answer(200, "It does.", "Health", JSON)],
        problems: &[],
        handler: || web::to(health::live),
    },
    Route {
        method: "GET",
        pattern: "/readyz",
        access: Access::Open,
        summary: "Whether a model is loaded, the store is whole, and the server is not stopping",
        takes: Takes::Nothing,
        answers: &[answer(200, "All of it.", "Health", JSON)],
        problems: &[&kind::NOT_READY],
        handler: || web::to(health::ready),
    },
    Route {
        method: "GET",
        pattern: "/metrics",
        access: READ,
        summary: "Metrics, as Prometheus reads them",
        takes: Takes::Nothing,
        answers: &[answer(200, "The text format.", "", "text/plain")],
        problems: &[],
        handler: || web::to(metrics::metrics),
    },
    Route {
        method: "GET",
        pattern: "/openapi.json",
        access: Access::Token,
        summary: "This interface, as OpenAPI 3.1",
        takes: Takes::Nothing,
        answers: &[answer(
            200,
            "The document; rows are those of the live model.",
            "",
            JSON,
        )],
        problems: &[&kind::NOT_READY],
        handler: || web::to(openapi::serve),
    },
    Route {
        method: "GET",
        pattern: "/docs",
        access: Access::Token,
        summary: "This interface, to be read",
        takes: Takes::Nothing,
        answers: &[answer(200, "A page.", "", HTML)],
        problems: &[&kind::NOT_READY],
        handler: || web::to(site::docs),
    },
    Route {
        method: "GET",
        pattern: "/",
        access: READ,
        summary: "The page of the live model",
        takes: Takes::Nothing,
        answers: &[answer(200, "A page.", "", HTML)],
        problems: &[&kind::NOT_READY],
        handler: || web::to(site::page),
    },
    Route {
        method: "GET",
        pattern: "/fragments/loop",
        access: READ,
        summary: "The loop, as a part of the page",
        takes: Takes::Nothing,
        answers: &[answer(200, "A part of a page.", "", HTML)],
        problems: &[&kind::NOT_STORED],
        handler: || web::to(cycle::fragment),
    },
    Route {
        method: "GET",
        pattern: "/fragments/monitor",
        access: READ,
        summary: "The monitor, as a part of the page",
        takes: Takes::Nothing,
        answers: &[answer(200, "A part of a page.", "", HTML)],
        problems: &[],
        handler: || web::to(monitor::fragment),
    },
    Route {
        method: "GET",
        pattern: "/fragments/alerts",
        access: READ,
        summary: "The alerts, as a part of the page",
        takes: Takes::Nothing,
        answers: &[answer(200, "A part of a page.", "", HTML)],
        problems: &[],
        handler: || web::to(alerts::fragment),
    },
    Route {
        method: "GET",
        pattern: login::PATH,
        access: Access::Open,
        summary: "The form for a token",
        takes: Takes::Nothing,
        answers: &[],
        problems: &[],
        handler: || web::to(login::form),
    },
    Route {
        method: "POST",
        pattern: login::PATH,
        access: Access::Open,
        summary: "Begin a session of the page with a token",
        takes: Takes::Nothing,
        answers: &[],
        problems: &[],
        handler: || web::to(login::sign_in),
    },
    Route {
        method: "POST",
        pattern: "/logout",
        access: Access::Open,
        summary: "End it",
        takes: Takes::Nothing,
        answers: &[],
        problems: &[],
        handler: || web::to(login::sign_out),
    },
    asset(0),
    asset(1),
    asset(2),
];

/// A file of the page.
const fn asset(n: usize) -> Route {
    Route {
        method: "GET",
        pattern: ASSETS[n].path,
        access: Access::Open,
        summary: "A file of the page",
        takes: Takes::Nothing,
        answers: &[],
        problems: &[],
        handler: || web::to(site::asset),
    }
}

/// The access that a route requires. `None` where there is no such route.
pub fn access(method: &str, pattern: &str) -> Option<Access> {
    let is_it = |route: &&Route| route.method == method && route.pattern == pattern;
    ROUTES.iter().find(is_it).map(|route| route.access)
}

/// Method and pattern of each, as the metrics want them.
pub fn labels() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.iter().map(|route| (route.method, route.pattern))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_page_has_a_route_and_no_route_stands_twice() {
        let patterns: Vec<_> = labels().collect();
        assert!(
            ASSETS
                .iter()
                .all(|asset| patterns.contains(&("GET", asset.path)))
        );
        for (n, pattern) in patterns.iter().enumerate() {
            assert!(!patterns[..n].contains(pattern), "{pattern:?}");
        }
    }
}
