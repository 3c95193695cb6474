//! The checked contract of a table: its columns, target and id.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::cell::{Cell, Scalar};
use super::date::DateForm;
use super::level::is_label;
pub use super::level::{Label, Levels};
use super::missing::Markers;
use super::number::{NumberForm, whole, whole_text};
use super::value::Value;

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Finite numbers in a closed range (either end may be open to infinity).
    Number { min: f64, max: f64 },
    /// One of some levels.
    Category {
        /// The levels, by index.
        levels: Levels,
    },
    /// Free text: only a source to derive from.
    Text,
    /// A date or a time; a cell holds seconds since 1970-01-01 00:00 UTC.
    Date(DateForm),
}

impl Kind {
    /// The word used for it in a spec.
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Number { .. } => "number",
            Kind::Category { .. } => "category",
            Kind::Text => "text",
            Kind::Date(_) => "date",
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
    Reject,
    /// Stored apart and answered with a warning.
    Quarantine,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name in files and on the wire.
    pub name: String,
    pub kind: Kind,
    /// Whether a row without it is refused.
    pub required: bool,
    /// What an unexpected value gets.
    pub policy: Policy,
    /// Words that mean missing.
    pub missing: Markers,
    /// How its numbers are written as text, where not as the rest of the file's.
    pub number: Option<NumberForm>,
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
            Kind::Category { levels } if levels.is_open() => "a text or a number".to_owned(),
            Kind::Category { levels } => format!("one of {}", levels.join(", ")),
            Kind::Text => "text".to_owned(),
            Kind::Date(form) => match form.pattern() {
                Some(pattern) => format!("a date written as {pattern}"),
                None => "a date as 2024-01-31 or 2024-01-31T13:30:00".to_owned(),
            },
        }
    }

    /// A value of it as it is written, typed as in the spec.
    pub fn scalar<'a>(&'a self, cell: Cell, text: &'a str) -> Scalar<'a> {
        match (cell, &self.kind) {
            (Cell::Missing, _) => Scalar::Missing,
            (Cell::Number(seconds), Kind::Date(form)) => Scalar::Text(form.write(seconds).into()),
            (Cell::Number(v), _) => whole(v).map_or(Scalar::Number(v), Scalar::Whole),
            (Cell::Level(level), Kind::Category { levels }) => {
                let level = levels.scalars().get(level as usize);
                level.map_or(Scalar::Missing, Label::scalar)
            }
            (Cell::Level(level), _) => Scalar::Whole(level.into()),
            // A level that is a whole number is one again.
            (Cell::Text(span), Kind::Category { .. }) => match whole_text(span.get(text)) {
                Some(number) => Scalar::Whole(number),
                None => Scalar::Text(span.get(text).into()),
            },
            (Cell::Text(span), _) => Scalar::Text(span.get(text).into()),
        }
    }

    /// The same as JSON; missing is null.
    pub fn json(&self, cell: Cell, text: &str) -> serde_json::Value {
        serde_json::json!(self.scalar(cell, text))
    }

    /// Its levels; none for other kinds.
    pub fn levels(&self) -> &[String] {
        match &self.kind {
            Kind::Category { levels } => levels,
            _ => &[],
        }
    }
}

/// The yes/no column to be predicted.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub column: String,
    /// The value that counts as yes.
    pub positive: Label,
    pub negative: Label,
}

impl Target {
    /// Whether a value is the positive one or the other; none where it is neither.
    pub fn read(&self, value: Value<'_>) -> Option<bool> {
        let (positive, negative) = (&self.positive, &self.negative);
        if is_label(positive, negative, value) {
            Some(true)
        } else {
            is_label(negative, positive, value).then_some(false)
        }
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

/// Where a named value of a row belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Feature column by index.
    Column(usize),
    Id,
    Target,
    /// A column that no model reads, by its place among [`Schema::unused`].
    Unused(usize),
    /// A column the schema does not have, passed over.
    Other,
}

/// What a column gets that the spec does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extra {
    /// It is a fault, and the nearest known name is suggested.
    #[default]
    Reject,
    /// It is passed over.
    Ignore,
}

/// A column by which an evaluation keeps rows together or in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By {
    pub slot: Slot,
    /// What its values are.
    pub what: Order,
}

/// What the column of an evaluation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Rows of the same value belong together.
    Groups,
    /// When a row happened: a number or a date.
    Time,
}

