//! Draws pages into a file.

use std::collections::BTreeMap;

use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point as At, Rect};
use krilla::metadata::Metadata;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, SpanTag};
use krilla::{Document as File, SerializeSettings};

use super::blocks;
use super::canvas;
use super::error::PdfError;
use super::font::{Fonts, Weight};
use super::ink::Ink;
use super::layout::MUTED;
use super::page::{self, Area, Item, Page, What};
use super::tags::{Leaf, Tags};
use super::text::{self, Look};
use crate::report::chart::{Point, Size};
use crate::report::document::Document;

/// Space around the text of a page.
const MARGIN: f64 = 56.0;
const BOTTOM: f64 = 62.0;
/// Size of the text at the foot of a page.
const FOOT: f64 = 8.0;

/// Size of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    A4,
    Letter,
}

impl Paper {
    fn size(self) -> Size {
        match self {
            Paper::A4 => Size::of(595.28, 841.89),
            Paper::Letter => Size::of(612.0, 792.0),
        }
    }
}

/// The document as the bytes of a PDF file.
///
/// # Errors
/// If the file would not be valid PDF/UA-1.
pub fn file(document: &Document, paper: Paper) -> Result<Vec<u8>, PdfError> {
    let fonts = Fonts::new()?;
    let size = paper.size();
    let area = Area {
        left: MARGIN,
        top: MARGIN,
        size: Size::of(size.width - 2.0 * MARGIN, size.height - MARGIN - BOTTOM),
    };
    let layout = blocks::layout(document, &fonts, area.size.width);
    let pages = page::pages(layout.pieces, area);
    let title = fonts.title(&document.title);
    let mut writer = Writer {
        file: File::new_with(settings()?),
        fonts: &fonts,
        tags: layout.tags,
        targets: targets(&pages),
        title: &title,
        size,
    };
    for (i, page) in pages.iter().enumerate() {
        writer.page(page, i, pages.len());
    }
    writer.finish(&pages)
}

fn settings() -> Result<SerializeSettings, PdfError> {
    let configuration =
        ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1);
    let configuration = configuration.finish();
    Ok(SerializeSettings {
        configuration: configuration.map_err(|error| PdfError::Write(format!("{error:?}")))?,
        ..SerializeSettings::default()
    })
}

/// Where each section begins.
fn targets(pages: &[Page<'_>]) -> BTreeMap<String, (usize, Point)> {
    let mut targets = BTreeMap::new();
    for (i, page) in pages.iter().enumerate() {
        for (heading, at) in &page.headings {
            if let Some(section) = &heading.section {
                targets.insert(section.clone(), (i, *at));
            }
        }
    }
    targets
}

struct Writer<'a> {
    file: File,
    fonts: &'a Fonts,
    tags: Tags,
    targets: BTreeMap<String, (usize, Point)>,
    title: &'a str,
    size: Size,
}

/// A link on a page.
struct Link {
    leaf: Leaf,
    rect: Rect,
    section: String,
    text: String,
}

impl Writer<'_> {
    fn page(&mut self, page: &Page<'_>, number: usize, of: usize) {
        // A page has a size above zero, as the constants have.
        let Some(settings) = PageSettings::from_wh(self.size.width as f32, self.size.height as f32)
        else {
            return;
        };
        let mut links = Vec::new();
        let mut sheet = self.file.start_page_with(settings);
        let mut surface = sheet.surface();
        for item in &page.items {
            let is_text = matches!(item.what, What::Text { .. } | What::PageOf { .. });
            let tag = match (item.leaf, is_text) {
                (Some(_), true) => ContentTag::Span(SpanTag::empty()),
                (Some(_), false) => ContentTag::Other,
                (None, _) => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
            };
            let identifier = surface.start_tagged(tag);
            draw(item, &mut surface, self.fonts, &self.targets);
            surface.end_tagged();
            if let Some(leaf) = item.leaf {
                self.tags.identify(leaf, identifier);
                links.extend(link(item, leaf));
            }
        }
        foot(self.title, number, of, self.size, &mut surface, self.fonts);
        surface.finish();
        for link in links {
            let Some((page, at)) = self.targets.get(&link.section) else {
                continue;
            };
            let target = Target::Destination(destination(*page, *at).into());
            let annotation =
                Annotation::new_link(LinkAnnotation::new(link.rect, target), Some(link.text));
            let identifier = sheet.add_tagged_annotation(annotation);
            self.tags.identify(link.leaf, identifier);
        }
        sheet.finish();
    }

    fn finish(mut self, pages: &[Page<'_>]) -> Result<Vec<u8>, PdfError> {
        let metadata = Metadata::new()
            .title(self.title.to_owned())
            .language("en".into())
            .creator(concat!("titanic-platform ", env!("CARGO_PKG_VERSION")).into());
        self.file.set_metadata(metadata);
        self.file.set_outline(outline(pages));
        self.file.set_tag_tree(self.tags.tree());
        self.file
            .finish()
            .map_err(|error| PdfError::Write(format!("{error:?}")))
    }
}

