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
    /// Writes the marks and the caption of an axis of time, which a reader's own clock may place and write anew.
    fn times(&mut self, times: &Times<'_>) {
        for (x, text) in &times.marks {
            self.text((*x, times.baseline), Anchor::Middle, text, Paint::Label);
        }
        let (at, caption) = times.caption;
        self.text(at, Anchor::End, caption, Paint::Label);
    }
    /// Width of a text as it would be written.
    fn width(&self, text: &str) -> f64;
}

/// An axis of time below a chart.
pub struct Times<'a> {
    /// Middle and text of each mark, in UTC.
    pub marks: Vec<(f64, String)>,
    /// Baseline of their texts.
    pub baseline: f64,
    /// Right end of the caption's baseline, and the caption.
    pub caption: (Point, &'a str),
    /// Seconds between two marks.
    pub step: f64,
    /// The ends of the axis: where each is, and its seconds since 1970.
    pub ends: [(f64, f64); 2],
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
