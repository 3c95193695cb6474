//! The two sides of a comparison: rows of a file as a sample, or the training rows of a model.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Result, bail};

use super::args::DriftArgs;
use crate::cli::predict::probabilities;
use crate::cli::site::Site;
use crate::cli::text;
use crate::ingest::source::Options;
use crate::ingest::{Seen, Source, infer};
use crate::model::{Model, Spec};
use crate::monitor::drift::{Drift, compare};
use crate::monitor::sample::{SCORE, Sample};
use crate::monitoring;
use crate::schema::{Column, Kind, Schema};

/// Rows that others are compared with.
pub struct Reference {
    /// Name of the reference in the output.
    pub name: String,
    pub rows: Rows,
    /// Schema of the table.
    pub schema: Arc<Schema>,
    /// The model, if its training rows are the reference.
    model: Option<Model>,
    /// The training rows with the scores that the fitted model gives them; `None` inside if its table cannot be read.
    learnt: OnceCell<Option<Sample>>,
    /// Options for reading files.
    options: Options,
}

/// One side of the comparison.
pub struct Rows {
    /// Columns that can be compared.
    pub sample: Sample,
    /// Names of columns that cannot be compared.
    others: BTreeSet<String>,
}

impl Reference {
    /// The reference that the arguments select.
    pub fn of(args: &DriftArgs, site: &Site) -> Result<Reference> {
        if let Some(version) = &args.model {
            let wanted = (version != "champion").then_some(version.as_str());
            let (name, model) = site.model(wanted)?;
            let options = args.read.options(&model.spec().format)?;
            return Ok(Reference {
                name: format!("the training rows of {name}"),
                rows: Rows {
                    sample: Sample::of_profile(model.profile()),
                    others: text_columns(model.schema()),
                },
                schema: model.schema().clone(),
                model: Some(model),
                learnt: OnceCell::new(),
                options,
            });
        }
        let Spec { schema, format, .. } = site.spec()?;
        let options = args.read.options(&format)?;
        let from = args.reference.as_deref().unwrap_or_default();
        let schema = match site.names_spec() {
            true => schema,
            false => fitting(from, schema, &options, site)?,
        };
        Reference::of_table(from, schema, options, site)
    }

    /// A table as the reference, read by this schema.
    pub fn of_table(
        from: &str,
        schema: Arc<Schema>,
        options: Options,
        site: &Site,
    ) -> Result<Reference> {
        let (name, rows) = read(from, &schema, site, &options, None)?;
        Ok(Reference {
            name,
            rows,
            schema,
            model: None,
            learnt: OnceCell::new(),
            options,
        })
    }

    /// Compares rows with the reference. A model scores its own training rows differently from new rows, so scores count as
    /// drifted only if they differ from both kinds of scores.
    pub fn compare(&self, rows: &Rows, site: &Site) -> Drift {
        let level = site.settings.monitor.level;
        let drift = compare(&self.rows.sample, &rows.sample, level);
        let Some(model) = self.model.as_ref().filter(|_| drift.has_drifted_scores()) else {
            return drift;
        };
        let learnt = || monitoring::learnt(&site.registry, model, &self.rows.sample);
        let other = self.learnt.get_or_init(learnt).as_ref();
        let other = other.map(|learnt| compare(learnt, &rows.sample, level));
        other
            .filter(|other| other.has_nearer_scores(&drift))
            .unwrap_or(drift)
    }

    /// Reads rows to compare with the reference.
    pub fn current(&self, from: &str, site: &Site) -> Result<(String, Rows)> {
        read(from, &self.schema, site, &self.options, self.model.as_ref())
    }

    /// Rows that were already read, as a side of the comparison.
    pub fn side(&self, seen: Seen, site: &Site) -> Rows {
        side(seen, self.model.as_ref(), site)
    }
}

