//! The model a server starts with: the champion, an older version if the champion is damaged, or one that is trained now.

use std::path::PathBuf;

use anyhow::{Context, bail};

use super::given::Given;
use super::subsystems::cores;
use crate::config::Settings;
use crate::control::retrain::{self, Order};
use crate::live::Champion;
use crate::live::champion::usable;
use crate::live::pointer::Follower;
use crate::model::{Model, Spec};
use crate::promotion::policy::Promote;
use crate::registry::evidence::Training;
use crate::registry::{Decision, Evidence, Registry, Version};
use crate::train::work::Limits;
use crate::train::{Request, Unwatched};
use crate::trainset::table;

/// What to train a first model from, if there is none.
#[derive(Clone, Debug)]
pub struct First {
    pub spec: Spec,
    /// The folder to which paths in the spec are relative.
    pub folder: PathBuf,
    /// Where a model may lie that others trained; it is taken in place of training a first one.
    pub given: Option<Given>,
}

impl First {
    pub fn bundled() -> First {
        First {
            spec: Spec::bundled(),
            folder: PathBuf::new(),
            given: None,
        }
    }

    /// Loads the model to start with and makes it live.
    ///
    /// # Errors
    /// There are versions, but none can be served. The server then does not train a replacement silently.
    pub(super) async fn load(self, follower: &Follower, settings: &Settings) -> anyhow::Result<()> {
        let (follower, settings) = (follower.clone(), settings.clone());
        let loaded = tokio::task::spawn_blocking(move || {
            let registry = &follower.registry;
            let (version, model) = match intact(registry)? {
                Some(found) => found,
                None => match self.take(&follower)? {
                    Some(taken) => taken,
                    None => self.train(&follower, &settings)?,
                },
            };
            let champion = Champion::new(registry, &version, model);
            follower.put_live(version, champion);
            Ok(())
        });
        loaded.await?
    }

    /// Publishes and promotes the newest model file of the folders, if there is one.
    fn take(&self, follower: &Follower) -> anyhow::Result<Option<(Version, Model)>> {
        let found = self.given.as_ref().map(Given::newest).transpose()?;
        let Some(found) = found.flatten() else {
            return Ok(None);
        };
        let bytes = found.registry.read(&found.version.clone().into())?;
        let because = || Decision {
            by: "serve".into(),
            reason: format!(
                "taken from the file of {}, which others trained",
                found.version
            ),
            evidence: Evidence::Training(Box::new(Training {
                cv: Some(found.model.card().cv.document()),
                through: None, // no event of this store
                rows: None,
                gate: None,
            })),
        };
        let (registry, clock) = (&follower.registry, &follower.clock);
        let name = found.version.name();
        let version = registry.publish(name, &bytes, because(), clock.now())?;
        registry.promote(&version.clone().into(), because(), usable, clock.now())?;
        tracing::info!(file = %found.version, model = %version, "no model yet; one was found and taken");
        Ok(Some((version, found.model)))
    }

    fn train(&self, follower: &Follower, settings: &Settings) -> anyhow::Result<(Version, Model)> {
        let loaded = table::of_spec(&self.spec, &self.folder)
            .context("there is no model yet, and none can be trained")?;
        let (folds, repeats) = (
            settings.retrain.folds as usize,
            settings.retrain.repeats.get() as usize,
        );
        tracing::info!(
            spec = self.spec.name,
            rows = loaded.table.len(),
            left_out = loaded.left_out,
            folds,
            repeats,
            "no model yet; training a first one"
        );
        let begun = std::time::Instant::now();
        let threads = settings.threads.map_or_else(cores, usize::from);
        let request = Request {
            learner: None,
            folds,
            repeats,
            seed: settings.train.seed,
            threads,
            limits: Limits::default(),
        };
        let order = Order {
            request,
            promote: Promote::Auto,
            by: "serve".into(),
            gate: settings.gate,
            max_bad: crate::ingest::MAX_BAD,
        };
        let outcome = retrain::run(
            &follower.registry,
            &self.spec,
            &loaded.into(),
            None,
            &order,
            &*follower.clock,
            &Unwatched,
        )?;
        let took = begun.elapsed();
        follower
            .metrics
            .titanic_training_duration_seconds
            .record(took.as_secs_f64());
        let seconds = took.as_secs_f64();
        tracing::info!(model = %outcome.version, choice = outcome.model.card().choice, seconds, "first model trained");
        Ok((outcome.version, outcome.model))
    }
}

/// The champion, or the newest intact older version; `None` in an empty state folder.
fn intact(registry: &Registry) -> anyhow::Result<Option<(Version, Model)>> {
    let Some(intact) = registry.newest_intact(Model::from_bytes)? else {
        if let Some(newest) = registry.versions()?.last() {
            bail!(
                "there are versions, but no champion: name one with `models promote {}`",
                newest.version.number()
            );
        }
        return Ok(None);
    };
    for fault in &intact.faults {
        tracing::error!(%fault, serving = %intact.version, "a version cannot be loaded; an older one goes live");
    }
    Ok(Some((intact.version, intact.model)))
}
