//! Reads JSON into rows, straight from the bytes, and finds all faults of a row at once.
//!
//! Two kinds of problems are distinguished. Invalid JSON (a syntax error, a duplicate key, a number that is not finite, nesting
//! beyond [`DEEPEST`]) is an error of the document. Valid JSON that violates the table's schema is a [`Fault`] of the row.

pub mod write;

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::column::{Schema, Slot};
use super::csv::MOST_COLUMNS;
use super::fault::{Fault, Problem, excerpt};
use super::number::NumberForm;
use super::row::{Row, Value};
use super::text;

/// Maximum nesting depth; the rows of a table need two.
pub const DEEPEST: usize = 32;

/// The form of a JSON body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    One,
    /// A list with this number of elements.
    Many(usize),
}

/// Why a JSON document cannot be read as one row or a list of rows.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    #[error("not readable as JSON: {0}")]
    Syntax(#[from] serde_json::Error),
    /// A number that JSON cannot express, as Python writes it.
    #[error(
        "not readable as JSON: {word} at line {line} column {column} is not JSON, although Python writes it; write null where a \
         number is not known (json.dumps with allow_nan=False finds it, pandas' to_json writes null)"
    )]
    NotFinite {
        /// `NaN`, `Infinity` or `-Infinity`.
        word: &'static str,
        /// Line number, from 1.
        line: usize,
        /// Column number, from 1.
        column: usize,
    },
    /// A valid JSON number that exceeds the range of `f64`.
    #[error(
        "not readable as JSON: {number} at line {line} column {column} is beyond the largest number, about 1.8e308; write null \
         where a number is not known"
    )]
    TooLarge {
        /// The number as written in the document.
        number: String,
        /// Line number, from 1.
        line: usize,
        /// Column number, from 1.
        column: usize,
    },
    /// The document is neither an object nor a list.
    #[error(
        "a row is an object like {{\"column\": value}}, several rows are a list of objects; got {0}"
    )]
    NotRows(&'static str),
    /// The list has more rows than are allowed in one document.
    #[error("the list has more than {0} rows; send it in parts")]
    TooMany(usize),
}

/// Reads one object into `row`: a line of JSON lines.
///
/// # Errors
/// When the line is not valid JSON.
pub fn line(schema: &Schema, line: &[u8], row: &mut Row) -> Result<(), JsonError> {
    let mut json = serde_json::Deserializer::from_slice(line);
    let read = one(schema, row, 1).deserialize(&mut json);
    read.and_then(|()| json.end())
        .map_err(|e| explained(e, line))
}

/// Turns a syntax error of this text into the variant that names the number, if it was caused by one that JSON does not have.
pub fn explained(fault: serde_json::Error, text: &[u8]) -> JsonError {
    const WORDS: [&str; 3] = ["-Infinity", "Infinity", "NaN"];
    /// The parser stops within the word, at the first character that differs from valid JSON.
    const BACK: usize = 3;
    let line = text
        .split(|b| *b == b'\n')
        .nth(fault.line().saturating_sub(1));
    let Some(line) = line.filter(|_| fault.is_syntax()) else {
        return fault.into();
    };
    let end = fault.column().min(line.len());
    if fault.to_string().starts_with("number out of range") {
        return match too_large(line, end) {
            Some((number, column)) => JsonError::TooLarge {
                number: excerpt(number),
                line: fault.line(),
                column,
            },
            None => fault.into(),
        };
    }
    for from in (end.saturating_sub(BACK)..=end).filter(|from| *from < line.len()) {
        let here = |word: &&&str| line[from..].starts_with(word.as_bytes());
        if let Some(word) = WORDS.iter().find(here) {
            return JsonError::NotFinite {
                word,
                line: fault.line(),
                column: from + 1,
            };
        }
    }
    fault.into()
}

/// The number within or behind which the parser stopped, and its column from 1.
fn too_large(line: &[u8], end: usize) -> Option<(&str, usize)> {
    let is_part = |b: &u8| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E');
    let last = (0..end).rev().find(|i| is_part(&line[*i]))?;
    let from = line[..last]
        .iter()
        .rposition(|b| !is_part(b))
        .map_or(0, |i| i + 1);
    let length = line[from..].iter().take_while(|b| is_part(b)).count();
    let number = std::str::from_utf8(&line[from..from + length]).ok()?;
    Some((number, from + 1))
}

