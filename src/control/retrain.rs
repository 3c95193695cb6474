//! One training, from table to registered version, with the decision on its promotion.

use crate::clock::Clock;
use crate::ingest::TooManyBadError;
use crate::ingest::write::{table_as_parquet, write_parquet};
use crate::live::champion::usable;
use crate::model::{Card, Model, ModelError, Spec, Workspace};
use crate::promotion::gate::{self, Gate, Paired, Thresholds};
use crate::promotion::policy::{self, Champion, Promote, Verdict};
use crate::registry::evidence::{Rows, Training};
use crate::registry::tables::TableName;
use crate::registry::{Decision, Evidence, Registry, RegistryError, Version, VersionRef};
use crate::train::{self, Material, Progress, TrainError, Trained};
use crate::trainset::training_set::TrainingSet;

#[derive(Clone, Debug)]
pub struct Order {
    pub request: train::Request,
    /// Promotion mode for the new version.
    pub promote: Promote,
    /// The origin of the order: a command, the name of a token, or a rule.
    pub by: String,
    /// Options of the gate.
    pub gate: gate::Options,
    /// Maximum share of invalid rows, from 0 to 1.
    pub max_bad: f64,
}

/// A champion that was not trained on the store's rows of the training set, and predicts them for the gate.
#[derive(Clone, Copy, Debug)]
pub struct Opponent<'a> {
    pub name: &'a str,
    pub model: &'a Model,
}

/// The result of a training.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub version: Version,
    pub model: Model,
    /// Whether the version is champion now, with the reason.
    pub verdict: Verdict,
    /// The evidence of the decision, as recorded in the ledger.
    pub evidence: Training,
}

/// Why a training produced no new version.
#[derive(Debug, thiserror::Error)]
pub enum RetrainError {
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The share of invalid rows in the table is too large.
    #[error(transparent)]
    TooManyBad(#[from] TooManyBadError),
    /// The training table cannot be stored.
    #[error("the training table cannot be kept: {0}")]
    Table(#[from] crate::ingest::WriteError),
}

/// Trains a model, stores the table and the version, and promotes it if the decision says so. The gate decides if there are
/// rows that the opponent was not trained on; otherwise [`policy::decide`] does.
///
/// Takes seconds to minutes, so it must not run on a serving thread.
///
/// # Errors
/// [`RetrainError`]; if `progress` reported a cancellation, it holds [`TrainError::Stopped`] and nothing is registered.
pub fn run(
    registry: &Registry,
    spec: &Spec,
    training_set: &TrainingSet,
    opponent: Option<Opponent<'_>>,
    order: &Order,
    clock: &dyn Clock,
    progress: &dyn Progress,
) -> Result<Outcome, RetrainError> {
    let loaded = &training_set.loaded;
    loaded.check_bad(order.max_bad)?;
    train::check_untimed(&loaded.table, order.max_bad)?;
    let opponent = opponent.filter(|_| training_set.fresh() > 0);
    let mut name = TableName::default();
    write_parquet(&loaded.table, &mut name)?;
    let material = Material {
        table: &loaded.table,
        read: loaded.read,
        left_out: loaded.left_out,
        name: name.finish(),
        warnings: loaded.warnings.clone(),
    };
    let Trained { model, out_of_fold } = train::train(spec, &material, &order.request, progress)?;
    let gate = opponent.map(|opponent| weigh(training_set, opponent, &model, &out_of_fold, order));
    // Before the version that names it. The bytes are made again: they would lie beside the table during all of the training.
    registry.put_table(&table_as_parquet(&loaded.table)?)?;
    let stored = training_set.stored.as_ref();
    let evidence = Training {
        cv: Some(model.card().cv.document()),
        through: stored.map(|stored| stored.through),
        rows: stored.map(|stored| Rows {
            origin: training_set.origin(),
            ids: stored.digest.clone(),
            unseen: gate.as_ref().map(|_| training_set.fresh()),
        }),
        gate,
    };
    let decided = |reason: String| Decision {
        by: order.by.clone(),
        reason,
        evidence: Evidence::Training(Box::new(evidence.clone())),
    };
    let version = registry.publish(
        &spec.name,
        &model.to_bytes()?,
        decided(model.card().choice.clone()),
        clock.now(),
    )?;
    let verdict = loop {
        let (champion, card) = current(registry)?;
        let name = champion.as_ref().map(ToString::to_string);
        let standing = champion.as_ref().zip(name.as_deref());
        let standing = standing.map(|(champion, version)| Champion {
            name: champion.name(),
            version,
            card: card.as_ref(),
        });
        let (promote, card) = (order.promote, model.card());
        let compared = opponent.map(|opponent| opponent.name);
        let is_champion = name.as_deref() == compared;
        let verdict = match &evidence.gate {
            Some(_) if promote == Promote::Auto && !is_champion => Verdict {
                promote: false,
                reason: "not compared: another became champion meanwhile; train again".into(),
            },
            Some(gate) if promote == Promote::Auto => Verdict {
                promote: gate.verdict == gate::Verdict::Promote,
                reason: gate.reason(),
            },
            _ => policy::decide(promote, card, &spec.name, standing, &spec.evaluation),
        };
        if !verdict.promote {
            break verdict;
        }
        let decision = decided(verdict.reason.clone());
        let (over, now) = (champion.as_ref(), clock.now());
        if registry
            .promote_over(over, &version, decision, usable, now)?
            .is_some()
        {
            break verdict;
        }
        // Another version became champion in the meantime, so the decision is made again.
    };
    Ok(Outcome {
        version,
        model,
        verdict,
        evidence,
    })
}

/// Compares both models on the store's rows that the champion was not trained on.
fn weigh(
    training_set: &TrainingSet,
    champion: Opponent<'_>,
    candidate: &Model,
    out_of_fold: &[Option<f64>],
    order: &Order,
) -> Gate {
    let table = &training_set.loaded.table;
    let mut work = Workspace::default();
    let labels = table.labels();
    let paired = |n: usize| {
        Some(Paired {
            positive: labels[n],
            candidate: out_of_fold[n]?, // a row that was not tested says nothing of the candidate
            champion: champion.model.probability_of(table, n, &mut work),
        })
    };
    let groups = table.groups();
    let unseen = training_set.unseen(groups.as_deref()).into_iter();
    let rows: Vec<Paired> = unseen.filter_map(paired).collect();
    let thresholds = Thresholds {
        champion: champion.model.spec().decision.threshold,
        candidate: candidate.spec().decision.threshold,
    };
    gate::weigh(
        &rows,
        thresholds,
        &candidate.spec().evaluation.floors,
        &order.gate,
    )
}

/// The champion and its card; no card if its file cannot be read.
fn current(registry: &Registry) -> Result<(Option<Version>, Option<Card>), RegistryError> {
    let Some(version) = registry.champion()? else {
        return Ok((None, None));
    };
    let bytes = registry.read(&VersionRef::from(version.clone())).ok();
    let model = bytes.and_then(|bytes| Model::from_bytes(&bytes).ok());
    Ok((Some(version), model.map(|m| m.card().clone())))
}
