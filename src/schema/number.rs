//! Numbers in text: decimal sign, thousands separator, minus signs, prefixes and suffixes.

use std::borrow::Cow;

/// Bound below which an `f64` represents every whole number exactly (with some margin).
pub(super) const LARGEST_WHOLE: f64 = 9e15;

/// Converts a number without a fraction to an integer; `None` if it has a fraction or is too large to be exact.
pub fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < LARGEST_WHOLE).then_some(number as i64)
}

/// Parses a whole number in its canonical form: `3` is one, `03` is a word.
pub fn whole_text(text: &str) -> Option<i64> {
    let begins = text.bytes().next()?;
    if !begins.is_ascii_digit() && begins != b'-' {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// The number format of a file or a column, for numbers such as `1,234.50`, `3,75`, `$12.00`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberForm {
    /// The decimal sign, `.` or `,`.
    pub decimal: char,
    /// The sign between groups of three digits, if there is one.
    pub thousands: Option<char>,
    /// Text before the digits (`$`), optional in each cell.
    pub prefix: String,
    /// Text after the digits (` kg`, `%`), optional in each cell.
    pub suffix: String,
}

impl Default for NumberForm {
    /// A decimal point, without thousands separator, prefix or suffix.
    fn default() -> NumberForm {
        NumberForm {
            decimal: '.',
            thousands: None,
            prefix: String::new(),
            suffix: String::new(),
        }
    }
}

impl NumberForm {
    /// Parses a number in this format; outer spaces are allowed. `None` for infinity, NaN and numbers beyond
    /// the range of `f64`.
    ///
    /// A minus may be the sign U+2212, may follow the digits as in SAP exports (`5-`), or may be written as parentheses
    /// as in accounting (`(5)`).
    pub fn parse(&self, text: &str) -> Option<f64> {
        let text = text.trim();
        if let Some(number) = self.parse_signed(text) {
            return Some(number);
        }
        let absolute = match text.strip_prefix('(') {
            Some(inner) => inner.strip_suffix(')')?,
            None => text
                .strip_suffix('-')
                .or_else(|| text.strip_prefix('\u{2212}'))?,
        };
        let unsigned = !absolute.contains(['-', '+', '(', '\u{2212}']);
        unsigned.then(|| self.parse_signed(absolute.trim()).map(|v| -v))?
    }

    fn parse_signed(&self, text: &str) -> Option<f64> {
        if self.is_plain() {
            return plain(text);
        }
        let (sign, rest) = sign(text);
        let rest = cut_start(rest, self.prefix.trim());
        let (inner_sign, rest) = if sign.is_empty() {
            sign_of(rest)
        } else {
            ("", rest)
        };
        let rest = cut_end(rest, self.suffix.trim());
        let (whole, fraction) = match rest.split_once(self.decimal) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (rest, None),
        };
        if fraction.is_some_and(|f| f.contains(['.', ','])) {
            return None;
        }
        let whole = self.without_thousands(whole)?;
        let mut digits = String::with_capacity(text.len());
        digits.push_str(sign);
        digits.push_str(inner_sign);
        digits.push_str(&whole);
        if let Some(fraction) = fraction {
            digits.push('.');
            digits.push_str(fraction);
        }
        plain(&digits)
    }

    /// Writes a number in this format, without thousands separators, prefix and suffix.
    pub fn write(&self, number: f64) -> String {
        let text = number.to_string();
        match self.decimal {
            '.' => text,
            other => text.replace('.', &other.to_string()),
        }
    }

    /// Whether a text is a number in this format and would be another number if `.` and `,` changed roles: `1.234` is either
    /// about 1.2 or more than a thousand.
    pub fn is_ambiguous(&self, text: &str) -> bool {
        let (_, digits) = sign(text.trim());
        let Some((whole, fraction)) = digits.split_once(self.decimal) else {
            return false;
        };
        let grouped = fraction.len() == 3 && (1..=3).contains(&whole.len());
        grouped && !whole.starts_with('0') && [whole, fraction].iter().all(|p| is_digits(p))
    }

    /// Whether the format is the default one: a decimal point and nothing else.
    pub fn is_plain(&self) -> bool {
        self.decimal == '.'
            && self.thousands.is_none()
            && self.prefix.is_empty()
            && self.suffix.is_empty()
    }

    /// The digits before the decimal sign, without thousands separators; `None` if the separators are not between
    /// groups of three digits.
    fn without_thousands<'a>(&self, whole: &'a str) -> Option<Cow<'a, str>> {
        let Some(sign) = self.thousands else {
            return (!whole.contains([',', '.']) || self.decimal == '.').then_some(whole.into());
        };
        let is_sign = |c: char| c == sign || (sign == ' ' && matches!(c, '\u{a0}' | '\u{202f}'));
        if !whole.contains(is_sign) {
            return Some(whole.into());
        }
        let mut groups = whole.split(is_sign);
        let first = groups.next()?;
        let fits = (1..=3).contains(&first.len()) && is_digits(first);
        let rest = groups.all(|group| group.len() == 3 && is_digits(group));
        (fits && rest).then(|| whole.replace(is_sign, "").into())
    }
}

