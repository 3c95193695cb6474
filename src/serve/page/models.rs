//! The pages of the model versions: the list, and one version with its charts.

use maud::{Markup, html};

use super::text::{thousands, time_of};
use crate::model::Evaluation;
use crate::model::evaluation::{Dependence, Importance};
use crate::model::lines::{Only, diff};
use crate::model::members;
use crate::registry::Role;
use crate::registry::ledger::Action;
use crate::report::chart::{Size, confusion, precision_recall, roc};
use crate::report::evaluated::{calibration, dependence, folds, importance};
use crate::report::html::figure;
use crate::serve::views::{Card, LedgerLine, Models};
use crate::stats::metric::METRICS;

const SMALL: Size = Size::of(290.0, 210.0);
/// Metrics of the list.
const LISTED: [&str; 5] = ["accuracy", "f1", "auc", "log_loss", "brier"];
/// Partial dependences drawn, those of the most important columns.
const CURVES: usize = 8;

/// Draws the list of versions, newest first. `replays` is the section of a reader who may start them.
pub fn list(models: &Models, replays: Option<&Markup>) -> Markup {
    html! {
        section #versions aria-labelledby="versions-title" {
            div.title {
                h2 #versions-title { "Versions" }
                button type="button" data-post="/v1/models/rollback"
                    data-confirm="Roll back to the previous champion? Every request is answered by it from then on." { "Roll back" }
            }
            p #said role="status" {}
            div.scroll tabindex="0" role="region" aria-label="versions, table" {
                table {
                    thead { tr {
                        th scope="col" { "version" } th scope="col" { "role" } th scope="col" { "learner" } th scope="col" { "trained" }
                        @for metric in METRICS.iter().filter(|m| LISTED.contains(&m.name)) { th.number scope="col" { abbr title=(metric.doc) { (metric.title) } } }
                    } }
                    tbody {
                        @for line in models.models.iter().rev() {
                            tr {
                                th scope="row" { a href={ "/models/" (line.model) } { (line.model) } }
                                td { (role(line.role)) }
                                td { (line.learner.as_deref().unwrap_or("cannot be read")) }
                                td.muted.name { (time_of(line.trained.as_deref().unwrap_or_default())) }
                                @for metric in METRICS.iter().filter(|m| LISTED.contains(&m.name)) {
                                    td.number { (line.cv.as_ref().and_then(|cv| cv.metrics.get(metric.name))
                                        .map_or("–".into(), |e| with_error(e.mean, e.se))) }
                                }
                            }
                        }
                    }
                }
            }
            p.muted.hint { "Cross-validated, mean ± corrected standard error (Nadeau & Bengio 2003)." }
        }
        @if let Some(replays) = replays {
            section aria-labelledby="replay-title" {
                h2 #replay-title { "Replay" }
                p.muted { "Scores stored predictions again with another version, and compares it with the version that made the newest of \
                    them. It only reads, at low priority." }
                form.inline data-json="/v1/replay" {
                    label { "with " select name="model" {
                        @for line in models.models.iter().rev() { option value=(line.model) { (line.model) } }
                    } }
                    label { "from " input type="text" name="since" placeholder="2026-01-31" size="20"; }
                    label { "until " input type="text" name="until" placeholder="2026-01-31T09:15:00Z" size="20"; }
                    button type="submit" { "Replay" }
                }
                (replays)
            }
        }
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Champion => "champion",
        Role::Previous => "previous champion",
        Role::Retired => "retired",
        Role::Candidate => "candidate",
    }
}

fn with_error(mean: f64, se: Option<f64>) -> String {
    match se {
        Some(se) => format!("{mean:.3} ± {se:.3}"),
        None => format!("{mean:.3}"),
    }
}