/// The given schema if it contains at least half of the reference's columns, else one inferred from the reference.
fn fitting(from: &str, schema: Arc<Schema>, options: &Options, site: &Site) -> Result<Arc<Schema>> {
    if from == "-" {
        return Ok(schema); // it can be read only once
    }
    let source = Source::open(from, options)?;
    let seen = source.look(&schema)?;
    let unknown = |name: &&String| schema.slot(name).is_none();
    let unknown = seen.others.iter().filter(unknown).count();
    let known = seen.has.iter().filter(|has| **has).count() + seen.others.len() - unknown;
    if seen.table.is_empty() || (known >= unknown && comparable(&seen)) {
        return Ok(schema);
    }
    site.say(format!(
        "what the columns hold is inferred from {}; --spec names a spec that says it",
        source.name()
    ));
    Ok(Arc::new(infer::schema(&source)?))
}

fn read(
    from: &str,
    schema: &Arc<Schema>,
    site: &Site,
    options: &Options,
    model: Option<&Model>,
) -> Result<(String, Rows)> {
    let source = Source::open(from, options)?;
    let seen = source.look(schema)?;
    let name = source.name().to_owned();
    text::report(site, &name, &seen.notices, &seen.warnings);
    if seen.left_out > 0 {
        site.warn(format!("{name}: {} lines are not rows", seen.left_out));
    }
    if seen.unreadable > 0 {
        let values = seen.unreadable;
        site.warn(format!(
            "{name}: {values} values cannot be read and count as missing"
        ));
    }
    if seen.table.is_empty() {
        bail!("{name} has no row to compare");
    }
    if !comparable(&seen) {
        let names: Vec<&str> = schema.columns().iter().map(|c| c.name.as_str()).collect();
        bail!(
            "{name} has no column of the spec that can be compared, which are numbers and categories among {}; another \
             spec is named with --spec",
            names.join(", ")
        );
    }
    Ok((name, side(seen, model, site)))
}

fn comparable(seen: &Seen) -> bool {
    let columns = seen.table.schema().columns().iter().zip(&seen.has);
    let mut known = columns.filter(|(column, has)| **has && !is_text(column));
    known.next().is_some()
}

/// Builds a side from the columns present, with the model's probabilities if no column of the model is missing.
fn side(seen: Seen, model: Option<&Model>, site: &Site) -> Rows {
    let mut sample = Sample::of_table(&seen.table);
    let columns = || seen.table.schema().columns().iter().zip(&seen.has);
    let lacking: Vec<&str> = columns()
        .filter(|(_, has)| !**has)
        .map(|(column, _)| column.name.as_str())
        .collect();
    sample
        .columns
        .retain(|c| !lacking.contains(&c.name.as_str()));
    if let Some(model) = model {
        if lacking.is_empty() {
            sample = sample.with_scores(&probabilities(model, &seen.table, site.threads));
        } else {
            let lacking = lacking.join(", ");
            site.warn(format!(
                "the probabilities are not compared: the rows lack {lacking}"
            ));
        }
    }
    let texts = columns().filter(|(column, has)| **has && is_text(column));
    let mut others: BTreeSet<String> = texts.map(|(column, _)| column.name.clone()).collect();
    others.extend(seen.others);
    Rows { sample, others }
}

fn text_columns(schema: &Schema) -> BTreeSet<String> {
    let texts = schema.columns().iter().filter(|c| is_text(c));
    texts.map(|c| c.name.clone()).collect()
}

/// Adds columns that either side has and that are not compared to the skipped columns of the result.
pub fn skip(drift: &mut Drift, reference: &Rows, current: &Rows) {
    drift.skipped.retain(|name| name != SCORE);
    for name in reference.others.union(&current.others) {
        if !drift.skipped.contains(name) {
            drift.skipped.push(name.clone());
        }
    }
}

/// Whether the values of a column are not compared: free text, and dates, where new values are always later.
fn is_text(column: &Column) -> bool {
    matches!(column.kind, Kind::Text | Kind::Date(_))
}
