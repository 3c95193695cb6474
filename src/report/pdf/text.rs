//! Breaks text of several styles into lines.

use super::font::{Fonts, Weight};
use super::ink::Ink;
use crate::report::document::{Style, Text};

/// Text of one style, as the font can set it.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub text: String,
    pub look: Look,
}

/// How a span looks, and where it leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    pub weight: Weight,
    pub ink: Ink,
    /// Section that the text links to.
    pub link: Option<String>,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Distance from the start of the line.
    pub x: f64,
    pub width: f64,
    pub text: String,
    pub look: Look,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    pub parts: Vec<Part>,
    pub width: f64,
}

impl Look {
    pub const fn plain(weight: Weight, ink: Ink) -> Look {
        Look {
            weight,
            ink,
            link: None,
        }
    }
}

/// A text in spans; `base` is the look of its plain runs.
pub fn spans(text: &Text, base: &Look, fonts: &Fonts) -> Vec<Span> {
    let span = |run: &crate::report::document::Run| {
        let look = match &run.style {
            Style::Plain => base.clone(),
            Style::Strong | Style::Code => Look {
                weight: Weight::Strong,
                ..base.clone()
            },
            Style::Section(id) => Look {
                ink: Ink::Accent,
                link: Some(id.clone()),
                ..base.clone()
            },
        };
        Span {
            text: fonts.shown(&run.text),
            look,
        }
    };
    text.0.iter().map(span).collect()
}

/// One span in a list of its own.
pub fn one(text: &str, look: &Look, fonts: &Fonts) -> Vec<Span> {
    vec![Span {
        text: fonts.shown(text),
        look: look.clone(),
    }]
}

/// Breaks spans into lines of at most `width`: between words, and within a word that is wider than a line.
pub fn lines(spans: &[Span], size: f64, width: f64, fonts: &Fonts) -> Vec<Line> {
    let mut breaker = Breaker {
        spans,
        size,
        room: width,
        fonts,
        lines: Vec::new(),
        line: Line::default(),
        blank: Vec::new(),
    };
    for word in words(spans) {
        breaker.push(word);
    }
    breaker.end_line();
    breaker.lines
}

/// The widest word of the spans.
pub fn widest_word(spans: &[Span], size: f64, fonts: &Fonts) -> f64 {
    let width = |word: &Word| -> f64 {
        let parts = word.parts.iter();
        parts
            .map(|(span, text)| fonts.width(text, spans[*span].look.weight, size))
            .sum()
    };
    words(spans).iter().map(width).fold(0.0, f64::max)
}

/// Characters between two places where a line may break: blanks, or none of them. Its parts name their span.
struct Word {
    parts: Vec<(usize, String)>,
    is_blank: bool,
}

fn words(spans: &[Span]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for (i, span) in spans.iter().enumerate() {
        for c in span.text.chars() {
            let is_blank = c == ' ';
            let starts = words.last().is_none_or(|word| word.is_blank != is_blank);
            if starts {
                words.push(Word {
                    parts: Vec::new(),
                    is_blank,
                });
            }
            let word = words.last_mut().expect("one was just added");
            match word.parts.last_mut() {
                Some((span, text)) if *span == i => text.push(c),
                _ => word.parts.push((i, c.to_string())),
            }
        }
    }
    words
}

struct Breaker<'a> {
    spans: &'a [Span],
    size: f64,
    room: f64,
    fonts: &'a Fonts,
    lines: Vec<Line>,
    line: Line,
    /// Blanks that are set only if another word follows on the line.
    blank: Vec<(usize, String)>,
}

impl Breaker<'_> {
    fn width(&self, parts: &[(usize, String)]) -> f64 {
        let width = |(span, text): &(usize, String)| {
            self.fonts
                .width(text, self.spans[*span].look.weight, self.size)
        };
        parts.iter().map(width).sum()
    }

    fn push(&mut self, word: Word) {
        if word.is_blank {
            if !self.line.parts.is_empty() {
                self.blank = word.parts;
            }
            return;
        }
        // A little more than the room, so that a text fits into the width that was measured for it.
        let room = self.room + 0.01;
        let width = self.width(&word.parts);
        if !self.line.parts.is_empty() && self.line.width + self.width(&self.blank) + width > room {
            self.end_line();
        }
        for (span, text) in std::mem::take(&mut self.blank) {
            self.add(span, &text);
        }
        if width <= room {
            for (span, text) in &word.parts {
                self.add(*span, text);
            }
            return;
        }
        for (span, text) in &word.parts {
            for c in text.chars() {
                let c = c.to_string();
                let weight = self.spans[*span].look.weight;
                let wide = self.fonts.width(&c, weight, self.size);
                if !self.line.parts.is_empty() && self.line.width + wide > room {
                    self.end_line();
                }
                self.add(*span, &c);
            }
        }
    }

    fn add(&mut self, span: usize, text: &str) {
        let look = &self.spans[span].look;
        let width = self.fonts.width(text, look.weight, self.size);
        match self.line.parts.last_mut() {
            Some(last) if last.look == *look => {
                last.text.push_str(text);
                last.width += width;
            }
            _ => self.line.parts.push(Part {
                x: self.line.width,
                width,
                text: text.to_owned(),
                look: look.clone(),
            }),
        }
        self.line.width += width;
    }

    fn end_line(&mut self) {
        self.blank.clear();
        if !self.line.parts.is_empty() {
            self.lines.push(std::mem::take(&mut self.line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str, width: f64) -> Vec<String> {
        let fonts = Fonts::new().unwrap();
        let spans = one(text, &Look::plain(Weight::Regular, Ink::Text), &fonts);
        let lines = lines(&spans, 10.0, width, &fonts);
        assert!(lines.iter().all(|line| line.width <= width + 0.01));
        let text = |line: &Line| line.parts.iter().map(|part| part.text.as_str()).collect();
        lines.iter().map(text).collect()
    }

    #[test]
    fn lines_break_between_words_and_within_words_that_are_too_long() {
        assert_eq!(broken("one two three", 1000.0), ["one two three"]);
        assert_eq!(broken("one two three", 42.0), ["one two", "three"]);
        assert_eq!(broken("  one   two ", 1000.0), ["one   two"]);
        let long = broken(&"x".repeat(10_000), 100.0);
        assert!(long.len() > 100 && long.concat().len() == 10_000);
        assert_eq!(broken("", 10.0), [""; 0]);
    }
}
