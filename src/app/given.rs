//! The model of a predict-only server: a file, the champion of a state, or the newest of some model files.

use std::path::PathBuf;

use anyhow::{Context, bail};

use super::context::Context as Parts;
use crate::follow::Follower;
use crate::live::Champion;
use crate::model::Model;
use crate::registry::{Registry, Version, VersionRef};

/// Folders in which hosting platforms put models: Amazon SageMaker, KServe.
pub const FOLDERS: [&str; 2] = ["/opt/ml/model", "/mnt/models"];

/// Where to find the model.
#[derive(Clone, Debug)]
pub struct Given {
    /// The model file, if one is named.
    pub file: Option<PathBuf>,
    /// The registry of the state folder, whose champion serves if there is one.
    pub registry: Registry,
    /// Folders whose newest model file serves otherwise.
    pub folders: Vec<PathBuf>,
}

/// A model that is ready to serve.
pub struct Found {
    /// The registry of the model, with it as its champion.
    pub registry: Registry,
    pub version: Version,
    pub model: Model,
}

impl Given {
    /// Finds and decodes the model.
    ///
    /// # Errors
    /// There is no model, or none that can be decoded. The message names every place that was looked at.
    pub fn find(&self) -> anyhow::Result<Found> {
        if let Some(path) = &self.file {
            let (folder, version) = Registry::of_file(path).with_context(|| {
                format!(
                    "{} is not named like a model file, so its predictions could not say which version made them; \
                     name it NAME@NUMBER.model, such as titanic@7.model",
                    path.display()
                )
            })?;
            return decoded(Registry::of_folder(&folder)?, version);
        }
        if self.registry.champion()?.is_some() {
            let intact = self.registry.newest_intact(Model::from_bytes)?;
            let intact = intact.context("the champion was removed meanwhile; start again")?;
            for fault in &intact.faults {
                tracing::error!(%fault, serving = %intact.version, "a version cannot be loaded; an older one goes live");
            }
            return Ok(Found {
                registry: self.registry.clone().fixed(intact.version.clone()),
                version: intact.version,
                model: intact.model,
            });
        }
        self.newest()?.with_context(|| {
            let folders = self.folders.iter().map(|folder| folder.display().to_string());
            format!(
                "there is no model to serve: the state has no champion, and no file named like titanic@7.model lies in {}; \
                 name one with --model, or a state with --state",
                folders.collect::<Vec<_>>().join(", ")
            )
        })
    }

    /// The newest model file of the folders that can be decoded; `None` if there is no model file.
    ///
    /// # Errors
    /// There are model files, but none can be decoded.
    pub fn newest(&self) -> anyhow::Result<Option<Found>> {
        let mut files = Vec::new();
        for folder in &self.folders {
            let registry = Registry::of_folder(folder)?;
            let versions = registry.newest_first()?;
            files.extend(
                versions
                    .into_iter()
                    .map(|version| (registry.clone(), version)),
            );
        }
        // Stable: of two files with one number, that of the earlier folder comes first.
        files.sort_by_key(|(_, version)| std::cmp::Reverse(version.number()));
        let mut faults = Vec::new();
        for (registry, version) in files {
            match decoded(registry, version.clone()) {
                Ok(found) => return Ok(Some(found)),
                Err(fault) => {
                    tracing::error!(fault = format!("{fault:#}"), %version, "a model file cannot be served; the next older one is tried");
                    faults.push(format!("{fault:#}"));
                }
            }
        }
        if faults.is_empty() {
            return Ok(None);
        }
        bail!("no model file can be served: {}", faults.join("; "))
    }
}

impl Found {
    /// The model with its measured cost, as it goes live.
    pub fn champion(self) -> (Version, Champion) {
        let champion = Champion::new(&self.registry, &self.version, self.model);
        (self.version, champion)
    }
}

/// Makes the model that a follower kept in an earlier run live, if there is one.
pub async fn kept(context: &Parts, follower: &Follower) {
    let (registry, follower) = (context.registry.clone(), follower.clone());
    let load = move || -> anyhow::Result<()> {
        let Some(version) = registry.champion()? else {
            return Ok(());
        };
        let champion = Champion::read(&registry, &version)?;
        follower.pointer.put_live(version, champion);
        match registry.kept_standing() {
            Ok(Some(standing)) => follower.resume(standing),
            Ok(None) => {} // kept by an earlier release, or of a source without epochs
            Err(error) => {
                tracing::error!(%error, "follower: a source that went back since the last run is not noticed");
            }
        }
        Ok(())
    };
    let loaded = tokio::task::spawn_blocking(load).await;
    if let Err(error) = loaded.map_err(anyhow::Error::from).flatten() {
        tracing::error!(
            error = format!("{error:#}"),
            "follower: the model of the last run cannot be served"
        );
    }
}

fn decoded(registry: Registry, version: Version) -> anyhow::Result<Found> {
    let (version, model) = registry.decode(&VersionRef::from(version), Model::from_bytes)?;
    Ok(Found {
        registry: registry.fixed(version.clone()),
        version,
        model,
    })
}
