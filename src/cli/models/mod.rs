//! Subcommand `models`: lists versions and manages them.

mod diff;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::json;

use super::exit::Exit;
use super::out::{outln, print_json, shown};
use super::plot::{self, Bar};
use super::short::named;
use super::site::Site;
use super::table;
use crate::clock::{Clock, System};
use crate::live::champion::usable;
use crate::model::{Evaluation, members};
use crate::registry::{Decision, Evidence, Promotion, VersionRef};

#[derive(Debug, Args)]
pub struct ModelsArgs {
    #[command(subcommand)]
    command: ModelsCommand,
}

#[derive(Debug, Subcommand)]
enum ModelsCommand {
    /// Every version with its role, the time of its training and its metrics
    List,
    /// All that is known of a version
    Show {
        /// 7 or titanic@7
        version: String,
    },
    /// Make a version the champion; a running server swaps to it
    Promote {
        /// 7 or titanic@7
        version: String,
    },
    /// Make the champion before this one champion again
    Rollback,
    /// Check the ledger's chain, the pointer and every version's file; exit code 4 if anything is damaged
    Verify {
        /// Only this version's file
        version: Option<String>,
    },
    /// What changed from one version to another: data, spec, learner, figures
    Diff {
        /// 6 or titanic@6
        a: String,
        /// 7 or titanic@7
        b: String,
    },
    /// Remove old versions' files: all but the champion, the one before it, and the newest
    Gc {
        /// Newest versions to keep beside those
        #[arg(long, default_value_t = 10)]
        keep: usize,
    },
}

pub fn run(args: &ModelsArgs, site: &Site) -> Result<Exit> {
    match &args.command {
        ModelsCommand::List => list(site),
        ModelsCommand::Show { version } => show(site, version),
        ModelsCommand::Promote { version } => {
            let wanted = version.parse::<VersionRef>()?;
            told(
                site,
                site.registry
                    .promote(&wanted, by_hand("models promote"), usable, System.now())?,
            )
        }
        ModelsCommand::Rollback => told(
            site,
            site.registry
                .rollback(by_hand("models rollback"), usable, System.now())?,
        ),
        ModelsCommand::Verify { version } => verify(site, version.as_deref()),
        ModelsCommand::Diff { a, b } => diff::run(site, a, b),
        ModelsCommand::Gc { keep } => gc(site, *keep),
    }
}

fn by_hand(command: &str) -> Decision {
    Decision {
        by: command.into(),
        reason: "requested by hand".into(),
        evidence: Evidence::ByHand,
    }
}

fn list(site: &Site) -> Result<Exit> {
    let versions = site.registry.versions()?;
    let champion = site.registry.champion()?.map(|v| v.to_string());
    let mut rows = table::new(
        ["model", "role", "trained", "learner"]
            .into_iter()
            .chain(table::metric_heads()),
    );
    let mut documents = Vec::new();
    for listed in &versions {
        let name = listed.version.to_string();
        let card = site
            .model(Some(&name))
            .map(|(_, model)| model.card().clone());
        let trained = listed.trained_text();
        documents.push(json!({
            "model": name,
            "trained": trained,
            "learner": card.as_ref().ok().map(|c| c.learner.clone()),
            "role": listed.role,
            "cv": card.as_ref().ok().map(|c| c.cv.document()),
        }));
        let role = serde_json::to_value(listed.role)?
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let mut cells = vec![name, role, trained.unwrap_or_else(|| "?".into())];
        match card {
            Ok(card) => {
                cells.push(card.learner.clone());
                cells.extend(table::metric_cells(&card.cv));
            }
            Err(error) => cells.push(format!("unreadable: {error}")),
        }
        rows.add_row(cells);
    }
    if site.json {
        print_json(&json!({"champion": champion, "models": documents}))?;
    } else if versions.is_empty() {
        outln!("no models yet; make one with train or serve");
    } else {
        outln!("{}", table::text(&rows));
    }
    Ok(Exit::Done)
}

