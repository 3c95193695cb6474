//! A spec without what a fault is about, so that the faults of the rest can be found as well.
//!
//! It works on lines: the list item or key around a line is blanked, with everything indented below it. The other lines
//! keep their numbers.

use super::error::{About, SpecFault};

/// A text of which parts were blanked.
#[derive(Debug)]
pub struct Rest {
    lines: Vec<String>,
    blanked: Vec<String>,
    /// Whether a part of the recipe is gone.
    lacks_steps: bool,
}

impl Rest {
    /// All of a text.
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

    /// Whether a fault of the rest may be there only because of what was blanked.
    pub fn explains(&self, fault: &SpecFault) -> bool {
        let is_outer = fault.column == 1;
        match &fault.about {
            About::Place | About::UnknownKey { .. } => false,
            About::Nothing => !self.blanked.is_empty(),
            About::MissingKey(key) | About::UnreadWithout(key) => {
                let mut lines = self.blanked.iter();
                lines.any(|line| key_of(line) == Some(key) && is_outer != line.starts_with(' '))
            }
            // A level's flag is named after the column of its step, and that may be the fault.
            About::Name(name) if name.contains('=') && self.lacks_steps => true,
            About::Name(name) => self.blanked.iter().any(|line| may_name(line, name)),
        }
    }

    /// Blanks what a fault is about: the list item around its line, else the key; also what would be empty without it.
    /// Tells whether there was something.
    pub fn blank(&mut self, fault: &SpecFault) -> bool {
        let at = usize::try_from(fault.line).unwrap_or(0).wrapping_sub(1);
        if !self.is_content(at) {
            return false;
        }
        let part = match (self.item(at), &fault.about) {
            (Some(item), _) => Some(item),
            // The rest of the mapping was read and is worth checking.
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

    /// Whether a line's own key stands at this column (from 1), so that its mapping is that of the lines around it.
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

    /// The first line of the innermost list item that holds a line.
    fn item(&self, at: usize) -> Option<usize> {
        let mut at = at;
        while !self.is_item(at) {
            at = self.parent(at)?;
        }
        Some(at)
    }

    /// The line that this one stands below.
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
            // The first key of an item stands on the item's own line.
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

/// Leaves out keys that are missing because they stand there in another spelling.
pub fn drop_meant(faults: &mut Vec<SpecFault>) {
    let meant = |fault: &SpecFault| match &fault.about {
        About::UnknownKey { meant: Some(key) } => Some((key.clone(), fault.column == 1)),
        _ => None,
    };
    let meant: Vec<(String, bool)> = faults.iter().filter_map(meant).collect();
    faults.retain(|fault| match &fault.about {
        About::MissingKey(key) => !meant.contains(&(key.clone(), fault.column == 1)),
        _ => true,
    });
}

/// The key that a line begins with.
fn key_of(line: &str) -> Option<&str> {
    let line = line.trim_start().trim_start_matches("- ");
    line.split_once(':').map(|(key, _)| key.trim())
}

/// Whether a word of a line, that is no key, may have given a column or an output this name: `colour` gives `colour` and
/// `colour=red`, and whatever begins with `col` where that is looked for.
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
        let at = |line| SpecFault {
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

    /// A mapping that was read but for a key is worth checking; one that was not is left out as a whole.
    #[test]
    fn a_missing_key_blanks_its_mapping_where_nothing_of_it_was_read() {
        let text = "target:\n  column: a\ndecision:\n  costs:\n    false_positive: 1\n  threshold: 2\nname: b\n";
        let lacks = |line, column, about| SpecFault {
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
