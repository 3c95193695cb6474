//! The name by which rows of a source are identified.

/// The stable name that identifies the rows of a source. A path is made absolute, so that the name does not depend
/// on the working directory.
pub fn identity(name: &str) -> String {
    let path = std::fs::canonicalize(name).ok();
    path.map_or_else(|| name.to_owned(), |path| path.display().to_string())
}
