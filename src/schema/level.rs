//! Levels and labels: which values of the input formats match a level or label of a spec.
//!
//! The same rules hold for CSV, JSON, Parquet, SQL, requests and labels. A level is a scalar of the spec: a number (`1`), a
//! boolean (`true`) or text (`"01"`). A number level is matched by the same number in any notation (`1`, `1.0`, `"1"`,
//! `1e0`); a boolean level by a boolean or by the text true or false in any case; a text level by the same text with outer
//! spaces trimmed, and by a number or boolean whose shortest text it is. Codes with leading zeros are text.

use std::borrow::Cow;
use std::ops::Deref;

use rustc_hash::FxHashMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::cell::Scalar;
use super::fault::excerpt;
use super::number::{LARGEST_WHOLE, NumberForm, whole};
use super::value::Value;

/// A scalar of a spec: a level of a category or a label of the target.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Label {
    Flag(bool),
    Integer(i64),
    Number(f64),
    Text(String),
}

impl Label {
    /// The numeric value, if the scalar is a number.
    pub fn number(&self) -> Option<f64> {
        match self {
            Label::Integer(v) => Some(*v as f64),
            Label::Number(v) => Some(*v),
            Label::Flag(_) | Label::Text(_) => None,
        }
    }

    /// A value as it is written; `None` for a missing one.
    pub fn of(scalar: Scalar<'_>) -> Option<Label> {
        Some(match scalar {
            Scalar::Missing => return None,
            Scalar::Flag(v) => Label::Flag(v),
            Scalar::Whole(v) => Label::Integer(v),
            Scalar::Number(v) => Label::Number(v),
            Scalar::Text(v) => Label::Text(v.into_owned()),
        })
    }

    /// It as it is written.
    pub fn scalar(&self) -> Scalar<'_> {
        match self {
            Label::Flag(v) => Scalar::Flag(*v),
            Label::Integer(v) => Scalar::Whole(*v),
            Label::Number(v) => Scalar::Number(*v),
            Label::Text(v) => Scalar::Text(v.into()),
        }
    }

    /// The scalar as an input value.
    pub fn value(&self) -> Value<'_> {
        match self {
            Label::Flag(v) => Value::Flag(*v),
            Label::Integer(v) => Value::Number(*v as f64),
            Label::Number(v) => Value::Number(*v),
            Label::Text(v) => Value::Text(v),
        }
    }

    /// Whether a value matches this scalar; `same` compares texts.
    fn is(&self, value: Value<'_>, same: fn(&str, &str) -> bool) -> bool {
        match (self, value) {
            (_, Value::Missing | Value::Nested(_)) => false,
            (Label::Flag(l), Value::Flag(v)) => *l == v,
            (Label::Flag(l), Value::Text(v)) => flag(v) == Some(*l),
            (Label::Flag(_), Value::Number(_)) => false,
            (Label::Text(l), Value::Text(v)) => same(l.trim(), v.trim()),
            (Label::Text(l), Value::Number(v)) => l.trim() == shortest(v),
            (Label::Text(l), Value::Flag(v)) => same(l.trim(), if v { "true" } else { "false" }),
            (number, Value::Number(v)) => number.number() == Some(v),
            (number, Value::Text(v)) => number.number().is_some_and(|n| Some(n) == number_of(v)),
            (_, Value::Flag(_)) => false,
        }
    }
}

/// Whether a value matches a label of the target, whose other label is `other`. Case is ignored; if the labels are exactly 1
/// and 0, or true and false, either pair of values matches.
pub(super) fn is_label(label: &Label, other: &Label, value: Value<'_>) -> bool {
    let binary = |l: &Label| matches!(l, Label::Flag(_) | Label::Integer(0 | 1));
    let as_bit = |l: &Label| match l {
        Label::Flag(v) => Some(*v),
        Label::Integer(v) => Some(*v == 1),
        _ => None,
    };
    let same = |a: &str, b: &str| a == b || a.to_lowercase() == b.to_lowercase();
    if label.is(value, same) {
        return true;
    }
    let bit = match value {
        Value::Flag(v) => Some(v),
        Value::Number(v) => bit(v),
        Value::Text(v) => flag(v).or_else(|| number_of(v).and_then(bit)),
        _ => None,
    };
    binary(label) && binary(other) && bit.is_some() && bit == as_bit(label)
}

