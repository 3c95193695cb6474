//! Tables: widths of columns, rows that break over pages, a heading that is repeated.

use std::rc::Rc;

use krilla::tagging::{TableHeaderScope, Tag};

use super::font::Fonts;
use super::ink::Ink;
use super::layout::{LEADING, Layout, MUTED, PLAIN, STRONG, rule};
use super::page::{Item, Piece, What};
use super::tags::Group;
use super::text::{Look, lines, one, widest_word};
use crate::report::table::{Column, Table};

/// Space between columns.
const GAP: f64 = 12.0;
/// Space that a column may be wider than its cells.
const SLACK: f64 = 30.0;
/// A word wider than this does not widen its column, but is broken.
const WORD: f64 = 66.0;
/// Size to which the text of a table may shrink so that no word needs to be broken.
const SMALLEST: f64 = 6.5;
/// Lines of a cell that are set; HTML and JSON have the whole text.
const MOST_LINES: usize = 8;
/// Characters of a cell that are looked at, more than [`MOST_LINES`] can hold.
const MOST_CHARACTERS: usize = 1200;
/// Rows from which on a narrow table is set in several columns side by side.
const LONG: usize = 12;
const MOST_FOLDS: usize = 4;
/// Space above and below the text of a row.
const PAD: f64 = 1.6;

/// Sets a table at a font size under a group of tags.
pub fn set(layout: &mut Layout<'_>, table: &Table, parent: Group, size: f64) {
    let table = folded(table, layout.fonts, layout.width, size);
    let mut size = size;
    while size > SMALLEST
        && Wanted::of(&table, layout.fonts, size).least() > room(&table, layout.width)
    {
        size -= 0.25;
    }
    let widths = widths(&table, layout.fonts, layout.width, size);
    let full = widths.iter().sum::<f64>() + GAP * (widths.len().saturating_sub(1)) as f64;
    let group = layout.tags.group(Some(parent), Tag::Table);
    if !table.caption.is_empty() {
        let caption = layout.tags.group(Some(group), Tag::Caption);
        let spans = one(&table.caption, &STRONG, layout.fonts);
        let found = lines(&spans, size, layout.width, layout.fonts);
        let mut piece = layout.set(&found, size, 0.0, caption);
        piece.above = 10.0;
        piece.with_next = true;
        layout.pieces.push(piece);
    }
    let head = layout.tags.group(Some(group), Tag::THead);
    let row = layout.tags.group(Some(head), Tag::TR);
    let headings: Vec<&str> = table.columns.iter().map(|c| c.heading.as_str()).collect();
    let mut heading = cells(layout, &headings, &table.columns, &widths, size, row, true);
    heading
        .items
        .push(rule(full, heading.height, 0.8, Ink::Muted));
    heading.height += 1.0;
    let repeated = Rc::new((heading.items.clone(), heading.height));
    heading.above = if table.caption.is_empty() { 8.0 } else { 1.0 };
    heading.with_next = !table.rows.is_empty();
    layout.pieces.push(heading);
    let body = layout.tags.group(Some(group), Tag::TBody);
    let last = table.rows.len().saturating_sub(1);
    for (i, found) in table.rows.iter().enumerate() {
        let row = layout.tags.group(Some(body), Tag::TR);
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        let mut piece = cells(layout, &found, &table.columns, &widths, size, row, false);
        piece.items.push(rule(full, piece.height, 0.4, Ink::Line));
        // The first two rows and the last two stay together.
        piece.with_next = last > 1 && (i == 0 || i + 1 == last);
        piece.repeated = Some(repeated.clone());
        layout.pieces.push(piece);
    }
}

fn cells<'a>(
    layout: &mut Layout<'a>,
    texts: &[&str],
    columns: &[Column],
    widths: &[f64],
    size: f64,
    row: Group,
    is_heading: bool,
) -> Piece<'a> {
    let look = if is_heading { MUTED } else { PLAIN };
    let mut piece = Piece::default();
    let mut x = 0.0;
    for ((text, column), width) in texts.iter().zip(columns).zip(widths) {
        let cell = match is_heading {
            true => layout
                .tags
                .group(Some(row), Tag::TH(TableHeaderScope::Column)),
            false => layout.tags.group(Some(row), Tag::TD),
        };
        let mut found = lines(&cut(text, &look, layout.fonts), size, *width, layout.fonts);
        if found.len() > MOST_LINES {
            found.truncate(MOST_LINES);
            let more = one("…", &look, layout.fonts);
            found.extend(lines(&more, size, *width, layout.fonts));
        }
        let set = layout.set(&found, size, 0.0, cell);
        piece.height = piece.height.max(set.height);
        // Each line of a number ends at the right of its column.
        let baselines = set.items.into_iter();
        piece.items.extend(baselines.map(|mut item| {
            place(&mut item, x, *width, column.is_number, &found);
            item
        }));
        x += width + GAP;
    }
    piece.height = piece.height.max(size * LEADING) + 2.0 * PAD;
    piece
}

