//! Reads the YAML of settings into a tree with line numbers.

use std::net::SocketAddr;

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use serde_saphyr::Spanned;

use super::{
    error::ConfigError,
    node::{Key, Node, Origin, Place, Value},
};

pub(super) fn read(text: &str, origin: &Origin) -> Result<Node, ConfigError> {
    match serde_saphyr::from_str::<Option<Found>>(text) {
        Ok(found) => Ok(found.map_or_else(Node::default, |found| found.into_node(origin))),
        Err(fault) => {
            let line = fault.location().map(|location| location.line());
            let place = Place {
                origin: origin.clone(),
                line,
            };
            Err(ConfigError::Syntax {
                place,
                problem: fault.without_snippet().to_string(),
            })
        }
    }
}

/// A value as the YAML parser returns it.
struct Found(Spanned<Content>);

enum Content {
    Scalar(Value),
    List(Vec<Found>),
    Map(Vec<(Spanned<String>, Found)>),
}

impl Found {
    fn into_node(self, origin: &Origin) -> Node {
        let place = |line: u64| Place {
            origin: origin.clone(),
            line: (line > 0).then_some(line),
        };
        let here = self.0.referenced.line();
        let value = match self.0.value {
            Content::Scalar(value) => value,
            Content::List(items) => Value::List(
                items
                    .into_iter()
                    .map(|item| item.into_node(origin))
                    .collect(),
            ),
            Content::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, found)| {
                        let key_place = place(key.referenced.line());
                        (
                            Key {
                                name: key.value,
                                place: key_place,
                            },
                            found.into_node(origin),
                        )
                    })
                    .collect(),
            ),
        };
        Node {
            value,
            place: place(here),
        }
    }
}

impl<'de> Deserialize<'de> for Found {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Spanned::deserialize(from).map(Found)
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> de::Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Null))
    }

    fn visit_none<E: de::Error>(self) -> Result<Content, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Content, D::Error> {
        from.deserialize_any(self)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Bool(value)))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Unsigned(value)))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Scalar(
            u64::try_from(value).map_or(Value::Signed(value), Value::Unsigned),
        ))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Float(value)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Text(text.into())))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Content, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Content::List(list))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut entries: A) -> Result<Content, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Content::Map(map))
    }
}

/// Parses the value of a variable or a flag. Lists and maps have YAML syntax; anything else is one word, also an address such
/// as `[::1]:5000`.
pub(super) fn word(text: &str, origin: Origin) -> Result<Node, ConfigError> {
    let is_address = text.parse::<SocketAddr>().is_ok();
    if text.trim_start().starts_with(['[', '{']) && !is_address {
        let mut node = read(text, &origin)?;
        node.forget_lines();
        return Ok(node);
    }
    Ok(Node {
        value: Value::Word(text.into()),
        place: Place { origin, line: None },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_keys_know_their_line() {
        let text = "# settings\nserver:\n  listen: 127.0.0.1:0 # here\n  hosts: [a, 'b c']\n\nthreads: ~\nrate: -1\n";
        let root = read(text, &Origin::File("x.yaml".into())).unwrap();
        let Value::Map(entries) = &root.value else {
            panic!("{root:?}")
        };
        let lines: Vec<_> = entries
            .iter()
            .map(|(key, _)| (key.name.as_str(), key.place.line))
            .collect();
        assert_eq!(
            lines,
            [("server", Some(2)), ("threads", Some(6)), ("rate", Some(7))]
        );
        let listen = root.get("server.listen").unwrap();
        assert_eq!(
            (
                listen.value.to_string().as_str(),
                listen.place.to_string().as_str()
            ),
            ("127.0.0.1:0", "x.yaml:3")
        );
        assert_eq!(
            root.get("server.hosts").unwrap().value.to_string(),
            "[a, b c]"
        );
        assert_eq!(root.get("threads").unwrap().value, Value::Null);
        assert_eq!(root.get("rate").unwrap().value, Value::Signed(-1));
    }

    #[test]
    fn broken_yaml_and_doubled_keys_name_their_line() {
        let check = |text: &str, line| {
            let fault = read(text, &Origin::File("x.yaml".into())).unwrap_err();
            assert!(
                matches!(&fault, ConfigError::Syntax { place, .. } if place.line == Some(line)),
                "{fault}"
            );
        };
        check("a: 1\nb: [1,\n", 2);
        check("a: 1\nb: 2\na: 3\n", 3);
        assert_eq!(
            read("# nothing\n", &Origin::BuiltIn).unwrap().value,
            Value::Null
        );
    }
}
