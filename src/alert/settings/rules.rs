//! Settings of the rules: those that all rules share, and those of single rules.

use std::num::NonZeroU64;

use serde::Deserialize;

use crate::alert::condition::Rule;
use crate::alert::options::RuleOptions;
use crate::units::Span;

macro_rules! rules {
    ($($(#[doc = $about:literal])* $name:ident: $rule:ident, $kind:ident { $($(#[doc = $doc:literal])* $field:ident: $type:ty,)* })+) => {
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Rules {
            $($(#[doc = $about])* pub $name: $kind,)+
        }

        impl Rules {
            /// Every rule with the options that all rules share; `None` for a disabled rule.
            pub(super) fn all(&self) -> [(Rule, Option<RuleOptions>); Rule::ALL.len()] {
                [$((Rule::$rule, self.$name.options()),)+]
            }
        }

        $(
            $(#[doc = $about])*
            #[derive(Clone, Debug, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $kind {
                /// Whether the rule is enabled.
                pub enabled: bool,
                $($(#[doc = $doc])* pub $field: $type,)*
                /// How long the condition holds before it fires.
                #[serde(rename = "for")]
                pub wait: Span,
                /// How long the condition must be over before the alert is resolved.
                pub keep_firing_for: Span,
                pub repeat: Span,
                pub channels: Vec<String>,
                /// Rules that suppress notifications of this one while they fire.
                pub inhibited_by: Vec<Rule>,
            }

            impl $kind {
                fn options(&self) -> Option<RuleOptions> {
                    self.enabled.then(|| RuleOptions {
                        wait: self.wait.0,
                        keep_firing_for: self.keep_firing_for.0,
                        repeat: self.repeat.0,
                        channels: self.channels.clone(),
                        inhibited_by: self.inhibited_by.clone(),
                    })
                }
            }
        )+
    };
}

rules! {
    /// Rows differ from the training rows.
    drift: Drift, DriftRule {}
    /// The model's predictions are worse than at its training.
    decay: Decay, DecayRule {}
    label_delay: LabelDelay, LabelDelayRule {
        after: Span,
    }
    /// The store cannot write.
    store: Store, StoreRule {}
    /// Too many rows are quarantined.
    quarantine: Quarantine, QuarantineRule {
        /// Minimum share of quarantined rows, exclusive.
        share: f64,
        /// Minimum number of rows for a verdict.
        rows: NonZeroU64,
        over: Span,
    }
    /// Too many rows are rejected.
    rejected: Rejected, RejectedRule {
        /// Minimum share of rejected rows, exclusive.
        share: f64,
        /// Minimum number of rows for a verdict.
        rows: NonZeroU64,
        over: Span,
    }
    /// Predictions were answered but could not be stored.
    dropped_predictions: DroppedPredictions, DroppedPredictionsRule {}
    /// The last training failed.
    training: Training, TrainingRule {}
    /// A backup failed.
    backup: Backup, BackupRule {}
    /// The place to which champions are published lacks the current one.
    publish: Publish, PublishRule {}
    latency: Latency, LatencyRule {
        /// Limit of the 99th percentile of the response time.
        p99: Span,
        /// Minimum number of requests for a verdict.
        requests: NonZeroU64,
        over: Span,
    }
}
