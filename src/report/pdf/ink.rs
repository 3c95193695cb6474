//! Colours: those of the style sheets on white.

use krilla::color::rgb::Color;

/// What a colour is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Text,
    Muted,
    /// Rules between rows.
    Line,
    /// The ground of code.
    Ground,
    /// Links.
    Accent,
    /// A series of a chart, by its number.
    Series(usize),
    /// Cells of a matrix.
    Shade,
    White,
}

const SERIES: [u32; crate::report::chart::COLOURS] =
    [0x0b62c4, 0xb4530a, 0x00785a, 0xa2457d, 0x6b5b00, 0x4b5563];

impl Ink {
    pub fn colour(self) -> Color {
        let rgb = match self {
            Ink::Text => 0x1a1f24,
            Ink::Muted => 0x55606b,
            Ink::Line => 0xd5dae0,
            Ink::Ground => 0xf3f5f7,
            Ink::Accent => SERIES[0],
            Ink::Series(i) => SERIES[i % SERIES.len()],
            Ink::Shade => 0x0b4a94,
            Ink::White => 0xffffff,
        };
        let [_, red, green, blue] = u32::to_be_bytes(rgb);
        Color::new(red, green, blue)
    }
}
