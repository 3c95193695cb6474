//! Settings of the store.

use serde::Deserialize;

use super::units::{Size, Span};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// How much is kept.
    pub keep: Keep,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// Events younger than this; null: of any age.
    pub age: Option<Span>,
    /// At most so many bytes of events; null: any number.
    pub size: Option<Size>,
}
