//! From a table to a model: learners, splits, cross-validation, calibration and the choice of a learner.
//!
//! Every learner is cross-validated with all fitting inside the fold. The simplest that is as good as the best by the spec's primary metric is fitted on
//! all rows and converted into a [`crate::kernel::Kernel`]; only the kernel is stored. Everything random comes from the seed,
//! and results are combined in a fixed order: the same table, spec and seed give the same bytes on any number of threads.
//!
//! Adding a learner takes one file under `learners` and one line in [`LEARNERS`].
//!
//! Architecture invariant: this module uses neither HTTP nor a clock; smartcore is used under `learners` alone.

mod arranged;
pub mod calibrate;
mod checks;
mod choose;
pub mod cross_validate;
mod error;
mod evaluation;
mod fast;
pub mod fit;
mod fit_error;
mod greedy;
pub mod learner;
pub mod learners;
pub mod profile;
mod progress;
pub mod splits;
mod trees;
pub mod work;

use crate::features::Fitted;
use crate::features::training::FitWarning;
use crate::model::card::{Candidate, Card, Work};
use crate::model::{Model, Parts, Spec};
use crate::schema::fault::Problem;
use crate::schema::{ColumnWarning, Table, WarningSummary};

pub use arranged::check_untimed;
pub use cross_validate::{Arrangement, Plan};
pub use error::TrainError;
pub use learner::{Learner, Sample};
pub use learners::LEARNERS;
pub use progress::{Progress, Unwatched};

use arranged::{arrangement, check_times, groups, untimed};
use cross_validate::Validation;
use fast::{Fast, fast};
use work::{Effort, Limits};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Name of the learner; `None` tries all learners and chooses the best.
    pub learner: Option<String>,
    pub folds: usize,
    /// Repeats of the cross-validation, at least 1.
    pub repeats: usize,
    /// Seed of every random choice.
    pub seed: u64,
    /// Number of worker threads, at least 1; the result does not depend on it.
    pub threads: usize,
    pub limits: Limits,
}

/// Folds and repeats if neither the caller nor the spec sets them; more rows need fewer, since their metrics vary less.
pub fn usual(rows: usize) -> (usize, usize) {
    match rows {
        0..=2_000 => (10, 5),
        2_001..=20_000 => (5, 1),
        _ => (3, 1),
    }
}

/// The input of a training.
#[derive(Clone, Debug)]
pub struct Material<'a> {
    pub table: &'a Table,
    /// Rows read, valid or not.
    pub read: usize,
    /// Rows left out because they violated the table contract.
    pub left_out: usize,
    /// Name under which the table is recorded.
    pub name: String,
    /// Warnings collected while the table was read.
    pub warnings: WarningSummary,
}

/// A trained model and its predictions for rows it was not fitted on.
#[derive(Clone, Debug)]
pub struct Trained {
    pub model: Model,
    /// For every row of the table, the calibrated out-of-fold probability of the first repeat, from a model fitted without
    /// that row; `None` for a row that was not tested.
    pub out_of_fold: Vec<Option<f64>>,
}

/// Cross-validates the learners, chooses one and fits it on all rows, as far as the limits of the request allow.
pub fn train(
    spec: &Spec,
    material: &Material<'_>,
    request: &Request,
    progress: &dyn Progress,
) -> Result<Trained, TrainError> {
    let labels = material.table.labels();
    let learners = wanted(request, labels.len())?;
    check(spec, material, &labels, request)?;
    let features = width(spec, material.table, &labels);
    let Fast { learners, bases } = fast(learners, &request.limits, labels.len(), features)?;
    let mut effort = Effort {
        folds: request.folds,
        repeats: request.repeats,
        rows: labels.len(),
        bases,
        features,
    };
    let left_out = effort.reduce(&request.limits);
    let mut training = Training {
        spec,
        request,
        learners,
        work: Work {
            units: effort.units(),
            budget: request.limits.budget,
            max_latency: request.limits.latency,
            left_out,
        },
        effort,
        progress,
    };
    progress.plan(&training.work);
    if training.effort.rows == labels.len() {
        return training.run(material);
    }
    let arrangement = arrangement(material.table);
    let rows = arrangement.sample(&labels, training.effort.rows, request.seed);
    // Of rows in groups there may be a few more or fewer, with which a learner may have another setting.
    let Fast { learners, bases } = fast(training.learners, &request.limits, rows.len(), features)?;
    training.learners = learners;
    let is_fast = |base: &&dyn Learner| bases.iter().any(|other| other.name() == base.name());
    training.effort.bases.retain(is_fast);
    if training.effort.bases.is_empty() {
        training.effort.bases = bases;
    }
    let table = material.table.select(&rows);
    let trained = training.run(&Material {
        table: &table,
        ..material.clone()
    })?;
    let mut out_of_fold = vec![None; labels.len()];
    for (row, score) in rows.iter().zip(&trained.out_of_fold) {
        out_of_fold[*row] = *score;
    }
    Ok(Trained {
        out_of_fold,
        ..trained
    })
}

