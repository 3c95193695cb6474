//! Detects the form of a column's numbers or dates: the form that parses most of its values.

use std::collections::BTreeMap;

use super::column::{Column, is_code};
use crate::schema::NumberForm;
use crate::schema::date::{DateForm, datetime};

/// Decimal and thousands separators, the most common first.
const SIGNS: &[(char, Option<char>)] = &[
    ('.', None),
    ('.', Some(',')),
    (',', None),
    (',', Some('.')),
    (',', Some(' ')),
    ('.', Some(' ')),
    ('.', Some('\'')),
];

/// Date patterns to try in addition to ISO 8601.
const PATTERNS: &[&str] = &[
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y/%m/%d",
    "%d-%m-%Y",
    "%Y%m%dT%H%M%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d %b %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
];

/// Maximum number of distinct values of a column that the forms are tried on.
const TRIED: usize = 5_000;

/// Result of parsing the values of a column as numbers in one form.
pub(super) struct Numbers {
    pub form: Option<NumberForm>,
    pub range: Option<(f64, f64)>,
    /// Values that mark a missing number, with their rows.
    pub marks: Vec<(String, u64)>,
    /// Rows whose value is a number, and rows that were examined (`of`).
    pub rows: u64,
    pub of: u64,
}

impl Numbers {
    /// Rows whose value marks a missing number.
    pub fn marked(&self) -> u64 {
        self.marks.iter().map(|(_, rows)| rows).sum()
    }
}

/// The result for a column whose values are plain numbers, except for a few that mark missing values.
pub(super) fn plain(column: &Column) -> Numbers {
    let form = NumberForm::default();
    let numbers = &column.numbers;
    let mut marks = others(column, |text| form.parse(text).is_some());
    let mut range = (numbers.min, numbers.max);
    if column.long.rows > 0 {
        range = (range.0.min(column.long.min), range.1.max(column.long.max));
    }
    if let (Some(mark), Some(second)) = (sentinel(column), numbers.second) {
        marks.push(mark);
        range.0 = second;
    }
    Numbers {
        form: None,
        range: (numbers.rows > 0).then_some(range),
        marks,
        rows: numbers.rows + column.long.rows,
        of: column.known(),
    }
}

/// Minimum number of rows in which a number must occur to count as a mark of missing values.
const LEAST_ROWS: u64 = 2;

/// A number that marks missing values: -99, -999 and so on, in several rows of a column without any other negative number.
fn sentinel(column: &Column) -> Option<(String, u64)> {
    let numbers = &column.numbers;
    let apart = numbers.second.is_some_and(|second| second >= 0.0);
    let stands_out = is_nines(numbers.min) && apart && numbers.min_rows >= LEAST_ROWS;
    stands_out.then(|| (numbers.min.to_string(), numbers.min_rows))
}

/// As [`sentinel`], for numbers in another form: returns every spelling of that number.
fn sentinels(numbers: &[(&str, u64, f64)]) -> Vec<(String, u64)> {
    let min = numbers
        .iter()
        .map(|(.., v)| *v)
        .fold(f64::INFINITY, f64::min);
    let others = numbers.iter().filter(|(.., v)| *v != min);
    let second = others.map(|(.., v)| *v).fold(f64::INFINITY, f64::min);
    let lowest = numbers.iter().filter(|(.., v)| *v == min);
    let rows: u64 = lowest.clone().map(|(_, rows, _)| rows).sum();
    if !is_nines(min) || !second.is_finite() || second < 0.0 || rows < LEAST_ROWS {
        return Vec::new();
    }
    lowest
        .map(|(text, rows, _)| ((*text).to_owned(), *rows))
        .collect()
}

/// Whether the number is -99, -999 and so on.
fn is_nines(number: f64) -> bool {
    let text = number.to_string();
    let digits = text.strip_prefix('-');
    digits.is_some_and(|d| d.len() >= 2 && d.bytes().all(|b| b == b'9'))
}

