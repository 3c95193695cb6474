//! Two plain tables beside each other, for `explore --against`.

use std::sync::Arc;

use anyhow::Result;

use super::sides::{self, Reference};
use crate::cli::site::Site;
use crate::cli::text::ReadArgs;
use crate::ingest::{Source, infer};
use crate::model::Spec;
use crate::report::explore::Against;
use crate::schema::Dialect;

/// Compares a table with a reference, by the spec that is given or that is inferred from the reference.
pub fn against(reference: &str, current: &str, read: &ReadArgs, site: &Site) -> Result<Against> {
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
    let (_, rows) = reference.current(current, site)?;
    let mut drift = reference.compare(&rows, site);
    sides::skip(&mut drift, &reference.rows, &rows);
    Ok(Against {
        drift,
        reference: (reference.name, reference.rows.sample),
        current: rows.sample,
    })
}
