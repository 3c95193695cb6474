//! The cells of one Parquet column, converted to one of the few types that a value can have.

use std::fmt::{Display, Write};

use polars_arrow::array::{
    Array, BinaryViewArray, BooleanArray, FixedSizeBinaryArray, PrimitiveArray, Utf8ViewArray,
};
use polars_arrow::datatypes::{ArrowDataType, TimeUnit};
use polars_arrow::types::NativeType;
use polars_parquet::parquet::schema::types::{PrimitiveLogicalType, PrimitiveType};

use super::instant::{write_date, write_instant};
use crate::ingest::error::FormatError;
use crate::schema::row::Value;

/// Maximum number of digits of a decimal that an `i128` can hold.
const MOST_DIGITS: usize = 38;

/// The type of a column in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Flag,
    Signed(u8),
    Unsigned(u8),
    Half,
    Single,
    Double,
    Decimal {
        scale: usize,
    },
    Text,
    Binary,
    FixedBinary,
    Date,
    DateMillis,
    Instant {
        per_second: i64,
        zoned: bool,
    },
    Nothing,
    /// A type that is not supported, described in words.
    Unreadable(&'static str),
}

impl Type {
    pub(super) fn of(arrow: &ArrowDataType, file: &PrimitiveType) -> Type {
        if matches!(file.logical_type, Some(PrimitiveLogicalType::Unknown)) {
            return Type::Nothing;
        }
        match arrow {
            ArrowDataType::Null => Type::Nothing,
            ArrowDataType::Boolean => Type::Flag,
            ArrowDataType::Int8 => Type::Signed(8),
            ArrowDataType::Int16 => Type::Signed(16),
            ArrowDataType::Int32 => Type::Signed(32),
            ArrowDataType::Int64 => Type::Signed(64),
            ArrowDataType::UInt8 => Type::Unsigned(8),
            ArrowDataType::UInt16 => Type::Unsigned(16),
            ArrowDataType::UInt32 => Type::Unsigned(32),
            ArrowDataType::UInt64 => Type::Unsigned(64),
            ArrowDataType::Float32 => Type::Single,
            ArrowDataType::Float64 => Type::Double,
            ArrowDataType::Decimal(precision, _) if *precision > MOST_DIGITS => {
                Type::Unreadable("a decimal of more than 38 digits")
            }
            ArrowDataType::Decimal(_, scale) => Type::Decimal { scale: *scale },
            ArrowDataType::Utf8View => Type::Text,
            ArrowDataType::BinaryView => Type::Binary,
            ArrowDataType::FixedSizeBinary(2)
                if matches!(file.logical_type, Some(PrimitiveLogicalType::Float16)) =>
            {
                Type::Half
            }
            ArrowDataType::FixedSizeBinary(_) => Type::FixedBinary,
            ArrowDataType::Date32 => Type::Date,
            ArrowDataType::Timestamp(unit, zone) => Type::Instant {
                per_second: match unit {
                    TimeUnit::Second => 1,
                    TimeUnit::Millisecond => 1_000,
                    TimeUnit::Microsecond => 1_000_000,
                    TimeUnit::Nanosecond => 1_000_000_000,
                },
                zoned: zone.is_some(),
            },
            ArrowDataType::Time32(_) | ArrowDataType::Time64(_) => {
                Type::Unreadable("a time without a date")
            }
            ArrowDataType::Interval(_) => Type::Unreadable("an interval"),
            ArrowDataType::Decimal256(..) => Type::Unreadable("a decimal of more than 38 digits"),
            _ => Type::Unreadable("a list or a structure"),
        }
    }

    /// The type of a column whose type only the Arrow schema states; in the Parquet schema such a column is
    /// plain integers or bytes.
    pub(super) fn of_arrow_alone(arrow: &ArrowDataType, file: &PrimitiveType) -> Option<Type> {
        let is_plain = file.logical_type.is_none() && file.converted_type.is_none();
        match arrow {
            ArrowDataType::Duration(_) => Some(Type::Unreadable("a duration")),
            ArrowDataType::Time32(_) => Some(Type::Unreadable("a time without a date")),
            ArrowDataType::Timestamp(TimeUnit::Second, zone) if is_plain => Some(Type::Instant {
                per_second: 1,
                zoned: zone.is_some(),
            }),
            ArrowDataType::Date64 if is_plain => Some(Type::DateMillis),
            _ => None,
        }
    }

    pub(super) fn in_words(self) -> &'static str {
        match self {
            Type::Unreadable(what) => what,
            _ => "of another type",
        }
    }
}

/// How the numbers of a column are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Whole numbers and decimals are read as numbers.
    Numbers,
    /// Whole numbers and decimals are read as their digits, as in a text file: an id or a code may have more
    /// digits than an `f64`.
    AsWritten,
}

#[derive(Debug, PartialEq)]
pub(super) enum Cells {
    Numbers(Vec<Option<f64>>),
    Flags(Vec<Option<bool>>),
    Texts(Texts),
    Nothing(usize),
    /// Values of an unsupported type, such as lists, in a table whose spec is yet to be inferred.
    Unreadable(usize),
}

