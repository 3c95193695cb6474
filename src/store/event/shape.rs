//! What many events of a block share, said once in it: who answered, how the rows came, and the names of their columns.
//!
//! A shape is `transport: u8 · model: text · count of names · names`; see [`super::bytes`].

use std::sync::Arc;

use super::bytes::{Reader, put_text, put_varint};
use crate::telemetry::metrics::Transport;

/// What stands for a transport in the file, which is never given to another. 0 is none: events of revision 1 do not say.
const TRANSPORTS: [(Transport, u8); 5] = [
    (Transport::Rest, 1),
    (Transport::WebSocket, 2),
    (Transport::Page, 3),
    (Transport::File, 4),
    (Transport::Pull, 5),
];

/// What the events share.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// The model that answered; empty where none did.
    pub model: Arc<str>,
    /// How the rows reached the platform.
    pub transport: Option<Transport>,
    /// The names of the rows' columns.
    pub names: Arc<[String]>,
}

impl Shape {
    /// Whether these are equal; lists that are shared are not compared.
    pub fn is(&self, other: &Shape) -> bool {
        let Shape {
            model,
            transport,
            names,
        } = other;
        self.transport == *transport
            && self.model == *model
            && (Arc::ptr_eq(&self.names, names) || self.names == *names)
    }

    /// Appends it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let code = TRANSPORTS
            .iter()
            .find(|(of, _)| Some(*of) == self.transport);
        out.push(code.map_or(0, |(_, code)| *code));
        put_text(&self.model, out);
        put_varint(self.names.len() as u64, out);
        for name in &*self.names {
            put_text(name, out);
        }
    }

    /// The shape of these bytes, all of which it takes.
    pub fn decode(bytes: &[u8]) -> Option<Shape> {
        let mut reader = Reader(bytes);
        let transport = match reader.byte()? {
            0 => None,
            code => Some(TRANSPORTS.iter().find(|(_, known)| *known == code)?.0),
        };
        let model = reader.text()?.into();
        let mut names = Vec::new();
        for _ in 0..reader.varint()? {
            names.push(reader.text()?.to_owned());
        }
        let names = names.into();
        reader.is_empty().then_some(Shape {
            model,
            transport,
            names,
        })
    }
}
