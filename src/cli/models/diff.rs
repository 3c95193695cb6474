//! Subcommand `models diff`: the differences between two versions.

use anyhow::Result;
use serde_json::{Map, Value};

use crate::cli::exit::Exit;
use crate::cli::out::{outln, print_json};
use crate::cli::site::Site;
use crate::cli::table;
use crate::model::diff::{Both, Diff, Figure, Names, diff};
use crate::model::lines::Only;
use crate::stats::metric::Metric;

/// Prints the differences between the versions `a` and `b`.
pub fn run(site: &Site, a: &str, b: &str) -> Result<Exit> {
    let ((a, first), (b, second)) = (site.model(Some(a))?, site.model(Some(b))?);
    let diff = diff(&first, &second);
    if site.json {
        let names = [("a", a), ("b", b)].map(|(key, name)| (key.to_owned(), name.into()));
        let mut document: Map<String, Value> = names.into_iter().collect();
        if let Value::Object(rest) = serde_json::to_value(&diff)? {
            document.extend(rest);
        }
        print_json(&document.into())?;
    } else {
        outln!("{}", facts(&a, &b, &diff));
        outln!("");
        outln!("{}", figures(&a, &b, &diff));
        outln!("{}", splits(&diff));
        say_names("columns", &diff.data.columns)?;
        say_names("features", &diff.features)?;
        say_spec(&diff)?;
    }
    Ok(Exit::Done)
}

/// Table of data and training differences, one line per fact.
fn facts(a: &str, b: &str, diff: &Diff) -> String {
    let Diff { data, training, .. } = diff;
    let mut rows = table::new(["", a, b]);
    rows.add_row(cells("table", &data.table, |digest| {
        digest.chars().take(12).collect()
    }));
    rows.add_row(cells("rows", &data.rows, ToString::to_string));
    rows.add_row(cells("positive", &data.positives, ToString::to_string));
    rows.add_row(cells("left out", &data.left_out, ToString::to_string));
    rows.add_row(cells("learner", &training.learner, String::clone));
    rows.add_row(cells("calibration", &training.calibration, String::clone));
    rows.add_row(cells("seed", &training.seed, ToString::to_string));
    rows.add_row(cells("folds", &training.folds, ToString::to_string));
    rows.add_row(cells("repeats", &training.repeats, ToString::to_string));
    rows.add_row(cells("threshold", &training.threshold, ToString::to_string));
    table::text(&rows)
}

fn cells<T>(what: &str, both: &Both<T>, text: impl Fn(&T) -> String) -> [String; 3] {
    let b = if both.same {
        "same".to_owned()
    } else {
        text(&both.b)
    };
    [what.to_owned(), text(&both.a), b]
}

/// Table of the cross-validated metrics, one line per metric.
fn figures(a: &str, b: &str, diff: &Diff) -> String {
    let mut rows = table::new(["cross-validated", a, b, "difference", ""]);
    for figure in &diff.figures {
        let Figure {
            metric,
            a,
            b,
            difference,
            better,
        } = figure;
        let title = Metric::named(metric).map_or(*metric, |metric| metric.title);
        let word = match better {
            Some(true) => "better",
            Some(false) => "worse",
            None => "",
        };
        let difference = difference.map_or_else(|| "–".to_owned(), |d| format!("{d:+.4}"));
        let (a, b) = (table::estimate(*a), table::estimate(*b));
        rows.add_row([title, &a, &b, &difference, word]);
    }
    table::text(&rows)
}

fn splits(diff: &Diff) -> &'static str {
    if diff.same_splits {
        "measured on the same splits: any difference counts"
    } else {
        "measured on different splits: hold a difference against the standard errors"
    }
}

fn say_names(what: &str, names: &Names) -> Result<()> {
    for (word, names) in [("removed", &names.removed), ("added", &names.added)] {
        if !names.is_empty() {
            outln!("{what} {word}: {}", names.join(", "));
        }
    }
    Ok(())
}

fn say_spec(diff: &Diff) -> Result<()> {
    if diff.spec.is_empty() {
        outln!("spec: the same");
        return Ok(());
    }
    outln!("spec:");
    for line in &diff.spec {
        let sign = match line.only {
            Only::A => '-',
            Only::B => '+',
        };
        outln!("{sign}{:4}  {}", line.line, line.text);
    }
    Ok(())
}
