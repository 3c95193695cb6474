//! What blocks are laid out with: lines, paragraphs and headings, as tagged pieces.

use krilla::tagging::{Tag, TagKind};

use super::font::{Fonts, Weight};
use super::ink::Ink;
use super::page::{Heading, Item, Piece, What};
use super::tags::{Group, Tags};
use super::text::{Line, Look, Span, lines, one};
use crate::report::chart::Chart;

pub const PLAIN: Look = Look::plain(Weight::Regular, Ink::Text);
pub const STRONG: Look = Look::plain(Weight::Strong, Ink::Text);
pub const MUTED: Look = Look::plain(Weight::Regular, Ink::Muted);

/// Size of the text of paragraphs.
pub const BODY: f64 = 9.5;
pub const SMALL: f64 = 8.5;
/// Height of a line in sizes of its font.
pub const LEADING: f64 = 1.42;
/// Distance of the baseline from the top of a line, in sizes of its font.
pub const ASCENT: f64 = 1.05;
/// Space between blocks.
pub const GAP: f64 = 7.0;

pub struct Layout<'a> {
    pub pieces: Vec<Piece<'a>>,
    pub tags: Tags,
    pub fonts: &'a Fonts,
    pub width: f64,
    /// Charts so far; their data is set at the end.
    pub charts: Vec<&'a Chart>,
}

impl<'a> Layout<'a> {
    pub fn rule_below(&self, piece: &mut Piece<'a>) {
        let y = piece.height + 1.5;
        piece.items.push(rule(self.width, y, 0.4, Ink::Line));
        piece.height += 2.0;
    }

    pub fn heading(
        &mut self,
        title: &str,
        section: Option<&str>,
        level: usize,
        parent: Option<Group>,
    ) {
        let (size, above, below) = match level {
            1 => (22.0, 0.0, 6.0),
            2 => (14.5, 24.0, 3.0),
            3 => (10.5, 13.0, 0.0),
            _ => (9.5, 9.0, 0.0),
        };
        let title = self.fonts.title(title);
        let number = std::num::NonZeroU16::new(level as u16).unwrap_or(std::num::NonZeroU16::MIN);
        let group = self
            .tags
            .group(parent, Tag::Hn(number, Some(title.clone())));
        let broken = lines(
            &one(&title, &STRONG, self.fonts),
            size,
            self.width,
            self.fonts,
        );
        let mut piece = self.set(&broken, size, 0.0, group);
        piece.above = above;
        piece.height += below;
        piece.with_next = true;
        if level <= 3 {
            piece.heading = Some(Heading {
                section: section.map(str::to_owned),
                title,
                level,
            });
        }
        self.pieces.push(piece);
    }

    /// A paragraph: its first two and its last two lines stay together.
    pub fn text(&mut self, spans: &[Span], size: f64, indent: f64, group: Group) {
        let found = lines(spans, size, self.width - indent, self.fonts);
        for (i, line) in found.iter().enumerate() {
            let mut piece = self.set(std::slice::from_ref(line), size, indent, group);
            piece.above = if i == 0 { GAP } else { 0.0 };
            piece.with_next = i + 1 < found.len() && (i == 0 || i + 2 == found.len());
            self.pieces.push(piece);
        }
    }

    /// Lines as one piece; every part gets a leaf under the group, within a link if it is one.
    pub fn set(&mut self, lines: &[Line], size: f64, x: f64, group: Group) -> Piece<'a> {
        let leading = size * LEADING;
        let mut piece = Piece {
            height: leading * lines.len() as f64,
            ..Piece::default()
        };
        for (i, line) in lines.iter().enumerate() {
            for part in &line.parts {
                let parent = match part.look.link {
                    Some(_) => self.tags.group(Some(group), TagKind::from(Tag::Link)),
                    None => group,
                };
                let leaf = self.tags.leaf(parent);
                let at = (x + part.x, i as f64 * leading + size * ASCENT);
                piece.items.push(Item {
                    what: What::Text {
                        part: part.clone(),
                        size,
                        at,
                    },
                    leaf: Some(leaf),
                });
            }
        }
        piece
    }
}

/// A rule from the left.
pub fn rule(width: f64, y: f64, thickness: f64, ink: Ink) -> Item<'static> {
    Item {
        what: What::Rule {
            from: (0.0, y),
            to: (width, y),
            width: thickness,
            ink,
        },
        leaf: None,
    }
}
