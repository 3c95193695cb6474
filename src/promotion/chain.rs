//! A digest that identifies the rows that a comparison rests on, extended row by row.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// SHA-256 over the digest so far and the next id: other rows, or the same rows in another order, give another digest. Empty
/// before the first row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Chain(String);

impl Chain {
    /// Extends the digest by the id of the next row.
    pub fn update(&mut self, id: &str) {
        let mut hash = Sha256::new();
        hash.update(&self.0);
        hash.update(id);
        self.0 = hex::encode(hash.finalize());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ids: &[&str]) -> Chain {
        let mut chain = Chain::default();
        ids.iter().for_each(|id| chain.update(id));
        chain
    }

    #[test]
    fn rows_and_their_order_count() {
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
        let others = [of(&["b", "a"]), of(&["a"]), of(&["ab"]), of(&[])];
        assert!(others.iter().all(|other| *other != of(&["a", "b"])));
    }

    /// `printf a | sha256sum`, and the same for that digest with `b` appended.
    #[test]
    fn it_can_be_recomputed_with_any_tool() {
        let first = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
        assert_eq!(of(&["a"]).0, first);
        let second = Sha256::digest(format!("{first}b"));
        assert_eq!(of(&["a", "b"]).0, hex::encode(second));
    }
}
