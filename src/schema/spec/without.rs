//! Removes the part of a spec that has an error, so that errors in the rest can be found in the same run.
//!
//! This works on lines: the list item or key around a line is blanked together with everything indented below it. The other
//! lines keep their numbers.

use super::error::{About, SpecError};

/// A spec with parts blanked.
#[derive(Debug)]
pub struct Rest {
    lines: Vec<String>,
    blanked: Vec<String>,
    /// Whether a part of the recipe was blanked.
    lacks_steps: bool,
}

impl Rest {
    /// The whole text, with nothing blanked.
    pub fn of(text: &str) -> Rest {
        Rest {
            lines: text.lines().map(str::to_owned).collect(),
            blanked: Vec::new(),
            lacks_steps: false,
        }
    }

    pub fn text(&self) -> String {
        self.lines.join("\n") + "\n"
    }

    /// Whether an error found in the rest may be a mere consequence of what was blanked.
    pub fn explains(&self, fault: &SpecError) -> bool {
        let is_outer = fault.column == 1;
        match &fault.about {
            About::Place | About::UnknownKey { .. } => false,
            About::Nothing => !self.blanked.is_empty(),
            About::MissingKey(key) | About::UnreadWithout(key) => {
                let mut lines = self.blanked.iter();
                lines.any(|line| key_of(line) == Some(key) && is_outer != line.starts_with(' '))
            }
            // A one-hot output is named after the column of its step, and that step may be the part that was blanked.
            About::Name(name) if name.contains('=') && self.lacks_steps => true,
            About::Name(name) => self.blanked.iter().any(|line| may_name(line, name)),
        }
    }

    /// Blanks the part that an error concerns: the list item around its line, or else the key; also any parent that would be
    /// left empty. Returns whether there was anything to blank.
    pub fn blank(&mut self, fault: &SpecError) -> bool {
        let at = usize::try_from(fault.line).unwrap_or(0).wrapping_sub(1);
        if !self.is_content(at) {
            return false;
        }
        let part = match (self.item(at), &fault.about) {
            (Some(item), _) => Some(item),
            // The other keys of the mapping were read and are worth checking.
            (None, About::MissingKey(_)) => None,
            (None, About::UnreadWithout(_)) if self.is_block(at, fault.column) => self.parent(at),
            (None, _) => Some(at),
        };
        let Some(mut at) = part else {
            return false;
        };
        while let Some(parent) = self.parent(at).filter(|_| !self.has_sibling(at)) {
            at = parent;
        }
        let end = self.end(at);
        let is_recipe = |line: &String| line.starts_with("recipe:");
        self.lacks_steps |= self.lines[..at].iter().any(is_recipe);
        self.blanked
            .extend(self.lines[at..end].iter_mut().map(std::mem::take));
        true
    }

    /// Whether the key of a line begins at this column (from 1), so that it belongs to the same mapping as the lines around it.
    fn is_block(&self, at: usize, column: u64) -> bool {
        u64::try_from(self.indent(at)).is_ok_and(|indent| indent + 1 == column)
    }

    fn is_content(&self, at: usize) -> bool {
        let line = self.lines.get(at).map(|line| line.trim_start());
        line.is_some_and(|line| !line.is_empty() && !line.starts_with('#'))
    }

    fn indent(&self, at: usize) -> usize {
        let line = &self.lines[at];
        line.len() - line.trim_start().len()
    }

    fn is_item(&self, at: usize) -> bool {
        let line = self.lines[at].trim_start();
        line == "-" || line.starts_with("- ")
    }

    /// The first line of the innermost list item that contains the line.
    fn item(&self, at: usize) -> Option<usize> {
        let mut at = at;
        while !self.is_item(at) {
            at = self.parent(at)?;
        }
        Some(at)
    }

    /// The line of the key or item that contains this one.
    fn parent(&self, at: usize) -> Option<usize> {
        let (indent, is_item) = (self.indent(at), self.is_item(at));
        (0..at)
            .rev()
            .filter(|above| self.is_content(*above))
            .find(|above| {
                let other = self.indent(*above);
                other < indent || (other == indent && is_item && !self.is_item(*above))
            })
    }

    fn has_sibling(&self, at: usize) -> bool {
        let parent = self.parent(at);
        (0..self.lines.len())
            .filter(|other| *other != at && self.is_content(*other))
            .any(|other| self.indent(other) == self.indent(at) && self.parent(other) == parent)
            // The first key of an item is on the same line as the item's dash.
            || parent.is_some_and(|parent| self.is_item(parent))
    }

