//! Merges the layers of settings: built-in < `PORT` and the like < file < `TITANIC_…` < flags.
//!
//! The built-in tree contains every key and so defines which keys exist. In one of its sections, an unknown key is an error;
//! in one of its empty sections (`{}`), the user chooses the keys; one of its values is replaced as a whole.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use super::{
    error::{ConfigError, PREFIX},
    node::{Key, Node, Origin, Place, Value, join},
    yaml,
};

/// Variables with the prefix that are not settings, but stand for command-line flags.
const NOT_SETTINGS: [&str; 2] = ["TITANIC_CONFIG", "TITANIC_TOKEN"];

/// A setting given on the command line.
#[derive(Clone, Debug)]
pub struct Flag {
    /// Name of the flag as typed: `--listen`.
    pub name: String,
    /// Setting that the flag sets: `server.listen`.
    pub key: String,
    pub value: String,
}

/// The address to listen on.
const LISTEN: &str = "server.listen";

/// The variables in which hosting platforms name the port, the strongest first: Vertex AI; most others.
pub const PORTS: [&str; 2] = ["AIP_HTTP_PORT", "PORT"];

/// The variables in which Vertex AI names its paths, with their settings.
const PATHS: [(&str, &str); 2] = [
    ("AIP_HEALTH_ROUTE", "server.platform.health_route"),
    ("AIP_PREDICT_ROUTE", "server.platform.predict_route"),
];

/// The folder that Amazon SageMaker mounts; it expects port 8080.
const SAGEMAKER: &str = "/opt/ml/model";

/// The built-in tree, and the result of the layers merged so far.
pub(super) struct Layers {
    pub known: Node,
    pub tree: Node,
    /// Errors in the layers; the valid rest of each layer was merged all the same.
    pub faults: Vec<ConfigError>,
}

impl Layers {
    pub(super) fn over(built_in: Node) -> Layers {
        Layers {
            known: built_in.clone(),
            tree: built_in,
            faults: Vec::new(),
        }
    }

    /// Merges the tree of a settings file.
    pub(super) fn file(&mut self, file: Node) {
        let faults = self.lay(file);
        self.faults.extend(faults);
    }

    /// Merges what the hosting platform provides; an empty variable is none.
    pub(super) fn platform(&mut self, variables: &[(String, String)]) {
        let given = |name: &str| {
            let mut found = variables
                .iter()
                .filter(|(known, value)| known == name && !value.is_empty());
            found.next().map(|(_, value)| value.clone())
        };
        let folder = || {
            Path::new(SAGEMAKER)
                .is_dir()
                .then(|| (SAGEMAKER, "8080".to_owned()))
        };
        let port = PORTS.iter().find_map(|name| Some((*name, given(name)?)));
        if let Some((name, port)) = port.or_else(folder) {
            let faults = self.port(&port, Origin::Platform(name.into()));
            self.faults.extend(faults);
        }
        for (name, key) in PATHS {
            if let Some(path) = given(name) {
                let faults = self.set(key, &path, Origin::Platform(name.into()));
                self.faults.extend(faults);
            }
        }
    }

