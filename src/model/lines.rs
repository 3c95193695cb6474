//! Lines that only one of two texts has, by the longest common subsequence.

use serde::Serialize;

/// A line that only one of two texts has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    pub only: Only,
    /// Its number there, from 1.
    pub line: usize,
    pub text: String,
}

/// One of two texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Only {
    A,
    B,
}

/// The lines that only one of two texts has, in reading order, those of `a` first where they stand for each other.
///
/// Takes memory for the product of the lines that differ, which specs have some hundreds of.
pub fn diff(a: &str, b: &str) -> Vec<Line> {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    let head = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[head..], &b[head..]);
    let common = Common::of(a, b);
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let from_a = j == b.len() || i < a.len() && common.at(i + 1, j) >= common.at(i, j + 1);
        let (only, at, text) = if from_a {
            (Only::A, &mut i, a)
        } else {
            (Only::B, &mut j, b)
        };
        lines.push(Line {
            only,
            line: head + *at + 1,
            text: text[*at].to_owned(),
        });
        *at += 1;
    }
    lines
}

/// Lengths of the longest common subsequences of all ends of two texts.
struct Common {
    lengths: Vec<u32>,
    width: usize,
}

impl Common {
    fn of(a: &[&str], b: &[&str]) -> Common {
        let width = b.len() + 1;
        let mut common = Common {
            lengths: vec![0; (a.len() + 1) * width],
            width,
        };
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                common.lengths[i * width + j] = if a[i] == b[j] {
                    common.at(i + 1, j + 1) + 1
                } else {
                    common.at(i + 1, j).max(common.at(i, j + 1))
                };
            }
        }
        common
    }

    fn at(&self, i: usize, j: usize) -> u32 {
        self.lengths[i * self.width + j]
    }
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
        /// Lines of both that are left make the same text.
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
