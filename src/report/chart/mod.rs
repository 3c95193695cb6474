//! Charts: typed descriptions that know nothing of how they are drawn.
//!
//! A [`Chart`] is two axes and a list of marks. [`draw`] lays it out onto a [`Canvas`]; the canvases are `svg` for the
//! pages and the HTML files, and the one of the PDF. Beside every drawing stand the chart's summary and its
//! [table](Chart::table), so that nothing is told by a picture alone.

mod axis;
mod canvas;
mod catalogue;
mod draw;
mod svg;
mod table;
mod ticks;

pub use axis::{Axis, Scale, UTC};
pub use canvas::{Anchor, COLOURS, Canvas, Paint, Point, TEXT, Times};
pub use catalogue::{
    Bin, Counts, Waterfall, bars, calibration, confusion, edges, heat_map, histogram,
    precision_recall, roc,
};
pub use draw::{Size, draw};
pub use svg::image;

/// Style sheet of the charts, for pages and HTML files that define its colours.
pub const STYLE: &str = include_str!("chart.css");
pub use table::{TO, plain};

/// A chart: what is drawn, and how it is to be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What the chart shows, as a caption.
    pub title: String,
    /// What the chart says, in a sentence with its figures: the text alternative.
    pub summary: String,
    pub x: Axis,
    pub y: Axis,
    /// Drawn in this order, the last on top.
    pub marks: Vec<Mark>,
}

/// One layer of a chart. Values are in the units of the axes; a categorical axis counts its categories from 0. Values that
/// are not finite are left out of the drawing and stand empty in the table.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// Bars that rise from `low` to `high`. Upright over intervals of x; lying if the y axis is categorical.
    Bars { series: String, bars: Vec<Bar> },
    /// A line through points in order of x.
    Line {
        series: String,
        points: Vec<Point>,
        dashed: bool,
    },
    /// A line that keeps each value until the next point.
    Step { series: String, points: Vec<Point> },
    /// The area between two values, such as an interval around a line.
    Band {
        series: String,
        points: Vec<(f64, f64, f64)>,
    },
    /// Single points, each with the interval of its y value if it has one.
    Points { series: String, points: Vec<Spot> },
    /// A matrix of shares in [0, 1] with `x.len()` columns and `y.len()` rows, the first row on top; darker is more.
    Cells {
        series: String,
        rows: Vec<Vec<Cell>>,
    },
    /// A reference line across the chart at a value of one axis.
    Rule { label: String, at: At },
}

/// A bar: its extent across the bars and its two ends along them.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub from: f64,
    pub to: f64,
    pub low: f64,
    pub high: f64,
    /// Written at the end of the bar.
    pub label: Option<String>,
    /// Drawn in the second colour: a contribution against the prediction, a column that drifts.
    pub against: bool,
}

/// A point with the interval of its y value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    pub x: f64,
    pub y: f64,
    pub interval: Option<(f64, f64)>,
}

/// A cell of a matrix: how dark it is and what is written in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Share in [0, 1], or none for an empty cell.
    pub share: Option<f64>,
    pub label: String,
}

/// A value of one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum At {
    X(f64),
    Y(f64),
    /// The diagonal from the lowest to the highest value of both axes.
    Diagonal,
}

impl Mark {
    /// Name of the series, as in the key and the table. A reference line has its label.
    pub fn series(&self) -> &str {
        match self {
            Mark::Bars { series, .. }
            | Mark::Line { series, .. }
            | Mark::Step { series, .. }
            | Mark::Band { series, .. }
            | Mark::Points { series, .. }
            | Mark::Cells { series, .. } => series,
            Mark::Rule { label, .. } => label,
        }
    }
}

impl Chart {
    /// The distinct series that need a key, in the order of their colours: none if there is only one.
    fn key(&self) -> Vec<&str> {
        let all = self.series();
        if all.len() > 1 { all } else { Vec::new() }
    }

    /// The distinct series in order. Reference lines are labelled where they stand and are no series.
    fn series(&self) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for mark in &self.marks {
            let is_series = !matches!(mark, Mark::Rule { .. });
            if is_series && !found.contains(&mark.series()) {
                found.push(mark.series());
            }
        }
        found
    }
}
