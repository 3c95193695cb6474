//! Settings: what can be set, where each value came from.
//!
//! `config.yaml` at the top of the repository holds every setting with its default and a comment. It is compiled in as the
//! lowest layer; over it lie the file of `--config`, `PORT`, the `TITANIC_…` variables and the flags (`layers.rs`).
//! A key that is not in it is a fault with a suggestion, from wherever it came. Past [`Settings::load`] nothing validates
//! again.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::alert::settings;
use crate::control;
use crate::ingest::source::address::masked;
use crate::promotion::{gate, probation, shadow};
use crate::pulls::schedule;
use crate::serve::options;
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
pub use layers::Flag;
pub use node::{Origin, Place};

use layers::Layers;
use node::{Node, Value, join};

/// The settings with their comments, as shipped.
pub const BUILT_IN: &str = include_str!("../../config.yaml");

/// All settings, each in the type of the room it belongs to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The folder of everything that outlives the process.
    pub state: PathBuf,
    /// Threads for training and batches; null is one a core.
    pub threads: Option<std::num::NonZeroUsize>,
    pub log: logging::Options,
    pub server: options::Options,
    /// The events of subscribers.
    pub feed: store::options::Feed,
    pub train: control::options::Train,
    /// Training by the server.
    pub retrain: control::options::Retrain,
    /// Truths that come late.
    pub labels: store::options::Labels,
    /// What a candidate has to show at one look.
    pub gate: gate::Options,
    /// What a candidate has to show on live traffic.
    pub shadow: shadow::Options,
    /// What a new champion is held against.
    pub watch: probation::Options,
    /// What is looked at, and how.
    pub monitor: crate::monitor::options::Options,
    pub store: store::options::Store,
    /// Sources that the server pulls.
    pub sources: schedule::Sources,
    pub alerts: settings::Alerts,
    #[serde(skip)]
    tree: Node,
}

/// One setting, for `config show`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Leaf {
    pub key: String,
    /// Its value as text; `***` for a secret, also within an address.
    pub value: String,
    /// Where it came from.
    #[serde(serialize_with = "origin_text")]
    pub origin: Origin,
}

fn origin_text<S: serde::Serializer>(origin: &Origin, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(origin)
}

impl Settings {
    /// Lays the layers over each other and reads them. The environment is handed in, so that tests have their own.
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

    /// Everything that is wrong with the settings, also what only `serve` would refuse: a secret that is not where it
    /// should be, a channel that cannot be opened, an address that others can reach and nobody guards.
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

    /// What is valid, with every fault of the rest: where there are faults, defaults stand in for what they are about.
    fn read(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        flags: impl IntoIterator<Item = Flag>,
    ) -> Result<(Option<Settings>, Vec<ConfigError>), ConfigError> {
        let mut layers = Layers::over(yaml::read(BUILT_IN, &Origin::BuiltIn)?);
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
                path: path.into(),
                source,
            })?;
            layers.file(yaml::read(&text, &Origin::File(path.into()))?);
        }
        layers.environment(environment);
        layers.flags(flags.into_iter());
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
        // A rule may name a channel that has just been set aside.
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

    /// What `serve` would refuse of settings that are valid in themselves.
    pub fn start_faults(&self) -> Vec<ConfigError> {
        let server = &self.server;
        let exposed = options::check_exposure(server.listen, server.auth.as_ref()).err();
        let secrets = server.secret_faults(|name| std::env::var(name).ok());
        let channels = self.alerts.open_faults();
        let exposed = exposed.into_iter().map(ConfigError::from);
        exposed
            .chain(secrets.into_iter().map(ConfigError::from))
            .chain(channels.into_iter().map(ConfigError::from))
            .collect()
    }

    /// The settings as shipped.
    pub fn built_in() -> Settings {
        Settings::load(None, std::iter::empty(), []).expect("a test loads the built-in settings")
    }

    /// Where the value of a key came from; none if there is no such key.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.tree.get(key).map(|node| &node.place.origin)
    }

    /// Every setting in the order of `config.yaml`, as it stands.
    pub fn leaves(&self) -> impl Iterator<Item = Leaf> {
        let mut leaves = Vec::new();
        collect(&self.tree, "", &mut leaves);
        leaves.into_iter()
    }

    /// What types cannot say.
    fn check(&self) -> Vec<ConfigError> {
        let folds = [("retrain.folds", self.retrain.folds)];
        let folds = folds
            .into_iter()
            .filter_map(|(key, folds)| Some((key.into(), control::options::fold_fault(folds)?)));
        let server = self
            .server
            .faults()
            .into_iter()
            .map(|(key, problem)| (join("server", key), problem));
        let monitor = self
            .monitor
            .faults()
            .into_iter()
            .map(|(key, problem)| (join("monitor", key), problem));
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