/// Number of features of a row, for which the recipe is fitted on some rows of the table.
fn width(spec: &Spec, table: &Table, labels: &[bool]) -> usize {
    const ENOUGH: usize = 5_000;
    let some: Vec<usize> = (0..labels.len())
        .step_by(labels.len().div_ceil(ENOUGH))
        .collect();
    let y: Vec<bool> = some.iter().map(|row| labels[*row]).collect();
    match spec.recipe.fit(table, &some, &y) {
        Ok(fitted) => fitted.recipe.width(),
        Err(_) => spec.schema.columns().len(), // the fit on all rows says what is wrong
    }
}

/// A training within its limits.
struct Training<'a> {
    spec: &'a Spec,
    request: &'a Request,
    /// Learners to choose from, blends among them.
    learners: Vec<&'static dyn Learner>,
    effort: Effort,
    work: Work,
    progress: &'a dyn Progress,
}

impl Training<'_> {
    /// The time that the work after the cross-validation takes, in folds of it: the folds without features of other rows, and the
    /// fits on all rows. It assumes that all learners are chosen, since the choice is not known before.
    fn after(&self, once: &Plan, threads: usize, without: bool) -> f64 {
        let folds = if without {
            once.len().div_ceil(threads)
        } else {
            0
        };
        folds as f64 + self.effort.final_fits(threads)
    }

    fn run(&self, material: &Material<'_>) -> Result<Trained, TrainError> {
        let Training {
            spec,
            request,
            learners,
            effort,
            progress,
            ..
        } = self;
        let (spec, request, progress) = (*spec, *request, *progress);
        let labels = material.table.labels();
        let arrangement = arrangement(material.table);
        if let Arrangement::Time(times) = &arrangement {
            check_times(times, effort.folds)?;
        }
        let plan =
            |repeats| Plan::arranged(&arrangement, &labels, effort.folds, repeats, request.seed);
        let once = plan(1);
        let plan = plan(effort.repeats);
        let without = spec.recipe.can_do_without_target(&spec.schema);
        let bases = &effort.bases;
        progress.begin(plan.len() * bases.len() + if without { once.len() } else { 0 } + 1);

        let validation = Validation {
            spec,
            table: material.table,
            labels: &labels,
            groups: groups(&arrangement),
            threads: request.threads,
            after: self.after(&once, request.threads, without),
            progress,
        };
        let cross_validate::Validated { scores, permuted } =
            validation.run(&plan, bases, cross_validate::Features::All)?;
        let out_of_fold = choose::OutOfFold {
            plan: &plan,
            labels: &labels,
            scores: &scores,
            threshold: spec.decision.threshold,
        };
        let latency = |members: &[usize]| {
            let of = |member: &usize| bases[*member].latency(labels.len(), effort.features);
            members.iter().map(of).sum::<u64>()
        };
        let is_fast = |members: &[usize]| {
            let limit = request.limits.latency;
            limit.is_none_or(|limit| latency(members) <= limit)
        };
        let mut tried = out_of_fold.candidates(learners, bases, &is_fast);
        let best = choose::best(&tried, spec.evaluation.metric, &plan, labels.len());
        let chosen = &tried[best];
        let members: Vec<&'static dyn Learner> = chosen.members.iter().map(|m| bases[*m]).collect();
        let without_companions = if without {
            let alone = validation.run(&once, &members, cross_validate::Features::WithoutTarget)?;
            let alone = choose::OutOfFold {
                plan: &once,
                scores: &alone.scores,
                ..out_of_fold
            };
            let all = (0..members.len()).collect();
            Some(alone.measure(chosen.learner, all).figures)
        } else {
            None
        };

        // Of many rows, the scores of the others would lie beside the features during the last fit.
        drop(scores);
        let losers = tried.iter_mut().enumerate().filter(|(at, _)| *at != best);
        losers.for_each(|(_, loser)| loser.scores = Vec::new());
        let chosen = &tried[best];

        let all: Vec<usize> = (0..labels.len()).collect();
        let Fitted {
            recipe,
            matrix,
            warnings,
        } = spec
            .recipe
            .fit(material.table, &all, &labels)
            .map_err(TrainError::Recipe)?;
        let orders = recipe.features().iter().map(|feature| feature.monotone);
        let sample = Sample::new(&matrix, recipe.width(), &labels, request.seed)
            .in_order(orders)
            .grouped(groups(&arrangement).map(<[_]>::to_vec));
        let kernel = match chosen.learner.is_blend() {
            true => fit::mean(&members, &sample, request.threads, progress)?,
            false => fit::fit(chosen.learner, &sample, progress)?,
        };
        let calibration = chosen.calibration.clone();
        let profile = profile::of(material.table, chosen.scores.iter().flatten().copied());
        let mut odd = material.warnings.clone();
        if let Some((column, rows)) = untimed(material.table).filter(|(_, rows)| *rows > 0) {
            let detail = format!("{rows} rows have no readable time and count as the oldest");
            odd.say(column, Problem::Missing, rows as u64, detail);
        }
        fitted_warnings(&warnings, &mut odd);
        checks::table(
            material.table,
            &labels,
            &recipe,
            &|| progress.stopped(),
            &mut odd,
        );
        let target = &spec.schema.target().column;
        checks::decisions(
            target,
            &labels,
            &chosen.scores,
            spec.decision.threshold,
            &mut odd,
        );
        let card = Card {
            learner: chosen.learner.name().into(),
            choice: choose::reason(&tried, best, spec.evaluation.metric),
            calibration: calibrate::word(&calibration).into(),
            seed: request.seed,
            rows: labels.len(),
            positives: labels.iter().filter(|l| **l).count(),
            left_out: material.left_out,
            table: material.name.clone(),
            cv: chosen.figures.clone(),
            without_companions,
            candidates: tried
                .iter()
                .map(|c| Candidate {
                    learner: c.learner.name().into(),
                    calibration: calibrate::word(&c.calibration).into(),
                    cv: c.figures.clone(),
                })
                .collect(),
            warnings: warnings.iter().map(ToString::to_string).collect(),
            table_warnings: odd.to_list(),
            evaluation: None,
            work: Some(self.work.clone()),
        };
        let model = Model::new(Parts {
            spec: spec.clone(),
            recipe,
            kernel,
            calibration,
            profile,
            card,
        })?
        .with_base_of(material.table, &|| progress.stopped());
        if progress.stopped() {
            return Err(TrainError::Stopped);
        }
        let of_members = chosen.members.iter().map(|m| &permuted[*m]);
        let permuted = cross_validate::blend_permuted(&of_members.collect::<Vec<_>>());
        let evaluation = evaluation::of(
            &evaluation::Validated {
                table: material.table,
                labels: &labels,
                plan: &plan,
                scores: &chosen.scores,
                folds: chosen.folds.clone(),
                permuted: &permuted,
                calibration: &chosen.calibration,
                seed: request.seed,
            },
            &model,
        );
        let model = model.with_evaluation(evaluation);
        progress.advance("fitted on all rows");
        if progress.stopped() {
            Err(TrainError::Stopped)
        } else {
            progress.fitted();
            let out_of_fold = chosen.scores.clone();
            Ok(Trained { model, out_of_fold })
        }
    }
}

