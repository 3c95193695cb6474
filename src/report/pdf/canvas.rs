//! Charts as PDF paths and text.

use krilla::geom::{PathBuilder, Point as At, Transform};
use krilla::num::NormalizedF32;
use krilla::paint::{Fill, Stroke, StrokeDash};
use krilla::surface::Surface;

use super::font::{Fonts, Weight};
use super::ink::Ink;
use crate::report::chart::{Anchor, Canvas, Chart, Paint, Point, Size, TEXT, draw};

/// Scale of charts, whose texts would be too large beside those of a printed page.
const SCALE: f64 = 0.84;

/// Draws a chart into a rectangle, given by its top left and its size.
pub fn chart(chart: &Chart, at: Point, size: Size, surface: &mut Surface<'_>, fonts: &Fonts) {
    let scale = SCALE as f32;
    surface.push_transform(&Transform::from_row(
        scale,
        0.0,
        0.0,
        scale,
        at.0 as f32,
        at.1 as f32,
    ));
    let size = Size::of(size.width / SCALE, size.height / SCALE);
    draw(chart, &mut Pdf { surface, fonts }, size);
    surface.pop();
}

struct Pdf<'a, 'b> {
    surface: &'a mut Surface<'b>,
    fonts: &'a Fonts,
}

/// Colour and opacity of a paint.
fn ink(paint: Paint) -> (Ink, f32) {
    match paint {
        Paint::Axis | Paint::Label | Paint::Rule => (Ink::Muted, 1.0),
        Paint::Grid => (Ink::Line, 1.0),
        Paint::Series(i) | Paint::Dashed(i) => (Ink::Series(i), 1.0),
        Paint::Pale(i) => (Ink::Series(i), 0.3),
        Paint::Shade(share) => (Ink::Shade, shade(share)),
        Paint::OnShade(share) if share > 0.55 => (Ink::White, 1.0),
        Paint::OnShade(_) => (Ink::Text, 1.0),
    }
}

/// Opacity of a cell, in the steps of the style sheet: text on it stays readable at every share.
fn shade(share: f64) -> f32 {
    const STEPS: [f32; 11] = [0.04, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 0.85, 0.9, 0.95, 1.0];
    STEPS[(share.clamp(0.0, 1.0) * 10.0).round() as usize]
}

fn fill(paint: Paint) -> Fill {
    let (ink, opacity) = ink(paint);
    Fill {
        paint: ink.colour().into(),
        opacity: NormalizedF32::new(opacity).unwrap_or(NormalizedF32::ONE),
        ..Fill::default()
    }
}

fn stroke(paint: Paint) -> Stroke {
    let (width, dash) = match paint {
        Paint::Axis => (0.8, None),
        Paint::Grid => (0.6, None),
        Paint::Rule => (0.8, Some([3.0, 2.0])),
        Paint::Dashed(_) => (1.4, Some([4.0, 3.0])),
        _ => (1.4, None),
    };
    Stroke {
        paint: ink(paint).0.colour().into(),
        width,
        dash: dash.map(|dash| StrokeDash {
            array: dash.to_vec(),
            offset: 0.0,
        }),
        ..Stroke::default()
    }
}

impl Pdf<'_, '_> {
    fn path(&mut self, points: &[Point], is_closed: bool) {
        let mut path = PathBuilder::new();
        for (i, (x, y)) in points.iter().enumerate() {
            match i {
                0 => path.move_to(*x as f32, *y as f32),
                _ => path.line_to(*x as f32, *y as f32),
            }
        }
        if is_closed {
            path.close();
        }
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }
}

impl Canvas for Pdf<'_, '_> {
    fn line(&mut self, points: &[Point], paint: Paint) {
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(stroke(paint)));
        self.path(points, false);
        self.surface.set_stroke(None);
    }

    fn area(&mut self, corners: &[Point], paint: Paint) {
        self.surface.set_fill(Some(fill(paint)));
        self.path(corners, true);
    }

    /// Four Bézier curves; 0.5523 is where their handles come closest to a circle.
    fn disc(&mut self, (x, y): Point, radius: f64, paint: Paint) {
        self.surface.set_fill(Some(fill(paint)));
        let (x, y, r) = (x as f32, y as f32, radius as f32);
        let h = r * 0.5523;
        let mut path = PathBuilder::new();
        path.move_to(x + r, y);
        path.cubic_to(x + r, y + h, x + h, y + r, x, y + r);
        path.cubic_to(x - h, y + r, x - r, y + h, x - r, y);
        path.cubic_to(x - r, y - h, x - h, y - r, x, y - r);
        path.cubic_to(x + h, y - r, x + r, y - h, x + r, y);
        path.close();
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    fn text(&mut self, (x, y): Point, anchor: Anchor, text: &str, paint: Paint) {
        let text = self.fonts.shown(text);
        if text.is_empty() {
            return;
        }
        let width = self.fonts.width(&text, Weight::Regular, TEXT);
        let x = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        };
        self.surface.set_fill(Some(fill(paint)));
        let glyphs = self.fonts.glyphs(&text, Weight::Regular);
        let (at, font) = (
            At::from_xy(x as f32, y as f32),
            self.fonts.font(Weight::Regular),
        );
        self.surface
            .draw_glyphs(at, &glyphs, font, &text, TEXT as f32, false);
    }

    fn width(&self, text: &str) -> f64 {
        let text = self.fonts.shown(text);
        self.fonts.width(&text, Weight::Regular, TEXT)
    }
}
