//! Features cut into bins.

use super::sums::Sums;
use crate::schema::column::Monotone;
use crate::train::fit_error::FitError;
use crate::train::progress::Progress;

/// Maximum number of bins of a feature: their numbers are bytes.
pub const MOST: usize = 256;

/// Share of the rows in the most common bin from which on a column is sparse.
const SPARSE: f64 = 0.75;

/// Number of rows whose derivatives are laid side by side before they are added to one column after another: they fit the L1
/// cache beside the sums of a column.
const BLOCK: usize = 1024;

/// The features of a sample as numbers of bins.
///
/// Sums over rows are made column by column, whose bins then are in the fastest cache. Sparse columns, as those of one-hot
/// features, are summed up row by row, and without their most common bin: of a category, one entry a row is left.
#[derive(Debug)]
pub struct Bins {
    columns: Vec<Column>,
    /// Where the bins of each column begin among the bins of all columns; the last is their number.
    starts: Vec<usize>,
    /// The sparse columns.
    by_row: ByRow,
}

#[derive(Debug)]
pub struct Column {
    /// The bin of each row.
    pub bins: Vec<u8>,
    /// Between neighbouring bins of values: a value goes to the bins up to `b` iff it is `<= thresholds[b]`.
    thresholds: Vec<f64>,
    /// Whether rows without a value have a bin, which then is the last.
    has_missing: bool,
    /// The bin with the most rows.
    common: u8,
    /// Whether nearly all rows have that bin.
    is_sparse: bool,
}

/// A division of a column's bins in two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Values up to this bin go left.
    pub bin: u8,
    /// Whether rows without a value go left.
    pub missing_left: bool,
    /// Another bin that goes left: that of rows without a value, or `bin` again.
    also: u8,
}

impl Cut {
    pub fn goes_left(self, bin: u8) -> bool {
        (bin <= self.bin) | (bin == self.also)
    }
}

/// The bins of each row in the sparse columns, without those that are the most common in their column.
#[derive(Debug)]
enum ByRow {
    Narrow(Entries<u16>),
    Wide(Entries<u32>),
}

#[derive(Debug)]
struct Entries<E> {
    /// Numbers of bins among the bins of all columns.
    bins: Vec<E>,
    /// Where the entries of each row end.
    ends: Vec<usize>,
}

impl Bins {
    /// Cuts `x`, row-major with `width` features.
    pub fn new(x: &[f32], width: usize, progress: &dyn Progress) -> Result<Bins, FitError> {
        if width == 0 {
            return Err(FitError::Failed("no feature is left to learn from".into()));
        }
        let mut starts = vec![0];
        let mut columns = Vec::with_capacity(width);
        for j in 0..width {
            if progress.stopped() {
                return Err(FitError::Stopped);
            }
            let values: Vec<f32> = x[j..].iter().step_by(width).copied().collect();
            let column = Column::new(&values);
            starts.push(starts[j] + column.len());
            columns.push(column);
        }
        let by_row = if starts[width] <= usize::from(u16::MAX) {
            ByRow::Narrow(entries(&columns, &starts, |bin| bin as u16))
        } else {
            ByRow::Wide(entries(&columns, &starts, |bin| bin as u32))
        };
        Ok(Bins {
            columns,
            starts,
            by_row,
        })
    }

    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns that can be divided, ascending. What is drawn at random is drawn among these, so that a column of one value,
    /// such as a level that no row has, changes nothing.
    pub fn divisible(&self) -> Vec<u32> {
        let columns = (0_u32..).zip(&self.columns);
        let divisible = columns.filter(|(_, column)| column.len() > 1);
        divisible.map(|(j, _)| j).collect()
    }

    /// Number of bins of all columns.
    pub fn len(&self) -> usize {
        self.starts.last().copied().unwrap_or_default()
    }

    /// The bins of a column among the bins of all.
    pub fn range(&self, column: usize) -> std::ops::Range<usize> {
        self.starts[column]..self.starts[column + 1]
    }

    /// Fills the sums of each bin of some columns over some rows, from what there is `of` each row; `whole` is the sum over the
    /// rows. Those of other columns are left as they are, or zero.
    pub fn fill(
        &self,
        sums: &mut [Sums],
        features: &[u32],
        rows: &[u32],
        whole: Sums,
        of: impl Fn(u32) -> Sums,
    ) {
        let mut of_rows = [Sums::default(); BLOCK];
        let dense = features.iter().map(|feature| *feature as usize);
        let dense = dense.filter(|j| !self.columns[*j].is_sparse);
        for rows in rows.chunks(BLOCK) {
            let of_rows = &mut of_rows[..rows.len()];
            for (row, of_row) in rows.iter().zip(&mut *of_rows) {
                *of_row = of(*row);
            }
            for j in dense.clone() {
                let bins = &self.columns[j].bins;
                let sums = &mut sums[self.range(j)];
                for (row, of_row) in rows.iter().zip(&*of_rows) {
                    sums[usize::from(bins[*row as usize])] += *of_row;
                }
            }
            match &self.by_row {
                ByRow::Narrow(entries) => entries.add(rows, of_rows, sums, usize::from),
                ByRow::Wide(entries) => entries.add(rows, of_rows, sums, |bin| bin as usize),
            }
        }
        for feature in features {
            let column = &self.columns[*feature as usize];
            if column.is_sparse {
                let sums = &mut sums[self.range(*feature as usize)];
                let mut rest = whole;
                sums.iter().for_each(|of_bin| rest -= *of_bin);
                sums[usize::from(column.common)] = rest;
            }
        }
    }
}