/// Reads a request body (one object or a list of objects) and passes each row, with its faults, and its index to `each`.
/// Numbers must be JSON numbers; a number written as text is a fault.
///
/// # Errors
/// See [`JsonError`]; rows before the error have already been passed on.
pub fn rows(
    schema: &Schema,
    body: &[u8],
    most: usize,
    row: &mut Row,
    each: &mut dyn FnMut(usize, &mut Row),
) -> Result<Body, JsonError> {
    read_rows(Table { schema, form: None }, body, most, row, each)
}

/// Like [`rows`], but for a file: numbers may be written as text in the format `form`. Programs write columns of mixed types
/// as text, and the same table as CSV holds only text.
pub fn file_rows(
    schema: &Schema,
    form: &NumberForm,
    body: &[u8],
    most: usize,
    row: &mut Row,
    each: &mut dyn FnMut(usize, &mut Row),
) -> Result<Body, JsonError> {
    let form = Some(form);
    read_rows(Table { schema, form }, body, most, row, each)
}

/// The schema of a document's rows, and how its texts are read.
#[derive(Clone, Copy)]
struct Table<'s> {
    schema: &'s Schema,
    /// Format of numbers that are written as text; `None` if text is never read as a number.
    form: Option<&'s NumberForm>,
}

fn read_rows(
    table: Table<'_>,
    body: &[u8],
    most: usize,
    row: &mut Row,
    each: &mut dyn FnMut(usize, &mut Row),
) -> Result<Body, JsonError> {
    decode(table, body, most, row, each).map_err(|fault| match fault {
        JsonError::Syntax(fault) => explained(fault, body),
        other => other,
    })
}

fn decode(
    table: Table<'_>,
    body: &[u8],
    most: usize,
    row: &mut Row,
    each: &mut dyn FnMut(usize, &mut Row),
) -> Result<Body, JsonError> {
    let first = body.iter().copied().find(|b| !b.is_ascii_whitespace());
    let mut json = serde_json::Deserializer::from_slice(body);
    let body = match first {
        Some(b'{') => {
            OneRow {
                table,
                row,
                depth: 1,
            }
            .deserialize(&mut json)?;
            json.end()?;
            each(0, row);
            return Ok(Body::One);
        }
        Some(b'[') => json.deserialize_seq(Rows {
            table,
            row,
            each,
            most,
        })?,
        None => return Err(JsonError::NotRows("nothing at all")),
        Some(_) => {
            IgnoredAny.deserialize_checked(&mut json)?;
            return Err(JsonError::NotRows("a bare value"));
        }
    };
    match body {
        Some(n) => {
            json.end()?;
            Ok(Body::Many(n))
        }
        None => Err(JsonError::TooMany(most)),
    }
}

/// Reads one object as a row from any deserializer, such as the `row` member of a WebSocket message.
pub fn one<'s>(
    schema: &'s Schema,
    row: &'s mut Row,
    depth: usize,
) -> impl for<'de> DeserializeSeed<'de, Value = ()> {
    let table = Table { schema, form: None };
    OneRow { table, row, depth }
}

trait DeserializeChecked {
    fn deserialize_checked<'de, D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error>;
}

impl DeserializeChecked for IgnoredAny {
    fn deserialize_checked<'de, D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(Drain { depth: 0 }).map(drop)
    }
}

struct Rows<'a> {
    table: Table<'a>,
    row: &'a mut Row,
    each: &'a mut dyn FnMut(usize, &mut Row),
    most: usize,
}

impl<'de> Visitor<'de> for Rows<'_> {
    /// Number of rows; `None` if there were too many.
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<usize>, A::Error> {
        let mut n = 0;
        while n < self.most {
            let seed = OneRow {
                table: self.table,
                row: self.row,
                depth: 2,
            };
            if seq.next_element_seed(seed)?.is_none() {
                return Ok(Some(n));
            }
            (self.each)(n, self.row);
            n += 1;
        }
        let mut more = false;
        while seq.next_element_seed(DrainSeed { depth: 2 })?.is_some() {
            more = true;
        }
        Ok((!more).then_some(n))
    }
}

struct OneRow<'s> {
    table: Table<'s>,
    row: &'s mut Row,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for OneRow<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        self.row.clear();
        json.deserialize_any(self)
    }
}

