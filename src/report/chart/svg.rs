//! Charts as SVG. Colours are classes of the style sheet, so that a chart follows the theme of its page and needs no style
//! of its own, which the pages' Content-Security-Policy would forbid.

use std::fmt::Write;

use maud::{Markup, PreEscaped, html};

use super::axis::UTC;
use super::canvas::{Anchor, COLOURS, Canvas, Paint, Point, TEXT, Times};
use super::{Chart, Size, draw};
use crate::report::visible;

/// The drawing alone, with its text alternative; `caption` is the id of the element that names it.
pub fn image(chart: &Chart, caption: &str, size: Size) -> Markup {
    let mut canvas = Svg::default();
    draw(chart, &mut canvas, size);
    let description = format!("{caption}-text");
    html! {
        svg .wide[size.width > NARROW] viewBox=(format!("0 0 {} {}", size.width, size.height)) width=(size.width * SCALE) role="img"
            aria-labelledby=(caption) aria-describedby=(description) {
            desc #(description) { (visible(&chart.summary)) }
            (PreEscaped(canvas.body))
        }
    }
}

/// Pixels of CSS for a point of the drawing where there is room: text is then a little smaller than that of the page.
const SCALE: f64 = 1.3;

/// Width up to which a drawing can be read on a narrow screen as well.
const NARROW: f64 = 320.0;

#[derive(Default)]
struct Svg {
    body: String,
}

/// Class of a paint in the style sheet.
fn class(paint: Paint) -> String {
    match paint {
        Paint::Axis => "axis".into(),
        Paint::Grid => "grid".into(),
        Paint::Label => "label".into(),
        Paint::Rule => "rule".into(),
        Paint::Series(i) => format!("s{}", i % COLOURS),
        Paint::Dashed(i) => format!("s{} dashed", i % COLOURS),
        Paint::Pale(i) => format!("s{} pale", i % COLOURS),
        Paint::Shade(share) => format!("shade d{:.0}", share.clamp(0.0, 1.0) * 10.0),
        Paint::OnShade(share) if share > 0.55 => "on".into(),
        Paint::OnShade(_) => "cell".into(),
    }
}

/// Coordinates to a tenth of a point, without a needless fraction.
fn place(points: &[Point]) -> String {
    let mut text = String::new();
    for (i, (x, y)) in points.iter().enumerate() {
        let tenth = |v: f64| (v * 10.0).round() / 10.0;
        let gap = if i == 0 { "" } else { " " };
        // Writing into a text does not fail.
        let _ = write!(text, "{gap}{},{}", tenth(*x), tenth(*y));
    }
    text
}

/// A caption whose zone the page's script replaces by the reader's own.
fn zoned(caption: &str) -> Markup {
    match caption.split_once(UTC) {
        Some((before, after)) => {
            html! { (visible(before)) tspan data-zone { (UTC) } (visible(after)) }
        }
        None => html! { (visible(caption)) },
    }
}

impl Canvas for Svg {
    fn line(&mut self, points: &[Point], paint: Paint) {
        let line = html! { polyline class=(class(paint)) points=(place(points)) {} };
        self.body.push_str(&line.0);
    }

    fn area(&mut self, corners: &[Point], paint: Paint) {
        let area = html! { polygon class=(class(paint)) points=(place(corners)) {} };
        self.body.push_str(&area.0);
    }

    fn disc(&mut self, (x, y): Point, radius: f64, paint: Paint) {
        let (x, y) = (format!("{x:.1}"), format!("{y:.1}"));
        let disc = html! { circle class=(class(paint)) cx=(x) cy=(y) r=(radius) {} };
        self.body.push_str(&disc.0);
    }

    fn text(&mut self, (x, y): Point, anchor: Anchor, text: &str, paint: Paint) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y) = (format!("{x:.1}"), format!("{y:.1}"));
        let text = html! {
            text class=(class(paint)) x=(x) y=(y) text-anchor=(anchor) { (visible(text)) }
        };
        self.body.push_str(&text.0);
    }

    /// With what the page's script needs to mark the round times of the reader's clock in place of those of UTC.
    fn times(&mut self, times: &Times<'_>) {
        let [(left, from), (right, to)] = times.ends;
        let ((x, y), caption) = times.caption;
        let label = class(Paint::Label);
        let tenth = |v: f64| format!("{v:.1}");
        let group = html! {
            g data-step=(times.step) data-from=(from) data-to=(to) data-left=(tenth(left)) data-right=(tenth(right)) {
                @for (x, text) in &times.marks {
                    text class=(label) x=(tenth(*x)) y=(tenth(times.baseline)) text-anchor="middle" { (visible(text)) }
                }
            }
            text class=(label) x=(tenth(x)) y=(tenth(y)) text-anchor="end" { (zoned(caption)) }
        };
        self.body.push_str(&group.0);
    }

    /// The browser's font is not known: the mean advance of a sans-serif font, wide characters counted as two.
    fn width(&self, text: &str) -> f64 {
        let advance = |c: char| if (c as u32) < 0x1100 { 0.58 } else { 1.0 };
        text.chars().map(advance).sum::<f64>() * TEXT
    }
}
