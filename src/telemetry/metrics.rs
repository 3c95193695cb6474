//! The table of metrics: a field's name is the metric's name, its comment is the help text.
//!
//! Handles come from a recorder of this value, not from a global one, so that several servers in one process count
//! separately. Recording never allocates or locks once a status has occurred on a route.

use std::{sync::Arc, time::Duration};

use metrics::{Counter, Gauge, Histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};

pub use super::{
    answers::Answers,
    instrument::{
        ByColumn, ByLabel, ByRoute, ByRouteAndStatus, ClosedLabel, DroppedLines, ModelInfo,
        RouteId, Tally, TallyByColumn,
    },
    labels::{
        AlertRule, BackupResult, ChannelKind, Closed, Detector, Direction, EventKind, Figure,
        Found, JobState, LabelStatus, RowStatus, Share, Topic, Transport,
    },
};
use super::{
    instrument::{Instrument, Registrar, Route, head},
    latency::Latency,
    process,
};

/// From the fastest response (tens of microseconds) to a typical client timeout, in seconds.
const REQUEST_BUCKETS: &[f64] = &[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];

/// From a few hundred rows to the largest table that one machine can train on, in seconds.
const TRAINING_BUCKETS: &[f64] = &[
    0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0,
];

/// From a disk with a write cache to one that stalls, in seconds.
const COMMIT_BUCKETS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
];

/// The route that counts requests that match no route; always the first one.
const UNMATCHED: (&str, &str) = ("other", "unmatched");