impl Column {
    fn new(values: &[f32]) -> Column {
        let mut known: Vec<f32> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        let has_missing = known.len() < values.len();
        let thresholds = thresholds(&mut known, if has_missing { MOST - 1 } else { MOST });
        let bin = |v: &f32| match v.is_nan() {
            true => thresholds.len() as u8 + 1,
            false => thresholds.partition_point(|t| f64::from(*v) > *t) as u8,
        };
        let bins: Vec<u8> = values.iter().map(bin).collect();
        let mut rows = [0_u32; MOST];
        bins.iter().for_each(|bin| rows[usize::from(*bin)] += 1);
        let common = (0..MOST).max_by_key(|bin| rows[*bin]).unwrap_or_default();
        Column {
            common: common as u8,
            is_sparse: f64::from(rows[common]) >= SPARSE * values.len() as f64,
            bins,
            thresholds,
            has_missing,
        }
    }

    /// Number of bins, at least 1.
    pub fn len(&self) -> usize {
        self.values() + usize::from(self.has_missing)
    }

    /// Number of bins of values, at least 1.
    pub fn values(&self) -> usize {
        self.thresholds.len() + 1
    }

    /// The bin of rows without a value, if there are any.
    pub fn missing(&self) -> Option<usize> {
        self.has_missing.then(|| self.values())
    }

    /// The cut after a bin of values. After the last one it divides the rows with a value from those without.
    pub fn cut(&self, bin: usize, missing_left: bool) -> Cut {
        let also = self.missing().filter(|_| missing_left).unwrap_or(bin);
        Cut {
            bin: bin as u8,
            missing_left,
            also: also as u8,
        }
    }

    /// The order that a cut must keep: that of the column, unless the cut only divides the rows with a value from those without.
    pub fn order(&self, cut: Cut, of_column: Option<Monotone>) -> Option<Monotone> {
        of_column.filter(|_| usize::from(cut.bin) + 1 < self.values())
    }

    /// The largest value that goes left at a cut.
    pub fn threshold(&self, cut: Cut) -> f64 {
        let after = self.thresholds.get(usize::from(cut.bin)).copied();
        after.unwrap_or(f64::from(f32::MAX))
    }
}

impl<E: Copy> Entries<E> {
    #[inline(always)]
    fn add(&self, rows: &[u32], of_rows: &[Sums], sums: &mut [Sums], place: impl Fn(E) -> usize) {
        if self.bins.is_empty() {
            return;
        }
        for (row, of_row) in rows.iter().zip(of_rows) {
            for bin in self.of(*row) {
                sums[place(*bin)] += *of_row;
            }
        }
    }

    fn of(&self, row: u32) -> &[E] {
        let row = row as usize;
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.bins[start..self.ends[row]]
    }
}

fn entries<E>(columns: &[Column], starts: &[usize], narrow: impl Fn(usize) -> E) -> Entries<E> {
    let sparse = || {
        let columns = columns.iter().zip(starts);
        columns.filter(|(column, _)| column.is_sparse)
    };
    if sparse().next().is_none() {
        return Entries {
            bins: Vec::new(),
            ends: Vec::new(),
        };
    }
    let rows = columns.first().map_or(0, |column| column.bins.len());
    let uncommon = |column: &Column| column.bins.iter().filter(|b| **b != column.common).count();
    let mut bins = Vec::with_capacity(sparse().map(|(column, _)| uncommon(column)).sum());
    let mut ends = Vec::with_capacity(rows);
    for row in 0..rows {
        for (column, start) in sparse() {
            let bin = column.bins[row];
            if bin != column.common {
                bins.push(narrow(start + usize::from(bin)));
            }
        }
        ends.push(bins.len());
    }
    Entries { bins, ends }
}