/// Moves a text into its cell.
fn place(item: &mut Item<'_>, x: f64, width: f64, is_number: bool, lines: &[super::text::Line]) {
    let What::Text { at, part, .. } = &mut item.what else {
        return;
    };
    let own = lines.iter().find(|line| line.parts.contains(part));
    let indent = match own.filter(|_| is_number) {
        Some(line) => width - line.width,
        None => 0.0,
    };
    *at = (at.0 + x + indent, at.1 + PAD);
}

fn cut(text: &str, look: &Look, fonts: &Fonts) -> Vec<super::text::Span> {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => one(&text[..end], look, fonts),
        None => one(text, look, fonts),
    }
}

/// What the columns of a table would like to be wide.
struct Wanted {
    /// Each: the width of its widest cell, and the least at which no word is broken but very long ones.
    columns: Vec<(f64, f64)>,
}

impl Wanted {
    fn of(table: &Table, fonts: &Fonts, size: f64) -> Wanted {
        let column = |(i, column): (usize, &Column)| {
            let width = |text: &str| {
                let spans = cut(text, &PLAIN, fonts);
                let width =
                    |span: &super::text::Span| fonts.width(&span.text, span.look.weight, size);
                let natural: f64 = spans.iter().map(width).sum();
                (natural, widest_word(&spans, size, fonts))
            };
            let (mut natural, heading) = width(&column.heading);
            let mut least = heading;
            for row in &table.rows {
                let (all, word) = row.get(i).map_or((0.0, 0.0), |text| width(text));
                natural = natural.max(all);
                // A number with its error stays on one line.
                least = least.max(if column.is_number {
                    all
                } else {
                    word.min(WORD)
                });
            }
            (natural, least.min(natural))
        };
        Wanted {
            columns: table.columns.iter().enumerate().map(column).collect(),
        }
    }

    fn natural(&self) -> f64 {
        self.columns.iter().map(|column| column.0).sum()
    }

    fn least(&self) -> f64 {
        self.columns.iter().map(|column| column.1).sum()
    }
}

/// Width that columns have without the space between them.
fn room(table: &Table, width: f64) -> f64 {
    width - GAP * table.columns.len().saturating_sub(1) as f64
}

/// The widths of the columns: those of their cells if all fit beside each other, else narrower ones in proportion.
fn widths(table: &Table, fonts: &Fonts, width: f64, size: f64) -> Vec<f64> {
    let room = room(table, width);
    let wanted = Wanted::of(table, fonts, size);
    let (natural, least) = (wanted.natural(), wanted.least());
    let columns = wanted.columns.iter();
    if natural <= room {
        let slack = ((room - natural) / wanted.columns.len().max(1) as f64).min(SLACK);
        return columns.map(|(natural, _)| natural + slack).collect();
    }
    if least >= room {
        return columns.map(|(_, column)| column * room / least).collect();
    }
    let share = (room - least) / (natural - least);
    columns
        .map(|(natural, least)| least + (natural - least) * share)
        .collect()
}

/// A long narrow table with its rows side by side, as many as there is room for.
fn folded(table: &Table, fonts: &Fonts, room: f64, size: f64) -> Table {
    let width = Wanted::of(table, fonts, size).natural() + GAP * table.columns.len() as f64;
    let folds = ((room + GAP) / width).floor().clamp(1.0, MOST_FOLDS as f64) as usize;
    if table.rows.len() < LONG || folds < 2 {
        return table.clone();
    }
    let height = table.rows.len().div_ceil(folds);
    let row = |i: usize| {
        let each = (0..folds).flat_map(|fold| match table.rows.get(fold * height + i) {
            Some(row) => row.clone(),
            None => vec![String::new(); table.columns.len()],
        });
        each.collect()
    };
    Table {
        caption: table.caption.clone(),
        columns: (0..folds).flat_map(|_| table.columns.clone()).collect(),
        rows: (0..height).map(row).collect(),
    }
}