    /// Applies `server.host` to an address of which only the port was set.
    pub(super) fn host(&mut self) {
        let text = |node: &Node| node.value.to_string();
        let (Some(host), Some(listen)) = (self.tree.get("server.host"), self.tree.get(LISTEN))
        else {
            return;
        };
        let is_open = matches!(listen.place.origin, Origin::BuiltIn | Origin::Platform(_));
        if host.value == Value::Null || !is_open {
            return;
        }
        let (host, origin) = (text(host), host.place.origin.clone());
        let port = text(listen)
            .rsplit_once(':')
            .map_or("5000".to_owned(), |(_, port)| port.to_owned());
        let faults = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(ip) => self.set(
                LISTEN,
                &SocketAddr::new(ip, port.parse().unwrap_or(5000)).to_string(),
                origin,
            ),
            Err(_) => vec![ConfigError::Invalid {
                place: Place { origin, line: None },
                key: "server.host".into(),
                problem: format!(
                    "`{host}` is not an address; write an IP address, such as 0.0.0.0 or ::"
                ),
            }],
        };
        self.faults.extend(faults);
    }

    /// Merges the environment variables that are settings.
    pub(super) fn environment(&mut self, variables: Vec<(String, String)>) {
        let mut variables = variables;
        variables.retain(|(name, _)| name.starts_with(PREFIX));
        variables.sort();
        let mut unknown = Vec::new();
        for (name, value) in variables {
            for fault in self.variable(&name, &value) {
                match fault {
                    ConfigError::UnknownKey { .. } => unknown.push((name.clone(), fault)),
                    fault => self.faults.push(fault),
                }
            }
        }
        // A variable with the prefix may hold a secret that a setting refers to; then it is not an unknown setting.
        let stray = |name: &str| !NOT_SETTINGS.contains(&name) && !names_variable(&self.tree, name);
        let strays = unknown.into_iter().filter(|(name, _)| stray(name));
        let strays: Vec<ConfigError> = strays.map(|(_, fault)| fault).collect();
        self.faults.extend(strays);
    }

    /// Merges the command-line flags.
    pub(super) fn flags(&mut self, flags: impl Iterator<Item = Flag>) {
        for flag in flags {
            let faults = self.set(&flag.key, &flag.value, Origin::Flag(flag.name));
            self.faults.extend(faults);
        }
    }

    fn variable(&mut self, name: &str, value: &str) -> Vec<ConfigError> {
        let origin = Origin::Environment(name.into());
        let key = name.strip_prefix(PREFIX).unwrap_or(name);
        self.set(&key.to_lowercase().replace("__", "."), value, origin)
    }

    /// Replaces the port of the address.
    fn port(&mut self, port: &str, origin: Origin) -> Vec<ConfigError> {
        if port.parse::<u16>().is_err() {
            let problem = format!("`{port}` is not a port; write a number from 0 to 65535");
            return vec![ConfigError::Invalid {
                place: Place { origin, line: None },
                key: LISTEN.into(),
                problem,
            }];
        }
        let address = self
            .tree
            .get(LISTEN)
            .map(|node| node.value.to_string())
            .unwrap_or_default();
        let host = address
            .rsplit_once(':')
            .map_or("127.0.0.1", |(host, _)| host);
        self.set(LISTEN, &format!("{host}:{port}"), origin)
    }

    /// Sets one value by its dotted key.
    fn set(&mut self, key: &str, value: &str, origin: Origin) -> Vec<ConfigError> {
        let place = Place {
            origin: origin.clone(),
            line: None,
        };
        let word = match yaml::word(value, origin) {
            Ok(word) => word,
            Err(fault) => return vec![fault],
        };
        let node = key.rsplit('.').fold(word, |node, part| {
            let key = Key {
                name: part.into(),
                place: place.clone(),
            };
            Node {
                value: Value::Map(vec![(key, node)]),
                place: place.clone(),
            }
        });
        self.lay(node)
    }

    fn lay(&mut self, over: Node) -> Vec<ConfigError> {
        let mut faults = Vec::new();
        lay(
            Known::of(&self.known),
            &mut self.tree,
            over,
            &mut Vec::new(),
            &mut faults,
        );
        for fault in &mut faults {
            if let ConfigError::UnknownKey {
                place,
                key,
                nearest: hint,
            } = fault
            {
                *hint = match place.origin {
                    Origin::Environment(_) => nearest_variable(key, &self.known),
                    _ => nearest(key, &self.known),
                };
            }
        }
        faults
    }
}

/// What the built-in tree contains at a path.
#[derive(Clone, Copy)]
enum Known<'a> {
    /// A section with exactly these keys.
    Section(&'a [(Key, Node)]),
    /// A section in which the user chooses the keys, or anything inside one.
    Names,
    Leaf,
}

