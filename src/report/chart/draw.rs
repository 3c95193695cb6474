//! Lays a chart out on a canvas.

use super::axis::{Range, Scale};
use super::canvas::{Anchor, Canvas, Paint, Point, TEXT, Times};
use super::ticks::{Tick, ticks, time_step};
use super::{At, Bar, Cell, Chart, Mark, Spot};

/// Size of a drawing in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    pub width: f64,
    pub height: f64,
}

impl Size {
    pub const fn of(width: f64, height: f64) -> Size {
        Size { width, height }
    }
}

impl Chart {
    /// The caption of the y axis, unless the title has said it.
    fn caption_above(&self) -> String {
        let caption = self.y.caption();
        match caption == self.title {
            true => String::new(),
            false => caption,
        }
    }

    /// The size at which each name of the y axis has a line of its own; without names the size as it is.
    pub fn fitted(&self, size: Size) -> Size {
        /// Height of a name with its bars or cells, and of what stands above and below them.
        const NAME: f64 = 17.0;
        const AROUND: f64 = 62.0;
        let Some(names) = self.y.categories() else {
            return size;
        };
        let bars = self.series().len().max(1) as f64;
        let height = AROUND + names.len() as f64 * NAME * f64::max(1.0, bars * 0.7);
        Size::of(size.width, height)
    }
}

/// Gap between parts of a drawing.
const GAP: f64 = 5.0;
/// Height of a line of text.
const LINE: f64 = TEXT * 1.3;
const RADIUS: f64 = 2.6;
/// By how much a text may exceed its room: its width is a sum of many small numbers.
const SLACK: f64 = 0.01;
/// Share of the width that the labels of the y axis may take.
const LABELS: f64 = 0.38;

/// Draws a chart. The title is left to the caller: a caption above the figure.
pub fn draw(chart: &Chart, canvas: &mut impl Canvas, size: Size) {
    let (x, y) = chart.ranges();
    let key = chart.key();
    let above = match chart.caption_above().is_empty() {
        true => LINE,
        false => GAP + 1.6 * LINE,
    };
    let top = above + key_height(&key, canvas, size);
    let rows = ((size.height - top - 3.0 * LINE) / (2.2 * LINE)).max(2.0) as usize;
    let most = match chart.y.categories() {
        Some(_) => ((size.height - top - 3.0 * LINE) / LINE).max(1.0) as usize,
        None => rows.min(6),
    };
    let up: Vec<Tick> = ticks(&chart.y, y, most);
    let widest = up
        .iter()
        .map(|tick| canvas.width(&tick.text))
        .fold(0.0, f64::max);
    let left = widest.min(size.width * LABELS) + 2.0 * GAP;
    let frame = Frame {
        left,
        right: size.width - 2.0 * GAP,
        top,
        bottom: size.height - 2.0 * LINE - GAP,
        x,
        y,
        is_lying: chart.y.categories().is_some(),
    };
    draw_key(&key, canvas, size);
    frame.axes(chart, &up, canvas);
    let series = chart.series();
    for mark in &chart.marks {
        let colour = series.iter().position(|name| *name == mark.series());
        frame.mark(mark, colour.unwrap_or(0), canvas);
    }
}

/// Shortens a text to a width, with an ellipsis.
fn fitting(text: &str, width: f64, canvas: &impl Canvas) -> String {
    if canvas.width(text) <= width + SLACK {
        return text.to_owned();
    }
    let mut short = String::new();
    for c in text.chars() {
        short.push(c);
        if canvas.width(&short) + TEXT > width {
            break;
        }
    }
    short.pop();
    short.push('…');
    short
}

/// Places of the entries of the key, which break into further lines.
fn key_places(key: &[&str], canvas: &impl Canvas, size: Size) -> Vec<Point> {
    let (mut x, mut y) = (0.0, LINE);
    let mut places = Vec::new();
    for name in key {
        let width = canvas.width(name) + 5.0 * GAP;
        if x > 0.0 && x + width > size.width {
            (x, y) = (0.0, y + LINE);
        }
        places.push((x, y));
        x += width;
    }
    places
}

fn key_height(key: &[&str], canvas: &impl Canvas, size: Size) -> f64 {
    key_places(key, canvas, size)
        .last()
        .map_or(0.0, |place| place.1)
}

fn draw_key(key: &[&str], canvas: &mut impl Canvas, size: Size) {
    let places = key_places(key, canvas, size);
    for (i, (name, (x, y))) in key.iter().zip(places).enumerate() {
        canvas.disc(
            (x + RADIUS, y - TEXT * 0.32),
            RADIUS + 0.6,
            Paint::Series(i),
        );
        let name = fitting(name, size.width - 4.0 * GAP, canvas);
        canvas.text((x + 2.0 * GAP, y), Anchor::Start, &name, Paint::Label);
    }
}

/// The rectangle of the data, with the ranges of its axes.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x: Range,
    y: Range,
    is_lying: bool,
}

impl Frame {
    fn at_x(&self, value: f64) -> f64 {
        self.left + self.x.place(value).clamp(-1.0, 2.0) * (self.right - self.left)
    }

