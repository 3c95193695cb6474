//! Closed labels of metrics: only the values listed here can be recorded.

use super::instrument::ClosedLabel;

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident($label:literal) { $($(#[$value_doc:meta])* $variant:ident = $value:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$value_doc])* $variant,)+
        }

        impl $name {
            /// All values, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"enum": <$name as ClosedLabel>::VALUES})
            }
        }

        impl ClosedLabel for $name {
            const NAME: &'static str = $label;
            const VALUES: &'static [&'static str] = &[$($value),+];

            fn index(self) -> usize {
                self as usize
            }
        }
    )+};
}

labels! {
    /// The transport by which a row or a prediction reached the platform.
    #[derive(Default, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    Transport("transport") {
        /// The REST routes.
        #[default]
        Rest = "rest",
        /// A message on `/ws`.
        #[serde(rename = "ws")]
        WebSocket = "ws",
        /// The server's own page, whether it uses REST or the WebSocket.
        Page = "page",
        /// The command `ingest`.
        File = "file",
        /// A source that the server reads on a schedule.
        Pull = "pull",
    }

    /// Direction of a WebSocket message.
    Direction("direction") {
        /// From the client.
        Received = "received",
        /// To the client.
        Sent = "sent",
    }

    /// State of a job.
    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    JobState("state") {
        /// Waiting in the queue.
        Queued = "queued",
        Running = "running",
        /// Finished with a new version.
        Done = "done",
        /// Ended with an error.
        Failed = "failed",
        /// Cancelled; nothing was registered.
        Cancelled = "cancelled",
    }

    /// Outcome of a backup.
    BackupResult("result") {
        /// Complete, and verified if that is asked for.
        Done = "done",
        Failed = "failed",
    }

    /// Kind of a stored event.
    EventKind("kind") {
        /// A row sent without a request for a prediction.
        Row = "row",
        Prediction = "prediction",
        /// The label of a prediction.
        Label = "label",
        /// A label whose prediction never arrived.
        LabelExpired = "label_expired",
        /// A quarantined row.
        Quarantine = "quarantine",
        /// A finding of the monitor, a gate or a probation.
        Verdict = "verdict",
        Alert = "alert",
        /// A change in the life of a model version.
        Model = "model",
    }

    /// Outcome of a received label.
    LabelStatus("status") {
        /// Joined to its prediction.
        Joined = "joined",
        /// The same label was already stored.
        Repeated = "repeated",
        /// Replaced an earlier label.
        Corrected = "corrected",
        /// Waiting for its prediction.
        Waiting = "waiting",
        /// Contradicts another label.
        Conflict = "conflict",
    }

    /// Outcome of a row sent for storage.
    RowStatus("status") {
        /// New and stored.
        Stored = "stored",
        /// Already stored.
        Repeated = "repeated",
        /// Invalid by the schema and quarantined.
        Quarantined = "quarantined",
    }

    /// Topic of an event in the feed.
    Topic("topic") {
        Predictions = "predictions",
        /// Models trained, promoted or rolled back.
        Models = "models",
        /// Verdicts of the monitor.
        Monitor = "monitor",
        Alerts = "alerts",
        /// Training jobs that were requested, started or ended.
        Jobs = "jobs",
    }

    /// Result of comparing a window with the reference.
    Found("verdict") {
        /// Like the training rows.
        Steady = "steady",
        /// Different from the training rows.
        Drift = "drift",
    }

    /// Metric of a model's performance.
    Figure("figure") {
        /// Share of correct predicted labels.
        Accuracy = "accuracy",
        /// Share of true positives among the rows predicted positive.
        Precision = "precision",
        /// Share of the positive rows that were predicted positive.
        Recall = "recall",
        /// Harmonic mean of precision and recall.
        F1 = "f1",
        /// Area under the ROC curve.
        Auc = "auc",
        /// Mean log loss, in nats.
        LogLoss = "log_loss",
        /// Mean squared error of the probabilities.
        Brier = "brier",
        /// Expected calibration error.
        Ece = "ece",
    }

    /// A detector of changes in the errors.
    Detector("detector") {
        /// Adaptive windowing.
        Adwin = "adwin",
        /// Page–Hinkley.
        PageHinkley = "page_hinkley",
    }

    /// Quantile of the label delay.
    Share("share") {
        /// The median.
        Half = "0.5",
        /// The 90th percentile.
        NineTenths = "0.9",
    }

    /// The rule of an alert.
    #[derive(PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    AlertRule("rule") {
        /// Rows differ from the training rows.
        Drift = "drift",
        /// The model's predictions are worse than at its training.
        Decay = "decay",
        /// Labels arrive later than they should.
        LabelDelay = "label_delay",
        /// The store cannot write.
        Store = "store",
        /// Too many rows are quarantined.
        Quarantine = "quarantine",
        /// Too many rows are rejected.
        Rejected = "rejected",
        /// Predictions were answered but could not be stored.
        DroppedPredictions = "dropped_predictions",
        /// A training failed.
        Training = "training",
        /// Responses take too long.
        Latency = "latency",
        /// A backup failed.
        Backup = "backup",
        /// The champion could not be published.
        Publish = "publish",
    }

    /// Type of a notification channel.
    #[derive(PartialOrd, Ord, Hash)]
    ChannelKind("type") {
        /// A signed HTTP request.
        Webhook = "webhook",
        /// An e-mail.
        Email = "email",
        /// A line in the log.
        Log = "log",
    }

    /// Why a WebSocket was closed.
    Closed("reason") {
        /// The client closed the connection.
        Client = "client",
        /// The connection was lost, or the client did not respond to a ping.
        Lost = "lost",
        /// The server stops (1001).
        GoingAway = "going_away",
        /// The client violated the WebSocket protocol (1002).
        Protocol = "protocol",
        /// Text that is not UTF-8 (1007).
        NotUtf8 = "not_utf8",
        /// A message over the size limit (1009).
        TooLarge = "too_large",
        /// A message that did not fit into `server.limits.memory` (1013).
        Overloaded = "overloaded",
        /// A client that reads too slowly (1013).
        TooSlow = "too_slow",
    }
}
