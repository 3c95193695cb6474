//! A stored row: its values, typed as in the spec, under a list of names that many rows share.
//!
//! A value begins with a varint whose two lowest bits are its type. The other bits are the length of a text, a whole number
//! of up to 62 bits, or the code of another type. A text of up to 31 bytes takes one byte more than its length, a whole
//! number up to 31 a single byte.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::bytes::{Reader, put_signed, put_varint};
use crate::schema::column::{By, Label};
use crate::schema::{Cell, Row, RowView, Scalar, Schema, Slot, own_id};

const TEXT: u64 = 0;
const WHOLE: u64 = 1;
const NEGATIVE: u64 = 2;
const OTHER: u64 = 3;

const MISSING: u64 = 0;
const FALSE: u64 = 1;
const TRUE: u64 = 2;
/// Code of a floating-point number, which follows in eight bytes.
const FLOAT: u64 = 3;
/// Code of a whole number of more than 62 bits, which follows in eight bytes.
const LONG: u64 = 4;
/// Code of a decimal fraction: this constant plus the number of digits after the point. The digits follow as a whole number.
const DECIMAL: u64 = 4;

/// Powers of ten with which a decimal form is tried; prices and measurements have few digits after the point.
const POWERS: [f64; 6] = [1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

/// Initial capacity in bytes, enough for most rows.
const USUAL: usize = 96;

/// A row as it is stored. Clones share the list of names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredRow<'a> {
    names: Arc<[String]>,
    cells: Cow<'a, [u8]>,
}

impl StoredRow<'static> {
    /// Makes a stored row from a valid one; `own_id` is given where the row's own id is to be stored with it.
    pub fn of(schema: &Schema, row: RowView<'_>, own_id: Option<&str>) -> StoredRow<'static> {
        let mut cells = Vec::with_capacity(USUAL);
        if schema.id().is_some() {
            let id = own_id.map_or(Scalar::Missing, own_id::scalar);
            put(&id, &mut cells);
        }
        for (column, cell) in schema.columns().iter().zip(row.cells) {
            put(&column.scalar(*cell, row.text), &mut cells);
        }
        if let Some(By { slot, .. }) = schema.by()
            && matches!(slot, Slot::Unused(_))
        {
            let by = match row.by {
                Cell::Text(span) => Scalar::Text(span.get(row.text).into()),
                Cell::Number(v) => Scalar::Number(v),
                Cell::Missing | Cell::Level(_) => Scalar::Missing,
            };
            put(&by, &mut cells);
        }
        StoredRow {
            names: schema.stored().clone(),
            cells: cells.into(),
        }
    }
}

impl<'a> StoredRow<'a> {
    /// Decodes a row; none unless the bytes are exactly one value for each name.
    pub(super) fn decode(names: &Arc<[String]>, cells: &'a [u8]) -> Option<StoredRow<'a>> {
        let mut reader = Reader(cells);
        for _ in &**names {
            take(&mut reader)?;
        }
        reader.is_empty().then(|| StoredRow {
            names: names.clone(),
            cells: cells.into(),
        })
    }

    /// The names of its values, in order.
    pub(super) fn names(&self) -> &Arc<[String]> {
        &self.names
    }

    /// Its encoded values. Equal rows with the same names have equal bytes.
    pub fn cells(&self) -> &[u8] {
        &self.cells
    }

    /// Its values by name, without the missing ones.
    pub fn values(&self) -> impl Iterator<Item = (&str, Scalar<'_>)> {
        let mut reader = Reader(&self.cells);
        let values = self
            .names
            .iter()
            .map_while(move |name| Some((&**name, take(&mut reader)?)));
        values.filter(|(_, value)| *value != Scalar::Missing)
    }

    /// Reads the values into a row of `schema`, which need not be the schema that the row was stored under.
    pub fn read(&self, schema: &Schema, row: &mut Row) {
        row.read(schema, self.values());
    }

    /// Reads the values into a row of `schema`, with `label` as its target.
    pub fn read_labelled(&self, schema: &Schema, label: &Label, row: &mut Row) {
        let target = &*schema.target().column;
        let values = self.values().filter(|(name, _)| *name != target);
        row.read(schema, values.chain([(target, label.scalar())]));
    }

    /// Appends the row as a JSON object.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        write_object(self.values(), out);
    }

