//! Cells in eight bytes each, for tables of many rows.

use super::cell::{Cell, Span};

/// A list of cells.
///
/// A number is stored as its bits. Since a number cell is never NaN, the NaNs stand for the rest: the highest 16 bits say
/// what the cell is, the lowest 32 hold the index of a level or the place of a text among the spans.
#[derive(Clone, Debug, Default)]
pub struct PackedCells {
    /// In parts of [`PART`] cells, all but the last full: a single list would be copied whenever it outgrew its room.
    parts: Vec<Vec<u64>>,
    /// The spans of the text cells, in order.
    spans: Vec<Span>,
}

/// Cells of a part, half a megabyte.
const PART: usize = 1 << 16;

const MISSING: u64 = 0xFFFD << 48;
const LEVEL: u64 = 0xFFFE << 48;
const TEXT: u64 = 0xFFFF << 48;
const KIND: u64 = 0xFFFF << 48;

impl PackedCells {
    pub fn len(&self) -> usize {
        let last = self.parts.last().map_or(0, Vec::len);
        self.parts.len().saturating_sub(1) * PART + last
    }

    /// Appends a cell. There are fewer than 2³² text cells, since none is empty and spans reach 4 GiB.
    pub fn push(&mut self, cell: Cell) {
        let bits = match cell {
            Cell::Missing => MISSING,
            Cell::Number(value) => value.to_bits(),
            Cell::Level(level) => LEVEL | u64::from(level),
            Cell::Text(span) => {
                self.spans.push(span);
                TEXT | (self.spans.len() - 1) as u64
            }
        };
        match self.parts.last_mut() {
            Some(part) if part.len() < PART => part.push(bits),
            _ => self.parts.push(vec![bits]),
        }
    }

    pub fn get(&self, at: usize) -> Cell {
        let bits = self.parts[at / PART][at % PART];
        match bits & KIND {
            MISSING => Cell::Missing,
            LEVEL => Cell::Level(bits as u32),
            TEXT => Cell::Text(self.spans[bits as u32 as usize]),
            _ => Cell::Number(f64::from_bits(bits)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cell() -> impl Strategy<Value = Cell> {
        prop_oneof![
            Just(Cell::Missing),
            any::<f64>().prop_map(Cell::number),
            any::<u32>().prop_map(Cell::Level),
            (any::<u32>(), any::<u32>()).prop_map(|(start, end)| Cell::Text(Span { start, end })),
        ]
    }

    proptest! {
        /// Every cell comes back, to the bit, also beyond the first part.
        #[test]
        fn a_packed_cell_is_the_cell(cells in proptest::collection::vec(cell(), 0..50), is_long: bool) {
            let mut packed = PackedCells::default();
            let before = if is_long { PART - 20 } else { 0 };
            (0..before).for_each(|_| packed.push(Cell::Missing));
            cells.iter().for_each(|cell| packed.push(*cell));
            prop_assert_eq!(packed.len(), before + cells.len());
            for (at, cell) in cells.iter().enumerate() {
                prop_assert_eq!(format!("{:?}", packed.get(before + at)), format!("{cell:?}"));
            }
        }
    }
}
