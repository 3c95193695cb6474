//! What is seen of a column over all rows, in bounded memory.

use std::hash::{BuildHasher, BuildHasherDefault};

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use crate::schema::NumberForm;
use crate::schema::level::{canonical, shortest};
use crate::schema::missing::USUAL;

/// Different values of a column that are kept with their rows. A category of more is none.
const MOST_VALUES: usize = 20_000;

/// Different numbers that are kept: enough to see whether they are few.
const MOST_NUMBERS: usize = 2_000;

/// Different values that are told apart to count them; beyond, a column only has "many".
const MOST_COUNTED: usize = 8_000_000;

/// A value on its way in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seen<'a> {
    Number(f64),
    Flag(bool),
    /// Text, which may be that of a number.
    Text(&'a str),
    /// A list or an object.
    Nested,
}

/// What is seen of one column.
#[derive(Debug, Default)]
pub(super) struct Column {
    pub name: String,
    /// Rows with anything in it but blanks.
    pub present: u64,
    /// Values that are plain numbers, and what they are.
    pub numbers: Numbers,
    /// Whole numbers with more digits than an `f64` holds, which are kept as text, and what they are.
    pub long: Numbers,
    /// Values that are true or false of a source with types.
    pub flags: u64,
    pub nested: u64,
    /// Words that usually mean missing, with their rows.
    pub words: FxHashMap<String, u64>,
    /// Values with their rows, as far as they are kept: texts as they came with blanks cut, numbers in their shortest form.
    pub values: FxHashMap<String, u64>,
    /// Rows of values that came after the room for values was full.
    pub unkept: u64,
    /// Values told apart by hash.
    hashes: FxHashSet<u64>,
    /// More values than are told apart.
    pub uncounted: bool,
}

#[derive(Debug, Default)]
pub(super) struct Numbers {
    pub rows: u64,
    pub min: f64,
    /// Rows that have the smallest.
    pub min_rows: u64,
    pub max: f64,
    /// The smallest but one, for a number that stands apart as a mark of what is missing.
    pub second: Option<f64>,
    pub fractions: bool,
    /// Whether each row has one more than the row before.
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
                    // A code with leading zeros or more digits than a number holds is kept as it is written.
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

    /// A number, with its text where it has one: as a level it is known by that.
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
        // The number of different quantities matters only while there are few.
        let quantity = self.numbers.fractions && self.hashes.len() > MOST_NUMBERS;
        if self.hashes.len() >= MOST_COUNTED || quantity {
            self.uncounted |= !self.hashes.contains(&hash);
        } else {
            self.hashes.insert(hash);
        }
    }

    /// Rows with a value that does not usually mean missing.
    pub fn known(&self) -> u64 {
        self.present - self.words.values().sum::<u64>()
    }

    /// Different values; at least so many where [`Column::uncounted`].
    pub fn distinct(&self) -> u64 {
        self.hashes.len() as u64
    }
}

/// Digits that mean more than their number: leading zeros, or more of them than an `f64` holds.
pub(super) fn is_code(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    let whole = digits.bytes().all(|b| b.is_ascii_digit());
    let zeros = digits.len() > 1 && digits.starts_with('0');
    whole && (zeros || is_long(digits))
}

/// Whole numbers from 2^53 on, which an `f64` does not hold exactly: JSON and databases hand them over as digits, too.
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