    /// Appends the row as a JSON object, followed by one more member.
    pub fn write_json_with<'v>(&'v self, more: Option<(&'v str, Scalar<'v>)>, out: &mut Vec<u8>) {
        write_object(self.values().chain(more), out);
    }

    /// Appends the row as a JSON object, without its first column.
    pub(in crate::store) fn write_rest(&self, out: &mut Vec<u8>) {
        let first = self.names.first().map(String::as_str);
        let rest = self.values().filter(|(name, _)| Some(*name) != first);
        write_object(rest, out);
    }

    /// The first value as text; none where it is missing or neither a text nor a whole number.
    pub(in crate::store) fn first(&self) -> Option<String> {
        match take(&mut Reader(&self.cells))? {
            Scalar::Text(text) => Some(text.into_owned()),
            Scalar::Whole(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Replaces the list of names by an equal one from `known`, so that rows share memory, or adds it there.
    pub fn share_names(&mut self, known: &mut HashSet<Arc<[String]>>) {
        match known.get(&self.names) {
            Some(shared) => self.names = shared.clone(),
            None => drop(known.insert(self.names.clone())),
        }
    }

    /// The row with its bytes copied.
    pub fn into_owned(self) -> StoredRow<'static> {
        StoredRow {
            names: self.names,
            cells: Cow::Owned(self.cells.into_owned()),
        }
    }

    pub fn borrowed(&self) -> StoredRow<'_> {
        StoredRow {
            names: self.names.clone(),
            cells: Cow::Borrowed(&self.cells),
        }
    }
}

fn write_object<'v>(values: impl Iterator<Item = (&'v str, Scalar<'v>)>, out: &mut Vec<u8>) {
    let begin = out.len();
    for (name, value) in values {
        out.push(if out.len() == begin { b'{' } else { b',' });
        write(name, out);
        out.push(b':');
        write(&value, out);
    }
    if out.len() == begin {
        out.push(b'{');
    }
    out.push(b'}');
}

fn write<T: serde::Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("a Vec takes every byte");
}

/// Appends a value in the format above.
pub fn put(value: &Scalar<'_>, out: &mut Vec<u8>) {
    let mut head = |what: u64, number: u64| put_varint(number << 2 | what, out);
    match value {
        Scalar::Missing => head(OTHER, MISSING),
        Scalar::Flag(false) => head(OTHER, FALSE),
        Scalar::Flag(true) => head(OTHER, TRUE),
        Scalar::Text(text) => {
            head(TEXT, text.len() as u64);
            out.extend_from_slice(text.as_bytes());
        }
        Scalar::Whole(number) => {
            // Negative numbers are counted from -1, which is 0.
            let size = if *number < 0 { !*number } else { *number } as u64;
            match (size >> 62, *number < 0) {
                (0, false) => head(WHOLE, size),
                (0, true) => head(NEGATIVE, size),
                _ => {
                    head(OTHER, LONG);
                    out.extend_from_slice(&number.to_le_bytes());
                }
            }
        }
        Scalar::Number(number) => match decimal(*number) {
            Some((digits, whole)) => {
                head(OTHER, DECIMAL + digits);
                put_signed(whole, out);
            }
            None => {
                head(OTHER, FLOAT);
                out.extend_from_slice(&number.to_le_bytes());
            }
        },
    }
}

