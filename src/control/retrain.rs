//! One training, from table to registered version, with the decision on its promotion.

use crate::clock::Clock;
use crate::control::promotion::{self, Champion, Promote, Verdict};
use crate::ingest::Loaded;
use crate::model::{Card, Model, ModelFault, Spec};
use crate::registry::{Decision, Registry, RegistryError, Version, VersionRef};
use crate::train::{self, Material, Progress, TrainFault};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Order {
    /// How to train.
    pub request: train::Request,
    /// What becomes of the result.
    pub promote: Promote,
    /// Who asked: a command, a token's name, a rule.
    pub by: String,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The new version.
    pub version: Version,
    /// The model itself.
    pub model: Model,
    /// Whether it is champion now, and why.
    pub verdict: Verdict,
}

/// Why there is no new version.
#[derive(Debug, thiserror::Error)]
pub enum RetrainError {
    /// The training itself.
    #[error(transparent)]
    Train(#[from] TrainFault),
    /// The new model cannot be written.
    #[error(transparent)]
    Model(#[from] ModelFault),
    /// The registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The table cannot be kept.
    #[error("the training table cannot be kept: {0}")]
    Table(#[from] crate::ingest::WriteFault),
}

/// Trains on `loaded`, keeps the table and the version, and promotes it if the decision says so.
///
/// Takes seconds to minutes; never to be called on a thread that serves.
///
/// # Errors
/// [`RetrainError`]; [`TrainFault::Stopped`] when `progress` asked to stop. Nothing is registered then.
pub fn run(
    registry: &Registry,
    spec: &Spec,
    loaded: &Loaded,
    order: &Order,
    clock: &dyn Clock,
    progress: &dyn Progress,
) -> Result<Outcome, RetrainError> {
    let kept = crate::ingest::write::table_as_parquet(&loaded.table)?;
    let material = Material {
        table: &loaded.table,
        read: loaded.read,
        left_out: loaded.left_out,
        name: Registry::table_name(&kept),
    };
    let model = train::train(spec, &material, &order.request, progress)?;
    registry.put_table(&kept)?; // before the version that names it
    let evidence = model.card().cv.to_json();
    let decided = |reason: String| Decision {
        by: order.by.clone(),
        reason,
        evidence: evidence.clone(),
    };
    let version = registry.publish(
        &spec.name,
        &model.to_bytes()?,
        decided(model.card().choice.clone()),
        clock.now(),
    )?;
    let verdict = loop {
        let (champion, card) = current(registry)?;
        let standing = champion.as_ref().map(|version| Champion {
            version,
            card: card.as_ref(),
        });
        let (promote, card) = (order.promote, model.card());
        let verdict = promotion::decide(promote, card, &spec.name, standing, &spec.evaluation);
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
        // Another became champion meanwhile: the question is a new one.
    };
    Ok(Outcome {
        version,
        model,
        verdict,
    })
}

fn usable(bytes: &[u8]) -> Result<(), String> {
    Model::from_bytes(bytes)
        .map(drop)
        .map_err(|e| e.to_string())
}

/// The champion and its card; no card where its file cannot be read.
fn current(registry: &Registry) -> Result<(Option<Version>, Option<Card>), RegistryError> {
    let Some(version) = registry.champion()? else {
        return Ok((None, None));
    };
    let bytes = registry.read(&VersionRef::from(version.clone())).ok();
    let model = bytes.and_then(|bytes| Model::from_bytes(&bytes).ok());
    Ok((Some(version), model.map(|m| m.card().clone())))
}
