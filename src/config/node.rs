//! A tree of settings in which every value has its source.

use std::{fmt, path::PathBuf};

/// Source of a value; later variants override earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// The default settings (`config.yaml` of this repository).
    #[default]
    BuiltIn,
    /// What the hosting platform provides: an environment variable such as `PORT`, or a folder.
    Platform(String),
    /// The file of `--config`.
    File(PathBuf),
    Environment(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::BuiltIn => f.write_str("built in"),
            Origin::File(path) => path.display().fmt(f),
            Origin::Platform(name) | Origin::Environment(name) | Origin::Flag(name) => {
                f.write_str(name)
            }
        }
    }
}

/// A source, with a line number if it is a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub origin: Origin,
    /// Line number, from 1.
    pub line: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.origin),
            None => self.origin.fmt(f),
        }
    }
}

/// A value and its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Node {
    pub value: Value,
    pub place: Place,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Value {
    #[default]
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(String),
    /// A value from a variable or a flag: the type of the setting decides whether it is a number or text.
    Word(String),
    List(Vec<Node>),
    /// Keys in file order, each with its place.
    Map(Vec<(Key, Node)>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    pub name: String,
    pub place: Place,
}

impl Node {
    pub(super) fn get(&self, path: &str) -> Option<&Node> {
        path.split('.')
            .try_fold(self, |node, part| match &node.value {
                Value::Map(entries) => entries
                    .iter()
                    .find(|(key, _)| key.name == part)
                    .map(|(_, node)| node),
                Value::List(items) => items.get(part.parse::<usize>().ok()?),
                _ => None,
            })
    }

    /// As [`Node::get`], to be changed.
    pub(super) fn get_mut(&mut self, path: &str) -> Option<&mut Node> {
        path.split('.')
            .try_fold(self, |node, part| match &mut node.value {
                Value::Map(entries) => entries
                    .iter_mut()
                    .find(|(key, _)| key.name == part)
                    .map(|(_, node)| node),
                _ => None,
            })
    }

    /// The value of a key, which is added if it does not exist; a value that is not a map is replaced by a map.
    pub(super) fn entry(&mut self, key: Key) -> &mut Node {
        if !matches!(self.value, Value::Map(_)) {
            self.value = Value::Map(Vec::new());
        }
        let Value::Map(entries) = &mut self.value else {
            unreachable!("made a map above")
        };
        match entries.iter().position(|(known, _)| known.name == key.name) {
            Some(at) => &mut entries[at].1,
            None => {
                let place = key.place.clone(); // until a value of its own comes, it is where its key is
                let value = Value::Null;
                entries.push((key, Node { value, place }));
                &mut entries.last_mut().expect("one was just added").1
            }
        }
    }

    /// Collects the dotted keys of all values and sections below this node.
    pub(super) fn keys(&self, prefix: &str, keys: &mut Vec<String>) {
        let Value::Map(entries) = &self.value else {
            return;
        };
        for (key, node) in entries {
            let path = join(prefix, &key.name);
            node.keys(&path, keys);
            keys.push(path);
        }
    }

    pub(super) fn forget_lines(&mut self) {
        self.place.line = None;
        match &mut self.value {
            Value::List(items) => items.iter_mut().for_each(Node::forget_lines),
            Value::Map(entries) => entries.iter_mut().for_each(|(key, node)| {
                key.place.line = None;
                node.forget_lines();
            }),
            _ => {}
        }
    }
}

/// `server` and `listen` → `server.listen`.
pub(super) fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.into()
    } else {
        format!("{prefix}.{name}")
    }
}

/// Formats a value as text; lists of words get brackets.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => value.fmt(f),
            Value::Unsigned(value) => value.fmt(f),
            Value::Signed(value) => value.fmt(f),
            Value::Float(value) => value.fmt(f),
            Value::Text(text) | Value::Word(text) => f.write_str(text),
            Value::List(items) => {
                let items: Vec<_> = items.iter().map(|item| item.value.to_string()).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Value::Map(entries) => {
                let entries: Vec<_> = entries
                    .iter()
                    .map(|(key, node)| format!("{}: {}", key.name, node.value))
                    .collect();
                write!(f, "{{{}}}", entries.join(", "))
            }
        }
    }
}