/// Parses a number with a decimal point; outer spaces are allowed. `None` for the words "inf" and "nan" and for numbers
/// beyond the range of `f64`, such as 1e400.
fn plain(text: &str) -> Option<f64> {
    let text = text.trim();
    let decimal = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
    let value = text
        .bytes()
        .all(decimal)
        .then(|| text.parse::<f64>().ok())??;
    value.is_finite().then_some(value)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn sign(text: &str) -> (&str, &str) {
    let (sign, rest) = sign_of(text);
    (sign, rest.trim_start())
}

fn sign_of(text: &str) -> (&str, &str) {
    match text.as_bytes().first() {
        Some(b'+' | b'-') => text.split_at(1),
        _ => ("", text),
    }
}

fn cut_start<'a>(text: &'a str, prefix: &str) -> &'a str {
    text.strip_prefix(prefix).map_or(text, str::trim_start)
}

fn cut_end<'a>(text: &'a str, suffix: &str) -> &'a str {
    text.strip_suffix(suffix).map_or(text, str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(decimal: char, thousands: Option<char>, prefix: &str, suffix: &str) -> NumberForm {
        NumberForm {
            decimal,
            thousands,
            prefix: prefix.into(),
            suffix: suffix.into(),
        }
    }

    fn check(form: &NumberForm, text: &str, expected: Option<f64>) {
        assert_eq!(form.parse(text), expected, "{text:?} as {form:?}");
    }

    #[test]
    fn a_comma_for_the_decimal_sign() {
        let comma = form(',', None, "", "");
        check(&comma, "3,75", Some(3.75));
        check(&comma, " -0,5e1 ", Some(-5.0));
        check(&comma, "12", Some(12.0));
        for text in ["3.75", "1.234,5", "1,2,3", "1,2.3", ",", ""] {
            check(&comma, text, None);
        }
    }

    #[test]
    fn signs_between_thousands_part_groups_of_three() {
        let english = form('.', Some(','), "", "");
        check(&english, "1,234.50", Some(1234.5));
        check(&english, "-1,234,567", Some(-1_234_567.0));
        check(&english, "1234.5", Some(1234.5));
        for text in ["12,34", "1,2345", ",123", "1,,234", "1.234,5", "1,234.5,6"] {
            check(&english, text, None);
        }
        let german = form(',', Some('.'), "", "");
        check(&german, "1.234,50", Some(1234.5));
        check(&german, "1.234.567", Some(1_234_567.0));
        check(&german, "1,234.5", None);
        let spaced = form(',', Some(' '), "", "");
        check(&spaced, "1 234,5", Some(1234.5));
        check(&spaced, "1\u{a0}234\u{202f}567", Some(1_234_567.0));
    }

    #[test]
    fn what_stands_before_and_behind_is_cut() {
        let dollars = form('.', Some(','), "$", "");
        for text in ["$1,200.00", "$ 1200", "1200", " $1,200 "] {
            check(&dollars, text, Some(1200.0));
        }
        check(&dollars, "-$12.5", Some(-12.5));
        check(&dollars, "$-12.5", Some(-12.5));
        check(&dollars, "--12.5", None);
        check(&dollars, "$$1", None);
        check(&dollars, "€1", None);
        let percent = form(',', None, "", "%");
        check(&percent, "7,5 %", Some(7.5));
        check(&percent, "7,5%", Some(7.5));
        check(&percent, "7,5%%", None);
    }

    #[test]
    fn a_minus_has_several_forms() {
        let plain = NumberForm::default();
        for text in ["-5.5", "(5.5)", "5.5-", "\u{2212}5.5", "( 5.5 )"] {
            check(&plain, text, Some(-5.5));
        }
        for text in ["(-5)", "-5-", "(5", "5)", "()", "-", "((5))", "5--"] {
            check(&plain, text, None);
        }
        check(&form('.', Some(','), "$", ""), "($1,200.50)", Some(-1200.5));
        check(&form(',', None, "", "%"), "5,5%-", Some(-5.5));
    }

    #[test]
    fn infinity_and_words_are_no_numbers_in_any_form() {
        for form in [
            NumberForm::default(),
            form(',', Some('.'), "", ""),
            form('.', None, "$", ""),
        ] {
            for text in [
                "inf",
                "-Infinity",
                "nan",
                "1e400",
                "0x10",
                "1_000",
                "٣",
                "$",
                "-",
            ] {
                check(&form, text, None);
            }
        }
    }

    #[test]
    fn a_number_with_three_decimals_may_be_a_thousand() {
        let check = |form: &NumberForm, text: &str, expected: bool| {
            assert_eq!(form.is_ambiguous(text), expected, "{text:?}");
        };
        let point = NumberForm::default();
        check(&point, "1.234", true);
        check(&point, "-12.345", true);
        for text in ["0.234", "1234.567", "1.23", "1.2345", "1", "1e3.123", ""] {
            check(&point, text, false);
        }
        check(&form(',', None, "", ""), "1,234", true);
    }
}