/// Draws one version; `before` is the version before it, if its file can be read.
pub fn one(card: &Card, before: Option<&Card>, ledger: &[LedgerLine]) -> Markup {
    let facts = &card.facts;
    let positive = facts.target.positive.to_string();
    let is_champion = card.role == Some(Role::Champion);
    let ordered = facts.columns.iter();
    let ordered: Vec<String> = ordered
        .filter_map(|column| Some(format!("{} {}", column.name, column.monotone?.word())))
        .collect();
    html! {
        section #version aria-labelledby="version-title" {
            div.title {
                h2 #version-title { (card.model) }
                @if !is_champion {
                    button type="button" data-post={ "/v1/models/" (card.model) "/promote" } data-confirm=(evidence(card)) { "Promote" }
                }
            }
            p #said role="status" {}
            dl {
                dt { "role" } dd { (card.role.map(role).unwrap_or("not in the ledger")) }
                dt { "trained" } dd { (time_of(card.trained.as_deref().unwrap_or_default())) }
                dt { "learner" } dd { (members::text(&facts.learner, &facts.members)) }
                dt { "calibration" } dd { (facts.calibration) }
                dt { "why this one" } dd { (facts.choice) }
                dt { "rows" } dd { (thousands(facts.rows)) ", " (thousands(facts.positives)) " of them " (facts.target.column) " = " (positive)
                    ", " (thousands(facts.left_out)) " left out" }
                dt { "seed" } dd { (facts.seed) }
                @if !ordered.is_empty() { dt { "monotone" } dd { (ordered.join(", ")) } }
                dt { "training table" } dd { code { (facts.table) } }
                dt { "model file" } dd { code { (card.sha256.as_deref().unwrap_or("not in the ledger")) } }
            }
        }
        (metrics(card, before))
        @match &facts.evaluation {
            None => section { h2 { "Evaluation" } p { "The file of this version is of an earlier release and holds none. Train again to have one." } },
            Some(evaluation) => (evaluated(card, evaluation)),
        }
        @if let Some(before) = before { (changed(card, before)) }
        (ledger_of(ledger))
    }
}

/// What a promotion rests on, in a question.
fn evidence(card: &Card) -> String {
    let metric = |name: &str| {
        card.facts
            .cv
            .metrics
            .get(name)
            .map(|e| with_error(e.mean, e.se))
    };
    format!(
        "Promote {}? Cross-validated on {} rows: log loss {}, accuracy {}. Every request is answered by it from then on.",
        card.model,
        card.facts.rows,
        metric("log_loss").unwrap_or_else(|| "unknown".into()),
        metric("accuracy").unwrap_or_else(|| "unknown".into()),
    )
}

fn metrics(card: &Card, before: Option<&Card>) -> Markup {
    let value = |card: &Card, name: &str| {
        let found = card.facts.cv.metrics.get(name);
        found.map_or("–".into(), |e| with_error(e.mean, e.se))
    };
    html! {
        section aria-labelledby="metrics-title" {
            h2 #metrics-title { "Metrics" }
            p.muted { (card.facts.cv.folds) "-fold × " (card.facts.cv.repeats) ", mean ± corrected standard error." }
            div.scroll tabindex="0" role="region" aria-label="metrics, table" { table {
                thead { tr {
                    th scope="col" { "metric" } th.number scope="col" { (card.model) }
                    @if let Some(before) = before { th.number scope="col" { (before.model) } }
                    @for tried in &card.facts.candidates { th.number scope="col" { (tried.learner) } }
                } }
                tbody { @for metric in METRICS { tr {
                    th scope="row" { abbr title=(metric.doc) { (metric.title) } }
                    td.number { (value(card, metric.name)) }
                    @if let Some(before) = before { td.number { (value(before, metric.name)) } }
                    @for tried in &card.facts.candidates {
                        td.number { (tried.cv.metrics.get(metric.name).map_or("–".into(), |e| with_error(e.mean, e.se))) }
                    }
                } } }
            } }
        }
    }
}

