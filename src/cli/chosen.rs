//! Arguments that select items by id, or all of them.

use std::collections::BTreeSet;

use clap::Args;

/// Which.
#[derive(Debug, Args)]
pub struct Chosen {
    /// Their ids, as list shows them
    #[arg(
        value_name = "ID",
        required_unless_present = "all",
        conflicts_with = "all"
    )]
    ids: Vec<String>,
    /// All of them
    #[arg(long)]
    all: bool,
}

impl Chosen {
    /// Returns the selected items of `all`, each once. The error is the first id that no item has.
    pub fn of<T>(&self, all: Vec<T>, id: impl Fn(&T) -> &str) -> Result<Vec<T>, String> {
        if self.all {
            return Ok(all);
        }
        let mut wanted: BTreeSet<&str> = self.ids.iter().map(String::as_str).collect();
        let chosen = all.into_iter().filter(|one| wanted.remove(id(one)));
        let chosen: Vec<T> = chosen.collect();
        match wanted.first() {
            Some(unknown) => Err((*unknown).to_owned()),
            None => Ok(chosen),
        }
    }
}
