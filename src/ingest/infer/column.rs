//! Statistics of a column over all rows, in bounded memory.

use std::hash::{BuildHasher, BuildHasherDefault};

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use crate::schema::NumberForm;
use crate::schema::level::{canonical, shortest};
use crate::schema::missing::USUAL;

/// Maximum number of distinct values whose rows are counted separately. A column with more is not treated as a category.
const MOST_VALUES: usize = 20_000;

/// Maximum number of distinct numbers whose rows are counted separately: enough to see whether a column has only a few.
const MOST_NUMBERS: usize = 2_000;

/// Maximum number of distinct values that are counted; beyond it a column only counts as having "many".
const MOST_COUNTED: usize = 8_000_000;

/// One value of a column, as the source provides it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seen<'a> {
    Number(f64),
    Flag(bool),
    /// Text, which may represent a number.
    Text(&'a str),
    Nested,
}

/// Statistics of one column.
#[derive(Debug, Default)]
pub(super) struct Column {
    pub name: String,
    /// Rows whose value is not blank.
    pub present: u64,
    /// Statistics of the values that are plain numbers.
    pub numbers: Numbers,
    /// Statistics of whole numbers with more digits than an `f64` can represent. Their values are recorded as text.
    pub long: Numbers,
    /// Boolean values of a source with types, such as JSON.
    pub flags: u64,
    pub nested: u64,
    /// Words that usually mean a missing value, with the number of rows of each.
    pub words: FxHashMap<String, u64>,
    /// Distinct values with their number of rows, up to the limits: texts trimmed, numbers in their shortest form.
    pub values: FxHashMap<String, u64>,
    /// Rows whose value was not recorded because the limit of distinct values was reached.
    pub unkept: u64,
    /// Hashes of the distinct values, to count them.
    hashes: FxHashSet<u64>,
    /// Whether there are more distinct values than are counted.
    pub uncounted: bool,
}

#[derive(Debug, Default)]
pub(super) struct Numbers {
    pub rows: u64,
    pub min: f64,
    /// Rows that have the smallest number.
    pub min_rows: u64,
    pub max: f64,
    /// The second smallest number, to detect a smallest number such as -999 that marks missing values.
    pub second: Option<f64>,
    pub fractions: bool,
    /// Whether each number is one more than that of the row before.
    pub counts_rows: bool,
    last: f64,
}

impl Numbers {
    fn add(&mut self, v: f64) {
        if self.rows == 0 {
            (self.min, self.max, self.counts_rows) = (v, v, true);
            self.min_rows = 1;
        } else {
            self.counts_rows &= v == self.last + 1.0;
            if v < self.min {
                self.second = Some(self.min);
                (self.min, self.min_rows) = (v, 1);
            } else if v == self.min {
                self.min_rows += 1;
            } else if v > self.min && self.second.is_none_or(|s| v < s) {
                self.second = Some(v);
            }
            self.max = self.max.max(v);
        }
        self.last = v;
        self.fractions |= v.fract() != 0.0;
        self.rows += 1;
    }
}

impl Column {
    pub fn new(name: &str) -> Column {
        Column {
            name: name.to_owned(),
            ..Column::default()
        }
    }

    pub fn add(&mut self, value: Seen<'_>) {
        self.present += 1;
        match value {
            Seen::Nested => self.nested += 1,
            Seen::Flag(v) => {
                self.flags += 1;
                self.keep(if v { "true" } else { "false" });
            }
            Seen::Number(v) => self.number(v, None),
            Seen::Text(text) => {
                let text = text.trim();
                match NumberForm::default().parse(text) {
                    // A code with leading zeros, or with more digits than an `f64` can represent, is recorded as text.
                    Some(v) if !is_code(text) => self.number(v, Some(text)),
                    Some(v) => {
                        if !text.trim_start_matches(['-', '+']).starts_with('0') {
                            self.long.add(v);
                        }
                        self.keep(text);
                    }
                    None => self.keep(text),
                }
            }
        }
    }

