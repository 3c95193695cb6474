//! Lays the blocks of a document out.

use krilla::tagging::{ListNumbering, Tag};

use super::font::{Fonts, Weight};
use super::ink::Ink;
use super::layout::{ASCENT, BODY, GAP, LEADING, Layout, MUTED, PLAIN, SMALL, STRONG};
use super::page::{Item, Piece, What};
use super::table;
use super::tags::{Group, Tags};
use super::text::{Line, Look, lines, one, spans};
use crate::report::chart::{Chart, Scale, Size};
use crate::report::document::{Block, Document, Section, Text};

/// Space between charts side by side.
const GUTTER: f64 = 18.0;
/// Lines of code that stay together.
const SHORT: usize = 12;
/// Section with the data of the charts, which the renderer adds.
const DATA: &str = "chart-data";
const DATA_TITLE: &str = "Data of the charts";

/// The document as pieces of the given width, with their tags.
pub fn layout<'a>(document: &'a Document, fonts: &'a Fonts, width: f64) -> Layout<'a> {
    let mut layout = Layout {
        pieces: Vec::new(),
        tags: Tags::default(),
        fonts,
        width,
        charts: Vec::new(),
    };
    layout.document(document);
    layout
}

impl<'a> Layout<'a> {
    fn document(&mut self, document: &'a Document) {
        self.heading(&document.title, None, 1, None);
        let lead = self.tags.group(None, Tag::Section);
        self.blocks(&document.lead, lead, 2);
        let has_charts = has_charts(&document.lead)
            || document
                .sections
                .iter()
                .any(|section| has_charts(&section.blocks));
        if document.sections.len() > 1 {
            self.contents(&document.sections, has_charts);
        }
        for section in &document.sections {
            let group = self.tags.group(None, Tag::Section);
            self.heading(&section.title, Some(&section.id), 2, Some(group));
            self.blocks(&section.blocks, group, 3);
        }
        if has_charts {
            self.data();
        }
    }

    /// Sections with the pages on which they begin.
    fn contents(&mut self, sections: &[Section], has_charts: bool) {
        let list = self.tags.group(None, Tag::TOC);
        let all = sections.iter().map(|s| (s.id.as_str(), s.title.as_str()));
        let all = all.chain(has_charts.then_some((DATA, DATA_TITLE)));
        for (i, (id, title)) in all.enumerate() {
            let entry = self.tags.group(Some(list), Tag::TOCI);
            let look = Look {
                link: Some(id.to_owned()),
                ..Look::plain(Weight::Regular, Ink::Accent)
            };
            let found = lines(
                &one(title, &look, self.fonts),
                BODY,
                self.width - 40.0,
                self.fonts,
            );
            let mut piece = self.set(&found, BODY, 0.0, entry);
            let leaf = self.tags.leaf(entry);
            piece.items.push(Item {
                what: What::PageOf {
                    section: id.to_owned(),
                    size: BODY,
                    at: (self.width, BODY * ASCENT),
                },
                leaf: Some(leaf),
            });
            piece.above = if i == 0 { 2.0 * GAP } else { 1.5 };
            self.rule_below(&mut piece);
            self.pieces.push(piece);
        }
    }

    fn blocks(&mut self, blocks: &'a [Block], parent: Group, level: usize) {
        for (i, block) in blocks.iter().enumerate() {
            self.block(block, parent, level);
            let is_text = matches!(block, Block::Paragraph(_));
            let next = blocks.get(i + 1);
            let leads_in = matches!(
                next,
                Some(Block::Table(_) | Block::Chart(_) | Block::Charts(_))
            );
            if let Some(last) = self.pieces.last_mut().filter(|_| is_text && leads_in) {
                last.with_next = true;
            }
        }
    }

    fn block(&mut self, block: &'a Block, parent: Group, level: usize) {
        match block {
            Block::Paragraph(text) => {
                let group = self.tags.group(Some(parent), Tag::P);
                self.text(&spans(text, &PLAIN, self.fonts), BODY, 0.0, group);
            }
            Block::List(items) => self.list(items, parent),
            Block::Facts(facts) => self.facts(facts, parent),
            Block::Table(found) => table::set(self, found, parent, SMALL),
            Block::Chart(chart) => {
                self.row_of_charts(&[chart], parent, Size::of(self.width, height(chart)))
            }
            Block::Charts(charts) => {
                let size = Size::of((self.width - GUTTER) / 2.0, 165.0);
                for pair in charts.chunks(2) {
                    let pair: Vec<&Chart> = pair.iter().collect();
                    self.row_of_charts(&pair, parent, size);
                }
            }
            Block::Code(code) => self.code(code, parent),
            Block::Part { title, blocks, .. } => {
                self.heading(title, None, level, Some(parent));
                self.blocks(blocks, parent, level + 1);
            }
        }
    }

    fn list(&mut self, items: &[Text], parent: Group) {
        let list = self.tags.group(Some(parent), Tag::L(ListNumbering::Disc));
        for item in items {
            let entry = self.tags.group(Some(list), Tag::LI);
            let first = self.pieces.len();
            let label = self.tags.group(Some(entry), Tag::Lbl);
            let bullet = lines(&one("•", &MUTED, self.fonts), BODY, self.width, self.fonts);
            let bullet = self.set(&bullet, BODY, 2.0, label);
            let body = self.tags.group(Some(entry), Tag::LBody);
            self.text(&spans(item, &PLAIN, self.fonts), BODY, 12.0, body);
            self.put_beside(first, bullet, GAP / 2.0);
        }
    }

