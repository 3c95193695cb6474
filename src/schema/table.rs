//! A compact table of checked rows of one schema.

use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::Arc;

use rustc_hash::FxHasher;

use super::cell::{Cell, Span};
use super::column::{Order, Schema};
use super::packed::PackedCells;
use super::row::{Row, RowView};

/// Checked rows.
#[derive(Clone, Debug)]
pub struct Table {
    schema: Arc<Schema>,
    cells: Arc<Cells>,
    /// The rows of `cells` that the table has, in its order; `None` for all.
    rows: Option<Vec<usize>>,
    targets: Vec<Option<bool>>,
}

/// The cells of rows, which tables of some of the rows share.
#[derive(Clone, Debug, Default)]
struct Cells {
    /// Cells of the feature columns in row-major order.
    columns: PackedCells,
    ids: PackedCells,
    /// One cell per row if the schema has a group or time column, else empty.
    by: PackedCells,
    /// The text that all spans point into.
    text: String,
}

/// The table would need more than the 4 GiB of text that spans can address.
#[derive(Debug, thiserror::Error)]
#[error("more than 4 GiB of text in one table; read it in parts")]
pub struct TooMuchTextError;

impl Table {
    pub fn new(schema: Arc<Schema>) -> Table {
        Table {
            schema,
            cells: Arc::default(),
            rows: None,
            targets: Vec::new(),
        }
    }

    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    pub fn len(&self) -> usize {
        self.targets.len()
    }

    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Appends a checked row.
    pub fn push(&mut self, row: &Row) -> Result<(), TooMuchTextError> {
        let view = row.view();
        let base = self.room(view.text)?;
        let has_by = self.schema.by().is_some();
        let cells = self.appended();
        view.cells
            .iter()
            .for_each(|cell| cells.columns.push(moved(*cell, base)));
        cells.ids.push(moved(row.id(), base));
        if has_by {
            cells.by.push(moved(view.by, base));
        }
        self.targets.push(row.target());
        Ok(())
    }

    /// Appends the rows of another table of the same schema.
    pub fn append(&mut self, other: &Table) -> Result<(), TooMuchTextError> {
        let base = self.room(&other.cells.text)?;
        let has_by = self.schema.by().is_some();
        let columns = self.schema.columns().len();
        for i in 0..other.len() {
            let cells = self.appended();
            (0..columns).for_each(|column| cells.columns.push(moved(other.cell(i, column), base)));
            cells.ids.push(moved(other.id(i), base));
            if has_by {
                cells.by.push(moved(other.by(i), base));
            }
        }
        self.targets.extend_from_slice(&other.targets);
        Ok(())
    }

    /// The table of these rows, in this order. It shares their cells.
    pub fn select(&self, rows: &[usize]) -> Table {
        Table {
            schema: self.schema.clone(),
            cells: self.cells.clone(),
            rows: Some(rows.iter().map(|i| self.place(*i)).collect()),
            targets: rows.iter().map(|i| self.targets[*i]).collect(),
        }
    }

    /// The place of row `i` among the rows of the cells.
    fn place(&self, i: usize) -> usize {
        self.rows.as_ref().map_or(i, |rows| rows[i])
    }

    /// The cells, for a row that is appended to them.
    fn appended(&mut self) -> &mut Cells {
        if let Some(rows) = &mut self.rows {
            rows.push(self.cells.ids.len());
        }
        Arc::make_mut(&mut self.cells)
    }

    /// Appends text and returns the offset at which it begins.
    fn room(&mut self, text: &str) -> Result<u32, TooMuchTextError> {
        let base = self.cells.text.len();
        if u32::try_from(base + text.len()).is_err() {
            return Err(TooMuchTextError);
        }
        Arc::make_mut(&mut self.cells).text.push_str(text);
        Ok(base as u32)
    }