impl<'a> Known<'a> {
    fn of(node: &'a Node) -> Self {
        match &node.value {
            Value::Map(entries) if entries.is_empty() => Known::Names,
            Value::Map(entries) => Known::Section(entries),
            _ => Known::Leaf,
        }
    }

    fn child(self, name: &str) -> Option<Self> {
        match self {
            Known::Section(entries) => entries
                .iter()
                .find(|(key, _)| key.name == name)
                .map(|(_, node)| Known::of(node)),
            Known::Names => Some(Known::Names),
            Known::Leaf => None,
        }
    }
}

/// Merges `over` into `base`, which is at `path`.
fn lay(
    known: Known,
    base: &mut Node,
    over: Node,
    path: &mut Vec<String>,
    faults: &mut Vec<ConfigError>,
) {
    let Node { value, place } = over;
    match (known, value) {
        (Known::Section(_) | Known::Names, Value::Map(entries)) => {
            for (key, node) in entries {
                path.push(key.name.clone());
                match known.child(&key.name) {
                    Some(known) => lay(known, base.entry(key), node, path, faults),
                    None => faults.push(ConfigError::UnknownKey {
                        place: key.place,
                        key: path.join("."),
                        nearest: None,
                    }),
                }
                path.pop();
            }
        }
        (Known::Section(_), Value::Null) => {} // its keys are all commented out
        (Known::Section(_), value) => {
            let problem =
                format!("`{value}` stands where a section belongs; give its keys, one a line");
            faults.push(ConfigError::Invalid {
                place,
                key: path.join("."),
                problem,
            });
        }
        (_, value) => *base = Node { value, place },
    }
}

/// The known key that an unknown one was probably meant to be: a similar one in the same section, or one of the
/// same name in another section.
fn nearest(key: &str, known: &Node) -> Option<String> {
    let mut keys = Vec::new();
    known.keys("", &mut keys);
    let (section, name) = split(key);
    let siblings = keys
        .iter()
        .filter(|candidate| split(candidate).0 == section)
        .map(|candidate| split(candidate).1);
    match closest(name, siblings) {
        Some(sibling) => Some(join(section, sibling)),
        None => keys
            .iter()
            .find(|candidate| split(candidate).1 == name)
            .cloned(),
    }
}

/// The setting that a variable was probably meant to be. Variables set values, not sections; `_` instead of
/// `__` is the usual mistake.
fn nearest_variable(key: &str, known: &Node) -> Option<String> {
    let mut keys = Vec::new();
    known.keys("", &mut keys);
    keys.retain(|key| {
        known
            .get(key)
            .is_some_and(|node| matches!(Known::of(node), Known::Leaf))
    });
    let flat = |key: &str| key.replace('.', "_");
    let flattened: Vec<String> = keys.iter().map(|key| flat(key)).collect();
    let wanted = flat(key);
    let found = closest(&wanted, flattened.iter().map(String::as_str))?;
    let at = flattened.iter().position(|flat| flat == found)?;
    Some(keys.swap_remove(at))
}

fn split(key: &str) -> (&str, &str) {
    key.rsplit_once('.').unwrap_or(("", key))
}

/// The known word most similar to `name`, if any is similar enough.
pub(super) fn closest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Jaro–Winkler: above 0.8 are single typing errors and missing endings, but not words that share letters by chance.
    let likeness = |candidate: &str| strsim::jaro_winkler(candidate, name);
    known
        .filter(|candidate| likeness(candidate) > 0.8)
        .max_by(|one, other| likeness(one).total_cmp(&likeness(other)))
}

/// Whether a setting such as `secret_env` names this variable.
fn names_variable(node: &Node, variable: &str) -> bool {
    match &node.value {
        Value::Map(entries) => entries.iter().any(|(key, node)| {
            let is = |node: &Node| node.value.to_string() == variable;
            let named = key.name.ends_with("_env")
                && match &node.value {
                    Value::List(items) => items.iter().any(is),
                    _ => is(node),
                };
            named || names_variable(node, variable)
        }),
        Value::List(items) => items.iter().any(|item| names_variable(item, variable)),
        _ => false,
    }
}