/// The form that parses most of a column's values as numbers; `None` if no value has digits with a possible prefix or suffix.
pub(super) fn number(column: &Column) -> Option<Numbers> {
    let values = tried(column);
    let (prefix, suffix) = around(&values)?;
    let is_number = |form: &NumberForm, text: &str| !is_code(text) && form.parse(text).is_some();
    let read = |form: &NumberForm| -> u64 {
        let rows = values.iter().filter(|(text, _)| is_number(form, text));
        rows.map(|(_, rows)| rows).sum()
    };
    let forms = SIGNS.iter().map(|(decimal, thousands)| NumberForm {
        decimal: *decimal,
        thousands: *thousands,
        prefix: prefix.clone(),
        suffix: suffix.clone(),
    });
    let mut best: Option<(u64, NumberForm)> = None;
    for form in forms {
        let rows = read(&form);
        if best.as_ref().is_none_or(|(most, _)| rows > *most) {
            best = Some((rows, form));
        }
    }
    let (rows, form) = best?;
    let numbers = values.iter();
    let numbers: Vec<(&str, u64, f64)> = numbers
        .filter(|(text, _)| is_number(&form, text))
        .filter_map(|(text, rows)| Some((*text, *rows, form.parse(text)?)))
        .collect();
    let codes = sentinels(&numbers);
    let is_code = |text: &str| codes.iter().any(|(code, _)| code == text);
    let whole = column.unkept == 0 && values.len() == column.values.len();
    let amounts = numbers.iter().filter(|(text, ..)| !is_code(text));
    let range = amounts.fold(None, |range: Option<(f64, f64)>, (.., v)| {
        Some(range.map_or((*v, *v), |(min, max)| (min.min(*v), max.max(*v))))
    });
    let mut marks = others(column, |text| is_number(&form, text));
    marks.extend(codes.iter().cloned());
    Some(Numbers {
        range: range.filter(|_| whole),
        marks,
        rows,
        of: values.iter().map(|(_, rows)| rows).sum(),
        form: Some(form),
    })
}

/// Letters that may precede an amount of money.
const CURRENCIES: &[&str] = &[
    "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "BRL", "US$", "R$", "A$", "C$", "Rs", "Rs.",
    "kr",
];