    /// Row `i`, whose cells are written into a buffer that is reused from row to row.
    pub fn row<'a>(&'a self, i: usize, cells: &'a mut Vec<Cell>) -> RowView<'a> {
        let columns = 0..self.schema.columns().len();
        cells.clear();
        cells.extend(columns.map(|column| self.cell(i, column)));
        RowView {
            cells,
            text: self.text(),
            by: self.by(i),
        }
    }

    /// Row `i` with another cell in one column, as [`Table::row`].
    pub fn row_with<'a>(
        &'a self,
        i: usize,
        (column, cell): (usize, Cell),
        cells: &'a mut Vec<Cell>,
    ) -> RowView<'a> {
        self.row(i, cells);
        cells[column] = cell;
        RowView {
            cells,
            text: self.text(),
            by: self.by(i),
        }
    }

    /// The cell of row `i` in a column; text points into [`Table::text`].
    pub fn cell(&self, i: usize, column: usize) -> Cell {
        let first = self.place(i) * self.schema.columns().len();
        self.cells.columns.get(first + column)
    }

    /// The cells of a column, one per row.
    pub fn column(&self, column: usize) -> impl Iterator<Item = Cell> + Clone {
        (0..self.len()).map(move |i| self.cell(i, column))
    }

    /// Id of row `i`; a text id points into [`Table::text`].
    pub fn id(&self, i: usize) -> Cell {
        self.cells.ids.get(self.place(i))
    }

    /// The group of row `i` (text that points into [`Table::text`]) or its time (a number). Missing if the schema names no
    /// column for it, or the row has no value there.
    pub fn by(&self, i: usize) -> Cell {
        match self.schema.by() {
            Some(_) => self.cells.by.get(self.place(i)),
            None => Cell::Missing,
        }
    }

    /// For each row, a hash that identifies its group, `None` for a row without one. The result is `None` if the schema
    /// names no group column.
    pub fn groups(&self) -> Option<Vec<Option<u64>>> {
        let by = self.schema.by().filter(|by| by.what == Order::Groups);
        let hash = |text: &str| BuildHasherDefault::<FxHasher>::default().hash_one(text);
        let group = |cell: Cell| match cell {
            Cell::Text(span) => Some(hash(span.get(self.text()))),
            _ => None,
        };
        by.map(|_| (0..self.len()).map(|i| group(self.by(i))).collect())
    }

    /// For each row, its time, `None` for a row without one. The result is `None` if the schema names no time column.
    pub fn times(&self) -> Option<Vec<Option<f64>>> {
        let by = self.schema.by().filter(|by| by.what == Order::Time);
        by.map(|_| (0..self.len()).map(|i| self.by(i).as_number()).collect())
    }

    /// Ids of all rows.
    pub fn ids(&self) -> impl Iterator<Item = Cell> + Clone {
        (0..self.len()).map(|i| self.id(i))
    }

    /// The text that all spans point into.
    pub fn text(&self) -> &str {
        &self.cells.text
    }

    /// Target of row `i`: whether it has the positive label.
    pub fn target(&self, i: usize) -> Option<bool> {
        self.targets[i]
    }

    /// The targets of a training table, in which every row has one.
    pub fn labels(&self) -> Vec<bool> {
        self.targets.iter().map(|t| t.unwrap_or(false)).collect()
    }

    /// Replaces the target of row `i`.
    pub fn correct(&mut self, i: usize, target: bool) {
        self.targets[i] = Some(target);
    }

    /// The same rows with other targets, for tests of leakage.
    pub fn with_targets(mut self, targets: Vec<Option<bool>>) -> Table {
        assert_eq!(targets.len(), self.len(), "one target a row");
        self.targets = targets;
        self
    }
}

/// A cell whose text moved `base` bytes towards the end.
fn moved(cell: Cell, base: u32) -> Cell {
    match cell {
        Cell::Text(Span { start, end }) => Cell::Text(Span {
            start: start + base,
            end: end + base,
        }),
        other => other,
    }
}