impl OneRow<'_> {
    fn not_a_row<E>(self, got: &str) -> Result<(), E> {
        self.row.faults.push(not_a_row(got));
        Ok(())
    }
}

/// The fault of a list element that is not an object.
pub fn not_a_row(got: &str) -> Fault {
    Fault {
        column: String::new(),
        problem: Problem::NotARow,
        got: excerpt(got),
        typed: false,
        allowed: "an object like {\"column\": value}".into(),
        remedy: String::new(),
    }
}

impl<'de> Visitor<'de> for OneRow<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let OneRow { table, row, depth } = self;
        let schema = table.schema;
        let mut seen = Seen::new(schema);
        let (mut after, mut keys) = (0, 0);
        while let Some(key) = map.next_key_seed(Key { schema, after })? {
            keys += 1;
            if keys > MOST_COLUMNS {
                return Err(A::Error::custom(format_args!(
                    "more than {MOST_COLUMNS} keys in one object"
                )));
            }
            match key {
                Ok(slot) => {
                    if !seen.insert(slot) {
                        return Err(twice(schema.name(slot)));
                    }
                    if let Slot::Column(i) = slot {
                        after = i + 1;
                    }
                    map.next_value_seed(OneValue {
                        table,
                        slot,
                        row,
                        depth,
                    })?;
                }
                Err(name) => {
                    if let Some(slot) = row.raw_slot(&name) {
                        if !seen.insert(slot) {
                            return Err(twice(&name));
                        }
                        map.next_value_seed(OneValue {
                            table,
                            slot,
                            row,
                            depth,
                        })?;
                        continue;
                    }
                    if !seen.insert_unknown(&name) {
                        return Err(twice(&name));
                    }
                    let got = map.next_value_seed(DrainSeed { depth: depth + 1 })?;
                    row.put_unknown(schema, &name, got);
                }
            }
        }
        row.finish(schema);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        Drain { depth: self.depth }.visit_seq(seq)?;
        self.not_a_row("a list")
    }
    fn visit_str<E: Error>(self, v: &str) -> Result<(), E> {
        self.not_a_row(&format!("{v:?}"))
    }
    fn visit_bool<E: Error>(self, v: bool) -> Result<(), E> {
        self.not_a_row(&v.to_string())
    }
    fn visit_f64<E: Error>(self, v: f64) -> Result<(), E> {
        self.not_a_row(&v.to_string())
    }
    fn visit_u64<E: Error>(self, v: u64) -> Result<(), E> {
        self.not_a_row(&v.to_string())
    }
    fn visit_i64<E: Error>(self, v: i64) -> Result<(), E> {
        self.not_a_row(&v.to_string())
    }
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.not_a_row("null")
    }
}

fn twice<E: Error>(name: &str) -> E {
    E::custom(format_args!("the key {name:?} stands twice in one object"))
}

/// Keys seen in one object; known keys need no allocation.
struct Seen {
    known: [u64; 16], // 1,024 columns in place
    many: Vec<bool>,
    unknown: Vec<String>,
    unused: Vec<bool>,
    id: bool,
    target: bool,
}

impl Seen {
    fn new(schema: &Schema) -> Seen {
        let columns = schema.columns().len();
        let many = if columns > 1024 {
            vec![false; columns]
        } else {
            Vec::new()
        };
        Seen {
            known: [0; 16],
            many,
            unknown: Vec::new(),
            unused: Vec::new(),
            id: false,
            target: false,
        }
    }

    fn insert(&mut self, slot: Slot) -> bool {
        match slot {
            Slot::Column(i) if self.many.is_empty() => {
                let (word, bit) = (&mut self.known[i / 64], 1u64 << (i % 64));
                let new = *word & bit == 0;
                *word |= bit;
                new
            }
            Slot::Column(i) => !std::mem::replace(&mut self.many[i], true),
            Slot::Other => true,
            Slot::Unused(i) => {
                if self.unused.len() <= i {
                    self.unused.resize(i + 1, false);
                }
                !std::mem::replace(&mut self.unused[i], true)
            }
            Slot::Id => !std::mem::replace(&mut self.id, true),
            Slot::Target => !std::mem::replace(&mut self.target, true),
        }
    }

    fn insert_unknown(&mut self, name: &str) -> bool {
        let new = !self.unknown.iter().any(|n| n == name);
        if new {
            self.unknown.push(name.to_owned());
        }
        new
    }
}