fn has_letter(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

/// The most frequent text before and after the digits of the values.
fn around(values: &[(&str, u64)]) -> Option<(String, String)> {
    const LONGEST: usize = 8; // a currency or a unit
    let mut seen: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for (text, rows) in values {
        let digit = |c: char| c.is_ascii_digit();
        let (Some(first), Some(last)) = (text.find(digit), text.rfind(digit)) else {
            continue;
        };
        let sign =
            |c: char| matches!(c, '-' | '+' | '.' | ',' | '(' | '\u{2212}') || c.is_whitespace();
        let prefix = text[..first].trim_matches(sign);
        let behind = &text[last + 1..];
        let suffix = behind.trim_matches(|c: char| c.is_whitespace() || matches!(c, '-' | ')'));
        // Letters directly before or after the digits make a code (V12, 12B), not an amount; a suffix separated by a blank
        // is a unit (12 kg).
        let is_unit = !has_letter(suffix) || behind.starts_with(char::is_whitespace);
        let is_sign = !has_letter(prefix) || CURRENCIES.contains(&prefix);
        if is_sign && is_unit && prefix.len() <= LONGEST && suffix.len() <= LONGEST {
            *seen.entry((prefix, suffix)).or_default() += rows;
        }
    }
    // If there are several prefixes or suffixes, the most frequent one is used; a form strips it where present and also
    // parses values without it.
    let most = |part: fn(&(&str, &str)) -> String| {
        let mut parts: BTreeMap<String, u64> = BTreeMap::new();
        for (key, rows) in &seen {
            *parts.entry(part(key)).or_default() += rows;
        }
        parts.remove("");
        let most = parts.into_iter().max_by_key(|(_, rows)| *rows);
        most.map_or_else(String::new, |(part, _)| part)
    };
    (!seen.is_empty()).then(|| (most(|k| k.0.to_owned()), most(|k| k.1.to_owned())))
}

/// Result of parsing the values of a column as dates in one pattern.
pub(super) struct Dates {
    pub pattern: Option<&'static str>,
    pub parts: Vec<&'static str>,
    pub marks: Vec<(String, u64)>,
    pub rows: u64,
    pub of: u64,
    /// Whether the values could also be read with day and month swapped.
    pub either: bool,
}

/// The pattern that parses most of a column's values as dates; `None` if no value is a date.
pub(super) fn date(column: &Column) -> Option<Dates> {
    let values = tried(column);
    let of = values.iter().map(|(_, rows)| rows).sum();
    let mut best: Option<Dates> = None;
    let patterns = [None].into_iter().chain(PATTERNS.iter().copied().map(Some));
    for pattern in patterns {
        let form = DateForm::new(pattern.map(str::to_owned))
            .expect("the patterns of the table are checked by a test");
        let reads = |text: &str| match pattern {
            Some(_) => form.read_own(text),
            None => form.read(text),
        };
        let found: Vec<(f64, u64)> = values
            .iter()
            .filter_map(|(text, n)| Some((reads(text)?, *n)))
            .collect();
        let rows: u64 = found.iter().map(|(_, n)| n).sum();
        if rows == 0 {
            continue;
        }
        match &mut best {
            Some(best) if best.rows >= rows => {
                let swapped = best.pattern.map(|p| p.replace("%d/%m", "%m/%d"));
                best.either |= best.rows == rows
                    && swapped.as_deref() == pattern
                    && swapped.as_deref() != best.pattern;
            }
            _ => {
                best = Some(Dates {
                    pattern,
                    parts: parts(&found),
                    marks: others(column, |text| form.read(text).is_some()),
                    rows,
                    of,
                    either: false,
                });
            }
        }
    }
    best
}

/// The parts (year, month, weekday, hour) in which the dates differ.
fn parts(dates: &[(f64, u64)]) -> Vec<&'static str> {
    let dates: Vec<_> = dates
        .iter()
        .map(|(seconds, _)| datetime(*seconds))
        .collect();
    let differs = |part: fn(&jiff::civil::DateTime) -> i64| {
        dates.windows(2).any(|w| part(&w[0]) != part(&w[1]))
    };
    let differing = [
        ("year", differs(|d| d.year().into())),
        ("month", differs(|d| d.month().into())),
        (
            "weekday",
            differs(|d| d.weekday().to_monday_zero_offset().into()),
        ),
        ("hour", differs(|d| d.hour().into())),
    ];
    differing
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(name, _)| name)
        .collect()
}

/// The values that the forms are tried on, with their rows: the most frequent first, in a deterministic order.
fn tried(column: &Column) -> Vec<(&str, u64)> {
    let mut values: Vec<(&str, u64)> = column
        .values
        .iter()
        .map(|(v, n)| (v.as_str(), *n))
        .collect();
    values.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    values.truncate(TRIED);
    values
}

/// The recorded values that a form does not parse, the most frequent first.
fn others(column: &Column, reads: impl Fn(&str) -> bool) -> Vec<(String, u64)> {
    let others = column.values.iter().filter(|(text, _)| !reads(text));
    let mut others: Vec<(String, u64)> = others.map(|(text, n)| (text.clone(), *n)).collect();
    others.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    others
}

