//! A row out of values that are known by their names, as a stored row has them.

use super::{Row, Value};
use crate::schema::cell::Scalar;
use crate::schema::column::{Schema, Slot};

/// From here on a floating-point number does not hold every whole one.
const EXACT: u64 = 1 << f64::MANTISSA_DIGITS;

impl Row {
    /// Reads values by their names, each as JSON would bring it; what is missing is not among them.
    pub fn read<'v>(
        &mut self,
        schema: &Schema,
        values: impl IntoIterator<Item = (&'v str, Scalar<'v>)>,
    ) {
        self.clear();
        let mut after = 0;
        for (name, value) in values {
            let Some(slot) = schema.slot_near(name, after) else {
                self.put_unknown(schema, name, serde_json::to_string(&value).ok());
                continue;
            };
            if let Slot::Column(i) = slot {
                after = i + 1;
            }
            self.put_scalar(schema, slot, &value);
        }
        self.finish(schema);
    }

    fn put_scalar(&mut self, schema: &Schema, slot: Slot, value: &Scalar<'_>) {
        let digits;
        let value = match value {
            Scalar::Missing => Value::Missing,
            Scalar::Flag(v) => Value::Flag(*v),
            Scalar::Whole(v) if v.unsigned_abs() >= EXACT && !schema.is_number(slot) => {
                digits = v.to_string();
                Value::Text(&digits)
            }
            Scalar::Whole(v) => Value::Number(*v as f64),
            Scalar::Number(v) => Value::Number(*v),
            Scalar::Text(text) => Value::Text(text),
        };
        self.put(schema, slot, value);
    }
}