struct Key<'s> {
    schema: &'s Schema,
    after: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Result<Slot, String>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Result<Slot, String>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a column's name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self
            .schema
            .slot_near(name, self.after)
            .ok_or_else(|| name.to_owned()))
    }
}

struct OneValue<'s> {
    table: Table<'s>,
    slot: Slot,
    row: &'s mut Row,
    depth: usize,
}

impl OneValue<'_> {
    fn put<E>(self, value: Value<'_>) -> Result<(), E> {
        self.row.put(self.table.schema, self.slot, value);
        Ok(())
    }

    fn put_text<E>(self, text: &str) -> Result<(), E> {
        match self.table.form {
            Some(form) => text::put(self.table.schema, self.slot, text, form, self.row),
            None => self
                .row
                .put(self.table.schema, self.slot, Value::Text(text)),
        }
        Ok(())
    }

    /// Puts a whole number. One that an `f64` cannot hold exactly is stored as text with all its digits (as from a text
    /// file), unless the column is a number column.
    fn put_whole<E>(self, number: impl ToString, value: f64) -> Result<(), E> {
        const EXACT: f64 = (1u64 << f64::MANTISSA_DIGITS) as f64;
        if value.abs() >= EXACT && !self.table.schema.is_number(self.slot) {
            return self.put_text(&number.to_string());
        }
        self.put(Value::Number(value))
    }
}

impl<'de> DeserializeSeed<'de> for OneValue<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneValue<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.put(Value::Missing)
    }
    fn visit_bool<E: Error>(self, v: bool) -> Result<(), E> {
        self.put(Value::Flag(v))
    }
    fn visit_f64<E: Error>(self, v: f64) -> Result<(), E> {
        self.put(Value::Number(v))
    }
    fn visit_u64<E: Error>(self, v: u64) -> Result<(), E> {
        self.put_whole(v, v as f64)
    }
    fn visit_i64<E: Error>(self, v: i64) -> Result<(), E> {
        self.put_whole(v, v as f64)
    }
    fn visit_str<E: Error>(self, v: &str) -> Result<(), E> {
        self.put_text(v)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        Drain {
            depth: self.depth + 1,
        }
        .visit_seq(seq)?;
        self.put(Value::Nested("a list"))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        Drain {
            depth: self.depth + 1,
        }
        .visit_map(map)?;
        self.put(Value::Nested("an object"))
    }
}

/// Consumes a value up to the maximum nesting depth; returns it as JSON unless it is a list or an object.
struct Drain {
    depth: usize,
}

struct DrainSeed {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for DrainSeed {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Option<String>, D::Error> {
        json.deserialize_any(Drain { depth: self.depth })
    }
}

impl Drain {
    fn check<E: Error>(&self) -> Result<(), E> {
        if self.depth > DEEPEST {
            return Err(E::custom(format_args!("nested deeper than {DEEPEST}")));
        }
        Ok(())
    }

    fn kept<E: Error>(value: impl serde::Serialize) -> Result<Option<String>, E> {
        serde_json::to_string(&value).map(Some).map_err(E::custom)
    }
}

impl<'de> Visitor<'de> for Drain {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E: Error>(self) -> Result<Option<String>, E> {
        Drain::kept(())
    }
    fn visit_bool<E: Error>(self, v: bool) -> Result<Option<String>, E> {
        Drain::kept(v)
    }
    fn visit_f64<E: Error>(self, v: f64) -> Result<Option<String>, E> {
        Drain::kept(v)
    }
    fn visit_u64<E: Error>(self, v: u64) -> Result<Option<String>, E> {
        Drain::kept(v)
    }
    fn visit_i64<E: Error>(self, v: i64) -> Result<Option<String>, E> {
        Drain::kept(v)
    }
    fn visit_str<E: Error>(self, v: &str) -> Result<Option<String>, E> {
        Drain::kept(v)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<String>, A::Error> {
        self.check()?;
        while seq
            .next_element_seed(DrainSeed {
                depth: self.depth + 1,
            })?
            .is_some()
        {}
        Ok(None)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<String>, A::Error> {
        self.check()?;
        let mut seen = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value_seed(DrainSeed {
                depth: self.depth + 1,
            })?;
            seen.push(key);
        }
        seen.sort_unstable();
        match seen.windows(2).find(|w| w[0] == w[1]) {
            Some(w) => Err(twice(&w[0])),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