fn destination(page: usize, (x, y): Point) -> XyzDestination {
    XyzDestination::new(page, At::from_xy(x as f32, (y - 8.0) as f32))
}

/// Sections and their parts.
fn outline(pages: &[Page<'_>]) -> Outline {
    let mut outline = Outline::new();
    let mut open: Option<OutlineNode> = None;
    for (i, page) in pages.iter().enumerate() {
        for (heading, at) in &page.headings {
            let node = OutlineNode::new(heading.title.clone(), destination(i, *at));
            match (heading.level, &mut open) {
                (3.., Some(section)) => section.push_child(node),
                _ => {
                    if let Some(done) = open.replace(node) {
                        outline.push_child(done);
                    }
                }
            }
        }
    }
    if let Some(done) = open {
        outline.push_child(done);
    }
    outline
}

fn link(item: &Item<'_>, leaf: Leaf) -> Option<Link> {
    let What::Text { part, size, at } = &item.what else {
        return None;
    };
    let section = part.look.link.clone()?;
    let (x, y) = *at;
    let sides = [x, y - size, x + part.width, y + size * 0.3].map(|side| side as f32);
    Some(Link {
        leaf,
        rect: Rect::from_ltrb(sides[0], sides[1], sides[2], sides[3])?,
        section,
        text: part.text.clone(),
    })
}

fn draw(
    item: &Item<'_>,
    surface: &mut Surface<'_>,
    fonts: &Fonts,
    targets: &BTreeMap<String, (usize, Point)>,
) {
    match &item.what {
        What::Text { part, size, at } => write(&part.text, &part.look, *size, *at, surface, fonts),
        What::PageOf { section, size, at } => {
            let Some((page, _)) = targets.get(section) else {
                return;
            };
            let number = (page + 1).to_string();
            let width = fonts.width(&number, Weight::Regular, *size);
            write(&number, &MUTED, *size, (at.0 - width, at.1), surface, fonts);
        }
        What::Rule {
            from,
            to,
            width,
            ink,
        } => {
            surface.set_fill(None);
            surface.set_stroke(Some(Stroke {
                paint: ink.colour().into(),
                width: *width as f32,
                ..Stroke::default()
            }));
            let mut path = PathBuilder::new();
            path.move_to(from.0 as f32, from.1 as f32);
            path.line_to(to.0 as f32, to.1 as f32);
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
            surface.set_stroke(None);
        }
        What::Fill { at, size, ink } => {
            surface.set_fill(Some(fill(*ink)));
            let mut path = PathBuilder::new();
            let rect = Rect::from_xywh(
                at.0 as f32,
                at.1 as f32,
                size.width as f32,
                size.height as f32,
            );
            if let Some(rect) = rect {
                path.push_rect(rect);
            }
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        What::Chart { chart, at, size } => canvas::chart(chart, *at, *size, surface, fonts),
    }
}

fn fill(ink: Ink) -> Fill {
    Fill {
        paint: ink.colour().into(),
        ..Fill::default()
    }
}

fn write(text: &str, look: &Look, size: f64, at: Point, surface: &mut Surface<'_>, fonts: &Fonts) {
    surface.set_fill(Some(fill(look.ink)));
    let glyphs = fonts.glyphs(text, look.weight);
    let (at, font) = (
        At::from_xy(at.0 as f32, at.1 as f32),
        fonts.font(look.weight),
    );
    surface.draw_glyphs(at, &glyphs, font, text, size as f32, false);
}

/// Title and page number.
fn foot(
    title: &str,
    number: usize,
    of: usize,
    size: Size,
    surface: &mut Surface<'_>,
    fonts: &Fonts,
) {
    let y = size.height - BOTTOM / 2.0;
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(
        ArtifactType::Footer,
    )));
    let room = size.width - 2.0 * MARGIN - 80.0;
    let title = text::lines(&text::one(title, &MUTED, fonts), FOOT, room, fonts);
    if let Some(part) = title.first().and_then(|line| line.parts.first()) {
        write(&part.text, &part.look, FOOT, (MARGIN, y), surface, fonts);
    }
    let page = format!("Page {} of {of}", number + 1);
    let width = fonts.width(&page, Weight::Regular, FOOT);
    write(
        &page,
        &MUTED,
        FOOT,
        (size.width - MARGIN - width, y),
        surface,
        fonts,
    );
    surface.end_tagged();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::{Axis, bars};
    use crate::report::document::{Block, Section, Style, Text};
    use crate::report::table::Table;

    fn document(title: &str, name: &str, rows: usize) -> Document {
        let mut table = Table::new(name, &[name, "n#"]);
        for i in 0..rows {
            table.row([name.to_owned(), i.to_string()]);
        }
        let chart = |name: &str| {
            let names = Axis::names(name, vec![name.to_owned()]);
            bars(name, names, Axis::count("rows"), &[(name, &[1.0])])
        };
        let link = Text::from("see ").and(Style::Section("first".into()), name);
        let part = Block::Part {
            title: name.into(),
            is_detail: true,
            blocks: vec![Block::Charts(vec![chart(name), chart("b"), chart("c")])],
        };
        let first = Section::new("first", name)
            .with(name)
            .with(Block::List(vec![link]))
            .with(table)
            .with(chart(name));
        let second = Section::new("second", "Second")
            .with(Block::Facts(vec![
                (name.into(), name.into()),
                ("empty".into(), "".into()),
            ]))
            .with(Block::Code(format!("run {name}\n\n{name}")))
            .with(part);
        Document {
            title: title.into(),
            lead: vec![name.into()],
            sections: vec![first, second],
        }
    }

    #[test]
    fn any_text_gives_a_valid_file_and_the_same_bytes_again() {
        let long = "x".repeat(10_000);
        for name in [
            "plain",
            "😀 \u{202e}evil\u{0} שלום",
            "",
            " ",
            &long,
            "e\u{301}\u{1}\u{fffe}",
        ] {
            for paper in [Paper::A4, Paper::Letter] {
                let document = document("Title", name, 3);
                let bytes =
                    file(&document, paper).unwrap_or_else(|error| panic!("{name:.20}: {error}"));
                assert!(bytes.starts_with(b"%PDF-1.7"));
                assert_eq!(file(&document, paper).unwrap(), bytes);
            }
        }
        file(&document("", "no title", 0), Paper::A4).expect("an empty title is a title too");
    }

    #[test]
    fn a_long_table_breaks_over_pages() {
        let pages = |rows: usize| {
            let document = document("Title", "word ".repeat(40).trim(), rows);
            let fonts = Fonts::new().unwrap();
            let layout = blocks::layout(&document, &fonts, 480.0);
            let area = Area {
                left: MARGIN,
                top: MARGIN,
                size: Size::of(480.0, 700.0),
            };
            let pages = page::pages(layout.pieces, area);
            let lowest = |item: &Item<'_>| match &item.what {
                What::Text { at, .. } => at.1,
                What::Chart { at, size, .. } => at.1 + size.height,
                _ => 0.0,
            };
            let items = pages.iter().flat_map(|page| &page.items);
            assert!(items.map(lowest).fold(0.0, f64::max) <= MARGIN + 700.0);
            assert!(pages.iter().all(|page| !page.items.is_empty()));
            pages.len()
        };
        assert!(pages(300) > pages(3) + 5);
    }
}
