//! A stored row: its values, typed as in the spec, under names that many rows share.
//!
//! A value begins with a number whose two lowest bits say what it is and whose other bits are its length or, where it is a
//! small whole number, itself: a text of up to 31 bytes costs one byte more than it has, a whole number up to 31 one byte.

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
/// A floating-point number, eight bytes.
const FLOAT: u64 = 3;
/// A whole number beyond what fits beside the two bits, eight bytes.
const LONG: u64 = 4;
/// A decimal fraction: this plus its digits after the point, then the number without the point.
const DECIMAL: u64 = 4;

/// Powers of ten by which a fraction is tried: prices and measures have few digits.
const POWERS: [f64; 6] = [1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

/// Bytes of a usual row.
const USUAL: usize = 96;

/// A row as it is stored. Cloning shares the names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredRow<'a> {
    names: Arc<[String]>,
    cells: Cow<'a, [u8]>,
}

impl StoredRow<'static> {
    /// A checked row; `own_id` where its id is to be stored with it.
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
    /// The row of these bytes, all of which it takes; none where they are none.
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

    /// The names under which its values stand.
    pub(super) fn names(&self) -> &Arc<[String]> {
        &self.names
    }

    /// Its values as bytes: equal rows under the same names have equal ones.
    pub fn cells(&self) -> &[u8] {
        &self.cells
    }

    /// Its values by name; what is missing is left out.
    pub fn values(&self) -> impl Iterator<Item = (&str, Scalar<'_>)> {
        let mut reader = Reader(&self.cells);
        let values = self
            .names
            .iter()
            .map_while(move |name| Some((&**name, take(&mut reader)?)));
        values.filter(|(_, value)| *value != Scalar::Missing)
    }

    /// Reads it as a row of `schema`, which need not be the one it was stored under.
    pub fn read(&self, schema: &Schema, row: &mut Row) {
        row.read(schema, self.values());
    }

    /// The same with its label.
    pub fn read_labelled(&self, schema: &Schema, label: &Label, row: &mut Row) {
        let target = &*schema.target().column;
        let values = self.values().filter(|(name, _)| *name != target);
        row.read(schema, values.chain([(target, label.scalar())]));
    }

    /// Appends it as a JSON object.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        write_object(self.values(), out);
    }

    /// The same with one more value behind its own.
    pub fn write_json_with<'v>(&'v self, more: Option<(&'v str, Scalar<'v>)>, out: &mut Vec<u8>) {
        write_object(self.values().chain(more), out);
    }

    /// The same without its first column.
    pub(in crate::store) fn write_rest(&self, out: &mut Vec<u8>) {
        let first = self.names.first().map(String::as_str);
        let rest = self.values().filter(|(name, _)| Some(*name) != first);
        write_object(rest, out);
    }

    /// The text of its first value; none where that is missing.
    pub(in crate::store) fn first(&self) -> Option<String> {
        match take(&mut Reader(&self.cells))? {
            Scalar::Text(text) => Some(text.into_owned()),
            Scalar::Whole(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Shares the list of names with rows before it that have the same.
    pub fn share_names(&mut self, known: &mut HashSet<Arc<[String]>>) {
        match known.get(&self.names) {
            Some(shared) => self.names = shared.clone(),
            None => drop(known.insert(self.names.clone())),
        }
    }

    /// The row by itself.
    pub fn into_owned(self) -> StoredRow<'static> {
        StoredRow {
            names: self.names,
            cells: Cow::Owned(self.cells.into_owned()),
        }
    }

    /// The row, borrowed.
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

/// Appends a value.
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
            // -1 is 0 among the negative ones.
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

/// A number as a decimal fraction with few digits after the point, where it is exactly that: how many, and the number
/// without the point.
fn decimal(number: f64) -> Option<(u64, i64)> {
    /// A longer one is no shorter than eight bytes.
    const LONGEST: f64 = (1_u64 << 47) as f64;
    let tried = (1..)
        .zip(POWERS)
        .take_while(|(_, power)| (number * power).abs() < LONGEST);
    tried
        .map(|(digits, power)| (digits, (number * power).round() as i64, power))
        .find(|(_, whole, power)| (*whole as f64 / power).to_bits() == number.to_bits())
        .map(|(digits, whole, _)| (digits, whole))
}

/// Takes a value; none where the bytes are none.
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

/// Takes a value that is there as a label.
pub fn take_label(reader: &mut Reader<'_>) -> Option<Label> {
    Some(match take(reader)? {
        Scalar::Missing => return None,
        Scalar::Flag(v) => Label::Flag(v),
        Scalar::Whole(v) => Label::Integer(v),
        Scalar::Number(v) => Label::Number(v),
        Scalar::Text(text) => Label::Text(text.into_owned()),
    })
}

/// From the object that stores of revision 4 and before hold.
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

/// A value of such an object.
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
