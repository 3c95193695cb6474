//! Publishes the champion of a server to a folder or a bucket, from which followers take it without reaching the server.
//!
//! ```text
//! PLACE/SHA256.model      a model file, by its digest; never changed
//! PLACE/champion.json     which of them is champion ([`Published`])
//! ```
//!
//! A model file is written before the document that names it, and the document is replaced at once: by a rename in a folder,
//! by one request in a bucket. A reader therefore sees one champion or the other, and checks the file's digest. Files that the
//! document does not name, neither as champion nor among the previous ones, are removed.
//!
//! * [`Place`]: reads and writes the files of a place.
//! * [`Publisher`]: the task that publishes promotions and rollbacks.

mod error;
pub mod options;
mod place;
mod progress;
mod published;
mod publisher;

pub use error::PublishError;
pub use place::{Found, LARGEST_MODEL, Place};
pub use progress::{Behind, Progress};
pub use published::{Published, Version};
pub use publisher::Publisher;
