//! Differences between two texts, line by line.

use serde::Serialize;
use similar::{Algorithm, DiffTag, capture_diff_slices};

/// A line that only one of two texts has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    pub only: Only,
    /// The line number in that text, from 1.
    pub line: usize,
    pub text: String,
}

/// Identifies one of the two texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Only {
    A,
    B,
}

/// The lines that only one of the texts has, in reading order; where lines replace each other, those of `a` come first.
pub fn diff(a: &str, b: &str) -> Vec<Line> {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    let line = |only: Only, at: usize, text: &str| Line {
        only,
        line: at + 1,
        text: text.to_owned(),
    };
    let mut lines = Vec::new();
    for change in capture_diff_slices(Algorithm::Myers, &a, &b) {
        if change.tag() != DiffTag::Equal {
            lines.extend(change.old_range().map(|at| line(Only::A, at, a[at])));
            lines.extend(change.new_range().map(|at| line(Only::B, at, b[at])));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Only, diff};
    use proptest::prelude::*;

    fn check(a: &str, b: &str, expected: &[(Only, usize, &str)]) {
        let lines = diff(a, b);
        let found: Vec<_> = lines
            .iter()
            .map(|l| (l.only, l.line, l.text.as_str()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_only_one_has() {
        use Only::{A, B};
        check("", "", &[]);
        check("a\nb\nc", "a\nb\nc", &[]);
        check("a\nb\nc", "a\nx\nc", &[(A, 2, "b"), (B, 2, "x")]);
        check("a\nc", "a\nb\nc", &[(B, 2, "b")]);
        check(
            "a\nb\nc\nd",
            "b\nd\ne",
            &[(A, 1, "a"), (A, 3, "c"), (B, 3, "e")],
        );
        check("a\nb", "", &[(A, 1, "a"), (A, 2, "b")]);
    }

    proptest! {
        #![proptest_config(crate::proptest_config())]
        /// Both texts without the reported lines are equal.
        #[test]
        fn without_them_the_texts_are_the_same(a in "([abc]\n){0,20}", b in "([abc]\n){0,20}") {
            let lines = diff(&a, &b);
            let rest = |text: &str, only: Only| -> Vec<String> {
                let gone = |n: usize| lines.iter().any(|l| l.only == only && l.line == n);
                let kept = text.lines().enumerate().filter(|(i, _)| !gone(i + 1));
                kept.map(|(_, line)| line.to_owned()).collect()
            };
            prop_assert_eq!(rest(&a, Only::A), rest(&b, Only::B));
        }
    }
}
