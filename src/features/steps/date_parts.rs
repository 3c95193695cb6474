//! `date_parts`: parts of a date, such as year and month, as numbers.

use serde::{Deserialize, Serialize};

use crate::features::frame::Frame;
use crate::features::scope::{Scope, SlotKind, StepError};
use crate::features::step::Step;
use crate::features::training::{FitStep, Training};
use crate::schema::{Cell, date};

/// `date_parts` as written in the spec. Outputs are named `NAME.year` and so on; they are missing if the date is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatePartsSpec {
    of: String,
    parts: Vec<Part>,
    r#as: String,
}

/// A part of a date, in UTC if the date has an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Year,
    Month,
    /// Day of the month, 1 to 31.
    Day,
    /// Day of the week, from 0 for Monday to 6 for Sunday.
    Weekday,
    Hour,
    /// Days since 1970-01-01 with fractions, which lets a model use the date as a linear time.
    Days,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Part::Year => "year",
            Part::Month => "month",
            Part::Day => "day",
            Part::Weekday => "weekday",
            Part::Hour => "hour",
            Part::Days => "days",
        }
    }

    fn of(self, seconds: f64) -> f64 {
        const DAY: f64 = 86_400.0;
        let at = date::datetime(seconds);
        match self {
            Part::Year => f64::from(at.year()),
            Part::Month => f64::from(at.month()),
            Part::Day => f64::from(at.day()),
            Part::Weekday => f64::from(at.weekday().to_monday_zero_offset()),
            Part::Hour => f64::from(at.hour()),
            Part::Days => seconds / DAY,
        }
    }
}

/// The fitted step: the slot of the date and the parts that become numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DateParts {
    of: u32,
    parts: Vec<Part>,
}

impl FitStep for DatePartsSpec {
    type Fitted = DateParts;

    fn fit(&self, scope: &mut Scope, _: &mut Training<'_>) -> Result<DateParts, StepError> {
        let of = scope.date(&self.of)?;
        if self.parts.is_empty() {
            return Err(StepError::new(
                "no part of the date is named",
                "parts are year, month, day, weekday, hour and days",
            ));
        }
        let optional = scope.slot(of).optional;
        for part in &self.parts {
            let name = format!("{}.{}", self.r#as, part.name());
            scope.add(name, SlotKind::Number, optional, &[of]);
        }
        Ok(DateParts {
            of: of as u32,
            parts: self.parts.clone(),
        })
    }
}

impl Step for DateParts {
    fn apply(&self, frame: &mut Frame<'_>) {
        let date = frame.cell(self.of as usize).as_number();
        for part in &self.parts {
            match date {
                Some(seconds) => frame.push_number(part.of(seconds)),
                None => frame.push(Cell::Missing),
            }
        }
    }

    fn reach(&self) -> (Vec<usize>, usize) {
        (vec![self.of as usize], self.parts.len())
    }
}