    /// Numbers rise upwards; names are read from the top.
    fn at_y(&self, value: f64) -> f64 {
        let place = self.y.place(value).clamp(-1.0, 2.0);
        let from_top = if self.is_lying { place } else { 1.0 - place };
        self.top + from_top * (self.bottom - self.top)
    }

    fn at(&self, (x, y): Point) -> Point {
        (self.at_x(x), self.at_y(y))
    }

    fn axes(&self, chart: &Chart, up: &[Tick], canvas: &mut impl Canvas) {
        for tick in up {
            let y = self.at_y(tick.at);
            if !self.is_lying {
                canvas.line(&[(self.left, y), (self.right, y)], Paint::Grid);
            }
            let text = fitting(&tick.text, self.left - 2.0 * GAP, canvas);
            canvas.text(
                (self.left - GAP, y + TEXT * 0.35),
                Anchor::End,
                &text,
                Paint::Label,
            );
        }
        self.ticks_of_x(chart, canvas);
        if self.is_lying {
            canvas.line(
                &[(self.left, self.top), (self.left, self.bottom)],
                Paint::Axis,
            );
        } else {
            canvas.line(
                &[(self.left, self.bottom), (self.right, self.bottom)],
                Paint::Axis,
            );
        }
        let caption = fitting(&chart.caption_above(), self.right - GAP, canvas);
        let above = (0.0, self.top - 0.8 * LINE);
        canvas.text(above, Anchor::Start, &caption, Paint::Label);
    }

    fn ticks_of_x(&self, chart: &Chart, canvas: &mut impl Canvas) {
        let width = self.right - self.left;
        let mut most = (width / (5.0 * TEXT)).max(2.0) as usize;
        let mut marked = ticks(&chart.x, self.x, most);
        // Fewer, until the widest has room; names are shortened in the end.
        let room = |marked: &[Tick]| width / marked.len().max(1) as f64 - 2.0 * GAP;
        while most > 2 && marked.iter().any(|t| canvas.width(&t.text) > room(&marked)) {
            if chart.x.categories().is_some() && room(&marked) > 4.0 * TEXT {
                break;
            }
            most -= 1;
            marked = ticks(&chart.x, self.x, most);
        }
        let room = room(&marked);
        let mut written = Vec::new();
        for tick in &marked {
            let x = self.at_x(tick.at);
            if self.is_lying && chart.x.categories().is_none() {
                canvas.line(&[(x, self.top), (x, self.bottom)], Paint::Grid);
            }
            let text = fitting(&tick.text, room.max(3.0 * TEXT), canvas);
            let half = canvas.width(&text) / 2.0;
            let x = x.min(self.right + 2.0 * GAP - half).max(half);
            written.push((x, text));
        }
        let caption = fitting(&chart.x.caption(), width, canvas);
        let below = (self.right, self.bottom + 2.0 * LINE);
        let baseline = self.bottom + LINE;
        if chart.x.scale == Scale::Time {
            return canvas.times(&Times {
                marks: written,
                baseline,
                caption: (below, &caption),
                step: time_step(self.x, most).0,
                ends: [(self.left, self.x.low), (self.right, self.x.high)],
            });
        }
        for (x, text) in written {
            canvas.text((x, baseline), Anchor::Middle, &text, Paint::Label);
        }
        canvas.text(below, Anchor::End, &caption, Paint::Label);
    }

    fn mark(&self, mark: &Mark, colour: usize, canvas: &mut impl Canvas) {
        match mark {
            Mark::Bars { bars, .. } => bars.iter().for_each(|bar| self.bar(bar, colour, canvas)),
            Mark::Line { points, dashed, .. } => {
                let paint = if *dashed {
                    Paint::Dashed(colour)
                } else {
                    Paint::Series(colour)
                };
                self.line(points, paint, canvas);
            }
            Mark::Step { points, .. } => {
                let corners = |pair: &[Point]| [pair[0], (pair[1].0, pair[0].1)];
                let mut steps: Vec<Point> = points.windows(2).flat_map(corners).collect();
                steps.extend(points.last());
                self.line(&steps, Paint::Series(colour), canvas);
            }
            Mark::Band { points, .. } => {
                let known =
                    |p: &&(f64, f64, f64)| p.0.is_finite() && p.1.is_finite() && p.2.is_finite();
                let above = points.iter().filter(known).map(|p| self.at((p.0, p.2)));
                let below = points
                    .iter()
                    .filter(known)
                    .rev()
                    .map(|p| self.at((p.0, p.1)));
                let corners: Vec<Point> = above.chain(below).collect();
                if corners.len() > 3 {
                    canvas.area(&corners, Paint::Pale(colour));
                }
            }
            Mark::Points { points, .. } => {
                points
                    .iter()
                    .for_each(|spot| self.spot(spot, colour, canvas));
            }
            Mark::Cells { rows, .. } => self.cells(rows, canvas),
            Mark::Rule { label, at } => self.rule(label, *at, canvas),
        }
    }

