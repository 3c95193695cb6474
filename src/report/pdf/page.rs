//! Distributes what was laid out over pages.

use super::ink::Ink;
use super::tags::Leaf;
use super::text::Part;
use crate::report::chart::{Chart, Point, Size};

/// What stands at a place.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    pub what: What<'a>,
    /// What it is to a screen reader; `None` for decoration.
    pub leaf: Option<Leaf>,
}

#[derive(Clone, Debug)]
pub enum What<'a> {
    /// A text whose baseline starts at a place.
    Text {
        part: Part,
        size: f64,
        at: Point,
    },
    /// The number of the page on which a section begins, ending at a place.
    PageOf {
        section: String,
        size: f64,
        at: Point,
    },
    Rule {
        from: Point,
        to: Point,
        width: f64,
        ink: Ink,
    },
    Fill {
        at: Point,
        size: Size,
        ink: Ink,
    },
    Chart {
        chart: &'a Chart,
        at: Point,
        size: Size,
    },
}

/// Items that stay together on a page, placed from its top left.
#[derive(Clone, Debug, Default)]
pub struct Piece<'a> {
    /// Space above, unless the piece begins a page.
    pub above: f64,
    pub height: f64,
    pub items: Vec<Item<'a>>,
    /// Whether the next piece must stand on the same page.
    pub with_next: bool,
    pub heading: Option<Heading>,
    /// What is set again above the piece if it begins a page: the heading of its table, with its height.
    pub repeated: Option<std::rc::Rc<(Vec<Item<'a>>, f64)>>,
}

/// A heading, for links and the outline.
#[derive(Clone, Debug)]
pub struct Heading {
    pub section: Option<String>,
    pub title: String,
    pub level: usize,
}

/// A page, its items placed from its own top left.
#[derive(Debug, Default)]
pub struct Page<'a> {
    pub items: Vec<Item<'a>>,
    pub headings: Vec<(Heading, Point)>,
}

/// The rectangle of a page that pieces fill.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    pub left: f64,
    pub top: f64,
    pub size: Size,
}

/// Pieces that belong together by [`Piece::with_next`] move to the next page as one, unless they fill more than one.
pub fn pages(pieces: Vec<Piece<'_>>, area: Area) -> Vec<Page<'_>> {
    let mut pages = vec![Page::default()];
    let mut y = 0.0;
    let mut rest = pieces.as_slice();
    while !rest.is_empty() {
        let together = 1 + rest.iter().take_while(|piece| piece.with_next).count();
        let (group, after) = rest.split_at(together.min(rest.len()));
        rest = after;
        let height: f64 = group.iter().map(|piece| piece.above + piece.height).sum();
        let fits_a_page = height <= area.size.height;
        if y > 0.0 && fits_a_page && y + height > area.size.height {
            y = 0.0;
            pages.push(Page::default());
        }
        for piece in group {
            if y > 0.0 && y + piece.above + piece.height > area.size.height + 0.01 {
                y = 0.0;
                pages.push(Page::default());
            }
            let page = pages.last_mut().expect("there is a first page");
            let is_first = y == 0.0;
            if !is_first {
                y += piece.above;
            }
            if let Some(repeated) = piece.repeated.as_deref().filter(|_| is_first) {
                let at = (area.left, area.top);
                page.items.extend(repeated.0.iter().map(|item| Item {
                    leaf: None,
                    ..item.moved(at)
                }));
                y += repeated.1;
            }
            let at = (area.left, area.top + y);
            page.items
                .extend(piece.items.iter().map(|item| item.moved(at)));
            page.headings.extend(piece.heading.clone().map(|h| (h, at)));
            y += piece.height;
        }
    }
    pages
}

impl Item<'_> {
    fn moved(&self, by: Point) -> Self {
        let mut item = self.clone();
        let shift = |at: &mut Point| *at = (at.0 + by.0, at.1 + by.1);
        match &mut item.what {
            What::Text { at, .. }
            | What::PageOf { at, .. }
            | What::Fill { at, .. }
            | What::Chart { at, .. } => shift(at),
            What::Rule { from, to, .. } => {
                shift(from);
                shift(to);
            }
        }
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(height: f64, with_next: bool) -> Piece<'static> {
        let fill = What::Fill {
            at: (0.0, 0.0),
            size: Size::of(1.0, 1.0),
            ink: Ink::Text,
        };
        let item = Item {
            what: fill,
            leaf: None,
        };
        Piece {
            above: 5.0,
            height,
            items: vec![item],
            with_next,
            ..Piece::default()
        }
    }

    fn counts(pieces: Vec<Piece<'static>>) -> Vec<usize> {
        let area = Area {
            left: 0.0,
            top: 0.0,
            size: Size::of(100.0, 100.0),
        };
        pages(pieces, area).iter().map(|p| p.items.len()).collect()
    }

    #[test]
    fn a_heading_stays_with_what_follows() {
        assert_eq!(
            counts(vec![
                piece(60.0, false),
                piece(20.0, true),
                piece(30.0, false)
            ]),
            [1, 2]
        );
        assert_eq!(
            counts(vec![
                piece(60.0, false),
                piece(10.0, true),
                piece(10.0, false)
            ]),
            [3]
        );
        // More than a page is broken where it must be.
        let long = (0..10).map(|_| piece(30.0, true)).collect();
        assert_eq!(counts(long), [3, 3, 3, 1]);
    }

    #[test]
    fn the_heading_of_a_table_is_repeated_on_each_page() {
        let heading = std::rc::Rc::new((piece(10.0, false).items, 10.0));
        let row = || Piece {
            above: 0.0,
            repeated: Some(heading.clone()),
            ..piece(30.0, false)
        };
        let pieces = [piece(10.0, true), row(), row(), row(), row()];
        assert_eq!(counts(pieces.to_vec()), [4, 2]);
    }
}