fn bit(v: f64) -> Option<bool> {
    match v {
        0.0 => Some(false),
        1.0 => Some(true),
        _ => None,
    }
}

impl JsonSchema for Label {
    fn schema_name() -> Cow<'static, str> {
        "Label".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["boolean", "number", "string"]})
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Label, D::Error> {
        from.deserialize_any(LabelVisitor)
    }
}

struct LabelVisitor;

impl Visitor<'_> for LabelVisitor {
    type Value = Label;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a text, a number, true or false")
    }
    fn visit_bool<E: Error>(self, v: bool) -> Result<Label, E> {
        Ok(Label::Flag(v))
    }
    fn visit_i64<E: Error>(self, v: i64) -> Result<Label, E> {
        Ok(Label::Integer(v))
    }
    fn visit_u64<E: Error>(self, v: u64) -> Result<Label, E> {
        let label = i64::try_from(v).map(Label::Integer);
        Ok(label.unwrap_or_else(|_| Label::Text(v.to_string())))
    }
    fn visit_f64<E: Error>(self, v: f64) -> Result<Label, E> {
        match v {
            v if !v.is_finite() => Err(E::custom(format_args!(
                "{v} is not a value of a table; write it in quotes if it is a word"
            ))),
            v => Ok(whole(v).map_or(Label::Number(v), Label::Integer)),
        }
    }
    fn visit_str<E: Error>(self, v: &str) -> Result<Label, E> {
        Ok(Label::Text(v.to_owned()))
    }
    fn visit_unit<E: Error>(self) -> Result<Label, E> {
        Err(E::custom(
            "nothing stands here; write a value, in quotes if it is null",
        ))
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Label::Flag(v) => v.fmt(f),
            Label::Integer(v) => v.fmt(f),
            Label::Number(v) => v.fmt(f),
            Label::Text(v) => f.write_str(v),
        }
    }
}

/// The levels of a category: a closed list, or any level.
#[derive(Clone, Debug)]
pub struct Levels {
    names: Vec<String>,
    scalars: Vec<Label>,
    by_name: FxHashMap<String, u32>,
    /// Index by the bits of the number; -0 is stored as 0.
    by_number: FxHashMap<u64, u32>,
    open: bool,
}

impl Levels {
    pub fn new(scalars: Vec<Label>) -> Levels {
        let names: Vec<String> = scalars.iter().map(|l| l.to_string()).collect();
        let by_name = names.iter().map(|n| n.trim().to_owned()).zip(0..).collect();
        let numbered = scalars.iter().zip(0..);
        let by_number = numbered.filter_map(|(l, i)| Some((bits(l.number()?), i)));
        Levels {
            by_name,
            by_number: by_number.collect(),
            names,
            scalars,
            open: false,
        }
    }

    /// An open category, which admits every level.
    pub fn any() -> Levels {
        Levels {
            open: true,
            ..Levels::new(Vec::new())
        }
    }

    /// Whether the category is open, so that every level is admitted; the list is empty then.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// The levels as typed in the spec.
    pub fn scalars(&self) -> &[Label] {
        &self.scalars
    }

    /// Index of the level that a value matches.
    pub fn find(&self, value: Value<'_>) -> Option<u32> {
        match value {
            Value::Missing | Value::Nested(_) => None,
            Value::Flag(v) => self.named(if v { "true" } else { "false" }),
            Value::Number(v) => self.numbered(v).or_else(|| match self.scalars.len() {
                // A number's text can match only a text level.
                n if n == self.by_number.len() => None,
                _ => self.named(&shortest(v)),
            }),
            Value::Text(text) => self.named(text).or_else(|| self.spelt(text.trim())),
        }
    }

