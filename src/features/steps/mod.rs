//! The steps, one file each, and the table of them.

pub mod arithmetic;
pub mod bin;
pub mod companion_target;
pub mod date_parts;
pub mod extract;
pub mod first_letter;
pub mod frequent;
pub mod group_size;
pub mod impute;
pub mod interaction;
pub mod log1p;
pub mod missing;
pub mod one_hot;
pub mod standardise;
pub mod target_mean;

use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::scope::{Scope, StepError};
use super::step::Step;
use super::training::{FitStep, Training};

macro_rules! steps {
    ($($variant:ident $spec:path => $fitted:path,)*) => {
        /// A step as written in the spec: `name: {…}`.
        #[derive(Clone, Debug, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum StepSpec { $($variant($spec),)* }

        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub enum FittedStep { $($variant($fitted),)* }

        impl StepSpec {
            pub fn fit(&self, scope: &mut Scope, training: &mut Training<'_>) -> Result<FittedStep, StepError> {
                match self { $(StepSpec::$variant(s) => s.fit(scope, training).map(FittedStep::$variant),)* }
            }
        }

        impl Step for FittedStep {
            fn apply(&self, frame: &mut Frame<'_>) {
                match self { $(FittedStep::$variant(s) => s.apply(frame),)* }
            }
            fn apply_to_training_row(&self, frame: &mut Frame<'_>, place: usize, positive: bool) {
                match self { $(FittedStep::$variant(s) => s.apply_to_training_row(frame, place, positive),)* }
            }
            fn fitted(&mut self) {
                match self { $(FittedStep::$variant(s) => s.fitted(),)* }
            }
            fn reach(&self) -> (Vec<usize>, usize) {
                match self { $(FittedStep::$variant(s) => s.reach(),)* }
            }
        }
    };
}

// New steps must be added at the end: the order is part of the model file.
steps! {
    Extract         extract::ExtractSpec                  => extract::Extract,
    FirstLetter     first_letter::FirstLetterSpec         => first_letter::FirstLetter,
    Sum             arithmetic::SumSpec                   => arithmetic::Sum,
    Ratio           arithmetic::RatioSpec                 => arithmetic::Ratio,
    Product         arithmetic::ProductSpec               => arithmetic::Product,
    Log1p           log1p::Log1pSpec                      => log1p::Log1p,
    Impute          impute::ImputeSpec                    => impute::Impute,
    Missing         missing::MissingSpec                  => missing::Missing,
    OneHot          one_hot::OneHotSpec                   => one_hot::OneHot,
    Standardise     standardise::StandardiseSpec          => standardise::Standardise,
    Bin             bin::BinSpec                          => bin::Bin,
    Interaction     interaction::InteractionSpec          => interaction::Interaction,
    GroupSize       group_size::GroupSizeSpec             => group_size::GroupSize,
    CompanionTarget companion_target::CompanionTargetSpec => companion_target::CompanionTarget,
    Frequent        frequent::FrequentSpec                => frequent::Frequent,
    TargetMean      target_mean::TargetMeanSpec           => target_mean::TargetMean,
    DateParts       date_parts::DatePartsSpec             => date_parts::DateParts,
}