/// An example number written in this form, for messages.
pub(super) fn words(form: &NumberForm) -> String {
    let thousands = form.thousands.map_or_else(String::new, |t| t.to_string());
    format!(
        "{}1{thousands}234{}5{}",
        form.prefix, form.decimal, form.suffix
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::infer::column::Seen;

    fn column(cells: &[&str]) -> Column {
        let mut column = Column::new("x");
        cells.iter().for_each(|c| column.add(Seen::Text(c)));
        column
    }

    #[test]
    fn patterns_are_sound() {
        for pattern in PATTERNS {
            DateForm::new(Some((*pattern).to_owned())).unwrap();
        }
    }

    #[test]
    fn the_form_that_reads_most_is_found() {
        let check = |cells: &[&str], expected: &str, range: (f64, f64)| {
            let found = number(&column(cells)).unwrap();
            assert_eq!(words(&found.form.unwrap()), expected, "{cells:?}");
            assert_eq!((found.rows, found.range), (cells.len() as u64, Some(range)));
        };
        check(&["3,75", "12", "0,5"], "1234,5", (0.5, 12.0));
        check(&["1,234.50", "12", "999,999"], "1,234.5", (12.0, 999_999.0));
        check(&["1.234,50", "12"], "1.234,5", (12.0, 1234.5));
        check(&["1 234,50", "12"], "1 234,5", (12.0, 1234.5));
        check(&["$12.00", "-$1.5", "$7"], "$1234.5", (-1.5, 12.0));
        check(&["12,5 %", "7 %"], "1234,5%", (7.0, 12.5));
        check(&["1,234", "1,500"], "1,234.5", (1234.0, 1500.0));
        check(&["EUR 12,50", "EUR 7"], "EUR1234,5", (7.0, 12.5));
        check(&["12 kg", "7.5 kg"], "1234.5kg", (7.5, 12.0));
        for codes in [["a", "b"], ["V1", "V2"], ["12B", "7A"], ["A-1", "A-2"]] {
            assert!(number(&column(&codes)).is_none(), "{codes:?}");
        }
    }

    #[test]
    fn dates_are_found_in_their_pattern() {
        let check = |cells: &[&str], expected: Option<&str>, parts: &[&str], either: bool| {
            let found = date(&column(cells)).unwrap();
            assert_eq!(
                (found.pattern, found.either),
                (expected, either),
                "{cells:?}"
            );
            assert_eq!(found.parts, parts, "{cells:?}");
        };
        check(
            &["2024-01-31", "2023-01-31"],
            None,
            &["year", "weekday"],
            false,
        );
        check(
            &["2024-01-31 10:00", "2024-02-28 11:00:30"],
            None,
            &["month", "hour"],
            false,
        );
        check(
            &["31.01.2024", "01.02.2024"],
            Some("%d.%m.%Y"),
            &["month", "weekday"],
            false,
        );
        check(
            &["31/01/2024", "01/02/2024"],
            Some("%d/%m/%Y"),
            &["month", "weekday"],
            false,
        );
        check(
            &["01/31/2024", "02/01/2024"],
            Some("%m/%d/%Y"),
            &["month", "weekday"],
            false,
        );
        check(
            &["01/02/2024", "03/02/2024"],
            Some("%d/%m/%Y"),
            &["weekday"],
            true,
        );
        assert!(date(&column(&["a", "12", "1.5"])).is_none());
    }

    #[test]
    fn minus_nines_stand_for_missing() {
        let check = |cells: &[&str], expected: Option<(&str, u64)>| {
            let found = sentinel(&column(cells));
            assert_eq!(found, expected.map(|(t, n)| (t.to_owned(), n)), "{cells:?}");
        };
        check(&["-999", "3", "-999.0", "0"], Some(("-999", 2)));
        check(&["-999", "3", "0"], None);
        check(&["-999", "-999", "-3"], None);
        check(&["-9", "-9", "3"], None);
        check(&["999", "999", "3"], None);
    }

    /// The range is that of the amounts, for any number of distinct values and any number form.
    #[test]
    fn a_range_leaves_out_the_codes_of_missing_values() {
        let amounts: Vec<String> = (0..5_000).map(|n| format!("{n}.5")).collect();
        let cells: Vec<&str> = amounts.iter().map(String::as_str).collect();
        let found = plain(&column(&[&cells[..], &["-999", "-999", "-999"]].concat()));
        assert_eq!(found.range, Some((0.5, 4999.5)));
        assert_eq!(found.marks, [("-999".to_owned(), 3)]);
        for (cells, codes, range) in [
            (
                ["3,75", "12", "-999", "-999,0"],
                vec!["-999", "-999,0"],
                (3.75, 12.0),
            ),
            (["$12.00", "-$1.5", "$7", "-$99"], vec![], (-99.0, 12.0)),
            (
                ["$12.00", "$1.5", "-$99", "-$99"],
                vec!["-$99"],
                (1.5, 12.0),
            ),
        ] {
            let found = number(&column(&cells)).unwrap();
            let mut marks: Vec<&str> = found.marks.iter().map(|(m, _)| m.as_str()).collect();
            marks.sort_unstable();
            assert_eq!((marks, found.range), (codes, Some(range)), "{cells:?}");
        }
    }
}
