//! The names that a step of a recipe may use, and the slot that each refers to.

use crate::schema::column::Kind;
use crate::schema::spec::About;
use crate::schema::{Schema, fault};

/// The kind of value in a slot.
#[derive(Clone, Debug, PartialEq)]
pub enum SlotKind {
    Number,
    /// A level by index; the names of the levels.
    Category(Vec<String>),
    Text,
    /// A level of an open category, as text.
    Open,
    /// A date or time: seconds since 1970-01-01 00:00 UTC.
    Date,
}

impl SlotKind {
    fn word(&self) -> &'static str {
        match self {
            SlotKind::Number => "number",
            SlotKind::Category(_) => "category",
            SlotKind::Text => "text",
            SlotKind::Open => "category of any levels",
            SlotKind::Date => "date",
        }
    }
}

/// One slot of the frame.
#[derive(Clone, Debug)]
pub struct SlotInfo {
    /// Name of the slot; a later slot of the same name hides an earlier one.
    pub name: String,
    pub kind: SlotKind,
    /// Whether its value can be missing.
    pub optional: bool,
    /// Indices of the input columns that it is computed from, ascending.
    pub sources: Vec<u32>,
    /// Whether it is computed from the labels of other rows.
    pub from_target: bool,
    /// How it moves with each number column that it depends on.
    pub trends: Vec<(u32, Trend)>,
}

/// How a slot moves while an input column rises and the others stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// It rises or stays.
    Rises,
    /// Either way.
    Unknown,
}

/// Why a step cannot be resolved or fitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct StepError {
    pub problem: String,
    pub remedy: String,
    /// What the error concerns, which serves to recognise errors that are mere consequences of others.
    pub about: About,
}

impl StepError {
    pub fn new(problem: impl Into<String>, remedy: impl Into<String>) -> StepError {
        StepError {
            problem: problem.into(),
            remedy: remedy.into(),
            about: About::Place,
        }
    }

    /// The same error, concerning a name.
    pub fn named(self, name: impl Into<String>) -> StepError {
        StepError {
            about: About::Name(name.into()),
            ..self
        }
    }
}

/// All slots so far: first the schema's columns, then each step's outputs.
#[derive(Clone, Debug)]
pub struct Scope {
    slots: Vec<SlotInfo>,
}

impl Scope {
    /// The scope before the first step.
    pub fn of(schema: &Schema) -> Scope {
        let slots = schema
            .columns()
            .iter()
            .zip(0..)
            .map(|(column, i)| SlotInfo {
                name: column.name.clone(),
                kind: match &column.kind {
                    Kind::Number { .. } => SlotKind::Number,
                    Kind::Category { levels } if levels.is_open() => SlotKind::Open,
                    Kind::Category { levels } => SlotKind::Category(levels.to_vec()),
                    Kind::Text => SlotKind::Text,
                    Kind::Date(_) => SlotKind::Date,
                },
                optional: !(column.required
                    && matches!(column.kind, Kind::Number { .. } | Kind::Date(_))),
                sources: vec![i],
                from_target: false,
                trends: match column.kind {
                    Kind::Number { .. } => vec![(i, Trend::Rises)],
                    _ => Vec::new(),
                },
            });
        Scope {
            slots: slots.collect(),
        }
    }

    pub fn len(&self) -> usize {
        self.slots.len()
    }

    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub fn slot(&self, slot: usize) -> &SlotInfo {
        &self.slots[slot]
    }

