//! Settings: the available keys, and the source of each value.
//!
//! `config.yaml` at the top of the repository contains every setting with its default and a comment. It is compiled in as
//! the lowest layer; above it are the file of `--config`, the `TITANIC_…` variables and the flags (`layers.rs`). An
//! unknown key in any layer is an error with a suggestion. After [`Settings::load`] nothing is validated again.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::alert::settings;
use crate::control;
use crate::ingest::source::address::masked;
use crate::promotion::{gate, probation, shadow};
use crate::pulls::schedule;
use crate::serve::{hidden, options};
use crate::store;
use crate::telemetry::logging;

mod error;
mod fault;
mod layers;
mod node;
mod repair;
mod typed;
mod yaml;

pub use error::ConfigError;
pub use layers::{Flag, PORTS};
pub use node::{Origin, Place};

use layers::Layers;
use node::{Node, Value, join};

/// The default settings with their comments.
pub const BUILT_IN: &str = include_str!("../../config.yaml");

/// All settings; each section has the type of the module that uses it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The folder of all persistent state.
    pub state: PathBuf,
    /// Number of threads for training and batches; null means one per core.
    pub threads: Option<std::num::NonZeroUsize>,
    pub log: logging::Options,
    pub server: options::Options,
    /// Event feed of subscribers.
    pub feed: store::options::Feed,
    pub train: control::options::Train,
    /// Training by the server.
    pub retrain: control::options::Retrain,
    /// Labels that arrive after their predictions.
    pub labels: store::options::Labels,
    /// Requirements for a candidate at a single comparison.
    pub gate: gate::Options,
    /// Requirements for a candidate on live traffic.
    pub shadow: shadow::Options,
    /// Requirements for a new champion during its probation.
    pub probation: probation::Options,
    /// Settings of the monitor.
    pub monitor: crate::monitor::options::Options,
    pub store: store::options::Store,
    /// Following another server.
    pub follow: crate::follow::options::Options,
    /// Publishing of champions.
    pub publish: crate::publish::options::Options,
    /// Scheduled backups.
    pub backup: crate::backup::options::Options,
    /// Sources that the server reads on a schedule.
    pub sources: schedule::Sources,
    pub alerts: settings::Alerts,
    #[serde(skip)]
    tree: Node,
}

/// One setting, for `config show`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Leaf {
    pub key: String,
    /// The value as text; `***` for a secret, also inside a URL.
    pub value: String,
    /// Source of the value.
    #[serde(serialize_with = "origin_text")]
    pub origin: Origin,
}

fn origin_text<S: serde::Serializer>(origin: &Origin, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(origin)
}

