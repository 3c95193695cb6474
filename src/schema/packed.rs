//! Cells in eight bytes each, for tables of many rows.

use super::cell::{Cell, Span};

/// A list of cells.
///
/// A number is stored as its bits. Since a number cell is never NaN, the NaNs stand for the rest: the highest 16 bits say
/// what the cell is, the lowest 32 hold the index of a level or the place of a text among the spans.
#[derive(Clone, Debug, Default)]
pub struct Packed {
    bits: Vec<u64>,
    /// The spans of the text cells, in order.
    spans: Vec<Span>,
}

const MISSING: u64 = 0xFFFD << 48;
const LEVEL: u64 = 0xFFFE << 48;
const TEXT: u64 = 0xFFFF << 48;
const KIND: u64 = 0xFFFF << 48;

impl Packed {
    pub fn len(&self) -> usize {
        self.bits.len()
    }

    /// Appends a cell. There are fewer than 2³² text cells, since none is empty and spans reach 4 GiB.
    pub fn push(&mut self, cell: Cell) {
        self.bits.push(match cell {
            Cell::Missing => MISSING,
            Cell::Number(value) => value.to_bits(),
            Cell::Level(level) => LEVEL | u64::from(level),
            Cell::Text(span) => {
                self.spans.push(span);
                TEXT | (self.spans.len() - 1) as u64
            }
        });
    }

    pub fn get(&self, at: usize) -> Cell {
        let bits = self.bits[at];
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
        /// Every cell comes back, to the bit.
        #[test]
        fn a_packed_cell_is_the_cell(cells in proptest::collection::vec(cell(), 0..50)) {
            let mut packed = Packed::default();
            cells.iter().for_each(|cell| packed.push(*cell));
            prop_assert_eq!(packed.len(), cells.len());
            for (at, cell) in cells.iter().enumerate() {
                prop_assert_eq!(format!("{:?}", packed.get(at)), format!("{cell:?}"));
            }
        }
    }
}