macro_rules! metrics {
    ($(#[doc = $help:literal] $name:ident: $kind:ty,)+) => {
        /// All metrics of one server, ready to record.
        #[derive(Debug)]
        pub struct Metrics {
            $(#[doc = $help] pub $name: $kind,)+
            /// Response times that the program itself reads.
            pub latency: Latency,
            /// Responses to requests for predictions, which the program itself reads.
            pub answers: Answers,
            recorder: Arc<PrometheusRecorder>,
            routes: Vec<Route>,
        }

        /// All metrics: name, type, help.
        pub const TABLE: &[(&str, &str, &str)] = &[$((stringify!($name), <$kind as Instrument>::KIND, $help.trim_ascii())),+];

        /// Names of all metrics.
        pub const NAMES: &[&str] = &[$(stringify!($name)),+];

        impl Metrics {
            fn register(recorder: Arc<PrometheusRecorder>, routes: Vec<Route>) -> Metrics {
                $(let $name = {
                    let (name, help) = (stringify!($name), $help.trim_ascii());
                    <$kind>::register(&Registrar { recorder: &recorder, name, help, routes: &routes })
                };)+
                Metrics { $($name,)+ latency: Latency::default(), answers: Answers::default(), recorder, routes }
            }

            /// Text blocks of the metrics that the recorder does not hold.
            fn unrecorded(&self) -> Vec<String> {
                let mut blocks = Vec::new();
                $(if let Some(lines) = self.$name.lines(stringify!($name)) {
                    let (name, help) = (stringify!($name), $help.trim_ascii());
                    blocks.push(head(name, <$kind as Instrument>::KIND, help) + &lines);
                })+
                blocks
            }
        }
    };
}

metrics! {
    /// HTTP requests that received a response.
    titanic_http_requests_total: ByRouteAndStatus,
    /// Seconds from the head of a request to its response.
    titanic_http_request_duration_seconds: ByRoute,
    /// HTTP requests in progress.
    titanic_http_inflight_requests: Gauge,
    /// Rows predicted and stored, by transport.
    titanic_predictions_rows_total: ByLabel<Tally, Transport>,
    /// Rows predicted as trials, which are not stored and not counted elsewhere, by transport.
    titanic_trial_rows_total: ByLabel<Counter, Transport>,
    /// Rows rejected because they are invalid by the schema of the table, by transport.
    titanic_rejected_rows_total: ByLabel<Tally, Transport>,
    /// Valid rows that got no prediction because they were sent together with rejected rows.
    titanic_failed_rows_total: Tally,
    /// Values for which rows were rejected, by column; the label is absent for values of no column.
    titanic_rejected_values_total: TallyByColumn,
    /// Warnings returned with predictions.
    titanic_prediction_warnings_total: Counter,
    /// The live model.
    titanic_model_info: ModelInfo,
    /// Swaps of the live model.
    titanic_model_swaps_total: Counter,
    /// New champions that could not be loaded, so that the old model stayed live.
    titanic_model_swap_failures_total: Counter,
    /// Duration of a training in seconds.
    titanic_training_duration_seconds: Histogram,
    /// Training jobs that reached a state.
    titanic_training_jobs_total: ByLabel<Counter, JobState>,
    /// Predictions that the shadow model has scored as well.
    titanic_shadow_scored_predictions_total: Counter,
    /// Predictions that were not scored because the shadow model was too slow.
    titanic_shadow_skipped_predictions_total: Counter,
    /// Jobs in the queue.
    titanic_jobs_queued: Gauge,
    /// Open WebSocket connections.
    titanic_websocket_connections: Gauge,
    /// WebSocket messages.
    titanic_websocket_messages_total: ByLabel<Counter, Direction>,
    /// WebSocket connections closed.
    titanic_websocket_closed_total: ByLabel<Counter, Closed>,
    /// Events published to subscribers.
    titanic_feed_events_total: ByLabel<Counter, Topic>,
    /// Events that a subscriber did not receive because it was too slow.
    titanic_feed_dropped_events_total: Counter,
    /// Events stored, by kind.
    titanic_store_events_total: ByLabel<Counter, EventKind>,
    /// Duration of a commit in seconds, until it is on the disk.
    titanic_store_commit_duration_seconds: Histogram,
    /// Failed commits.
    titanic_store_commit_failures_total: Counter,
    /// Predictions waiting to be stored.
    titanic_store_pending_predictions: Gauge,
    /// Predictions that were answered but could not be stored.
    titanic_store_dropped_predictions_total: Tally,
    /// Seconds since this follower last had its source's champion.
    titanic_follow_lag_seconds: Gauge,
    /// Predictions of this follower that wait to be sent to its source.
    titanic_follow_spooled_predictions: Gauge,
    /// Predictions of this follower that were answered and never reached its source.
    titanic_follow_dropped_predictions_total: Counter,
    /// Attempts to publish the champion that failed.
    titanic_publish_failures_total: Counter,
    /// Seconds for which the place for champions has lacked the current one; 0 if it has it, or there is no such place.
    titanic_publish_lag_seconds: Gauge,
    /// Size of the store on the disk in bytes.
    titanic_store_size_bytes: Gauge,
    /// Backups, by outcome.
    titanic_backups_total: ByLabel<Counter, BackupResult>,
    /// Time of the last backup that is done, in seconds since 1970; 0 if there is none.
    titanic_backup_last_success_timestamp_seconds: Gauge,
    /// Labels received, by outcome.
    titanic_labels_total: ByLabel<Counter, LabelStatus>,
    /// Rows received for storage, by outcome.
    titanic_rows_total: ByLabel<Tally, RowStatus>,
    /// Windows compared with the training rows of the live model, by verdict.
    titanic_monitor_windows_total: ByLabel<Counter, Found>,
    /// Predictions that are in no window because they arrived too fast.
    titanic_monitor_skipped_predictions_total: Counter,
    /// Rows in the current window.
    titanic_monitor_window_rows: Gauge,
    /// Columns that drifted in the last window.
    titanic_monitor_drifted_columns: Gauge,
    /// Smallest p-value of the tests of a column in the last window, adjusted for multiple testing.
    titanic_drift_p_value_ratio: ByColumn,
    /// Population stability index of a column in the last window, in nats.
    titanic_drift_psi_nats: ByColumn,
    /// Jensen-Shannon distance of a column in the last window.
    titanic_drift_distance_ratio: ByColumn,
    /// Wasserstein distance of a column in the last window, in standard deviations of the reference.
    titanic_drift_shift_ratio: ByColumn,
    /// Share of missing values of a column in the last window.
    titanic_drift_missing_ratio: ByColumn,
    /// Performance by the labels of the last window of labels. NaN if undefined.
    titanic_performance_live_ratio: ByLabel<Gauge, Figure>,
    /// Performance estimated without labels (CBPE) in the last window of predictions. Does not detect corrupted inputs.
    titanic_performance_estimated_ratio: ByLabel<Gauge, Figure>,
    /// Labels in the current window of labels.
    titanic_performance_window_labels: Gauge,
    /// Changes in the errors found by a detector.
    titanic_performance_alarms_total: ByLabel<Counter, Detector>,
    /// Seconds from a prediction to its label in the last window of labels; NaN before the first window.
    titanic_label_delay_seconds: ByLabel<Gauge, Share>,
    /// Firing alerts, including silenced ones.
    titanic_alerts_firing: ByLabel<Gauge, AlertRule>,
    /// Notifications waiting for delivery.
    titanic_notifications_waiting: ByLabel<Gauge, ChannelKind>,
    /// Notifications that were given up and can be sent again by an operator.
    titanic_notifications_dead: ByLabel<Gauge, ChannelKind>,
    /// Notifications delivered.
    titanic_notifications_sent_total: ByLabel<Counter, ChannelKind>,
    /// Failed delivery attempts of notifications.
    titanic_notifications_failed_total: ByLabel<Counter, ChannelKind>,
    /// Log lines dropped because they were not read in time or could not be written.
    titanic_log_dropped_lines_total: DroppedLines,
}

impl Metrics {
    /// Registers all metrics. `routes` are the (method, pattern) pairs of the server.
    pub fn new<'a>(routes: impl IntoIterator<Item = (&'a str, &'a str)>) -> Metrics {
        let named = |name: &str| Matcher::Full(name.into());
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(
                named("titanic_http_request_duration_seconds"),
                REQUEST_BUCKETS,
            )
            .and_then(|builder| {
                builder.set_buckets_for_metric(
                    named("titanic_training_duration_seconds"),
                    TRAINING_BUCKETS,
                )
            })
            .and_then(|builder| {
                builder.set_buckets_for_metric(
                    named("titanic_store_commit_duration_seconds"),
                    COMMIT_BUCKETS,
                )
            })
            .expect("no list of buckets is empty")
            .build_recorder();
        let route = |(method, pattern): (&str, &str)| Route {
            method: method.into(),
            pattern: pattern.into(),
        };
        let routes = std::iter::once(UNMATCHED)
            .chain(routes)
            .map(route)
            .collect();
        Metrics::register(Arc::new(recorder), routes)
    }

    /// Counts a response to a request for predictions as slow from this time on.
    #[must_use]
    pub fn with_objective(mut self, objective: Duration) -> Metrics {
        self.answers = Answers::within(objective);
        self
    }

    /// The id of a route, to be looked up once at start. Requests to a route that was not registered count as `unmatched`.
    pub fn route(&self, method: &str, pattern: &str) -> RouteId {
        let is = |route: &Route| route.method == method && route.pattern == pattern;
        RouteId(self.routes.iter().position(is).unwrap_or(0) as u32)
    }

    /// The id for requests that match no route.
    pub fn unmatched(&self) -> RouteId {
        RouteId(0)
    }

    /// Records a request that received a response.
    pub fn answered(&self, route: RouteId, status: u16, took: Duration) {
        self.titanic_http_requests_total
            .of(route, status)
            .increment(1);
        self.titanic_http_request_duration_seconds
            .of(route)
            .record(took.as_secs_f64());
    }

    /// The text of `/metrics`, sorted by name.
    pub fn render(&self) -> String {
        let page = self.recorder.handle().render();
        let mut blocks: Vec<String> = page
            .split("\n\n")
            .filter(|block| !block.is_empty())
            .map(|block| format!("{block}\n"))
            .collect();
        blocks.extend(self.unrecorded());
        blocks.extend(process::blocks());
        blocks.sort();
        blocks.join("\n")
    }

    /// Moves recorded histogram values into their buckets. Until then each value takes 8 bytes, so call this every few seconds.
    pub fn upkeep(&self) {
        self.recorder.handle().run_upkeep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics() -> Metrics {
        Metrics::new([("POST", "/v1/predict"), ("GET", "/v1/models/{v}")])
    }

    /// Name and type of every metric on a fresh server. Rules and dashboards use these names: additions
    /// are safe, changes are not.
    const GOLDEN: &str = "\
process_cpu_seconds_total counter
process_max_fds gauge
process_open_fds gauge
process_resident_memory_bytes gauge
process_start_time_seconds gauge
process_threads gauge
process_virtual_memory_bytes gauge
process_virtual_memory_max_bytes gauge
titanic_alerts_firing gauge
titanic_backup_last_success_timestamp_seconds gauge
titanic_backups_total counter
titanic_drift_distance_ratio gauge
titanic_drift_missing_ratio gauge
titanic_drift_p_value_ratio gauge
titanic_drift_psi_nats gauge
titanic_drift_shift_ratio gauge
titanic_failed_rows_total counter
titanic_feed_dropped_events_total counter
titanic_feed_events_total counter
titanic_follow_dropped_predictions_total counter
titanic_follow_lag_seconds gauge
titanic_follow_spooled_predictions gauge
titanic_http_inflight_requests gauge
titanic_http_request_duration_seconds histogram
titanic_http_requests_total counter
titanic_jobs_queued gauge
titanic_label_delay_seconds gauge
titanic_labels_total counter
titanic_log_dropped_lines_total counter
titanic_model_info gauge
titanic_model_swap_failures_total counter
titanic_model_swaps_total counter
titanic_monitor_drifted_columns gauge
titanic_monitor_skipped_predictions_total counter
titanic_monitor_window_rows gauge
titanic_monitor_windows_total counter
titanic_notifications_dead gauge
titanic_notifications_failed_total counter
titanic_notifications_sent_total counter
titanic_notifications_waiting gauge
titanic_performance_alarms_total counter
titanic_performance_estimated_ratio gauge
titanic_performance_live_ratio gauge
titanic_performance_window_labels gauge
titanic_prediction_warnings_total counter
titanic_predictions_rows_total counter
titanic_publish_failures_total counter
titanic_publish_lag_seconds gauge
titanic_rejected_rows_total counter
titanic_rejected_values_total counter
titanic_rows_total counter
titanic_shadow_scored_predictions_total counter
titanic_shadow_skipped_predictions_total counter
titanic_store_commit_duration_seconds histogram
titanic_store_commit_failures_total counter
titanic_store_dropped_predictions_total counter
titanic_store_events_total counter
titanic_store_pending_predictions gauge
titanic_store_size_bytes gauge
titanic_training_duration_seconds histogram
titanic_training_jobs_total counter
titanic_trial_rows_total counter
titanic_websocket_closed_total counter
titanic_websocket_connections gauge
titanic_websocket_messages_total counter
";

    #[test]
    #[cfg(target_os = "linux")] // other systems do not tell all of process_*
    fn every_name_is_on_a_fresh_page() {
        let page = metrics().render();
        let kinds: String = page
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "))
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(kinds, GOLDEN);
        for (name, _, help) in TABLE {
            assert!(page.contains(&format!("# HELP {name} {help}\n")), "{name}");
        }
        assert!(NAMES.iter().eq(TABLE.iter().map(|(name, ..)| name)));
    }

    #[test]
    fn what_is_recorded_is_rendered() {
        let metrics = metrics();
        let predict = metrics.route("POST", "/v1/predict");
        metrics.answered(predict, 200, Duration::from_micros(200));
        metrics.answered(predict, 200, Duration::from_millis(20));
        metrics.answered(predict, 422, Duration::ZERO);
        metrics.answered(metrics.route("GET", "/nothing"), 404, Duration::ZERO);
        metrics.answered(metrics.unmatched(), 999, Duration::ZERO);
        metrics
            .titanic_predictions_rows_total
            .of(Transport::WebSocket)
            .increment(7);
        metrics
            .titanic_websocket_closed_total
            .of(Closed::TooSlow)
            .increment(1);
        metrics.titanic_model_info.set("wine@1", "forest");
        metrics.titanic_model_info.set("wine@2", "a \"blend\"");
        let columns = [("a", Some(0.5)), ("b \"c\"", Some(2.0)), ("d", None)];
        metrics.titanic_drift_psi_nats.set([("gone", Some(1.0))]);
        metrics.titanic_drift_psi_nats.set(columns);
        let refused = &metrics.titanic_rejected_values_total;
        refused.increment([("a", 1), ("", 1)]);
        refused.increment([("a", 2), ("b \"c\"", 1)]);
        metrics.upkeep();
        let page = metrics.render();
        let has = |line: &str| assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        has(r#"titanic_http_requests_total{method="POST",route="/v1/predict",status="200"} 2"#);
        has(r#"titanic_http_requests_total{method="POST",route="/v1/predict",status="422"} 1"#);
        has(r#"titanic_http_requests_total{method="other",route="unmatched",status="404"} 1"#);
        has(r#"titanic_http_requests_total{method="other",route="unmatched",status="other"} 1"#);
        has(r#"titanic_http_requests_total{method="GET",route="/v1/models/{v}",status="200"} 0"#);
        has(
            r#"titanic_http_request_duration_seconds_bucket{method="POST",route="/v1/predict",le="0.00025"} 2"#,
        );
        has(r#"titanic_http_request_duration_seconds_count{method="POST",route="/v1/predict"} 3"#);
        has(r#"titanic_predictions_rows_total{transport="rest"} 0"#);
        has(r#"titanic_predictions_rows_total{transport="ws"} 7"#);
        has(r#"titanic_websocket_closed_total{reason="too_slow"} 1"#);
        has(r#"titanic_model_info{model="wine@2",learner="a \"blend\""} 1"#);
        assert!(!page.contains("wine@1"), "one line, whatever came before");
        has("titanic_rejected_values_total 1");
        has(r#"titanic_rejected_values_total{column="a"} 3"#);
        has(r#"titanic_rejected_values_total{column="b \"c\""} 1"#);
        has(r#"titanic_drift_psi_nats{column="a"} 0.5"#);
        has(r#"titanic_drift_psi_nats{column="b \"c\""} 2"#);
        assert_eq!(page.matches("titanic_drift_psi_nats{").count(), 2, "{page}");
    }

    #[test]
    fn columns_are_counted_within_bounds() {
        let metrics = metrics();
        let refused = &metrics.titanic_rejected_values_total;
        let names: Vec<String> = (0..150).map(|n| format!("column {n:03}")).collect();
        for _ in 0..2 {
            refused.increment(names.iter().map(|name| (&**name, 3)));
        }
        let counts = refused.counts();
        assert_eq!(counts.len(), 101, "a hundred, and all others");
        assert_eq!((counts["column 099"], counts[""]), (6, 300));
        assert_eq!(counts.values().sum::<u64>(), 900);
    }

    #[test]
    fn two_servers_in_one_process_count_apart() {
        let (one, other) = (metrics(), metrics());
        one.titanic_model_swaps_total.increment(1);
        assert!(one.render().contains("\ntitanic_model_swaps_total 1\n"));
        assert!(other.render().contains("\ntitanic_model_swaps_total 0\n"));
    }
}
