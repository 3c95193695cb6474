//! The checked description of a table: its columns, target and id.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::cell::{Cell, Scalar};
use super::date::DateForm;
use super::level::is_label;
pub use super::level::{Label, Levels};
use super::missing::Markers;
use super::number::{NumberForm, whole, whole_text};
use super::value::Value;

/// The kind of a column and the values it admits.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Finite numbers in a closed range; an infinite bound means that the end is open.
    Number { min: f64, max: f64 },
    Category {
        /// The admitted levels; cells hold their indices.
        levels: Levels,
    },
    /// Free text; only steps of the recipe can derive features from it.
    Text,
    /// A date or a time; a cell holds seconds since 1970-01-01 00:00 UTC.
    Date(DateForm),
}

impl Kind {
    /// The keyword for the kind in a spec.
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Number { .. } => "number",
            Kind::Category { .. } => "category",
            Kind::Text => "text",
            Kind::Date(_) => "date",
        }
    }
}

/// How an out-of-range number or an unknown level is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// The row is predicted, with a warning.
    #[default]
    Warn,
    Reject,
    /// The row is predicted with a warning, and quarantined instead of being stored with the others.
    Quarantine,
}

/// The only way in which the probability may move while a number rises and the other columns stay.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Monotone {
    Increasing,
    Decreasing,
}

impl Monotone {
    /// The keyword in a spec.
    pub fn word(self) -> &'static str {
        match self {
            Monotone::Increasing => "increasing",
            Monotone::Decreasing => "decreasing",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name in files and on the wire.
    pub name: String,
    pub kind: Kind,
    /// Whether a row without a value in this column is rejected.
    pub required: bool,
    /// Which way the probability of the positive label may move with a number; `None`: either.
    pub monotone: Option<Monotone>,
    /// How an out-of-range number or an unknown level is handled.
    pub policy: Policy,
    /// Words that stand for a missing value.
    pub missing: Markers,
    /// Number format of this column's text values, if it differs from the file's.
    pub number: Option<NumberForm>,
    /// Unit, for display; may be empty.
    pub unit: String,
    /// Description in one sentence, for display; may be empty.
    pub about: String,
}

impl Column {
    /// The allowed values in words, for error messages.
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

    /// The levels of a category; empty for other kinds.
    pub fn levels(&self) -> &[String] {
        match &self.kind {
            Kind::Category { levels } => levels,
            _ => &[],
        }
    }
}

/// The binary column that is predicted.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub column: String,
    /// The label of the positive class.
    pub positive: Label,
    pub negative: Label,
}

impl Target {
    /// Whether a value is the positive or the negative label; `None` if it is neither.
    pub fn read(&self, value: Value<'_>) -> Option<bool> {
        let (positive, negative) = (&self.positive, &self.negative);
        if is_label(positive, negative, value) {
            Some(true)
        } else {
            is_label(negative, positive, value).then_some(false)
        }
    }

    /// The label as the spec writes it.
    pub fn label(&self, positive: bool) -> &Label {
        if positive {
            &self.positive
        } else {
            &self.negative
        }
    }
}

/// What the name of a row's value refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Index of a feature column.
    Column(usize),
    Id,
    Target,
    /// Index of an unused column in [`Schema::unused`].
    Unused(usize),
    /// A column that the schema does not have and the reader ignores.
    Other,
}

/// How a column that the spec does not name is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extra {
    /// The column is a fault; its message suggests the nearest known name.
    #[default]
    Reject,
    /// The column is ignored.
    Ignore,
}

/// The column by which an evaluation groups or orders rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By {
    pub slot: Slot,
    /// What the column's values mean.
    pub what: Order,
}

/// What the column of [`By`] means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Rows with the same value form a group, which must stay in one fold.
    Groups,
    /// The time of the row's event: a number or a date.
    Time,
}

/// The checked parts that a [`Schema`] is built from.
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
    /// Built only by [`super::spec::TableSpec::check`], which guarantees that names and levels are unique.
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

    /// The schema of a table that has no spec yet; its rows are read with [`super::row::Purpose::Infer`].
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

    /// Sets the group or time column of an evaluation. `None` if the schema has no such column or it is the target.
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

    /// Names of the unused columns, in the order of the spec.
    pub fn unused(&self) -> &[String] {
        &self.unused
    }

    /// How a column that the spec does not name is handled.
    pub fn extra(&self) -> Extra {
        self.extra
    }

    /// The group or time column of the evaluation, if there is one.
    pub fn by(&self) -> Option<By> {
        self.by
    }

    /// Words that stand for a missing value in the id, the target and unused columns.
    pub(super) fn missing(&self) -> &Markers {
        &self.missing
    }

    /// Feature columns in the order of the spec.
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

    /// Name of the id column, if the table has one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The slot of a named value; `None` if the schema does not have the name.
    pub fn slot(&self, name: &str) -> Option<Slot> {
        self.by_name.get(name).copied()
    }

    /// Like [`Schema::slot`], but tries column `after` first: clients mostly send columns in the schema's order.
    pub fn slot_near(&self, name: &str, after: usize) -> Option<Slot> {
        match self.columns.get(after) {
            Some(c) if c.name == name => Some(Slot::Column(after)),
            _ => self.slot(name),
        }
    }

    /// Every name that a row may use: id, target, feature columns and unused columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.id
            .iter()
            .map(String::as_str)
            .chain([self.target.column.as_str()])
            .chain(self.columns.iter().map(|c| c.name.as_str()))
            .chain(self.unused.iter().map(String::as_str))
    }

    /// Name of a slot; empty for [`Slot::Other`].
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
