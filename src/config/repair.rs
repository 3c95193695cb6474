//! Puts the default in place of a value that cannot be read, so that reading goes on to the next fault.

use super::node::{Node, Value};

/// Resets the setting a faulty key belongs to; below a section whose keys are names, drops the named entry. Tells whether
/// the tree changed: reading it again would find the same fault otherwise.
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
