//! Replaces values that cannot be read by their defaults, so that reading continues and finds the next error.

use super::node::{Node, Value};

/// Resets the setting that contains an invalid key to its default; in a section whose keys the user chooses, removes the
/// entry. Returns whether the tree changed; otherwise, reading it again would find the same error.
pub(super) fn reset(tree: &mut Node, known: &Node, key: &str) -> bool {
    let (mut tree, mut known) = (tree, known);
    for part in key.split('.') {
        match &known.value {
            Value::Map(names) if names.is_empty() => return drop_entry(tree, part),
            Value::Map(entries) => {
                let Some((_, below)) = entries.iter().find(|(key, _)| key.name == part) else {
                    return drop_entry(tree, part);
                };
                let Value::Map(laid) = &mut tree.value else {
                    return false;
                };
                let Some((_, node)) = laid.iter_mut().find(|(key, _)| key.name == part) else {
                    return false;
                };
                (tree, known) = (node, below);
            }
            _ => break,
        }
    }
    let changed = *tree != *known;
    *tree = known.clone();
    changed
}

fn drop_entry(tree: &mut Node, name: &str) -> bool {
    let Value::Map(entries) = &mut tree.value else {
        return false;
    };
    let before = entries.len();
    entries.retain(|(key, _)| key.name != name);
    entries.len() < before
}
