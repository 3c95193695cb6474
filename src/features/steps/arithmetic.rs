//! `sum`, `ratio`, `product` of columns; missing if any operand is.

use serde::{Deserialize, Serialize};

use crate::features::frame::Frame;
use crate::features::scope::{Scope, SlotKind, StepError};
use crate::features::step::Step;
use crate::features::training::{FitStep, Training};
use crate::schema::Cell;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SumSpec {
    of: Vec<String>,
    #[serde(default)]
    plus: f64,
    r#as: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sum {
    of: Vec<u32>,
    plus: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductSpec {
    of: Vec<String>,
    r#as: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Product {
    of: Vec<u32>,
}

/// `ratio` as written in the spec: the first column divided by the second.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatioSpec {
    of: (String, String),
    r#as: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ratio {
    of: (u32, u32),
}

fn numbers(of: &[String], scope: &Scope) -> Result<Vec<usize>, StepError> {
    if of.is_empty() {
        return Err(StepError::new("of is empty", "name at least one number"));
    }
    of.iter().map(|name| scope.number(name)).collect()
}

fn declare(scope: &mut Scope, name: &str, inputs: &[usize]) -> usize {
    let optional = inputs.iter().any(|s| scope.slot(*s).optional);
    scope.add(name, SlotKind::Number, optional, inputs)
}

fn narrow(slots: &[usize]) -> Vec<u32> {
    slots.iter().map(|s| *s as u32).collect()
}

impl FitStep for SumSpec {
    type Fitted = Sum;

    fn fit(&self, scope: &mut Scope, _: &mut Training<'_>) -> Result<Sum, StepError> {
        if !self.plus.is_finite() {
            return Err(StepError::new("plus is not finite", "write a number"));
        }
        let of = numbers(&self.of, scope)?;
        let slot = declare(scope, &self.r#as, &of);
        scope.rises_with(slot, &of, &[]);
        Ok(Sum {
            of: narrow(&of),
            plus: self.plus,
        })
    }
}

impl FitStep for ProductSpec {
    type Fitted = Product;

    fn fit(&self, scope: &mut Scope, _: &mut Training<'_>) -> Result<Product, StepError> {
        let of = numbers(&self.of, scope)?;
        declare(scope, &self.r#as, &of);
        Ok(Product { of: narrow(&of) })
    }
}

impl FitStep for RatioSpec {
    type Fitted = Ratio;

    fn fit(&self, scope: &mut Scope, _: &mut Training<'_>) -> Result<Ratio, StepError> {
        let of = (scope.number(&self.of.0)?, scope.number(&self.of.1)?);
        scope.add(&self.r#as, SlotKind::Number, true, &[of.0, of.1]); // missing where the divisor is zero
        Ok(Ratio {
            of: (of.0 as u32, of.1 as u32),
        })
    }
}

fn fold(of: &[u32], start: f64, frame: &Frame<'_>, op: impl Fn(f64, f64) -> f64) -> Cell {
    // Clamped to finite numbers after every operand: two opposite infinities would give NaN and so a missing value.
    let step = |sum: f64, slot: &u32| {
        frame
            .cell(*slot as usize)
            .as_number()
            .map(|v| op(sum, v).clamp(f64::MIN, f64::MAX))
    };
    of.iter()
        .try_fold(start, step)
        .map_or(Cell::Missing, Cell::number)
}

impl Step for Sum {
    fn apply(&self, frame: &mut Frame<'_>) {
        frame.push(fold(&self.of, self.plus, frame, |a, b| a + b));
    }

    fn reach(&self) -> (Vec<usize>, usize) {
        (self.of.iter().map(|s| *s as usize).collect(), 1)
    }
}

impl Step for Product {
    fn apply(&self, frame: &mut Frame<'_>) {
        frame.push(fold(&self.of, 1.0, frame, |a, b| a * b));
    }

    fn reach(&self) -> (Vec<usize>, usize) {
        (self.of.iter().map(|s| *s as usize).collect(), 1)
    }
}

impl Step for Ratio {
    fn apply(&self, frame: &mut Frame<'_>) {
        let part = |slot: u32| frame.cell(slot as usize).as_number();
        let cell = match (part(self.of.0), part(self.of.1)) {
            (Some(a), Some(b)) if b != 0.0 => Cell::number(a / b),
            _ => Cell::Missing,
        };
        frame.push(cell);
    }

    fn reach(&self) -> (Vec<usize>, usize) {
        (vec![self.of.0 as usize, self.of.1 as usize], 1)
    }
}