    /// A line breaks where a value is unknown.
    fn line(&self, points: &[Point], paint: Paint, canvas: &mut impl Canvas) {
        let is_gap = |p: &Point| !(p.0.is_finite() && p.1.is_finite());
        for run in points.split(is_gap) {
            match run {
                [] => {}
                [one] => canvas.disc(self.at(*one), RADIUS, paint),
                more => {
                    let places: Vec<Point> = more.iter().map(|p| self.at(*p)).collect();
                    canvas.line(&places, paint);
                }
            }
        }
    }

    fn bar(&self, bar: &Bar, colour: usize, canvas: &mut impl Canvas) {
        if ![bar.from, bar.to, bar.low, bar.high]
            .iter()
            .all(|v| v.is_finite())
        {
            return;
        }
        let ends = [(bar.from, bar.low), (bar.to, bar.high)];
        let [a, b] = ends.map(|(across, along)| match self.is_lying {
            true => self.at((along, across)),
            false => self.at((across, along)),
        });
        let corners = [a, (b.0, a.1), b, (a.0, b.1)];
        let colour = colour + usize::from(bar.against);
        canvas.area(&corners, Paint::Pale(colour));
        // The end of a bar in full colour, so that overlaid bars can be told apart.
        match self.is_lying {
            true => canvas.line(&[(b.0, a.1), b], Paint::Series(colour)),
            false => canvas.line(&[(a.0, b.1), b], Paint::Series(colour)),
        }
        let Some(label) = &bar.label else { return };
        if self.is_lying {
            let middle = (a.1 + b.1) / 2.0 + TEXT * 0.35;
            let (low, high) = (a.0.min(b.0), a.0.max(b.0));
            let width = canvas.width(label);
            let place = match (
                high + GAP + width <= self.right + GAP,
                low - GAP - width >= self.left,
            ) {
                (true, _) => (high + GAP / 2.0, Anchor::Start),
                (false, true) => (low - GAP / 2.0, Anchor::End),
                (false, false) => (high - GAP / 2.0, Anchor::End),
            };
            canvas.text((place.0, middle), place.1, label, Paint::Label);
        } else {
            let middle = (a.0 + b.0) / 2.0;
            canvas.text(
                (middle, a.1.min(b.1) - GAP / 2.0),
                Anchor::Middle,
                label,
                Paint::Label,
            );
        }
    }

    fn spot(&self, spot: &Spot, colour: usize, canvas: &mut impl Canvas) {
        if !(spot.x.is_finite() && spot.y.is_finite()) {
            return;
        }
        if let Some((low, high)) = spot.interval {
            let ends = [self.at((spot.x, low)), self.at((spot.x, high))];
            canvas.line(&ends, Paint::Series(colour));
        }
        canvas.disc(self.at((spot.x, spot.y)), RADIUS, Paint::Series(colour));
    }

    fn cells(&self, rows: &[Vec<Cell>], canvas: &mut impl Canvas) {
        for (r, row) in rows.iter().enumerate() {
            for (c, cell) in row.iter().enumerate() {
                let Some(share) = cell.share.filter(|s| s.is_finite()) else {
                    continue;
                };
                let (x, y) = (c as f64, r as f64);
                let (a, b) = (self.at((x - 0.48, y - 0.46)), self.at((x + 0.48, y + 0.46)));
                canvas.area(&[a, (b.0, a.1), b, (a.0, b.1)], Paint::Shade(share));
                if cell.label.is_empty() {
                    continue;
                }
                let label = fitting(&cell.label, b.0 - a.0, canvas);
                let middle = ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0 + TEXT * 0.35);
                canvas.text(middle, Anchor::Middle, &label, Paint::OnShade(share));
            }
        }
    }

    fn rule(&self, label: &str, at: At, canvas: &mut impl Canvas) {
        match at {
            At::X(value) => {
                let x = self.at_x(value);
                canvas.line(&[(x, self.top), (x, self.bottom)], Paint::Rule);
                let is_right = x > (self.left + self.right) / 2.0;
                let (x, anchor) = match is_right {
                    true => (x - GAP / 2.0, Anchor::End),
                    false => (x + GAP / 2.0, Anchor::Start),
                };
                canvas.text((x, self.top + TEXT), anchor, label, Paint::Rule);
            }
            At::Y(value) => {
                let y = self.at_y(value);
                canvas.line(&[(self.left, y), (self.right, y)], Paint::Rule);
                // At the left, where a curve that falls towards a line does not cross it, and below a line at the top, above
                // which the caption stands.
                let baseline = match y - self.top < LINE {
                    true => y + TEXT,
                    false => y - GAP / 2.0,
                };
                let place = (self.left + GAP / 2.0, baseline);
                canvas.text(place, Anchor::Start, label, Paint::Rule);
            }
            At::Diagonal => {
                let ends = [
                    self.at((self.x.low, self.y.low)),
                    self.at((self.x.high, self.y.high)),
                ];
                canvas.line(&ends, Paint::Rule);
            }
        }
    }
}