/// Adds the warnings of the recipe's fit, except for columns already reported as missing.
fn fitted_warnings(said: &[FitWarning], odd: &mut WarningSummary) {
    for FitWarning { name, detail } in said {
        let is_there = |w: &ColumnWarning| w.column != *name || w.problem != Problem::MissingColumn;
        if odd.entries().all(is_there) {
            odd.say(name, Problem::AllMissing, 0, detail.clone());
        }
    }
}

fn wanted(request: &Request, rows: usize) -> Result<Vec<&'static dyn Learner>, TrainError> {
    match request.learner.as_deref() {
        None | Some("auto") => {
            let tried = LEARNERS.iter().copied();
            Ok(tried
                .filter(|learner| rows >= learner.least_rows())
                .collect())
        }
        Some(name) => match learners::named(name) {
            Some(learner) => Ok(vec![learner]),
            None => Err(TrainError::UnknownLearner { name: name.into() }),
        },
    }
}

fn check(
    spec: &Spec,
    material: &Material<'_>,
    labels: &[bool],
    request: &Request,
) -> Result<(), TrainError> {
    const LEAST: usize = 2; // one to learn from, one to be tested on
    const MOST_REPEATS: usize = 10_000; // far beyond what any question needs; the folds of all are kept in memory
    let rows = labels.len();
    if request.folds < 2 || request.repeats < 1 || request.threads < 1 {
        return Err(TrainError::Request(
            "at least 2 folds, 1 repeat and 1 thread are needed".into(),
        ));
    }
    if request.repeats > MOST_REPEATS {
        return Err(TrainError::Request(format!(
            "{} repeats are too many; {MOST_REPEATS} are the most",
            request.repeats
        )));
    }
    if rows == 0 {
        return Err(TrainError::NoRows {
            read: material.read,
            left_out: material.left_out,
        });
    }
    let positives = labels.iter().filter(|l| **l).count();
    let rarer = positives.min(rows - positives);
    if rarer < LEAST {
        let label = spec.schema.target().label(positives == rarer).to_string();
        return Err(TrainError::OneClass {
            column: spec.schema.target().column.clone(),
            label,
            rows: rarer,
            all: rows,
            needed: LEAST,
        });
    }
    if rows < request.folds {
        return Err(TrainError::FewerRowsThanFolds {
            rows,
            folds: request.folds,
        });
    }
    Ok(())
}
