//! The data that many events of a block share and that the block holds only once: the model, the transport, and the names
//! of the row's columns.
//!
//! A shape is encoded as `transport: u8 · model: text · count of names · names`; see [`super::bytes`].

use std::sync::Arc;

use super::bytes::{Reader, put_text, put_varint};
use crate::telemetry::metrics::Transport;

/// Each transport with its code in the file, which is never reused for another. Code 0 means none: events of revision 1 do
/// not name their transport.
const TRANSPORTS: [(Transport, u8); 5] = [
    (Transport::Rest, 1),
    (Transport::WebSocket, 2),
    (Transport::Page, 3),
    (Transport::File, 4),
    (Transport::Pull, 5),
];

/// The data that the events share.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// The model that made the predictions; empty for stored rows.
    pub model: Arc<str>,
    /// The transport by which the rows reached the platform.
    pub transport: Option<Transport>,
    pub names: Arc<[String]>,
}

impl Shape {
    /// Whether two shapes are equal. Lists of names behind the same pointer are not compared element by element.
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

    /// Appends the encoded shape.
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

    /// Decodes a shape; none unless the bytes are exactly one.
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