    fn end(&self, at: usize) -> usize {
        let (indent, is_item) = (self.indent(at), self.is_item(at));
        let ends = |other: &usize| {
            let below = self.indent(*other);
            below < indent || (below == indent && (is_item || !self.is_item(*other)))
        };
        (at + 1..self.lines.len())
            .filter(|other| self.is_content(*other))
            .find(ends)
            .unwrap_or(self.lines.len())
    }
}

/// Removes errors about missing keys if the key is present but misspelt, which is reported already.
pub fn drop_meant(faults: &mut Vec<SpecError>) {
    let meant = |fault: &SpecError| match &fault.about {
        About::UnknownKey { meant: Some(key) } => Some((key.clone(), fault.column == 1)),
        _ => None,
    };
    let meant: Vec<(String, bool)> = faults.iter().filter_map(meant).collect();
    faults.retain(|fault| match &fault.about {
        About::MissingKey(key) => !meant.contains(&(key.clone(), fault.column == 1)),
        _ => true,
    });
}

/// The key at the beginning of a line.
fn key_of(line: &str) -> Option<&str> {
    let line = line.trim_start().trim_start_matches("- ");
    line.split_once(':').map(|(key, _)| key.trim())
}

/// Whether a word of the line, other than a key, may have created a column or output of this name: `colour` creates `colour`
/// and `colour=red`. A name that ends in `*` stands for every name with that prefix.
fn may_name(line: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let (stem, is_prefix) = match name.strip_suffix('*') {
        Some(stem) => (stem, true),
        None => (name, false),
    };
    let words = line.match_indices(is_part).map(|(at, _)| at);
    let begins = words.filter(|at| !line[..*at].ends_with(is_part));
    let mut words = begins.map(|at| {
        let rest = &line[at..];
        rest.split_at(rest.find(|c| !is_part(c)).unwrap_or(rest.len()))
    });
    words.any(|(word, after)| {
        let is_key = after.starts_with(':');
        let gives = stem.strip_prefix(word);
        let gives = gives.is_some_and(|rest| !rest.starts_with(is_part));
        !is_key && (gives || (is_prefix && word.starts_with(stem)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_item_or_key_around_a_line_is_blanked_and_no_other_line() {
        let text = "name: a\ncolumns:\n  - name: x\n    kind: number\n  - {name: y, kind: number}\nevaluation:\n  folds: 1\nrecipe:\n- of: x\n  as: z\n";
        let at = |line| SpecError {
            line,
            column: 1,
            problem: String::new(),
            remedy: String::new(),
            about: About::Place,
        };
        for (line, gone) in [
            (1, vec![1]),
            (4, vec![3, 4]),
            (5, vec![5]),
            (7, vec![6, 7]),
            (10, vec![8, 9, 10]),
        ] {
            let mut rest = Rest::of(text);
            assert!(rest.blank(&at(line)));
            let blank: Vec<usize> = (1..=10).filter(|n| rest.lines[n - 1].is_empty()).collect();
            assert_eq!(blank, gone, "line {line}");
        }
        let mut rest = Rest::of(text);
        assert!(!rest.blank(&at(0)) && !rest.blank(&at(11)));
        assert!(rest.blank(&at(3)) && !rest.blank(&at(3)));
        let explains = |name: &str| rest.explains(&at(1).about(About::Name(name.into())));
        assert!(explains("x") && explains("x=red") && explains("x.year") && explains("*"));
        assert!(!explains("y") && !explains("xy") && !explains("kind") && !explains("y*"));
    }

    /// If only one key of a mapping is missing, the rest is still checked; a mapping that could not be read is left
    /// out as a whole.
    #[test]
    fn a_missing_key_blanks_its_mapping_where_nothing_of_it_was_read() {
        let text = "target:\n  column: a\ndecision:\n  costs:\n    false_positive: 1\n  threshold: 2\nname: b\n";
        let lacks = |line, column, about| SpecError {
            line,
            column,
            problem: String::new(),
            remedy: String::new(),
            about,
        };
        let mut rest = Rest::of(text);
        assert!(!rest.blank(&lacks(2, 3, About::MissingKey("positive".into()))));
        assert!(!rest.blank(&lacks(1, 1, About::UnreadWithout("recipe".into()))));
        assert!(rest.blank(&lacks(5, 5, About::UnreadWithout("false_negative".into()))));
        assert_eq!(
            rest.text(),
            "target:\n  column: a\ndecision:\n\n\n  threshold: 2\nname: b\n"
        );
        assert!(rest.explains(&lacks(3, 3, About::MissingKey("costs".into()))));
        assert!(!rest.explains(&lacks(1, 1, About::MissingKey("costs".into()))));
    }
}
