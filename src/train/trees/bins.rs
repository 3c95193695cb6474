//! Features cut into bins.

use crate::train::fit_error::FitError;
use crate::train::progress::Progress;

/// Maximum number of bins of a feature: their numbers are bytes.
const MOST: usize = 256;

/// The features of a sample as numbers of bins, by column and by row.
#[derive(Debug)]
pub struct Bins {
    columns: Vec<Column>,
    /// Where the bins of each column begin among the bins of all columns; the last is their number.
    starts: Vec<usize>,
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

/// The bins of each row, without those that are the most common in their column: of a one-hot feature one entry is left in the
/// columns together.
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

    /// Number of bins of all columns.
    pub fn len(&self) -> usize {
        self.starts.last().copied().unwrap_or_default()
    }

    /// The bins of a column among the bins of all.
    pub fn range(&self, column: usize) -> std::ops::Range<usize> {
        self.starts[column]..self.starts[column + 1]
    }

    /// The most common bin of a column, among the bins of all.
    pub fn common(&self, column: usize) -> usize {
        self.starts[column] + usize::from(self.columns[column].common)
    }

    /// Calls `add` with every row and each of its bins but the most common ones.
    pub fn each_uncommon(&self, rows: &[u32], mut add: impl FnMut(u32, usize)) {
        match &self.by_row {
            ByRow::Narrow(entries) => {
                for row in rows {
                    for bin in entries.of(*row) {
                        add(*row, usize::from(*bin));
                    }
                }
            }
            ByRow::Wide(entries) => {
                for row in rows {
                    for bin in entries.of(*row) {
                        add(*row, *bin as usize);
                    }
                }
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
        let common = (0..MOST).max_by_key(|bin| rows[*bin]);
        Column {
            common: common.unwrap_or_default() as u8,
            bins,
            thresholds,
            has_missing,
        }
    }

    /// Number of bins, at least 1.
    fn len(&self) -> usize {
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

    /// The largest value that goes left at a cut.
    pub fn threshold(&self, cut: Cut) -> f64 {
        let after = self.thresholds.get(usize::from(cut.bin)).copied();
        after.unwrap_or(f64::from(f32::MAX))
    }
}

impl<E> Entries<E> {
    fn of(&self, row: u32) -> &[E] {
        let row = row as usize;
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.bins[start..self.ends[row]]
    }
}

fn entries<E>(columns: &[Column], starts: &[usize], narrow: impl Fn(usize) -> E) -> Entries<E> {
    let rows = columns.first().map_or(0, |column| column.bins.len());
    let uncommon = |column: &Column| column.bins.iter().filter(|b| **b != column.common).count();
    let mut bins = Vec::with_capacity(columns.iter().map(uncommon).sum());
    let mut ends = Vec::with_capacity(rows);
    for row in 0..rows {
        for (column, start) in columns.iter().zip(starts) {
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

    #[test]
    fn rows_have_their_uncommon_bins() {
        let x = [1.0, 0.0, 2.0, 0.0, 2.0, 1.0, 3.0, 0.0];
        let bins = Bins::new(&x, 2, &Unwatched).unwrap();
        assert_eq!(bins.len(), 5);
        assert_eq!((bins.common(0), bins.common(1)), (1, 3));
        let mut found = Vec::new();
        bins.each_uncommon(&[0, 1, 2, 3], |row, bin| found.push((row, bin)));
        assert_eq!(found, [(0, 0), (2, 4), (3, 2)]);
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
        assert_eq!((none.values(), none.missing(), none.bins), (1, Some(1), vec![1; 3]));
    }
}