    fn named(&self, name: &str) -> Option<u32> {
        // Most columns have a handful of levels, for which comparing is faster than hashing.
        const FEW: usize = 8;
        match self.names.len() {
            0..=FEW => self.names.iter().position(|l| l == name).map(|i| i as u32),
            _ => self.by_name.get(name).copied(),
        }
    }

    fn numbered(&self, number: f64) -> Option<u32> {
        self.by_number.get(&bits(number)).copied()
    }

    /// The level that a text matches in another notation.
    fn spelt(&self, text: &str) -> Option<u32> {
        let flag = || {
            let flag = Label::Flag(flag(text)?);
            self.scalars
                .iter()
                .position(|l| *l == flag)
                .map(|i| i as u32)
        };
        let found = self.by_name.get(text).copied().or_else(flag);
        found.or_else(|| self.numbered(number_of(text)?))
    }
}

impl PartialEq for Levels {
    fn eq(&self, other: &Levels) -> bool {
        self.scalars == other.scalars && self.open == other.open
    }
}

impl Deref for Levels {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.names
    }
}

fn bits(number: f64) -> u64 {
    (number + 0.0).to_bits()
}

/// The shortest text that parses to the number.
pub fn shortest(number: f64) -> String {
    (number + 0.0).to_string() // -0 is 0
}

/// The canonical text of a value that no closed list of levels defines: a level of an open category, an id, a group. A
/// number gets its shortest form, so that `1.0`, `1` and the number 1 are equal; outer spaces are trimmed; whole numbers
/// with more digits than an `f64` holds stay unchanged.
pub fn canonical(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    match plain {
        true => Cow::Borrowed(text),
        false => code(text).map_or(Cow::Borrowed(text), |v| Cow::Owned(shortest(v))),
    }
}

/// The typed scalar of a canonical text: a number if the text is a number's shortest form, else text.
pub fn scalar(text: &str) -> Label {
    match code(text) {
        Some(v) if shortest(v) == text && v.abs() < LARGEST_WHOLE => {
            whole(v).map_or(Label::Number(v), Label::Integer)
        }
        _ => Label::Text(text.to_owned()),
    }
}