    /// Names beside their values.
    fn facts(&mut self, facts: &[(String, Text)], parent: Group) {
        let list = self.tags.group(Some(parent), Tag::L(ListNumbering::None));
        let width = |(name, _): &(String, Text)| {
            self.fonts
                .width(&self.fonts.shown(name), Weight::Regular, BODY)
        };
        let widest = facts.iter().map(width).fold(0.0, f64::max);
        let indent = widest.min(self.width * 0.32) + 14.0;
        for (i, (name, value)) in facts.iter().enumerate() {
            let entry = self.tags.group(Some(list), Tag::LI);
            let first = self.pieces.len();
            let label = self.tags.group(Some(entry), Tag::Lbl);
            let name = lines(
                &one(name, &MUTED, self.fonts),
                BODY,
                indent - 14.0,
                self.fonts,
            );
            let name = self.set(&name, BODY, 0.0, label);
            let body = self.tags.group(Some(entry), Tag::LBody);
            self.text(&spans(value, &PLAIN, self.fonts), BODY, indent, body);
            self.put_beside(first, name, if i == 0 { GAP } else { 2.0 });
        }
    }

    /// Adds a label to the piece that its body began with, or as a piece of its own before an empty body.
    fn put_beside(&mut self, first: usize, label: Piece<'a>, above: f64) {
        if first == self.pieces.len() {
            self.pieces.push(Piece { above, ..label });
            return;
        }
        let piece = &mut self.pieces[first];
        piece.above = above;
        piece.height = piece.height.max(label.height);
        piece.items.splice(0..0, label.items);
    }

    fn code(&mut self, code: &str, parent: Group) {
        let group = self.tags.group(Some(parent), Tag::Code);
        let broken = |line: &str| {
            let spans = one(line, &PLAIN, self.fonts);
            lines(&spans, SMALL, self.width - 16.0, self.fonts)
        };
        let all: Vec<Line> = code.lines().flat_map(broken).collect();
        let count = all.len();
        for (i, line) in all.iter().enumerate() {
            let mut piece = self.set(std::slice::from_ref(line), SMALL, 8.0, group);
            piece.above = if i == 0 { GAP } else { 0.0 };
            // A short command stays on one page.
            piece.with_next = i + 1 < count && (count <= SHORT || i == 0);
            piece.items.insert(
                0,
                Item {
                    what: What::Fill {
                        at: (0.0, -0.2),
                        size: Size::of(self.width, piece.height + 0.4),
                        ink: Ink::Ground,
                    },
                    leaf: None,
                },
            );
            self.pieces.push(piece);
        }
    }

    /// Charts side by side, each under its caption.
    fn row_of_charts(&mut self, charts: &[&'a Chart], parent: Group, size: Size) {
        let caption = |chart: &Chart| {
            let spans = one(&chart.title, &STRONG, self.fonts);
            lines(&spans, SMALL, size.width, self.fonts)
        };
        let captions: Vec<Vec<Line>> = charts.iter().map(|chart| caption(chart)).collect();
        let most = captions.iter().map(Vec::len).max().unwrap_or(0);
        let top = most as f64 * SMALL * LEADING + 2.0;
        let mut row = Piece {
            above: 1.6 * GAP,
            height: top + size.height,
            ..Piece::default()
        };
        for (i, (chart, caption)) in charts.iter().zip(&captions).enumerate() {
            let x = i as f64 * (size.width + GUTTER);
            let alternative = self
                .fonts
                .shown(&format!("{}. {}", chart.title, chart.summary));
            let figure = self
                .tags
                .group(Some(parent), Tag::Figure(Some(alternative)));
            let group = self.tags.group(Some(figure), Tag::Caption);
            row.items.extend(self.set(caption, SMALL, x, group).items);
            let leaf = self.tags.leaf(figure);
            let what = What::Chart {
                chart,
                at: (x, top),
                size,
            };
            row.items.push(Item {
                what,
                leaf: Some(leaf),
            });
            self.charts.push(chart);
        }
        self.pieces.push(row);
    }

    /// The values of every chart: what is drawn can also be read.
    fn data(&mut self) {
        let group = self.tags.group(None, Tag::Section);
        self.heading(DATA_TITLE, Some(DATA), 2, Some(group));
        for chart in std::mem::take(&mut self.charts) {
            table::set(self, &chart.table(), group, 7.5);
        }
    }
}

/// Height of a chart on a line of its own: a line for each bar that lies.
fn height(chart: &Chart) -> f64 {
    match &chart.y.scale {
        Scale::Names(names) => (48.0 + 13.0 * names.len() as f64).clamp(90.0, 480.0),
        _ => 190.0,
    }
}

fn has_charts(blocks: &[Block]) -> bool {
    blocks.iter().any(|block| match block {
        Block::Chart(_) | Block::Charts(_) => true,
        Block::Part { blocks, .. } => has_charts(blocks),
        _ => false,
    })
}