fn evaluated(card: &Card, evaluation: &Evaluation) -> Markup {
    let target = &card.facts.target;
    let positive = &format!("{} = {}", target.column, target.positive);
    let growths = evaluation
        .importance
        .iter()
        .map(|of| (of.column.as_str(), of.growth));
    let growths: Vec<_> = growths.collect();
    let auc = card
        .facts
        .cv
        .metrics
        .get("auc")
        .map_or(f64::NAN, |e| e.mean);
    let share = evaluation.positives as f64 / evaluation.rows.max(1) as f64;
    html! {
        section aria-labelledby="curves-title" {
            h2 #curves-title { "On rows it was not fitted on" }
            p.muted { "Out-of-fold probabilities of " (thousands(evaluation.rows as usize)) " rows; bars are 95 % intervals (Wilson)." }
            div.charts {
                (figure(&calibration("Calibration", positive, &evaluation.calibration), "calibration", SMALL))
                (figure(&roc("ROC", auc, evaluation.roc()), "roc", SMALL))
                (figure(&precision_recall("Precision and recall", share, evaluation.precision_recall()), "precision-recall", SMALL))
                (figure(&folds(&evaluation.folds), "folds", SMALL))
            }
        }
        section aria-labelledby="decisions-title" {
            h2 #decisions-title { "Decisions" }
            form.inline data-into="decisions" action={ "/fragments/models/" (card.model) "/decisions" } method="get" {
                label { "threshold " input type="range" name="threshold" min="0" max="1" step="0.01" value=(card.facts.threshold); }
                label { "cost of a false positive " input type="text" inputmode="decimal" name="fp" value="1" size="5"; }
                label { "cost of a false negative " input type="text" inputmode="decimal" name="fn" value="1" size="5"; }
            }
            (decisions(card, evaluation, card.facts.threshold, (1.0, 1.0)))
        }
        section aria-labelledby="importance-title" {
            h2 #importance-title { "Importance" }
            (figure(&importance(&growths), "importance", Size::of(520.0, height(evaluation.importance.len()))))
            details {
                summary { "Partial dependence" }
                div.charts {
                    @for (i, chart) in curves(evaluation).filter_map(|of| dependence(of, positive)).enumerate() {
                        (figure(&chart, &format!("dependence-{i}"), SMALL))
                    }
                }
            }
        }
        section aria-labelledby="errors-title" {
            h2 #errors-title { "Where it is wrong" }
            p.muted { "Groups of rows that were not fitted on, those first whose mean predicted probability of " (positive) " and observed share \
                differ most for their number of rows. Beside the log loss stands that of always predicting the observed share: a model that \
                knows more stays below it." }
            div.scroll tabindex="0" role="region" aria-label="groups predicted worst, table" { table {
                thead { tr { th scope="col" { "group" } th.number scope="col" { "rows" } th.number scope="col" { "predicted" }
                    th.number scope="col" { "observed" } th.number scope="col" { "log loss" } th.number scope="col" { "of the share alone" } } }
                tbody { @for group in &evaluation.groups { tr {
                    th scope="row" { (group.column) " " span.muted { (group.values) } }
                    td.number { (group.rows) } td.number { (percent(group.predicted)) } td.number { (percent(group.observed)) }
                    td.number { (format!("{:.3}", group.log_loss)) } td.number { (format!("{:.3}", group.base_log_loss)) }
                } } }
            } }
            details { summary { "Rows with the largest loss" }
                div.scroll tabindex="0" role="region" aria-label="rows with the largest loss, table" { table {
                    thead { tr { th scope="col" { "row" } th scope="col" { "id" } th.number scope="col" { "probability" } th scope="col" { "outcome" } } }
                    tbody { @for row in &evaluation.hardest { tr {
                        td { (row.row) } td { (row.id.as_deref().unwrap_or("–")) } td.number { (percent(row.probability)) }
                        td { @if row.is_positive { (target.positive) } @else { (target.negative) } }
                    } } }
                } }
            }
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Draws the decisions at a threshold, with what they cost.
pub fn decisions(
    card: &Card,
    evaluation: &Evaluation,
    threshold: f64,
    (fp, fn_): (f64, f64),
) -> Markup {
    let target = &card.facts.target;
    let classes = [target.negative.to_string(), target.positive.to_string()];
    let counts = evaluation.confusion(threshold);
    let cost = |counts: &[[u64; 2]; 2]| fp * counts[0][1] as f64 + fn_ * counts[1][0] as f64;
    let share = |part: u64, whole: u64| match whole {
        0 => "–".to_owned(),
        whole => percent(part as f64 / whole as f64),
    };
    let best = evaluation
        .cuts
        .iter()
        .map(|cut| cut.threshold)
        .min_by(|a, b| cost(&evaluation.confusion(*a)).total_cmp(&cost(&evaluation.confusion(*b))));
    let chart = confusion(
        format!("Decisions at {threshold:.2}"),
        [&classes[0], &classes[1]],
        counts,
    );
    html! {
        div #decisions .charts {
            (figure(&chart, "confusion", SMALL))
            dl {
                dt { "accuracy" } dd { (share(counts[0][0] + counts[1][1], evaluation.rows)) }
                dt { "precision" } dd { (share(counts[1][1], counts[0][1] + counts[1][1])) }
                dt { "recall" } dd { (share(counts[1][1], evaluation.positives)) }
                dt { "cost" } dd { (format!("{:.1}", cost(&counts))) " for " (evaluation.rows) " rows" }
                @if let Some(best) = best {
                    dt { "least cost" } dd { (format!("{:.1} at threshold {best:.2}", cost(&evaluation.confusion(best)))) }
                }
            }
        }
    }
}

fn height(rows: usize) -> f64 {
    60.0 + 18.0 * rows.max(3) as f64
}

/// The partial dependences of the most important columns, in their order.
fn curves(evaluation: &Evaluation) -> impl Iterator<Item = &Dependence> {
    let known = &evaluation.dependence;
    let of = |wanted: &Importance| known.iter().find(|of| of.column == wanted.column);
    evaluation.importance.iter().filter_map(of).take(CURVES)
}

fn changed(card: &Card, before: &Card) -> Markup {
    let lines: Vec<String> = diff(&before.facts.spec, &card.facts.spec)
        .into_iter()
        .map(|line| match line.only {
            Only::A => format!("- {}", line.text),
            Only::B => format!("+ {}", line.text),
        })
        .collect();
    html! {
        section aria-labelledby="changed-title" {
            h2 #changed-title { "What changed since " a href={ "/models/" (before.model) } { (before.model) } }
            dl {
                dt { "rows" } dd { (thousands(before.facts.rows)) " → " (thousands(card.facts.rows)) }
                dt { "training table" } dd { @if before.facts.table == card.facts.table { "the same" } @else { "another one" } }
                dt { "learner" } dd { (before.facts.learner) " → " (card.facts.learner) }
                dt { "spec" } dd { @if lines.is_empty() { "the same" } @else { (lines.len()) " lines differ" } }
            }
            @if !lines.is_empty() { pre tabindex="0" { (lines.join("\n")) } }
        }
    }
}

fn action(action: Action) -> &'static str {
    match action {
        Action::Trained => "trained",
        Action::Promoted => "promoted",
        Action::RolledBack => "rolled back",
        Action::Shadowed => "made the shadow model",
        Action::Dropped => "dropped as shadow model",
        Action::Removed => "removed",
    }
}

fn ledger_of(lines: &[LedgerLine]) -> Markup {
    html! {
        section aria-labelledby="ledger-title" {
            h2 #ledger-title { "Decisions about it" }
            ol.story { @for line in lines { li { details {
                summary { span.muted { (time_of(&line.time)) } " " strong { (action(line.action)) } " by " (line.by) ": " (line.reason) }
                @if !line.evidence.is_null() { pre tabindex="0" { (serde_json::to_string_pretty(&line.evidence).unwrap_or_default()) } }
            } } } }
        }
    }
}