/// Parses true or false in any case.
pub fn flag(text: &str) -> Option<bool> {
    let text = text.trim();
    match text.len() {
        4 if text.eq_ignore_ascii_case("true") => Some(true),
        5 if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Parses a text as a number where one is expected: in every notation that a number column accepts, except digits with a
/// leading zero, which are a code.
pub fn number_of(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.trim_start_matches(['-', '+']).as_bytes();
    let is_code = matches!(digits, [b'0', next, ..] if next.is_ascii_digit());
    (!is_code).then(|| NumberForm::default().parse(text))?
}

/// The number that a code stands for: no leading zeros, no `+`; an exponent only with a sign, as programs write it.
pub(super) fn code(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let is_digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let fits = is_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(is_digits)
        && exponent.is_none_or(|e| e.strip_prefix(['+', '-']).is_some_and(is_digits));
    let number: f64 = fits.then(|| text.parse().ok())??;
    number.is_finite().then_some(number)
}

/// The original value, shortened, for a warning: a number stays a number, text stays text.
pub(super) fn as_it_came(value: Value<'_>) -> Label {
    match value {
        Value::Flag(v) => Label::Flag(v),
        Value::Number(v) if v.is_finite() => whole(v).map_or(Label::Number(v), Label::Integer),
        other => Label::Text(plain(other)),
    }
}

/// A value's text for messages.
pub(super) fn plain(value: Value<'_>) -> String {
    match value {
        Value::Text(text) => excerpt(text),
        Value::Number(v) if v.is_finite() => shortest(v),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(typed: &str) -> Levels {
        Levels::new(crate::schema::spec::yaml::read(typed).unwrap())
    }

    #[test]
    fn one_value_several_spellings() {
        let check = |typed: &str, value: Value<'_>, expected: Option<u32>| {
            assert_eq!(levels(typed).find(value), expected, "{value} in {typed}");
        };
        for value in [
            Value::Number(1.0),
            Value::Text("1"),
            Value::Text("1.0"),
            Value::Text(" 1 "),
            Value::Text("1.00"),
            Value::Text("1e+0"),
            Value::Text("1e0"),
            Value::Text("+1"),
            Value::Text("1."),
            Value::Text("10e-1"),
        ] {
            check("[0, 1, 2]", value, Some(1));
            check("[0.0, 1.0, 2.0]", value, Some(1));
        }
        for value in ["01", "+01", "1x", "", "1e", "I", "true"].map(Value::Text) {
            check("[0, 1, 2]", value, None);
        }
        check("[0, 1, 2]", Value::Flag(true), None);
        check("[-1, 0.5]", Value::Text("-1.0"), Some(0));
        check("[-1, 0.5]", Value::Text("0.50"), Some(1));
        check("[0, 1]", Value::Number(-0.0), Some(0));

        for value in [
            Value::Flag(true),
            Value::Text("true"),
            Value::Text("TRUE"),
            Value::Text(" True "),
        ] {
            check("[false, true]", value, Some(1));
        }
        check("[false, true]", Value::Number(1.0), None);
        check("[false, true]", Value::Text("1"), None);

        check(r#"["01", b]"#, Value::Text(" 01"), Some(0));
        check(r#"["01", b]"#, Value::Number(1.0), None);
        check(r#"["1", " b "]"#, Value::Number(1.0), Some(0));
        check(r#"["1", " b "]"#, Value::Text("b"), Some(1));
        check(r#"["1", b]"#, Value::Text("1.0"), None);
        check(r#"["true", b]"#, Value::Flag(true), Some(0));
        check(r#"["true", b]"#, Value::Text("True"), None);
        check("[b]", Value::Text("B"), None);
    }

    #[test]
    fn many_levels_are_found_as_few_are() {
        let typed: Vec<String> = (0..40).map(|i| format!("{i}, \"w{i}\"")).collect();
        let many = levels(&format!("[{}]", typed.join(", ")));
        for (value, expected) in [
            (Value::Number(39.0), Some(78)),
            (Value::Text("39.0"), Some(78)),
            (Value::Text(" w39"), Some(79)),
            (Value::Text("w40"), None),
        ] {
            assert_eq!(many.find(value), expected, "{value}");
        }
    }

    #[test]
    fn the_two_values_of_a_target_are_compared_without_case() {
        let check = |positive: &str, negative: &str, value: Value<'_>, expected: bool| {
            let [positive, negative]: [Label; 2] =
                [positive, negative].map(|t| crate::schema::spec::yaml::read(t).unwrap());
            assert_eq!(
                is_label(&positive, &negative, value),
                expected,
                "{value} is {positive:?}"
            );
        };
        for value in ["yes", "Yes", " YES "].map(Value::Text) {
            check("\"yes\"", "\"no\"", value, true);
        }
        check("\"yes\"", "\"no\"", Value::Text("y"), false);
        for value in [
            Value::Number(1.0),
            Value::Flag(true),
            Value::Text("1.0"),
            Value::Text("1e0"),
            Value::Text("True"),
        ] {
            check("1", "0", value, true);
            check("true", "false", value, true);
            check("0", "1", value, false);
        }
        check("1", "2", Value::Flag(true), false);
        check("2", "1", Value::Text("2.0"), true);
        check("\"1\"", "\"0\"", Value::Number(1.0), true);
        check("\"01\"", "\"00\"", Value::Number(1.0), false);
        check("1", "0", Value::Missing, false);
    }

    #[test]
    fn an_open_level_has_one_text() {
        for (text, expected) in [
            (" a b ", "a b"),
            ("1.0", "1"),
            ("1.50", "1.5"),
            ("-0.0", "0"),
            ("007", "007"),
            ("00.7", "00.7"),
            ("12345678901234567890", "12345678901234567890"),
            ("1e+21", "1000000000000000000000"),
            ("12E4", "12E4"),
            ("1.2.3", "1.2.3"),
            ("2024-01-31", "2024-01-31"),
        ] {
            assert_eq!(canonical(text), expected, "{text:?}");
        }
    }
}
