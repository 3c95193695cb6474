//! Folders in buckets of S3 or of Google Cloud Storage.
//!
//! Credentials, region and endpoint come from the environment, under the names that the tools of either cloud use. An upload in
//! parts becomes an object only when it is completed. Every request has a time limit; downloads are read in ranges, so that a
//! bucket that hangs or returns less than it announces is an error within that limit.
//!
//! Every function blocks its thread, which must not be one that runs async tasks.

mod address;
mod client;
mod download;
mod error;
mod objects;
#[cfg(test)]
mod tests;
mod upload;

pub use address::{Address, Cloud};
pub use client::{Bucket, Limits};
pub use download::Download;
pub use error::BucketError;
pub use objects::Fetched;
pub use upload::Parts;