/// The decimal form of a number: its digits after the point, and the number without the point. None unless the form is exact
/// and has few digits.
fn decimal(number: f64) -> Option<(u64, i64)> {
    /// Larger numbers would take as many bytes as a floating-point number.
    const LONGEST: f64 = (1_u64 << 47) as f64;
    let tried = (1..)
        .zip(POWERS)
        .take_while(|(_, power)| (number * power).abs() < LONGEST);
    tried
        .map(|(digits, power)| (digits, (number * power).round() as i64, power))
        .find(|(_, whole, power)| (*whole as f64 / power).to_bits() == number.to_bits())
        .map(|(digits, whole, _)| (digits, whole))
}

/// Reads a value; none where the bytes are invalid.
pub fn take<'a>(reader: &mut Reader<'a>) -> Option<Scalar<'a>> {
    let head = reader.varint()?;
    let number = head >> 2;
    Some(match head & 3 {
        TEXT => {
            let text = std::str::from_utf8(reader.bytes(number)?).ok()?;
            Scalar::Text(text.into())
        }
        WHOLE => Scalar::Whole(number as i64), // of 62 bits
        NEGATIVE => Scalar::Whole(!(number as i64)),
        _ => match number {
            MISSING => Scalar::Missing,
            FALSE => Scalar::Flag(false),
            TRUE => Scalar::Flag(true),
            FLOAT => Scalar::Number(reader.finite()?),
            LONG => Scalar::Whole(i64::from_le_bytes(reader.array()?)),
            decimal => {
                let digits = usize::try_from(decimal - DECIMAL).ok()?;
                let power = POWERS.get(digits.checked_sub(1)?)?;
                Scalar::Number(reader.signed()? as f64 / power)
            }
        },
    })
}

/// Reads a value as a label; none where it is missing.
pub fn take_label(reader: &mut Reader<'_>) -> Option<Label> {
    Some(match take(reader)? {
        Scalar::Missing => return None,
        Scalar::Flag(v) => Label::Flag(v),
        Scalar::Whole(v) => Label::Integer(v),
        Scalar::Number(v) => Label::Number(v),
        Scalar::Text(text) => Label::Text(text.into_owned()),
    })
}

/// Reads the JSON object that stores of revision 4 and earlier hold.
impl<'de> Deserialize<'de> for StoredRow<'static> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(RowVisitor)
    }
}

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = StoredRow<'static>;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut names, mut cells) = (Vec::new(), Vec::new());
        while let Some(name) = map.next_key::<String>()? {
            names.push(name);
            put(&map.next_value::<Value<'_>>()?.0, &mut cells);
        }
        Ok(StoredRow {
            names: names.into(),
            cells: cells.into(),
        })
    }
}

/// A value of such a JSON object.
struct Value<'a>(Scalar<'a>);

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a text, a number, true, false or null")
    }
    fn visit_unit<E: Error>(self) -> Result<Value<'de>, E> {
        Ok(Value(Scalar::Missing))
    }
    fn visit_bool<E: Error>(self, v: bool) -> Result<Value<'de>, E> {
        Ok(Value(Scalar::Flag(v)))
    }
    fn visit_i64<E: Error>(self, v: i64) -> Result<Value<'de>, E> {
        Ok(Value(Scalar::Whole(v)))
    }
    fn visit_u64<E: Error>(self, v: u64) -> Result<Value<'de>, E> {
        let whole = i64::try_from(v).map(Scalar::Whole);
        Ok(Value(whole.unwrap_or(Scalar::Number(v as f64))))
    }
    fn visit_f64<E: Error>(self, v: f64) -> Result<Value<'de>, E> {
        Ok(Value(Scalar::Number(v)))
    }
    fn visit_borrowed_str<E: Error>(self, v: &'de str) -> Result<Value<'de>, E> {
        Ok(Value(Scalar::Text(v.into())))
    }
    fn visit_str<E: Error>(self, v: &str) -> Result<Value<'de>, E> {
        Ok(Value(Scalar::Text(v.to_owned().into())))
    }
}
