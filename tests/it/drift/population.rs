//! A table as a population from which rows are drawn, unchanged or shifted.

use titanic_platform::monitor::collect::Collector;
use titanic_platform::monitor::sample::Sample;
use titanic_platform::schema::{Cell, RowView, Table};

use crate::case::Case;
use crate::tables;

/// Change that is applied to drawn rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shift {
    None,
    /// A level of a column gets this share.
    Share(&'static str, &'static str, f64),
    /// The numbers of a column are multiplied by this factor.
    Times(&'static str, f64),
    /// This share of the values of a column is removed.
    Blank(&'static str, f64),
}

pub struct Population {
    table: Table,
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub struct Chance(pub u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A uniform number in [0, 1).
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A uniform integer below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.share() * n as f64) as usize
    }
}

impl Population {
    pub fn of(case: &Case) -> Population {
        Population {
            table: tables::csv(&case.spec(), case.table).table,
        }
    }

    pub fn len(&self) -> usize {
        self.table.len()
    }

    fn place(&self, column: &str) -> usize {
        let columns = self.table.schema().columns();
        columns.iter().position(|c| c.name == column).unwrap()
    }

    /// Draws `n` rows, with replacement, into a window.
    pub fn draw_into(&self, window: &mut Collector, n: usize, shift: Shift, chance: &mut Chance) {
        let mut pools: [Vec<usize>; 2] = Default::default();
        if let Shift::Share(column, level, _) = shift {
            let place = self.place(column);
            let levels = self.table.schema().columns()[place].levels();
            let code = levels.iter().position(|l| l == level).map(|i| i as u32);
            for (i, cell) in self.table.column(place).enumerate() {
                pools[usize::from(cell.as_level() == code)].push(i);
            }
        }
        let mut cells: Vec<Cell> = Vec::new();
        for _ in 0..n {
            let i = match shift {
                Shift::Share(_, _, share) => {
                    let pool = &pools[usize::from(chance.share() < share)];
                    pool[chance.below(pool.len())]
                }
                _ => chance.below(self.len()),
            };
            self.table.row(i, &mut cells);
            match shift {
                Shift::Times(column, factor) => {
                    let place = self.place(column);
                    if let Cell::Number(v) = &mut cells[place] {
                        *v *= factor;
                    }
                }
                Shift::Blank(column, share) if chance.share() < share => {
                    cells[self.place(column)] = Cell::Missing;
                }
                _ => {}
            }
            let row = RowView {
                cells: &cells,
                text: self.table.text(),
                by: self.table.by(i),
            };
            window.push(row, None);
        }
    }

    /// An empty window.
    pub fn window(&self) -> Collector {
        Collector::new(self.table.schema(), false)
    }

    /// Draws `n` rows.
    pub fn draw(&self, n: usize, shift: Shift, chance: &mut Chance) -> Sample {
        let mut window = self.window();
        self.draw_into(&mut window, n, shift, chance);
        window.finish()
    }
}
