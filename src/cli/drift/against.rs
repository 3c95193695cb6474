//! Two plain tables beside each other, for `explore --against`.

use std::sync::Arc;

use anyhow::Result;

use super::sides::{self, Reference};
use crate::cli::site::Site;
use crate::cli::text::ReadArgs;
use crate::ingest::{Source, infer};
use crate::model::Spec;
use crate::monitor::drift::Drift;
use crate::report::explore::Sides;
use crate::schema::Dialect;

/// The verdict, and the rows of both sides.
pub struct Compared {
    pub drift: Drift,
    pub sides: Sides,
}

/// Compares a table with a reference, by the spec that is given or that is inferred from the reference.
pub fn against(reference: &str, current: &str, read: &ReadArgs, site: &Site) -> Result<Compared> {
    let (schema, options) = match site.names_spec() {
        true => {
            let Spec { schema, format, .. } = site.spec()?;
            (schema, read.options(&format)?)
        }
        false => {
            let options = read.options(&Dialect::default())?;
            let source = Source::open(reference, &options)?;
            (Arc::new(infer::schema(&source)?), options)
        }
    };
    let reference = Reference::of_table(reference, schema, options, site)?;
    let (name, rows) = reference.current(current, site)?;
    let mut drift = reference.compare(&rows, site);
    sides::skip(&mut drift, &reference.rows, &rows);
    Ok(Compared {
        drift,
        sides: Sides {
            reference: (reference.name, reference.rows.sample),
            current: (name, rows.sample),
        },
    })
}
