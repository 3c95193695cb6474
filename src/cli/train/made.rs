//! Result of a training, by this process or by a server, and its output.

use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::out::{outln, print_json};
use crate::cli::site::Site;
use crate::cli::{rows, table};
use crate::model::card::Card;
use crate::promotion::gate::Gate;
use crate::registry::evidence::Origin;

/// Result of a training, by this process or by a server.
pub(super) struct Made {
    pub version: String,
    pub promoted: bool,
    pub reason: String,
    pub gate: Option<Gate>,
    pub origin: Origin,
    /// Number of rows without a label.
    pub unlabelled: usize,
    pub card: Card,
}

pub(super) fn report(site: &Site, made: &Made) -> anyhow::Result<Exit> {
    if site.json {
        print_json(&document(made))?
    } else {
        show(made)?
    }
    rows::report_warnings(site, &made.card.table_warnings);
    Ok(Exit::Done)
}

fn document(made: &Made) -> serde_json::Value {
    let card = &made.card;
    let candidates: Vec<_> = card
        .candidates
        .iter()
        .map(|c| json!({"learner": c.learner, "calibration": c.calibration, "cv": c.cv.document()}))
        .collect();
    json!({
        "model": made.version,
        "promoted": made.promoted,
        "reason": made.reason,
        "gate": made.gate,
        "learner": card.learner,
        "choice": card.choice,
        "calibration": card.calibration,
        "seed": card.seed,
        "work": card.work,
        "rows": card.rows,
        "origin": made.origin,
        "left_out": card.left_out,
        "unlabelled": made.unlabelled,
        "cv": card.cv.document(),
        "without_companions": card.without_companions.as_ref().map(|f| f.document()),
        "candidates": candidates,
        "warnings": card.table_warnings,
    })
}

fn show(made: &Made) -> anyhow::Result<()> {
    let card = &made.card;
    let mut learners = table::new(
        ["learner", "calibration"]
            .into_iter()
            .chain(table::metric_heads()),
    );
    for candidate in &card.candidates {
        let name = if candidate.learner == card.learner {
            format!("{} *", candidate.learner)
        } else {
            candidate.learner.clone()
        };
        let cells = [name, candidate.calibration.clone()].into_iter();
        learners.add_row(
            cells
                .chain(table::metric_cells(&candidate.cv))
                .collect::<Vec<_>>(),
        );
    }
    if let Some(figures) = &card.without_companions {
        let cells = ["  without companions".to_owned(), String::new()].into_iter();
        learners.add_row(
            cells
                .chain(table::metric_cells(figures))
                .collect::<Vec<_>>(),
        );
    }
    outln!(
        "{} folds × {} repeats, {} rows, mean ± standard error",
        card.cv.folds,
        card.cv.repeats,
        card.rows
    );
    outln!("{}", table::text(&learners));
    outln!("");
    outln!("* {}", card.choice);
    for left_out in card.work.iter().flat_map(|work| &work.left_out) {
        outln!("left out by the budget: {left_out}");
    }
    let deed = if made.promoted {
        "is now the champion"
    } else {
        "is kept, not promoted"
    };
    outln!("{} {deed}: {}", made.version, made.reason);
    Ok(())
}
