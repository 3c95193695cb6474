//! What a source is known by.

/// What rows of a source are known by: its name, a path in full, so that it does not depend on where it is named from.
pub fn identity(name: &str) -> String {
    let path = std::fs::canonicalize(name).ok();
    path.map_or_else(|| name.to_owned(), |path| path.display().to_string())
}
