//! What most subcommands need: settings, registry, spec, model, and a way to talk on standard error.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;

use super::global::Global;
use super::out::errln;
use crate::clock::System;
use crate::config::{ConfigError, Flag, Settings};
use crate::model::{Model, Spec};
use crate::registry::{Intact, Registry, VersionRef};
use crate::telemetry::logging;

/// The state folder with its settings, as a subcommand finds it.
pub struct Site {
    /// Settings, all layers.
    pub settings: Settings,
    /// The registry of the state folder.
    pub registry: Registry,
    /// Threads for work that can be shared.
    pub threads: usize,
    /// Whether standard output is one JSON document.
    pub json: bool,
    /// Whether to say less.
    pub quiet: bool,
    /// What a server that holds the state is asked with.
    pub token: Option<String>,
    spec: Option<PathBuf>,
}

impl Site {
    /// Loads settings, starts the log, opens the registry.
    pub fn open(global: &Global) -> anyhow::Result<Site> {
        let settings = settings(global)?;
        let verbosity = i8::try_from(global.verbose).unwrap_or(i8::MAX) - i8::from(global.quiet);
        logging::init(settings.log, verbosity, Arc::new(System));
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Site {
            registry: Registry::open(&settings.state)?,
            threads: settings.threads.map_or_else(cores, usize::from),
            settings,
            json: global.json,
            quiet: global.quiet,
            token: global.token.clone(),
            spec: global.spec.clone(),
        })
    }

    /// The spec named by `--spec`, else the champion's, else the bundled one.
    pub fn spec(&self) -> anyhow::Result<Spec> {
        if let Some(path) = &self.spec {
            return read_spec(path);
        }
        let Some(intact) = self.standing()? else {
            return Ok(Spec::bundled());
        };
        for fault in &intact.faults {
            self.warn(format!("{fault}; going by {}", intact.version));
        }
        Ok(intact.model.spec().clone())
    }

    /// The file that `--spec` names.
    pub fn spec_path(&self) -> Option<&Path> {
        self.spec.as_deref()
    }

    /// Whether `--spec` names a spec.
    pub fn names_spec(&self) -> bool {
        self.spec.is_some()
    }

    /// The model whose spec and table a training goes by: the champion, or if it is damaged the newest intact one of the
    /// same name. None where there is no champion yet.
    fn standing(&self) -> anyhow::Result<Option<Intact<Model>>> {
        let Some(champion) = self.registry.champion()? else {
            return Ok(None);
        };
        let hint = "no spec is at hand to train by; name one with --spec";
        let intact = self
            .registry
            .newest_intact(Model::from_bytes)
            .context(hint)?;
        match intact.filter(|i| i.version.name() == champion.name()) {
            None => {
                anyhow::bail!("{champion} is damaged, and no older version of it is left: {hint}")
            }
            intact => Ok(intact),
        }
    }

    /// Whether `--spec` names another spec than that of the champion, by which a running server goes.
    pub fn differs_from_champion(&self) -> anyhow::Result<bool> {
        let Some(path) = &self.spec else {
            return Ok(false);
        };
        let (given, standing) = (read_spec(path)?, self.standing()?);
        Ok(standing.is_none_or(|intact| !intact.model.spec().says_the_same(&given)))
    }

    /// The folder a path in the spec is relative to.
    pub fn spec_folder(&self) -> PathBuf {
        self.spec
            .as_deref()
            .and_then(Path::parent)
            .map_or_else(PathBuf::new, Path::to_owned)
    }

    /// The model whose table a training goes by; none where `--spec` names another spec, or there is no model.
    pub fn own_model(&self) -> anyhow::Result<Option<Intact<Model>>> {
        match self.spec {
            Some(_) => Ok(None),
            None => self.standing(),
        }
    }

    /// Name and model of a version; of the champion where none is named.
    pub fn model(&self, wanted: Option<&str>) -> anyhow::Result<(String, Model)> {
        let version = match wanted {
            Some(wanted) => self.registry.find(&wanted.parse::<VersionRef>()?)?,
            None => self.registry.champion()?.with_context(|| {
                format!(
                    "there is no model under {} yet; make one with train or serve",
                    self.settings.state.display()
                )
            })?,
        };
        let name = version.to_string();
        let bytes = self.registry.read(&VersionRef::from(version))?;
        Ok((
            name.clone(),
            Model::from_bytes(&bytes).with_context(|| name)?,
        ))
    }

    /// Says something on standard error, unless asked to be quiet.
    pub fn say(&self, text: impl AsRef<str>) {
        if !self.quiet {
            errln!("{}", text.as_ref());
        }
    }

    /// Warns on standard error.
    pub fn warn(&self, text: impl AsRef<str>) {
        errln!("warning: {}", text.as_ref());
    }
}

/// Settings of all layers; the command line's own flags last.
pub fn settings(global: &Global) -> anyhow::Result<Settings> {
    Ok(Settings::load(
        global.config.as_deref(),
        environment()?.into_iter(),
        flags(global),
    )?)
}

/// Everything that is wrong with them, also what only `serve` would refuse.
pub fn setting_faults(global: &Global) -> anyhow::Result<Vec<ConfigError>> {
    Ok(Settings::faults(
        global.config.as_deref(),
        environment()?.into_iter(),
        flags(global),
    ))
}

/// The flags that stand for settings.
fn flags(global: &Global) -> Vec<Flag> {
    let flags = [
        (
            "state",
            "--state",
            global.state.as_ref().map(|s| s.display().to_string()),
        ),
        (
            "threads",
            "--threads",
            global.threads.map(|n| n.to_string()),
        ),
    ];
    let given = flags.into_iter().filter_map(|(key, name, value)| {
        value.map(|v| Flag {
            name: name.into(),
            key: key.into(),
            value: v,
        })
    });
    given.collect()
}

/// The variables of the environment; one that is no text concerns us only if it is ours.
fn environment() -> anyhow::Result<Vec<(String, String)>> {
    let ours = |name: &str| name.starts_with("TITANIC_") || name == "PORT";
    let text = |(name, value): (OsString, OsString)| {
        let name = name.into_string().ok()?;
        match value.into_string() {
            Ok(value) => Some(Ok((name, value))),
            Err(_) if ours(&name) => Some(Err(anyhow::anyhow!(
                "the variable {name} is not UTF-8; set it to text"
            ))),
            Err(_) => None,
        }
    };
    std::env::vars_os().filter_map(text).collect()
}

/// Reads and checks a spec file.
pub fn read_spec(path: &Path) -> anyhow::Result<Spec> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    Spec::parse(&text)
        .map_err(|faults| anyhow::anyhow!("{} is not usable:\n{faults}", path.display()))
}