    /// Adds an output and returns its index. Its sources are those of `inputs`. How it moves with them is unknown unless
    /// [`Scope::rises_with`] tells.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        kind: SlotKind,
        optional: bool,
        inputs: &[usize],
    ) -> usize {
        let mut sources: Vec<u32> = inputs
            .iter()
            .flat_map(|i| self.slots[*i].sources.clone())
            .collect();
        sources.sort_unstable();
        sources.dedup();
        let from_target = inputs.iter().any(|i| self.slots[*i].from_target);
        let trends = self.trends(inputs).into_iter();
        self.slots.push(SlotInfo {
            name: name.into(),
            kind,
            optional,
            sources,
            from_target,
            trends: trends.map(|(column, _)| (column, Trend::Unknown)).collect(),
        });
        self.slots.len() - 1
    }

    /// The columns that some slots depend on, with how they move all together.
    fn trends(&self, slots: &[usize]) -> Vec<(u32, Trend)> {
        let mut all: Vec<(u32, Trend)> = Vec::new();
        for (column, trend) in slots.iter().flat_map(|slot| &self.slots[*slot].trends) {
            match all.iter_mut().find(|(of, _)| of == column) {
                Some((_, of)) if of != trend => *of = Trend::Unknown,
                Some(_) => {}
                None => all.push((*column, *trend)),
            }
        }
        all
    }

    /// Marks an output as rising, or staying, while any of `inputs` does and the others stay; how it moves with those
    /// `besides` is unknown.
    pub fn rises_with(&mut self, slot: usize, inputs: &[usize], besides: &[usize]) {
        let mut trends = self.trends(inputs);
        for (column, _) in self.trends(besides) {
            trends.retain(|(of, _)| *of != column);
            trends.push((column, Trend::Unknown));
        }
        self.slots[slot].trends = trends;
    }

    /// Marks an output as the same for all values of an input, as long as it has one.
    pub fn stays_with(&mut self, slot: usize, input: usize) {
        // Where the order of a column is lost, so is what makes the input missing.
        let trends = self.slots[input].trends.iter().copied();
        self.slots[slot].trends = trends.filter(|(_, t)| *t == Trend::Unknown).collect();
    }

    /// Marks an output as computed from the labels of other rows.
    pub fn mark_from_target(&mut self, slot: usize) {
        self.slots[slot].from_target = true;
    }

    /// Overrides the input columns that explanations credit for an output.
    pub fn credit(&mut self, slot: usize, columns: &[usize]) {
        let mut sources: Vec<u32> = columns
            .iter()
            .flat_map(|c| self.slots[*c].sources.clone())
            .collect();
        sources.sort_unstable();
        sources.dedup();
        self.slots[slot].sources = sources;
    }

    /// The latest slot of a name; if there is none, the error suggests the nearest name.
    pub fn find(&self, name: &str) -> Result<usize, StepError> {
        self.slots
            .iter()
            .rposition(|s| s.name == name)
            .ok_or_else(|| {
                let near = fault::nearest(name, self.slots.iter().map(|s| s.name.as_str()));
                let remedy = match near {
                    Some(near) => format!("did you mean {near:?}?"),
                    None => "name a column or the output of an earlier step".into(),
                };
                StepError::new(
                    format!("there is no {name:?} at this point of the recipe"),
                    remedy,
                )
                .named(name)
            })
    }

    /// The slot of a number by its name.
    pub fn number(&self, name: &str) -> Result<usize, StepError> {
        let slot = self.find(name)?;
        match self.slots[slot].kind {
            SlotKind::Number => Ok(slot),
            _ => Err(self.wrong_kind(slot, "number")),
        }
    }

    /// The slot of a category by its name, with its levels.
    pub fn category(&self, name: &str) -> Result<(usize, &[String]), StepError> {
        let slot = self.find(name)?;
        match &self.slots[slot].kind {
            SlotKind::Category(levels) => Ok((slot, levels)),
            _ => Err(self.wrong_kind(slot, "category")),
        }
    }

    /// The slot of a text or an open category by its name.
    pub fn text(&self, name: &str) -> Result<usize, StepError> {
        let slot = self.find(name)?;
        match self.slots[slot].kind {
            SlotKind::Text | SlotKind::Open => Ok(slot),
            _ => Err(self.wrong_kind(slot, "text")),
        }
    }

    /// The slot of a category or text by its name: a value whose occurrences can be counted.
    pub fn counted(&self, name: &str) -> Result<usize, StepError> {
        let slot = self.find(name)?;
        match self.slots[slot].kind {
            SlotKind::Text | SlotKind::Open | SlotKind::Category(_) => Ok(slot),
            _ => Err(self.wrong_kind(slot, "category")),
        }
    }

    /// The levels of a slot; empty if it is not a category with a closed list.
    pub fn levels(&self, slot: usize) -> &[String] {
        match &self.slots[slot].kind {
            SlotKind::Category(levels) => levels,
            _ => &[],
        }
    }

    /// The slot of a date by its name.
    pub fn date(&self, name: &str) -> Result<usize, StepError> {
        let slot = self.find(name)?;
        match self.slots[slot].kind {
            SlotKind::Date => Ok(slot),
            _ => Err(self.wrong_kind(slot, "date")),
        }
    }

    /// The slots of a name, or of a prefix followed by `*`; hidden slots are left out.
    pub fn matching(&self, pattern: &str) -> Result<Vec<usize>, StepError> {
        let Some(prefix) = pattern.strip_suffix('*') else {
            return Ok(vec![self.find(pattern)?]);
        };
        let visible = |i: &usize| {
            self.slots[i + 1..]
                .iter()
                .all(|s| s.name != self.slots[*i].name)
        };
        let found: Vec<usize> = (0..self.slots.len())
            .filter(|i| self.slots[*i].name.starts_with(prefix))
            .filter(visible)
            .collect();
        if found.is_empty() {
            return Err(StepError::new(
                format!("nothing at this point of the recipe begins with {prefix:?}"),
                "name a column or the output of an earlier step",
            )
            .named(pattern));
        }
        Ok(found)
    }

    fn wrong_kind(&self, slot: usize, wanted: &str) -> StepError {
        let SlotInfo { name, kind, .. } = &self.slots[slot];
        let remedy = match (kind, wanted) {
            (SlotKind::Category(_), "number") => "use one_hot to make numbers of a category",
            (SlotKind::Text, "number" | "category") => {
                "use extract or first_letter to derive from text"
            }
            (SlotKind::Open, "number" | "category") => {
                "use frequent or target_mean to make features of many levels"
            }
            (SlotKind::Date, _) => "use date_parts to make numbers of a date",
            (SlotKind::Number, "category") => "use bin to make a category of a number",
            _ => "name another column",
        };
        StepError::new(
            format!("{name:?} is a {}, a {wanted} is needed", kind.word()),
            remedy,
        )
        .named(name)
    }
}
