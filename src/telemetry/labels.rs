//! The closed labels of metrics: a value that is not here cannot be recorded.

use super::instrument::ClosedLabel;

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident($label:literal) { $($(#[$value_doc:meta])* $variant:ident = $value:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$value_doc])* $variant,)+
        }

        impl $name {
            /// All there are, in order.
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
        /// The server's own page, whichever of the two it uses.
        Page = "page",
        /// The command `ingest`.
        File = "file",
        /// A source that the server reads on a schedule.
        Pull = "pull",
    }

    /// Which way a message goes.
    Direction("direction") {
        /// From the client.
        Received = "received",
        /// To the client.
        Sent = "sent",
    }

    /// How far a job is.
    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    JobState("state") {
        /// It waits.
        Queued = "queued",
        /// It is being done.
        Running = "running",
        /// It ended with a version.
        Done = "done",
        /// It ended with a fault.
        Failed = "failed",
        /// It was cancelled; nothing was registered.
        Cancelled = "cancelled",
    }

    /// What a stored event tells of.
    EventKind("kind") {
        /// A row handed in.
        Row = "row",
        /// A prediction.
        Prediction = "prediction",
        /// A truth.
        Label = "label",
        /// A truth that waited in vain.
        LabelExpired = "label_expired",
        /// A row put aside.
        Quarantine = "quarantine",
        /// What a monitor, a gate or a watch found.
        Verdict = "verdict",
        /// An alert.
        Alert = "alert",
        /// A model's life.
        Model = "model",
    }

    /// What became of a truth.
    LabelStatus("status") {
        /// It was joined to its prediction.
        Joined = "joined",
        /// It was there already.
        Repeated = "repeated",
        /// It replaced another.
        Corrected = "corrected",
        /// It waits for its prediction.
        Waiting = "waiting",
        /// It contradicts another.
        Conflict = "conflict",
    }

    /// What became of a row.
    RowStatus("status") {
        /// It is new.
        Stored = "stored",
        /// It was there already.
        Repeated = "repeated",
        /// It broke the contract.
        Quarantined = "quarantined",
    }

    /// What an event of the feed is about.
    Topic("topic") {
        /// Predictions made.
        Predictions = "predictions",
        /// Models trained, promoted, rolled back.
        Models = "models",
        /// Verdicts.
        Monitor = "monitor",
        /// Alerts.
        Alerts = "alerts",
        /// Trainings that are asked for, under way, over.
        Jobs = "jobs",
    }

    /// What a window was found to be.
    Found("verdict") {
        /// As the rows the model learnt from.
        Steady = "steady",
        /// Not as they.
        Drift = "drift",
    }

    /// A figure of performance.
    Figure("figure") {
        /// Share of right decisions.
        Accuracy = "accuracy",
        /// Share of positives among those called positive.
        Precision = "precision",
        /// Share of the positives that were called positive.
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

    /// The share of truths that came no later.
    Share("share") {
        /// The median.
        Half = "0.5",
        /// Nine of ten.
        NineTenths = "0.9",
    }

    /// What an alert is about.
    #[derive(PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    AlertRule("rule") {
        /// Rows are not like those the model learnt from.
        Drift = "drift",
        /// The model answers worse than it promised.
        Decay = "decay",
        /// Truths come later than they should.
        LabelDelay = "label_delay",
        /// The store cannot write.
        Store = "store",
        /// Too many rows are put aside.
        Quarantine = "quarantine",
        /// Too many rows are refused.
        Refused = "refused",
        /// Predictions were answered and could not be kept.
        Loss = "loss",
        /// A training failed.
        Training = "training",
        /// Answers take too long.
        Latency = "latency",
    }

    /// How a notification goes out.
    #[derive(PartialOrd, Ord, Hash)]
    ChannelKind("type") {
        /// A signed request.
        Webhook = "webhook",
        /// An e-mail.
        Email = "email",
        /// A line in the log.
        Log = "log",
    }

    /// Why a WebSocket was closed.
    Closed("reason") {
        /// The client said goodbye.
        Client = "client",
        /// The client was gone without a word, or answered no ping.
        Lost = "lost",
        /// The server stops (1001).
        GoingAway = "going_away",
        /// What came was no WebSocket (1002).
        Protocol = "protocol",
        /// Text that is not UTF-8 (1007).
        NotUtf8 = "not_utf8",
        /// A message over the limit (1009).
        TooLarge = "too_large",
        /// A message for which there was no room in `server.limits.memory` (1013).
        Overloaded = "overloaded",
        /// A reader that fell too far behind (1013).
        TooSlow = "too_slow",
    }
}