impl Settings {
    /// Merges the layers and reads the result. The environment is a parameter, so that tests can supply their own.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        flags: impl IntoIterator<Item = Flag>,
    ) -> Result<Settings, ConfigError> {
        match Settings::read(file, environment, flags)? {
            (Some(settings), faults) if faults.is_empty() => Ok(settings),
            (_, faults) => Err(ConfigError::of(faults)),
        }
    }

    /// Every error in the settings, including those that only `serve` would reject: a missing secret, a channel that cannot
    /// be opened, an address that other machines can reach without authentication.
    pub fn faults(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        flags: impl IntoIterator<Item = Flag>,
    ) -> Vec<ConfigError> {
        match Settings::read(file, environment, flags) {
            Err(fault) => vec![fault],
            Ok((settings, mut faults)) => {
                let more = settings.map_or_else(Vec::new, |settings| settings.start_faults());
                faults.extend(more);
                faults
            }
        }
    }

    /// Reads the settings and collects all errors; a value with an error is replaced by its default.
    fn read(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        flags: impl IntoIterator<Item = Flag>,
    ) -> Result<(Option<Settings>, Vec<ConfigError>), ConfigError> {
        let environment: Vec<(String, String)> = environment.collect();
        let mut layers = Layers::over(yaml::read(BUILT_IN, &Origin::BuiltIn)?);
        layers.platform(&environment);
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
                path: path.into(),
                source,
            })?;
            layers.file(yaml::read(&text, &Origin::File(path.into()))?);
        }
        layers.environment(environment);
        layers.flags(flags.into_iter());
        layers.host();
        let Layers {
            known,
            mut tree,
            mut faults,
        } = layers;
        let settings = loop {
            match typed::read::<Settings>(&tree) {
                Ok(settings) => break Some(settings),
                Err(fault) => {
                    let repaired = fault
                        .key()
                        .is_some_and(|key| repair::reset(&mut tree, &known, key));
                    faults.push(fault);
                    if !repaired {
                        break None;
                    }
                }
            }
        };
        let settings = settings.map(|settings| Settings { tree, ..settings });
        // Errors about alerts that follow from a repaired value are not reported: a rule may name a
        // channel that was just dropped.
        let is_incomplete = faults
            .iter()
            .any(|fault| fault.key().is_some_and(|key| key.starts_with("alerts.")));
        let more = settings.iter().flat_map(Settings::check);
        let believed = more.filter(|fault| {
            !is_incomplete || !fault.key().is_some_and(|key| key.starts_with("alerts."))
        });
        faults.extend(believed.collect::<Vec<_>>());
        Ok((settings, faults))
    }

    /// Errors that prevent `serve` from starting with settings that are valid otherwise.
    pub fn start_faults(&self) -> Vec<ConfigError> {
        let server = &self.server;
        let exposed = options::check_exposure(&server.listen, server.auth.as_ref()).err();
        let secrets = server.secret_faults(|name| std::env::var(name).ok());
        let channels = self.alerts.open_faults();
        let exposed = exposed.into_iter().map(ConfigError::from);
        exposed
            .chain(secrets.into_iter().map(ConfigError::from))
            .chain(channels.into_iter().map(ConfigError::from))
            .collect()
    }

    pub fn built_in() -> Settings {
        Settings::load(None, std::iter::empty(), []).expect("a test loads the built-in settings")
    }

    /// Records that a flag of one command has set a value, which [`Settings::leaves`] then show with their origin.
    pub fn record(&mut self, flag: Flag) {
        if let Ok(word) = yaml::word(&flag.value, Origin::Flag(flag.name))
            && let Some(node) = self.tree.get_mut(&flag.key)
        {
            *node = word;
        }
    }

    /// Source of the value of a key; `None` if there is no such key.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.tree.get(key).map(|node| &node.place.origin)
    }

    /// Every setting with its current value, in the order of `config.yaml`.
    pub fn leaves(&self) -> impl Iterator<Item = Leaf> {
        let mut leaves = Vec::new();
        collect(&self.tree, "", &mut leaves);
        leaves.into_iter()
    }

    /// The settings as JSON, with their origins and without secrets, for a backup.
    pub fn document(&self) -> String {
        let leaves: Vec<Leaf> = self.leaves().collect();
        serde_json::to_string_pretty(&leaves).expect("settings are text, which JSON can hold")
    }

    /// Checks that the types cannot express.
    fn check(&self) -> Vec<ConfigError> {
        let folds = [("retrain.folds", self.retrain.folds)];
        let folds = folds
            .into_iter()
            .filter_map(|(key, folds)| Some((key.into(), control::options::fold_fault(folds)?)));
        let server = self
            .server
            .faults()
            .into_iter()
            .chain(hidden::fault(&self.server))
            .map(|(key, problem)| (join("server", key), problem));
        let monitor = self
            .monitor
            .faults()
            .into_iter()
            .map(|(key, problem)| (join("monitor", key), problem));
        let backup = self
            .backup
            .faults()
            .into_iter()
            .map(|(key, problem)| (join("backup", key), problem));
        let publish = self
            .publish
            .faults()
            .into_iter()
            .map(|(key, problem)| (join("publish", key), problem));
        let sources = schedule::faults(&self.sources)
            .into_iter()
            .map(|(key, problem)| (join("sources", &key), problem));
        let alerts = self
            .alerts
            .faults()
            .into_iter()
            .map(|(key, problem)| (join("alerts", &key), problem));
        let all = folds
            .chain(server)
            .chain(monitor)
            .chain(backup)
            .chain(publish)
            .chain(sources)
            .chain(alerts);
        all.map(|(key, problem)| {
            let place = self.tree.get(&key).map(|node| node.place.clone());
            ConfigError::Invalid {
                place: place.unwrap_or_default(),
                key,
                problem,
            }
        })
        .collect()
    }
}

fn collect(node: &Node, key: &str, leaves: &mut Vec<Leaf>) {
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            entries
                .iter()
                .for_each(|(name, node)| collect(node, &join(key, &name.name), leaves));
        }
        Value::List(items) if items.iter().any(|item| matches!(item.value, Value::Map(_))) => {
            items
                .iter()
                .enumerate()
                .for_each(|(at, node)| collect(node, &join(key, &at.to_string()), leaves));
        }
        Value::Null => leaves.push(leaf(key, "null".into(), node)),
        _ if fault::is_secret(key) => leaves.push(leaf(key, "***".into(), node)),
        value => leaves.push(leaf(key, value.to_string(), node)),
    }
}

fn leaf(key: &str, value: String, node: &Node) -> Leaf {
    Leaf {
        key: key.into(),
        value: masked(&value),
        origin: node.place.origin.clone(),
    }
}

#[cfg(test)]
mod tests;
