//! One training, from table to registered version, with the decision on its promotion.

use crate::clock::Clock;
use crate::control::promotion::{self, Promote, Verdict};
use crate::ingest::Loaded;
use crate::model::{Model, ModelFault, Spec};
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
    let verdict_for = |champion: Option<(&str, &Model)>| {
        let champion = champion.map(|(name, m)| (name, m.card()));
        promotion::decide(order.promote, model.card(), champion, &spec.evaluation)
    };
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
    let champion = current(registry)?;
    let verdict = verdict_for(champion.as_ref().map(|(v, m)| (v.as_str(), m)));
    if verdict.promote {
        let wanted = VersionRef::from(version.clone());
        let usable = |bytes: &[u8]| {
            Model::from_bytes(bytes)
                .map(drop)
                .map_err(|e| e.to_string())
        };
        registry.promote(
            &wanted,
            decided(verdict.reason.clone()),
            usable,
            clock.now(),
        )?;
    }
    Ok(Outcome {
        version,
        model,
        verdict,
    })
}

/// Name and model of the champion; none where there is none or it cannot be read (then anything is better).
fn current(registry: &Registry) -> Result<Option<(String, Model)>, RegistryError> {
    let Some(version) = registry.champion()? else {
        return Ok(None);
    };
    let name = version.to_string();
    let bytes = registry.read(&VersionRef::from(version)).ok();
    Ok(bytes
        .and_then(|bytes| Model::from_bytes(&bytes).ok())
        .map(|model| (name, model)))
}
