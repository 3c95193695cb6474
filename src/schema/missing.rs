//! Words and numbers that stand for a missing value.

use rustc_hash::FxHashSet;

use super::number::NumberForm;

/// The default markers of a spec without a `missing` list: those of pandas, in its spellings.
pub const USUAL: &[&str] = &[
    "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "NaN", "nan", "-NaN", "-nan", "1.#IND",
    "-1.#IND", "1.#QNAN", "-1.#QNAN", "NULL", "null", "None",
];

/// The default markers of models of format revision 1, whose specs have no `missing` list.
pub const REVISION_1: &[&str] = &["NA", "NaN", "null"];

/// Words that stand for a missing value, compared without outer spaces. An empty text is always missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Markers {
    words: FxHashSet<String>,
    longest: usize,
    /// Bit set of the words' first bytes, a cheap filter: most cells begin with another byte.
    first: [u64; 4],
    /// The words that are numbers, such as `-999`.
    numbers: Vec<f64>,
}

impl Markers {
    /// Builds markers from words; outer spaces are trimmed.
    pub fn new<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> Markers {
        let mut markers = Markers::default();
        for word in words {
            let word = word.as_ref().trim();
            markers.longest = markers.longest.max(word.len());
            if let Some(byte) = word.bytes().next() {
                markers.first[usize::from(byte >> 6)] |= 1 << (byte & 63);
            }
            markers.numbers.extend(NumberForm::default().parse(word));
            markers.words.insert(word.to_owned());
        }
        markers
    }

    /// Whether a text stands for a missing value.
    pub fn has(&self, text: &str) -> bool {
        let text = text.trim();
        let Some(byte) = text.bytes().next() else {
            return true;
        };
        let begins = self.first[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1;
        begins && text.len() <= self.longest && self.words.contains(text)
    }

    /// Whether a number stands for a missing value.
    pub fn has_number(&self, number: f64) -> bool {
        match number.is_finite() {
            true => self.numbers.contains(&number),
            false => self.words.contains(&number.to_string()), // inf, -inf
        }
    }
}

/// Whether a text is empty or all whitespace. For most texts the first byte shows that it is not.
pub(super) fn is_blank(text: &str) -> bool {
    let shows = |byte: u8| byte.is_ascii_graphic();
    !text.bytes().next().is_some_and(shows) && text.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_missing_with_blanks_cut_and_case_kept() {
        let usual = Markers::new(USUAL);
        for text in ["", "  ", "NA", " n/a ", "#N/A", "None", "<NA>", "-nan"] {
            assert!(usual.has(text), "{text:?}");
        }
        for (text, blank) in [
            ("", true),
            (" \t", true),
            ("\u{a0}", true),
            ("a", false),
            (" a", false),
            ("\u{e9}", false),
        ] {
            assert_eq!(is_blank(text), blank, "{text:?}");
        }
        for text in ["na", "none", "NONE", "?", "-", "0", "NAN", "N.A."] {
            assert!(!usual.has(text), "{text:?}");
        }
        let own = Markers::new(["?", "-999"]);
        assert!(own.has("?") && own.has("-999") && own.has_number(-999.0));
        assert!(!own.has("NA") && !own.has_number(999.0));
        let infinite = Markers::new(["inf"]);
        assert!(infinite.has_number(f64::INFINITY) && !infinite.has_number(f64::NEG_INFINITY));
        let none = Markers::new([""; 0]);
        assert!(none.has(" ") && !none.has("NA"));
    }
}
