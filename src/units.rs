//! Human-readable sizes and durations: `16MiB`, `500ms`, `7d`. Parsed from text and formatted as text, also by serde.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number of bytes, written as `16MiB`, `64KiB`, `1GB`, or a bare number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// A duration, written as `500ms`, `1s`, `1h30m`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// A short time in nanoseconds, written as `800ns`, `50us` or `50µs`, `2ms`, `1s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Latency(pub u64);

/// Why a text is not a size or duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    #[error(
        "`{0}` is not a size; write a whole number and B, KiB, MiB, GiB, TiB (or KB, MB, GB, TB), such as 16MiB"
    )]
    Size(String),
    #[error(
        "`{0}` is not a duration; write a whole number and ms, s, m, h or d, such as 500ms, 10s or 7d"
    )]
    Span(String),
    #[error("`{0}` is not a short time; write a whole number and ns, us, ms or s, such as 50us")]
    Latency(String),
}

/// Binary units before decimal ones, large before small: a size is written in the first unit that divides it.
const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

/// Units in milliseconds, large before small.
const SPANS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Units in nanoseconds, large before small.
const LATENCIES: [(&str, u64); 5] = [
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("ns", 1),
];

impl FromStr for Latency {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let nanoseconds = match split(text) {
            Some((number, unit, "")) => {
                scale(number, LATENCIES.iter().find(|(name, _)| *name == unit))
            }
            _ => None,
        };
        let positive = nanoseconds.filter(|nanoseconds| *nanoseconds > 0);
        positive
            .map(Latency)
            .ok_or_else(|| UnitError::Latency(text.into()))
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.0, &LATENCIES, f)
    }
}

impl Size {
    /// The size as an index or length in memory, capped at `usize::MAX` on 32-bit machines.
    pub fn bytes(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for Size {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let amount = match split(text) {
            Some((number, "", "")) => Some(number),
            Some((number, unit, "")) => scale(
                number,
                SIZES
                    .iter()
                    .find(|(name, _)| name.eq_ignore_ascii_case(unit)),
            ),
            _ => None,
        };
        amount.map(Size).ok_or_else(|| UnitError::Size(text.into()))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.0, &SIZES, f)
    }
}

impl FromStr for Span {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        millis(text)
            .map(|millis| Span(Duration::from_millis(millis)))
            .ok_or_else(|| UnitError::Span(text.into()))
    }
}

fn millis(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let (mut total, mut rest) = (0u64, text);
    loop {
        let (number, unit, tail) = split(rest)?;
        let part = scale(number, SPANS.iter().find(|(name, _)| *name == unit))?;
        total = total.checked_add(part)?;
        if tail.is_empty() {
            return Some(total);
        }
        rest = tail;
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Parsed durations have whole milliseconds; a finer fraction set by code is truncated.
        match u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX) {
            0 => f.write_str("0s"),
            millis => write(millis, &SPANS, f),
        }
    }
}

fn write(amount: u64, units: &[(&str, u64)], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let fitting = units
        .iter()
        .find(|(_, unit)| amount > 0 && amount.is_multiple_of(*unit));
    let (name, unit) = fitting
        .or(units.last())
        .expect("a table of units has entries");
    write!(f, "{}{name}", amount / unit)
}

/// Splits `16MiB…` into (16, `MiB`, `…`).
fn split(text: &str) -> Option<(u64, &str, &str)> {
    let unit = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(unit);
    let tail = rest
        .find(|letter: char| letter.is_ascii_digit())
        .unwrap_or(rest.len());
    let (unit, tail) = rest.split_at(tail);
    Some((number.parse().ok()?, unit.trim_ascii_start(), tail))
}

fn scale(number: u64, unit: Option<&(&str, u64)>) -> Option<u64> {
    number.checked_mul(unit?.1)
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Written("a size, such as 16MiB"))?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Written("a duration, such as 10s"))?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// Accepts text, or a number, which is converted to text.
struct Written(&'static str);

impl de::Visitor<'_> for Written {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.into())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let check = |text: &str, bytes: u64, written: &str| {
            let size: Size = text.parse().unwrap();
            assert_eq!((size.0, size.to_string().as_str()), (bytes, written));
        };
        check("16MiB", 16 << 20, "16MiB");
        check("64KiB", 65536, "64KiB");
        check("1GB", 1_000_000_000, "1GB");
        check("1024", 1024, "1KiB");
        check("1 mib", 1 << 20, "1MiB");
        check("1001B", 1001, "1001B");
        check("0", 0, "0B");
        for text in [
            "",
            "MiB",
            "1.5GB",
            "-1",
            "1XB",
            "1MiB2",
            "99999999TiB",
            "1 MiB 2",
        ] {
            assert_eq!(text.parse::<Size>(), Err(UnitError::Size(text.into())));
        }
    }

    #[test]
    fn durations() {
        let check = |text: &str, millis: u64, written: &str| {
            let span: Span = text.parse().unwrap();
            assert_eq!(
                (span.0, span.to_string().as_str()),
                (Duration::from_millis(millis), written)
            );
        };
        check("500ms", 500, "500ms");
        check("1s", 1000, "1s");
        check("90s", 90_000, "90s");
        check("4h", 14_400_000, "4h");
        check("7d", 604_800_000, "7d");
        check("1h30m", 5_400_000, "90m");
        check("0", 0, "0s");
        for text in [
            "",
            "s",
            "10",
            "1.5h",
            "-1s",
            "1week",
            "1h30",
            "99999999999999d",
        ] {
            assert_eq!(text.parse::<Span>(), Err(UnitError::Span(text.into())));
        }
    }

    #[test]
    fn serde_takes_text_and_bare_bytes() {
        assert_eq!(
            serde_json::from_str::<Size>("1048576").unwrap(),
            Size(1 << 20)
        );
        assert_eq!(serde_json::to_string(&Size(1 << 20)).unwrap(), "\"1MiB\"");
        assert_eq!(
            serde_json::from_str::<Span>("\"2m\"").unwrap(),
            Span(Duration::from_secs(120))
        );
        let fault = serde_json::from_str::<Span>("10").unwrap_err().to_string();
        assert!(fault.contains("such as 500ms, 10s or 7d"), "{fault}");
    }

    #[test]
    fn short_times_are_read_in_nanoseconds() {
        for (text, nanoseconds, written) in [
            ("800ns", 800, "800ns"),
            ("50us", 50_000, "50us"),
            ("50µs", 50_000, "50us"),
            ("2000us", 2_000_000, "2ms"),
            ("1s", 1_000_000_000, "1s"),
        ] {
            let latency: Latency = text.parse().unwrap();
            assert_eq!(
                (latency.0, latency.to_string().as_str()),
                (nanoseconds, written)
            );
        }
        for text in [
            "",
            "50",
            "0us",
            "1m",
            "5us3",
            "-1us",
            "99999999999999999999ns",
            "us",
        ] {
            assert!(text.parse::<Latency>().is_err(), "{text}");
        }
    }
}
