//! What a chart is drawn on.

/// A place on a canvas, or a point of the data: x to the right, y down on a canvas and up in the data.
pub type Point = (f64, f64);

/// A surface that draws lines, areas and text. Lengths are in points of 1/72 inch, from the top left.
pub trait Canvas {
    /// Draws an open line.
    fn line(&mut self, points: &[Point], paint: Paint);
    /// Fills the area within these corners.
    fn area(&mut self, corners: &[Point], paint: Paint);
    /// Fills a disc.
    fn disc(&mut self, middle: Point, radius: f64, paint: Paint);
    /// Writes one line of text whose baseline starts, has its middle or ends at a place.
    fn text(&mut self, at: Point, anchor: Anchor, text: &str, paint: Paint);
    /// Writes a time in UTC, given in seconds since 1970, which a canvas that knows the reader's clock may write as that has it.
    fn time(&mut self, at: Point, anchor: Anchor, text: &str, _seconds: f64) {
        self.text(at, anchor, text, Paint::Label);
    }
    /// Width of a text as it would be written.
    fn width(&self, text: &str) -> f64;
}

/// Which part of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// What a stroke is for; a canvas has a colour and a width for each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Paint {
    /// The line of an axis.
    Axis,
    /// A line at a tick, behind the data.
    Grid,
    /// Labels and captions.
    Label,
    /// A reference line and its label.
    Rule,
    /// Data of a series, by its number from 0.
    Series(usize),
    /// As [`Paint::Series`], dashed.
    Dashed(usize),
    /// As [`Paint::Series`], so pale that what lies behind shows through.
    Pale(usize),
    /// A cell of a matrix, by its share in [0, 1].
    Shade(f64),
    /// Text on a cell of this share.
    OnShade(f64),
}

/// Number of colours of series; further series start again from the first.
pub const COLOURS: usize = 6;
/// Size of all texts of a chart.
pub const TEXT: f64 = 9.0;
