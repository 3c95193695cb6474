//! The checked contract of a table: its columns, target and id.

use rustc_hash::FxHashMap;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::cell::Cell;
use super::row::Value;

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Finite numbers in a closed range (either end may be open to infinity).
    Number {
        /// Smallest value expected.
        min: f64,
        /// Largest value expected.
        max: f64,
    },
    /// One of a closed list of levels.
    Category {
        /// The levels, by index; exact.
        levels: Vec<String>,
    },
    /// Free text: only a source to derive from.
    Text,
}

impl Kind {
    /// The word used for it in a spec.
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Number { .. } => "number",
            Kind::Category { .. } => "category",
            Kind::Text => "text",
        }
    }
}

/// What an out-of-range number or an unknown level gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Answered, with a warning.
    #[default]
    Warn,
    /// Refused.
    Reject,
    /// Stored apart and answered with a warning.
    Quarantine,
}

/// One feature column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name in files and on the wire.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether a row without it is refused.
    pub required: bool,
    /// What an unexpected value gets.
    pub policy: Policy,
    /// Unit for people, may be empty.
    pub unit: String,
    /// A sentence for people, may be empty.
    pub about: String,
}

impl Column {
    /// What the column takes, for messages.
    pub fn allowed(&self) -> String {
        match &self.kind {
            Kind::Number { min, max } => match (min.is_finite(), max.is_finite()) {
                (true, true) => format!("a number from {min} to {max}"),
                (true, false) => format!("a number from {min} up"),
                (false, true) => format!("a number up to {max}"),
                (false, false) => "a finite number".to_owned(),
            },
            Kind::Category { levels } => format!("one of {}", levels.join(", ")),
            Kind::Text => "text".to_owned(),
        }
    }

    /// A value of it as JSON: a level that is a whole number is one again, missing is null.
    pub fn json(&self, cell: Cell, text: &str) -> serde_json::Value {
        let typed = |level: &str| match whole(level) {
            Some(whole) => serde_json::Value::from(whole),
            None => level.into(),
        };
        match (cell, &self.kind) {
            (Cell::Missing, _) => serde_json::Value::Null,
            (Cell::Number(v), _) if v.fract() == 0.0 && v.abs() < 9e15 => (v as i64).into(),
            (Cell::Number(v), _) => v.into(),
            (Cell::Level(level), Kind::Category { levels }) => levels
                .get(level as usize)
                .map_or(serde_json::Value::Null, |l| typed(l)),
            (Cell::Level(level), _) => level.into(),
            (Cell::Text(span), Kind::Category { .. }) => typed(span.get(text)),
            (Cell::Text(span), _) => span.get(text).into(),
        }
    }

    /// Its levels; none for other kinds.
    pub fn levels(&self) -> &[String] {
        match &self.kind {
            Kind::Category { levels } => levels,
            _ => &[],
        }
    }
}

/// The whole number a level is, where it is written as one: `3` is, `03` is a word.
pub(super) fn whole(level: &str) -> Option<i64> {
    let begins = level.bytes().next()?;
    if !begins.is_ascii_digit() && begins != b'-' {
        return None;
    }
    let number: i64 = level.parse().ok()?;
    (number.to_string() == level).then_some(number)
}

/// The yes/no column to be predicted.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Its name.
    pub column: String,
    /// The value that counts as yes.
    pub positive: Label,
    /// The other value.
    pub negative: Label,
}

impl Target {
    /// Whether a value is the positive one or the other; none where it is neither.
    pub fn read(&self, value: Value<'_>) -> Option<bool> {
        let labels = [(&self.positive, true), (&self.negative, false)];
        let found = labels.into_iter().find(|(label, _)| label.is(value));
        found.map(|(_, positive)| positive)
    }

    /// The label as the table writes it.
    pub fn label(&self, positive: bool) -> &Label {
        if positive {
            &self.positive
        } else {
            &self.negative
        }
    }
}

/// A target's value, typed as in the table.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Label {
    /// `true` and `false`.
    Flag(bool),
    /// `0` and `1`.
    Integer(i64),
    /// `yes` and `no`.
    Text(String),
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
        f.write_str("a text, a whole number, true or false")
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
        Err(E::custom(format_args!(
            "{v} can be written in several ways; write it in quotes as the table has it"
        )))
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
            Label::Text(v) => f.write_str(v),
        }
    }
}

/// Where a named value of a row belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Feature column by index.
    Column(usize),
    /// The id.
    Id,
    /// The target.
    Target,
    /// A column the schema does not have, passed over by who only looks.
    Other,
}

/// Columns, target and id of one table.
#[derive(Clone, Debug)]
pub struct Schema {
    columns: Vec<Column>,
    target: Target,
    id: Option<String>,
    by_name: FxHashMap<String, Slot>,
    levels: Vec<FxHashMap<String, u32>>,
}

impl Schema {
    /// Built by [`super::spec::TableSpec::check`], which has made sure that names and levels are unique.
    pub(super) fn new(columns: Vec<Column>, target: Target, id: Option<String>) -> Schema {
        let mut by_name: FxHashMap<String, Slot> = columns
            .iter()
            .enumerate()
            .map(|(i, c)| (c.name.clone(), Slot::Column(i)))
            .collect();
        by_name.insert(target.column.clone(), Slot::Target);
        by_name.extend(id.iter().map(|id| (id.clone(), Slot::Id)));
        let levels = columns
            .iter()
            .map(|c| c.levels().iter().cloned().zip(0..).collect())
            .collect();
        Schema {
            columns,
            target,
            id,
            by_name,
            levels,
        }
    }

    /// Feature columns in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The target.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Name of the id column.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Where a named value belongs.
    pub fn slot(&self, name: &str) -> Option<Slot> {
        self.by_name.get(name).copied()
    }

    /// As [`Schema::slot`], trying first the column after the last one seen: callers mostly keep the order.
    pub(super) fn slot_near(&self, name: &str, after: usize) -> Option<Slot> {
        match self.columns.get(after) {
            Some(c) if c.name == name => Some(Slot::Column(after)),
            _ => self.slot(name),
        }
    }

    /// Index of a level of a category column.
    pub fn level(&self, column: usize, level: &str) -> Option<u32> {
        // For the handful of levels most columns have, comparing beats hashing.
        const FEW: usize = 8;
        match self.columns[column].levels() {
            few if few.len() <= FEW => few.iter().position(|l| l == level).map(|i| i as u32),
            _ => self.levels[column].get(level).copied(),
        }
    }

    /// Every name a row may use: id, target, columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.id
            .iter()
            .map(String::as_str)
            .chain([self.target.column.as_str()])
            .chain(self.columns.iter().map(|c| c.name.as_str()))
    }

    /// Name of a slot.
    pub fn name(&self, slot: Slot) -> &str {
        match slot {
            Slot::Column(i) => &self.columns[i].name,
            Slot::Id => self.id.as_deref().unwrap_or(""),
            Slot::Target => &self.target.column,
            Slot::Other => "",
        }
    }
}