/// Texts, concatenated in one buffer.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Texts {
    text: String,
    /// For each text: its end in the buffer, and whether it is present.
    ends: Vec<(usize, bool)>,
}

impl Texts {
    /// Appends the text that `write` produces for the value; `None` is a missing text.
    fn add<T>(
        &mut self,
        value: Option<T>,
        write: impl FnOnce(T, &mut String) -> Option<()>,
    ) -> Option<()> {
        let is_there = value.is_some();
        if let Some(value) = value {
            write(value, &mut self.text)?;
        }
        self.ends.push((self.text.len(), is_there));
        Some(())
    }

    fn get(&self, i: usize) -> Option<&str> {
        let from = i.checked_sub(1).map_or(0, |before| self.ends[before].0);
        let (to, is_there) = self.ends[i];
        is_there.then(|| &self.text[from..to])
    }
}

impl Cells {
    pub(super) fn of(
        arrays: &[Box<dyn Array>],
        kind: &Type,
        wanted: Wanted,
    ) -> Result<Cells, FormatError> {
        match *kind {
            Type::Nothing => Ok(Cells::Nothing(arrays.iter().map(|a| a.len()).sum())),
            Type::Flag => {
                let flags = each::<BooleanArray>(arrays)?.flat_map(|array| array.iter());
                Ok(Cells::Flags(flags.collect()))
            }
            Type::Signed(8) => whole::<i8>(arrays, wanted),
            Type::Signed(16) => whole::<i16>(arrays, wanted),
            Type::Signed(32) => whole::<i32>(arrays, wanted),
            Type::Signed(_) => whole::<i64>(arrays, wanted),
            Type::Unsigned(8) => whole::<u8>(arrays, wanted),
            Type::Unsigned(16) => whole::<u16>(arrays, wanted),
            Type::Unsigned(32) => whole::<u32>(arrays, wanted),
            Type::Unsigned(_) => whole::<u64>(arrays, wanted),
            Type::Half => {
                let halves = each::<FixedSizeBinaryArray>(arrays)?.flat_map(|array| array.iter());
                let number = |bytes: &[u8]| half(u16::from_le_bytes([bytes[0], bytes[1]]));
                Ok(numbers(halves.map(|bytes| bytes.map(number))))
            }
            Type::Single => {
                let singles = primitives::<f32>(arrays)?;
                Ok(numbers(singles.map(|v| v.map(single))))
            }
            Type::Double => Ok(numbers(primitives::<f64>(arrays)?)),
            Type::Decimal { scale } => {
                let digits = texts(primitives::<i128>(arrays)?, |value, out| {
                    write_decimal(value, scale, out);
                    Some(())
                });
                match (wanted, digits) {
                    (Wanted::Numbers, Some(digits)) => {
                        let number = |i| digits.get(i).and_then(|text| text.parse().ok());
                        Ok(numbers((0..digits.ends.len()).map(number)))
                    }
                    (_, digits) => Ok(Cells::Texts(digits.unwrap_or_default())),
                }
            }
            Type::Text => {
                let all = each::<Utf8ViewArray>(arrays)?.flat_map(|array| array.iter());
                let copied = |text: &str, out: &mut String| {
                    out.push_str(text);
                    Some(())
                };
                texts(all, copied)
                    .map(Cells::Texts)
                    .ok_or_else(|| "".into())
            }
            Type::Binary => binary(each::<BinaryViewArray>(arrays)?.flat_map(|array| array.iter())),
            Type::FixedBinary => {
                binary(each::<FixedSizeBinaryArray>(arrays)?.flat_map(|array| array.iter()))
            }
            Type::Date => {
                let days = primitives::<i32>(arrays)?;
                let dates = texts(days, |days, out| write_date(days.into(), out));
                dates.map(Cells::Texts).ok_or_else(beyond)
            }
            Type::DateMillis => {
                const DAY: i64 = 86_400_000;
                let days = primitives::<i64>(arrays)?.map(|v| v.map(|ms| ms.div_euclid(DAY)));
                let dates = texts(days, write_date);
                dates.map(Cells::Texts).ok_or_else(beyond)
            }
            Type::Instant { per_second, zoned } => {
                let instants = texts(primitives::<i64>(arrays)?, |value, out| {
                    write_instant(value, per_second, zoned, out)
                });
                instants.map(Cells::Texts).ok_or_else(beyond)
            }
            Type::Unreadable(what) => Err(format!("it is {what}").into()),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Cells::Numbers(numbers) => numbers.len(),
            Cells::Flags(flags) => flags.len(),
            Cells::Texts(texts) => texts.ends.len(),
            Cells::Nothing(n) | Cells::Unreadable(n) => *n,
        }
    }

    pub(super) fn value(&self, i: usize) -> Value<'_> {
        match self {
            Cells::Numbers(numbers) => numbers[i].map_or(Value::Missing, Value::Number),
            Cells::Flags(flags) => flags[i].map_or(Value::Missing, Value::Flag),
            Cells::Texts(texts) => texts.get(i).map_or(Value::Missing, Value::Text),
            Cells::Nothing(_) => Value::Missing,
            Cells::Unreadable(_) => Value::Nested("a value of a type that is not read"),
        }
    }
}