/// What a schema is built from, once checked.
#[derive(Debug)]
pub(super) struct Parts {
    pub columns: Vec<Column>,
    pub unused: Vec<String>,
    pub target: Target,
    pub id: Option<String>,
    pub extra: Extra,
    pub missing: Markers,
}

/// Columns, target and id of one table.
#[derive(Clone, Debug)]
pub struct Schema {
    columns: Vec<Column>,
    unused: Vec<String>,
    target: Target,
    id: Option<String>,
    extra: Extra,
    missing: Markers,
    by: Option<By>,
    by_name: FxHashMap<String, Slot>,
    stored: Arc<[String]>,
}

impl Schema {
    /// Built by [`super::spec::TableSpec::check`], which has made sure that names and levels are unique.
    pub(super) fn new(parts: Parts) -> Schema {
        let Parts {
            columns,
            unused,
            target,
            id,
            extra,
            missing,
        } = parts;
        let named = columns.iter().map(|c| &c.name).enumerate();
        let mut by_name: FxHashMap<String, Slot> = named
            .map(|(i, name)| (name.clone(), Slot::Column(i)))
            .collect();
        let passed = unused.iter().enumerate();
        by_name.extend(passed.map(|(i, name)| (name.clone(), Slot::Unused(i))));
        by_name.insert(target.column.clone(), Slot::Target);
        by_name.extend(id.iter().map(|id| (id.clone(), Slot::Id)));
        let stored = id.iter().chain(columns.iter().map(|c| &c.name));
        Schema {
            stored: stored.cloned().collect(),
            columns,
            unused,
            target,
            id,
            extra,
            missing,
            by: None,
            by_name,
        }
    }

    /// Of a table without a spec yet: rows are read as they come ([`super::row::Purpose::Infer`]).
    pub fn unknown() -> Schema {
        let label = |text: &str| Label::Text(text.to_owned());
        Schema {
            columns: Vec::new(),
            unused: Vec::new(),
            target: Target {
                column: String::new(),
                positive: label("yes"),
                negative: label("no"),
            },
            id: None,
            extra: Extra::Ignore,
            missing: Markers::default(),
            by: None,
            by_name: FxHashMap::default(),
            stored: Arc::default(),
        }
    }

    /// The same with a column by which rows are kept together or in order; none where there is no such column or it is the
    /// target.
    pub fn with_order(mut self, column: &str, what: Order) -> Option<Schema> {
        let slot = self.slot(column).filter(|slot| *slot != Slot::Target)?;
        self.by = Some(By { slot, what });
        if let Slot::Unused(i) = slot {
            let names = self.stored.iter().chain([&self.unused[i]]);
            self.stored = names.cloned().collect();
        }
        Some(self)
    }

    /// Whether a slot is a column of numbers.
    pub fn is_number(&self, slot: Slot) -> bool {
        matches!(slot, Slot::Column(i) if matches!(self.columns[i].kind, Kind::Number { .. }))
    }

    /// Columns that no model reads, in order.
    pub fn unused(&self) -> &[String] {
        &self.unused
    }

    /// What an unknown column gets.
    pub fn extra(&self) -> Extra {
        self.extra
    }

    /// The column that keeps rows together or in order in an evaluation.
    pub fn by(&self) -> Option<By> {
        self.by
    }

    /// Words that mean missing in the id and the target.
    pub(super) fn missing(&self) -> &Markers {
        &self.missing
    }

    /// Feature columns in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Names of what a stored row holds beside its label: the id, the feature columns, and the column that keeps rows
    /// together or in order where it is none of these. Rows share the list.
    pub fn stored(&self) -> &Arc<[String]> {
        &self.stored
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
    pub fn slot_near(&self, name: &str, after: usize) -> Option<Slot> {
        match self.columns.get(after) {
            Some(c) if c.name == name => Some(Slot::Column(after)),
            _ => self.slot(name),
        }
    }

    /// Every name a row may use: id, target, columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.id
            .iter()
            .map(String::as_str)
            .chain([self.target.column.as_str()])
            .chain(self.columns.iter().map(|c| c.name.as_str()))
            .chain(self.unused.iter().map(String::as_str))
    }

    /// Name of a slot.
    pub fn name(&self, slot: Slot) -> &str {
        match slot {
            Slot::Column(i) => &self.columns[i].name,
            Slot::Id => self.id.as_deref().unwrap_or(""),
            Slot::Target => &self.target.column,
            Slot::Unused(i) => &self.unused[i],
            Slot::Other => "",
        }
    }
}