/// Midpoints between neighbouring distinct values; if these are more than `most` bins, only those at equal steps of the sorted
/// rows. Sorts the values.
fn thresholds(values: &mut [f32], most: usize) -> Vec<f64> {
    values.sort_unstable_by(f32::total_cmp);
    let sorted = values;
    let middle = |a: f32, b: f32| f64::midpoint(f64::from(a), f64::from(b));
    let distinct = sorted.windows(2).filter(|w| w[0] < w[1]).count() + 1;
    if distinct <= most {
        let cuts = sorted.windows(2).filter(|w| w[0] < w[1]);
        return cuts.map(|w| middle(w[0], w[1])).collect();
    }
    // Each bin ends where its share of the rows is reached and the value changes. After a value with more rows than a
    // share, the remaining rows are divided anew.
    let mut cuts = Vec::with_capacity(most - 1);
    let mut begin = 0;
    while cuts.len() < most - 1 {
        let share = (sorted.len() - begin) as f64 / (most - cuts.len()) as f64;
        let mut end = (begin + share.ceil() as usize).max(begin + 1);
        while end < sorted.len() && sorted[end - 1] == sorted[end] {
            end += 1;
        }
        if end >= sorted.len() {
            break;
        }
        cuts.push(middle(sorted[end - 1], sorted[end]));
        begin = end;
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Unwatched;
    use crate::train::trees::sums::{Scale, Slope};

    /// With few values there is a cut between every two neighbours; with many, there are at most 255, in ascending order.
    #[test]
    fn cuts_stand_between_values() {
        let thresholds = |values: &[f32]| thresholds(&mut values.to_vec(), MOST);
        assert_eq!(thresholds(&[2.0, 1.0, 2.0, 4.0]), [1.5, 3.0]);
        assert_eq!(thresholds(&[3.0, 3.0]), [0.0; 0]);
        assert_eq!(thresholds(&[]), [0.0; 0]);
        let many: Vec<f32> = (0..10_000).map(|i| ((i * 7919) % 10_000) as f32).collect();
        let cuts = thresholds(&many);
        assert_eq!(cuts.len(), MOST - 1);
        assert!(cuts.is_sorted_by(|a, b| a < b));
        // Half of the rows have one value: the other half still gets nearly all bins.
        let half: Vec<f32> = many.iter().map(|v| v.max(5000.0)).collect();
        assert!(thresholds(&half).len() > 250);
    }

    /// Sums over rows of dense and of sparse columns are those of the definition; columns that are not asked for stay zero.
    #[test]
    fn bins_are_filled_with_the_sums_of_their_rows() {
        let (n, width) = (3000, 4);
        let value = |i: usize, j: usize| match j {
            0 => (i * 7919 % 400) as f32,
            1 => f32::from(u8::from(i.is_multiple_of(9))),
            2 if i.is_multiple_of(3) => f32::NAN,
            2 => (i % 5) as f32,
            _ => (i % 20 / 19) as f32,
        };
        let x: Vec<f32> = (0..n * width)
            .map(|at| value(at / width, at % width))
            .collect();
        let bins = Bins::new(&x, width, &Unwatched).unwrap();
        let sparse = bins.columns().iter().map(|column| column.is_sparse);
        assert_eq!(sparse.collect::<Vec<_>>(), [false, true, false, true]);
        let scale = Scale::of(n);
        let of = |row: u32| Slope::new(f64::from(row % 17) / 17.0, 0.125, scale).sums(scale);
        let rows: Vec<u32> = (0..n as u32).filter(|row| row % 7 != 2).collect();
        let mut whole = Sums::default();
        rows.iter().for_each(|row| whole += of(*row));
        let mut found = vec![Sums::default(); bins.len()];
        bins.fill(&mut found, &[0, 1, 2], &rows, whole, of);
        for (j, column) in bins.columns().iter().enumerate().take(3) {
            let mut expected = vec![Sums::default(); column.len()];
            for row in &rows {
                expected[usize::from(column.bins[*row as usize])] += of(*row);
            }
            assert_eq!(found[bins.range(j)], expected, "column {j}");
        }
    }

    /// Rows without a value have the last bin, which either side of a cut may take.
    #[test]
    fn missing_values_have_a_bin() {
        let column = Column::new(&[1.0, f32::NAN, 2.0, f32::NAN, 2.0, f32::NAN]);
        assert_eq!(column.bins, [0, 2, 1, 2, 1, 2]);
        let (values, missing, common) = (column.values(), column.missing(), column.common);
        assert_eq!((values, missing, common), (2, Some(2), 2));
        let left = |bin, missing_left| {
            let cut = column.cut(bin, missing_left);
            [0, 1, 2].map(|bin| cut.goes_left(bin))
        };
        assert_eq!(left(0, false), [true, false, false]);
        assert_eq!(left(0, true), [true, false, true]);
        assert_eq!(left(1, false), [true, true, false]);
        assert_eq!(column.threshold(column.cut(0, true)), 1.5);
        assert_eq!(column.threshold(column.cut(1, false)), f64::from(f32::MAX));
        let many: Vec<f32> = (0..1000).map(|i| i as f32).chain([f32::NAN]).collect();
        assert_eq!(Column::new(&many).len(), MOST);
        let none = Column::new(&[f32::NAN; 3]);
        assert_eq!(
            (none.values(), none.missing(), none.bins),
            (1, Some(1), vec![1; 3])
        );
    }
}
