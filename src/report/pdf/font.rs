//! The embedded font: which characters it has and how wide they are.
//!
//! Text is set character by character. The subset in `assets/fonts` has neither ligatures nor kerning, and its figures are all
//! of one width, so that a width is a sum and numbers align in columns.

use std::borrow::Cow;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};
use unicode_normalization::UnicodeNormalization;

use super::error::PdfError;
use crate::report::{code, visible};

const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.otf");
const STRONG: &[u8] = include_bytes!("../../../assets/fonts/Inter-SemiBold.otf");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Regular,
    Strong,
}

/// Both weights of the font family.
pub struct Fonts {
    regular: Face,
    strong: Face,
}

struct Face {
    font: Font,
    characters: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    units_per_em: f32,
}

impl Face {
    fn new(bytes: &'static [u8]) -> Option<Face> {
        let parsed = FontRef::new(bytes).ok()?;
        let font = Font::new(bytes.into(), 0)?;
        Some(Face {
            units_per_em: font.units_per_em(),
            font,
            characters: parsed.charmap(),
            metrics: parsed.glyph_metrics(Size::unscaled(), LocationRef::default()),
        })
    }

    fn has(&self, c: char) -> bool {
        self.characters.map(c).is_some()
    }

    /// Glyph and advance of a character in units of the font size.
    fn glyph(&self, c: char) -> (u32, f32) {
        let glyph = self.characters.map(c).unwrap_or_default();
        let advance = self.metrics.advance_width(glyph).unwrap_or_default();
        (glyph.to_u32(), advance / self.units_per_em)
    }
}

impl Fonts {
    pub fn new() -> Result<Fonts, PdfError> {
        let face = |bytes| Face::new(bytes).ok_or(PdfError::Font);
        Ok(Fonts {
            regular: face(REGULAR)?,
            strong: face(STRONG)?,
        })
    }

    fn face(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Strong => &self.strong,
        }
    }

    pub fn font(&self, weight: Weight) -> Font {
        self.face(weight).font.clone()
    }

    /// The text as it can be set: composed, and with every character that the font lacks written out as `[U+1F600]`.
    pub fn shown(&self, text: &str) -> String {
        let composed: String = text.nfc().collect();
        let seen: Cow<'_, str> = visible(&composed);
        let mut shown = String::with_capacity(seen.len());
        for c in seen.chars() {
            match self.regular.has(c) {
                true => shown.push(c),
                false => shown.push_str(&code(c)),
            }
        }
        shown
    }

    /// A heading as it can be set; one without any character is a dash, for the outline and the tags need a text.
    pub fn title(&self, text: &str) -> String {
        let shown = self.shown(text);
        match shown.trim().is_empty() {
            true => "–".into(),
            false => shown,
        }
    }

    pub fn width(&self, text: &str, weight: Weight, size: f64) -> f64 {
        let face = self.face(weight);
        let advances = text.chars().map(|c| f64::from(face.glyph(c).1));
        advances.sum::<f64>() * size
    }

    /// The glyphs of a text that [`Fonts::shown`] returned.
    pub fn glyphs(&self, text: &str, weight: Weight) -> Vec<KrillaGlyph> {
        let face = self.face(weight);
        let glyph = |(at, c): (usize, char)| {
            let (id, advance) = face.glyph(c);
            let range = at..at + c.len_utf8();
            KrillaGlyph::new(GlyphId::new(id), advance, 0.0, 0.0, 0.0, range, None)
        };
        text.char_indices().map(glyph).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_the_font_lacks_are_written_out() {
        let fonts = Fonts::new().unwrap();
        for (text, shown) in [
            (
                "Ærøskøbing → Ωμέγα, Москва ≤ 1 €",
                "Ærøskøbing → Ωμέγα, Москва ≤ 1 €",
            ),
            ("cafe\u{301}", "café"),
            ("😀 שלום", "[U+1F600] [U+05E9][U+05DC][U+05D5][U+05DD]"),
            ("a\u{202e}b\u{0}\u{200b}", "a[U+202E]b[U+0000][U+200B]"),
        ] {
            assert_eq!(fonts.shown(text), shown);
            assert!(shown.chars().all(|c| fonts.strong.has(c)), "{shown}");
        }
    }

    #[test]
    fn figures_have_one_width() {
        let fonts = Fonts::new().unwrap();
        for weight in [Weight::Regular, Weight::Strong] {
            let width = |c: char| fonts.width(&c.to_string(), weight, 10.0);
            // The semi-bold 4 is a thousandth of its size narrower.
            assert!(('0'..='9').all(|c| (width(c) - width('0')).abs() < 0.02));
        }
    }
}
