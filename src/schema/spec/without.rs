//! A spec without what a fault is about, so that the faults of the rest can be found as well.
//!
//! It works on lines: the list item or key around a line is blanked, with everything indented below it. The other lines
//! keep their numbers.

/// A text of which parts were blanked.
#[derive(Debug)]
pub struct Rest {
    lines: Vec<String>,
    blanked: String,
    /// Whether a part of the recipe is gone: later parts may lack its outputs.
    lacks_steps: bool,
}

impl Rest {
    /// All of a text.
    pub fn of(text: &str) -> Rest {
        Rest {
            lines: text.lines().map(str::to_owned).collect(),
            blanked: String::new(),
            lacks_steps: false,
        }
    }

    /// What is left.
    pub fn text(&self) -> String {
        self.lines.join("\n") + "\n"
    }

    /// Whether a fault may be there only because of what was blanked: a key is missing, or it quotes a word of it, perhaps
    /// with the level behind it (`colour=red`).
    pub fn explains(&self, message: &str) -> bool {
        let quoted = message.split('"').skip(1).step_by(2);
        let stem = |word: &'_ str| word.split('=').next().unwrap_or_default().to_owned();
        let mut stems = quoted.map(stem).filter(|word| !word.is_empty());
        let lacks_output = self.lacks_steps && message.contains("at this point of the recipe");
        lacks_output
            || message.ends_with("is missing here")
            || stems.any(|word| self.blanked.contains(&word))
    }

    /// Blanks the list item around a line (from 1), else the key; also what would be empty without it. Tells whether
    /// there was something.
    pub fn blank(&mut self, line: u64) -> bool {
        let at = usize::try_from(line).unwrap_or(0).wrapping_sub(1);
        if !self.is_content(at) {
            return false;
        }
        let mut at = self.item(at).unwrap_or(at);
        while let Some(parent) = self.parent(at).filter(|_| !self.has_sibling(at)) {
            at = parent;
        }
        let end = self.end(at);
        let is_recipe = |line: &String| line.starts_with("recipe:");
        self.lacks_steps |= self.lines[..at].iter().any(is_recipe);
        for line in &mut self.lines[at..end] {
            self.blanked.push_str(line);
            self.blanked.push('\n');
            line.clear();
        }
        true
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_item_or_key_around_a_line_is_blanked_and_no_other_line() {
        let text = "name: a\ncolumns:\n  - name: x\n    kind: number\n  - {name: y, kind: number}\nevaluation:\n  folds: 1\nrecipe:\n- of: x\n  as: z\n";
        for (line, gone) in [
            (1, vec![1]),
            (4, vec![3, 4]),
            (5, vec![5]),
            (7, vec![6, 7]),
            (10, vec![8, 9, 10]),
        ] {
            let mut rest = Rest::of(text);
            assert!(rest.blank(line));
            let blank: Vec<usize> = (1..=10).filter(|n| rest.lines[n - 1].is_empty()).collect();
            assert_eq!(blank, gone, "line {line}");
        }
        let mut rest = Rest::of(text);
        assert!(!rest.blank(0) && !rest.blank(11));
        assert!(rest.blank(3) && !rest.blank(3));
        assert!(
            rest.explains("there is no column \"x\"") && !rest.explains("there is no column \"y\"")
        );
    }
}
