//! Settings of the rules: what all have, and what some have beside it.

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
            /// Every rule with what all rules have; none for one that is off.
            pub(super) fn all(&self) -> [(Rule, Option<RuleOptions>); Rule::ALL.len()] {
                [$((Rule::$rule, self.$name.options()),)+]
            }
        }

        $(
            $(#[doc = $about])*
            #[derive(Clone, Debug, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $kind {
                /// Whether it is on.
                pub enabled: bool,
                $($(#[doc = $doc])* pub $field: $type,)*
                /// How long the condition holds before it fires.
                #[serde(rename = "for")]
                pub wait: Span,
                /// How long it is over before that counts.
                pub keep: Span,
                pub repeat: Span,
                pub channels: Vec<String>,
                /// Rules that keep it quiet while they fire.
                pub inhibited_by: Vec<Rule>,
            }

            impl $kind {
                fn options(&self) -> Option<RuleOptions> {
                    self.enabled.then(|| RuleOptions {
                        wait: self.wait.0,
                        keep: self.keep.0,
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
    /// Rows are not like those the model learnt from.
    drift: Drift, DriftRule {}
    /// The model answers worse than it promised.
    decay: Decay, DecayRule {}
    label_delay: LabelDelay, LabelDelayRule {
        after: Span,
    }
    /// The store cannot write.
    store: Store, StoreRule {}
    /// Too many rows are put aside.
    quarantine: Quarantine, QuarantineRule {
        /// More than this share of them.
        share: f64,
        /// Of at least so many.
        rows: NonZeroU64,
        over: Span,
    }
    /// Too many rows are refused.
    refused: Refused, RefusedRule {
        /// More than this share of them.
        share: f64,
        /// Of at least so many.
        rows: NonZeroU64,
        over: Span,
    }
    /// Predictions were answered and could not be kept.
    loss: Loss, LossRule {}
    /// The last training failed.
    training: Training, TrainingRule {}
    latency: Latency, LatencyRule {
        /// One of a hundred longer than this.
        p99: Span,
        /// Of at least so many requests.
        requests: NonZeroU64,
        over: Span,
    }
}