fn show(site: &Site, version: &str) -> Result<Exit> {
    let (name, model) = site.model(Some(version))?;
    let card = model.card();
    if site.json {
        let features: Vec<_> = model
            .recipe()
            .features()
            .iter()
            .map(|f| f.name.clone())
            .collect();
        print_json(&json!({
            "model": name, "card": serde_json::to_value(card)?, "members": model.members(), "cv": card.cv.document(), "features": features,
            "base": model.base(), "table_warnings": card.table_warnings, "spec": model.spec().text(),
        }))?;
        return Ok(Exit::Done);
    }
    outln!(
        "{name}: {} on {} rows ({} positive, {} left out), seed {}",
        members::text(&card.learner, &model.members()),
        card.rows,
        card.positives,
        card.left_out,
        card.seed
    );
    outln!("{}", card.choice);
    outln!(
        "calibration: {}; decision threshold {}",
        card.calibration,
        card.cv.threshold
    );
    outln!("table {}", card.table);
    let mut figures = table::new(["", "cross-validated"]);
    let plain = card.without_companions.as_ref();
    if plain.is_some() {
        figures = table::new(["", "cross-validated", "without companions"]);
    }
    let without: Vec<String> = plain
        .map(|f| table::metric_cells(f).collect())
        .unwrap_or_default();
    for (i, (head, cell)) in table::metric_heads()
        .zip(table::metric_cells(&card.cv))
        .enumerate()
    {
        figures.add_row(
            [head.to_owned(), cell]
                .into_iter()
                .chain(without.get(i).cloned())
                .collect::<Vec<_>>(),
        );
    }
    outln!("{}", table::text(&figures));
    let names: Vec<_> = model
        .recipe()
        .features()
        .iter()
        .map(|f| named(&f.name))
        .collect();
    outln!("{} features: {}", names.len(), shown(&names.join(", ")));
    let ordered = model.schema().columns().iter();
    let ordered: Vec<String> = ordered
        .filter_map(|column| Some(format!("{} {}", column.name, column.monotone?.word())))
        .collect();
    if !ordered.is_empty() {
        outln!("monotone: {}", shown(&ordered.join(", ")));
    }
    if let Some(evaluation) = &card.evaluation {
        plots(evaluation)?;
    }
    for warning in &card.table_warnings {
        outln!("warning: {}", shown(&warning.to_string()));
    }
    Ok(Exit::Done)
}

/// Importance and calibration as bars, where a terminal shows them.
fn plots(evaluation: &Evaluation) -> Result<()> {
    let importance = evaluation.importance.iter().map(|of| Bar {
        name: of.column.clone(),
        value: of.growth.mean,
        text: format!("{:.4}", of.growth.mean),
    });
    let importance: Vec<Bar> = importance.collect();
    plot::bars(
        "importance: growth of the log loss if a column is shuffled",
        &importance,
    )?;
    let calibration = evaluation.calibration.iter().map(|bin| Bar {
        name: format!("predicted {:.1} %", 100.0 * bin.predicted),
        value: bin.observed,
        text: format!("{:.1} % of {} rows", 100.0 * bin.observed, bin.rows),
    });
    let calibration: Vec<Bar> = calibration.collect();
    plot::bars("calibration: share of positive rows", &calibration)
}

fn told(site: &Site, promotion: Promotion) -> Result<Exit> {
    let previous = promotion.previous.as_ref().map(ToString::to_string);
    if site.json {
        print_json(
            &json!({"model": promotion.version.to_string(), "previous": previous, "seq": promotion.seq}),
        )?;
    } else if promotion.changed {
        let before = previous.map_or_else(String::new, |p| format!(", before it {p}"));
        outln!("{} is now the champion{before}", promotion.version);
    } else {
        outln!("{} is the champion already", promotion.version);
    }
    Ok(Exit::Done)
}

fn verify(site: &Site, version: Option<&str>) -> Result<Exit> {
    let wanted = version.map(str::parse::<VersionRef>).transpose()?;
    let findings = site.registry.verify(wanted.as_ref())?;
    if site.json {
        print_json(&json!({"intact": findings.is_empty(), "findings": findings}))?;
    } else if findings.is_empty() {
        outln!("intact");
    } else {
        for finding in &findings {
            outln!("{finding}");
        }
    }
    Ok(if findings.is_empty() {
        Exit::Done
    } else {
        Exit::No
    })
}

fn gc(site: &Site, keep: usize) -> Result<Exit> {
    let swept = site.registry.gc(keep, by_hand("models gc"), System.now())?;
    let removed: Vec<String> = swept.removed.iter().map(ToString::to_string).collect();
    if site.json {
        print_json(&json!({"removed": removed, "bytes": swept.bytes}))?;
    } else {
        outln!(
            "removed {} versions, {} bytes: {}",
            removed.len(),
            swept.bytes,
            removed.join(", ")
        );
    }
    Ok(Exit::Done)
}