fn beyond() -> FormatError {
    "it has a date beyond the years -9999 to 9999".into()
}

fn each<A: Array + 'static>(
    arrays: &[Box<dyn Array>],
) -> Result<impl Iterator<Item = &A>, FormatError> {
    let typed = arrays
        .iter()
        .map(|array| array.as_any().downcast_ref::<A>());
    let typed: Option<Vec<&A>> = typed.collect();
    Ok(typed.ok_or("it is not of the type it says")?.into_iter())
}

fn primitives<T: NativeType>(
    arrays: &[Box<dyn Array>],
) -> Result<impl Iterator<Item = Option<T>>, FormatError> {
    let arrays = each::<PrimitiveArray<T>>(arrays)?;
    Ok(arrays.flat_map(|array| array.iter().map(|value| value.copied())))
}

/// Converts NaN to missing, because other tools write a missing number as NaN.
fn numbers(values: impl Iterator<Item = Option<f64>>) -> Cells {
    Cells::Numbers(values.map(|v| v.filter(|v| !v.is_nan())).collect())
}

fn texts<T>(
    values: impl Iterator<Item = Option<T>>,
    mut write: impl FnMut(T, &mut String) -> Option<()>,
) -> Option<Texts> {
    let mut texts = Texts::default();
    for value in values {
        texts.add(value, &mut write)?;
    }
    Some(texts)
}

fn whole<T>(arrays: &[Box<dyn Array>], wanted: Wanted) -> Result<Cells, FormatError>
where
    T: NativeType + Display + ToF64,
{
    let values = primitives::<T>(arrays)?;
    if wanted == Wanted::Numbers {
        return Ok(numbers(values.map(|v| v.map(ToF64::to_f64))));
    }
    let digits = texts(values, |value, out| write!(out, "{value}").ok());
    Ok(Cells::Texts(digits.unwrap_or_default()))
}

fn binary<'a>(values: impl Iterator<Item = Option<&'a [u8]>>) -> Result<Cells, FormatError> {
    let all = texts(values, |bytes, out| {
        out.push_str(std::str::from_utf8(bytes).ok()?);
        Some(())
    });
    all.map(Cells::Texts)
        .ok_or_else(|| "it holds bytes that are not UTF-8".into())
}

trait ToF64 {
    fn to_f64(self) -> f64;
}

macro_rules! to_f64 {
    ($($whole:ty),*) => {
        $(impl ToF64 for $whole {
            fn to_f64(self) -> f64 {
                self as f64
            }
        })*
    };
}
to_f64!(i8, i16, i32, i64, u8, u16, u32, u64);

/// The number that the shortest decimal representation of an `f32` stands for, as a text file of the same table would have it.
fn single(value: f32) -> f64 {
    let exact = f64::from(value);
    if !value.is_finite() {
        return exact;
    }
    value.to_string().parse().unwrap_or(exact)
}

/// Like [`single`], for a half-precision float with one sign bit, five exponent bits and ten fraction bits.
fn half(bits: u16) -> f64 {
    let exact = exact_half(bits);
    if !exact.is_finite() || exact.fract() == 0.0 {
        return exact;
    }
    // Any decimal that is closer to this half than to its neighbours represents it; the shortest one is chosen.
    let size = bits & 0x7fff;
    let (below, above) = (exact_half(size - 1), exact_half(size + 1));
    let exact_size = exact.abs();
    let is_it = |v: f64| v * 2.0 > below + exact_size && v * 2.0 < above + exact_size;
    let shortest = (0..8).find_map(|digits| {
        let text = format!("{exact:.digits$e}");
        text.parse().ok().filter(|v: &f64| is_it(v.abs()))
    });
    shortest.unwrap_or(exact)
}

fn exact_half(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10) & 31, f64::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    }
}

fn write_decimal(value: i128, scale: usize, out: &mut String) {
    if value < 0 {
        out.push('-');
    }
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    out.push_str(whole);
    if scale > 0 {
        out.push('.');
        out.push_str(fraction);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_written_with_their_scale() {
        let check = |value: i128, scale: usize, expected: &str| {
            let mut out = String::new();
            write_decimal(value, scale, &mut out);
            assert_eq!(out, expected);
        };
        check(1250, 2, "12.50");
        check(-5, 2, "-0.05");
        check(0, 3, "0.000");
        check(i128::MAX, 0, "170141183460469231731687303715884105727");
    }

    #[test]
    fn small_floats_are_the_numbers_their_digits_stand_for() {
        assert_eq!(single(0.1), 0.1);
        assert_eq!(single(-3.75), -3.75);
        assert_eq!(single(16_777_216.0), 16_777_216.0);
        assert_eq!(half(0x2e66), 0.1);
        assert_eq!(half(0xc380), -3.75);
        assert_eq!(half(0x7bff), 65504.0);
        assert_eq!(half(0x0001), 6e-8);
        assert_eq!(half(0x7c00), f64::INFINITY);
        assert!(half(0x7e00).is_nan());
    }
}