    /// Adds a number. If the source wrote it as text, that text becomes the name of the value as a level.
    fn number(&mut self, v: f64, text: Option<&str>) {
        if !v.is_finite() {
            return self.keep(&v.to_string());
        }
        self.numbers.add(v);
        self.count(hash(&(v + 0.0).to_bits()));
        if self.values.len() < MOST_NUMBERS {
            *self.values.entry(name(v, text)).or_default() += 1;
        } else if self.numbers.fractions {
            self.unkept += 1; // quantities: their values are not listed
        } else {
            self.keep_or_count(&name(v, text), MOST_NUMBERS);
        }
    }

    fn keep(&mut self, text: &str) {
        if USUAL.contains(&text) {
            *self.words.entry(text.to_owned()).or_default() += 1;
            return;
        }
        self.count(hash(canonical(text).as_bytes()));
        self.keep_or_count(text, MOST_VALUES);
    }

    fn keep_or_count(&mut self, text: &str, most: usize) {
        if let Some(rows) = self.values.get_mut(text) {
            *rows += 1;
        } else if self.values.len() < most {
            self.values.insert(text.to_owned(), 1);
        } else {
            self.unkept += 1;
        }
    }

    fn count(&mut self, hash: u64) {
        // The number of distinct values of a continuous quantity matters only while it is small.
        let quantity = self.numbers.fractions && self.hashes.len() > MOST_NUMBERS;
        if self.hashes.len() >= MOST_COUNTED || quantity {
            self.uncounted |= !self.hashes.contains(&hash);
        } else {
            self.hashes.insert(hash);
        }
    }

    /// Rows with a value other than a word that usually means missing.
    pub fn known(&self) -> u64 {
        self.present - self.words.values().sum::<u64>()
    }

    /// Number of distinct values; a lower bound if [`Column::uncounted`] is set.
    pub fn distinct(&self) -> u64 {
        self.hashes.len() as u64
    }
}

/// Whether a text of digits would lose information as a number: it has leading zeros or exceeds the precision of an `f64`.
pub(super) fn is_code(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    let whole = digits.bytes().all(|b| b.is_ascii_digit());
    let zeros = digits.len() > 1 && digits.starts_with('0');
    whole && (zeros || is_long(digits))
}

/// Whether a whole number is 2^53 or larger, which an `f64` does not represent exactly. JSON and databases also provide
/// such numbers as digits.
fn is_long(digits: &str) -> bool {
    const EXACT: u64 = 1 << f64::MANTISSA_DIGITS;
    digits.parse().is_ok_and(|v: u64| v >= EXACT) || digits.len() > 19
}

fn name(v: f64, text: Option<&str>) -> String {
    text.map_or_else(|| shortest(v), |text| canonical(text).into_owned())
}

fn hash<T: std::hash::Hash + ?Sized>(value: &T) -> u64 {
    BuildHasherDefault::<FxHasher>::default().hash_one(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_not_numbers() {
        for text in [
            "007",
            "-01",
            "9007199254740992",
            "12345678901234567890",
            "00",
        ] {
            assert!(is_code(text), "{text}");
        }
        for text in ["0", "7", "-1", "0.5", "9007199254740991", "1e3"] {
            assert!(!is_code(text), "{text}");
        }
    }

    #[test]
    fn numbers_of_all_spellings_are_one_value() {
        let mut column = Column::new("x");
        for value in [
            Seen::Number(1.0),
            Seen::Text("1"),
            Seen::Text(" 1.0 "),
            Seen::Text("1e0"),
        ] {
            column.add(value);
        }
        column.add(Seen::Text("01"));
        assert_eq!((column.numbers.rows, column.present), (4, 5));
        assert_eq!((column.values["1"], column.values["1e0"]), (3, 1));
        assert_eq!(column.values["01"], 1);
    }

    #[test]
    fn memory_is_bounded_and_values_are_counted_all_the_same() {
        let mut column = Column::new("x");
        for i in 0..50_000 {
            column.add(Seen::Text(&format!("v{i}")));
        }
        column.add(Seen::Text("v7"));
        assert_eq!(column.values.len(), MOST_VALUES);
        assert_eq!(
            (column.distinct(), column.present, column.unkept),
            (50_000, 50_001, 30_000)
        );
    }
}
