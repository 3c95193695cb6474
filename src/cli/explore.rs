//! Subcommand `explore`: what is in a table, as findings, an HTML file and JSON.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;

use super::drift::against;
use super::exit::{Exit, ExitError};
use super::out::{outln, print_json};
use super::site::Site;
use super::table;
use super::text::ReadArgs;
use crate::ingest::infer::{self, InferError, Look, Observed};
use crate::ingest::{Source, WriteError, write};
use crate::model::Spec;
use crate::report::explore::column::Distribution;
use crate::report::explore::{self, Exploration, Severity, spark};
use crate::report::{html, visible};
use crate::schema::Dialect;

/// Where the report is written, unless `--json` asks for the numbers alone.
const REPORT: &str = "eda.html";
/// Columns that the terminal lists.
const LISTED: usize = 40;

#[derive(Debug, Args)]
pub struct ExploreArgs {
    /// The table: whatever `train` reads
    source: String,
    #[command(flatten)]
    read: ReadArgs,
    /// The yes/no column to be predicted [default: that of --spec, else none]
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,
    /// The value that counts as yes [default: the larger number, true or yes, else the rarer]
    #[arg(long, value_name = "VALUE", requires = "target")]
    positive: Option<String>,
    /// A reference table to compare with, as `drift` does
    #[arg(long, value_name = "SOURCE")]
    against: Option<String>,
    /// The report [default: eda.html; with --json none]
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    output: Option<PathBuf>,
    /// Seed of the sample of a large table
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

pub fn run(args: &ExploreArgs, site: &Site) -> Result<Exit> {
    let is_piped = |source: &str| source == "-";
    if args
        .against
        .as_deref()
        .is_some_and(|b| is_piped(b) || is_piped(&args.source))
    {
        return Err(usage(
            "a comparison reads its tables twice, and standard input can be read once; save it to a file",
        ));
    }
    let table = observed(args, site)?;
    for notice in &table.notices {
        site.say(format!("{}: {notice}", table.source));
    }
    if table.unreadable > 0 {
        site.warn(format!(
            "{}: {} lines are no rows",
            table.source, table.unreadable
        ));
    }
    let compared = args.against.as_deref();
    let compared = compared.map(|b| against(b, &args.source, &args.read, site));
    let compared = compared.transpose()?;
    let exploration = explore::explore(&table, args.seed, compared.as_ref());
    let output = match (&args.output, site.json) {
        (Some(path), _) => Some(path.as_path()),
        (None, true) => None,
        (None, false) => Some(Path::new(REPORT)),
    };
    if let Some(path) = output {
        let page = html::page(&explore::document(&exploration));
        write::beside(path, |to| {
            let written = to.write_all(page.as_bytes());
            written.map_err(|source| WriteError::Io {
                path: path.to_owned(),
                source,
            })
        })?;
    }
    if site.json {
        print_json(&serde_json::to_value(&exploration)?)?;
    } else {
        say(&exploration)?;
    }
    if let Some(path) = output {
        site.say(format!("report → {}", path.display()));
    }
    Ok(Exit::Done)
}

fn usage(message: &str) -> anyhow::Error {
    ExitError {
        message: message.to_owned(),
        exit: Exit::Usage,
    }
    .into()
}

fn observed(args: &ExploreArgs, site: &Site) -> Result<Observed> {
    let spec = match site.names_spec() {
        true => Some(site.spec()?),
        false => None,
    };
    if let Some((spec, target)) = spec.as_ref().zip(args.target.as_ref()) {
        let own = &spec.schema.target().column;
        if own != target {
            return Err(usage(&format!(
                "the spec's target is {own:?}, and --target says {target:?}; leave one of them out"
            )));
        }
    }
    let given = |spec: &Spec| spec.format.clone();
    let options = args
        .read
        .options(&spec.as_ref().map_or_else(Dialect::default, given))?;
    let look = Look {
        target: args.target.as_deref(),
        positive: args.positive.as_deref(),
        spec: spec.as_ref().map(|spec| (&*spec.schema, &spec.format)),
        seed: args.seed,
    };
    let source = Source::open(&args.source, &options)?;
    match infer::observed(&source, &look) {
        Err(fault @ InferError::NotBinary { .. }) => {
            bail!("{fault}; without --target the table is explored as it is")
        }
        found => Ok(found?),
    }
}

/// Prints the columns and the findings.
fn say(e: &Exploration) -> Result<()> {
    let with_charts = std::io::stdout().is_terminal() && is_unicode();
    let sample = e.sampled.map_or_else(String::new, |s| {
        format!(", statistics on a sample of {} (seed {})", s.rows, s.seed)
    });
    outln!(
        "{}: {} rows, {} columns{sample}\n",
        visible(&e.source),
        e.rows,
        e.columns.len()
    );
    let heads = ["column", "kind", "missing", "distinct", "distribution"];
    let mut rows = table::new(heads.into_iter().take(if with_charts { 5 } else { 4 }));
    for column in e.columns.iter().take(LISTED) {
        let counts = match &column.distribution {
            Some(Distribution::Bins { counts, .. }) => counts.clone(),
            Some(Distribution::Levels { levels, .. }) => levels.iter().map(|l| l.rows).collect(),
            None => Vec::new(),
        };
        let mut cells = vec![
            visible(&column.name).into_owned(),
            column.kind.to_owned(),
            column.missing.to_string(),
            column.distinct.to_string(),
        ];
        if with_charts {
            cells.push(spark(&counts));
        }
        rows.add_row(cells);
    }
    table::sentences(&mut rows, 4); // from the left, as the values rise
    outln!("{}", table::text(&rows));
    if let Some(more @ 1..) = e.columns.len().checked_sub(LISTED) {
        outln!("and {more} more columns");
    }
    for severity in [Severity::High, Severity::Medium, Severity::Low] {
        for finding in e.findings.iter().filter(|f| f.severity == severity) {
            outln!("\n{}: {}", severity.word(), visible(&finding.text));
        }
    }
    Ok(())
}

/// Whether the terminal's locale has the block characters of a chart.
fn is_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    locale.is_some_and(|l| l.to_uppercase().replace('-', "").contains("UTF8"))
}
