//! CLI context: settings, registry, spec, model and messages on standard error, which most subcommands need.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;

use super::global::Global;
use super::out::errln;
use crate::backup;
use crate::clock::System;
use crate::config::{ConfigError, Flag, PORTS, Settings};
use crate::model::{Model, Spec};
use crate::registry::{Intact, Registry, VersionRef};
use crate::telemetry::logging;

/// The CLI context: the state folder with its settings.
pub struct Site {
    /// Settings, merged from all layers.
    pub settings: Settings,
    pub registry: Registry,
    /// Number of threads for parallel work.
    pub threads: usize,
    /// Whether standard output is one JSON document.
    pub json: bool,
    /// Whether `--quiet` was given.
    pub quiet: bool,
    /// Token for requests to a server that holds the state.
    pub token: Option<String>,
    spec: Option<PathBuf>,
}

impl Site {
    /// Loads settings, initializes the log and opens the registry.
    pub fn open(global: &Global) -> anyhow::Result<Site> {
        let settings = settings(global)?;
        let verbosity = i8::try_from(global.verbose).unwrap_or(i8::MAX) - i8::from(global.quiet);
        logging::init(settings.log, verbosity, Arc::new(System));
        backup::finish(&settings.state)?; // a restore that was interrupted after its last check
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

    pub fn spec_path(&self) -> Option<&Path> {
        self.spec.as_deref()
    }

    pub fn names_spec(&self) -> bool {
        self.spec.is_some()
    }

    /// The model whose spec and table a training uses: the champion, or the newest intact version of the same name if the
    /// champion is damaged. `None` if there is no champion yet.
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

    /// Whether `--spec` names a spec other than the champion's, which a running server uses.
    pub fn differs_from_champion(&self) -> anyhow::Result<bool> {
        let Some(path) = &self.spec else {
            return Ok(false);
        };
        let (given, standing) = (read_spec(path)?, self.standing()?);
        Ok(standing.is_none_or(|intact| !intact.model.spec().says_the_same(&given)))
    }

    /// The folder to which paths in the spec are relative.
    pub fn spec_folder(&self) -> PathBuf {
        self.spec
            .as_deref()
            .and_then(Path::parent)
            .map_or_else(PathBuf::new, Path::to_owned)
    }

    /// The model whose table a training uses; `None` if `--spec` is given or there is no model.
    pub fn own_model(&self) -> anyhow::Result<Option<Intact<Model>>> {
        match self.spec {
            Some(_) => Ok(None),
            None => self.standing(),
        }
    }

    /// Name and model of a version; by default of the champion.
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

    /// Prints a message to standard error, unless `--quiet` was given.
    pub fn say(&self, text: impl AsRef<str>) {
        if !self.quiet {
            errln!("{}", text.as_ref());
        }
    }

    /// Prints a warning to standard error.
    pub fn warn(&self, text: impl AsRef<str>) {
        errln!("warning: {}", text.as_ref());
    }
}

/// Loads the settings of all layers; flags of the command line take precedence.
pub fn settings(global: &Global) -> anyhow::Result<Settings> {
    Ok(Settings::load(
        global.config.as_deref(),
        environment()?.into_iter(),
        flags(global),
    )?)
}

/// All errors in the settings, including those that only `serve` would reject.
pub fn setting_faults(global: &Global) -> anyhow::Result<Vec<ConfigError>> {
    Ok(Settings::faults(
        global.config.as_deref(),
        environment()?.into_iter(),
        flags(global),
    ))
}

/// Flags that override settings.
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

/// The environment variables; one that is not valid UTF-8 is an error only if its name is one of ours.
fn environment() -> anyhow::Result<Vec<(String, String)>> {
    let ours = |name: &str| name.starts_with("TITANIC_") || PORTS.contains(&name);
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
