//! The retraining section of the page: recent trainings with their gate results, the shadow model, the probation, and the
//! number of labels until the next training.

use maud::{Markup, html};

use super::aside;
use super::monitor::probability;
use super::text::{thousands, time_of};
use super::trouble::{self, Trouble};
use crate::control::jobs::{JobView, State};
use crate::promotion::gate::{Gate, Verdict};
use crate::promotion::probation::Figure;
use crate::serve::views::{Loop, Probation, Shadow};
use crate::stats::metric::Metric;
use crate::stats::sequence::Bounded;
use crate::store::Stats;
use crate::store::rows::Quarantined;

/// Maximum number of jobs shown.
const SHOWN: usize = 4;

/// The data that the section shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// Jobs that produced no version, or none yet, newest first.
    pub jobs: Vec<JobView>,
    /// The trainings of the latest versions, newest first.
    pub trainings: Vec<Training>,
    pub cycle: Loop,
    /// Write errors of the store.
    pub trouble: Trouble,
    /// The most recently quarantined rows, newest first.
    pub aside: Vec<Quarantined>,
    /// Statistics of the store; `None` if the store cannot be read.
    pub store: Option<Stats>,
}

/// A training that produced a version.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// Name of the version, such as `titanic@7`.
    pub model: String,
    /// Current role of the version.
    pub role: &'static str,
    /// Time of the training, RFC 3339.
    pub trained: String,
    /// Result of the promotion gate; `None` if there were no rows to compare on.
    pub gate: Option<Gate>,
}

pub fn draw(shown: &Section) -> Markup {
    html! {
        section #loop data-part aria-labelledby="loop-title" {
            h2 #loop-title { "Loop" }
            (trouble::draw(&shown.trouble))
            @if shown.store.is_some() { p { (next(&shown.cycle)) } }
            @for job in shown.jobs.iter().filter_map(unfinished).take(SHOWN) { p { (job) } }
            @if let Some(shadow) = &shown.cycle.shadow { (shadowed(shadow)) }
            @if let Some(probation) = &shown.cycle.probation { (on_probation(probation)) }
            div.trainings {
                @for training in &shown.trainings { (trained(training)) }
            }
            (aside::draw(&shown.aside))
            @if let Some(store) = &shown.store { (held(store)) }
        }
    }
}

fn held(store: &Stats) -> Markup {
    // Show the rows that are in quarantine now, not the events of all rows that were ever quarantined.
    let events = store.kinds.iter().map(|(kind, count)| (&**kind, *count));
    let events = events.filter(|(kind, count)| *count > 0 && *kind != "quarantine");
    let now = [
        ("labels", store.labels),
        ("labels waiting", store.waiting),
        ("rows in quarantine", store.quarantine),
    ];
    let each = |counts: &[(&str, u64)]| {
        let text = |(word, count): &(&str, u64)| {
            let count = usize::try_from(*count).unwrap_or(usize::MAX);
            format!("{} {}", word.replace('_', " "), thousands(count))
        };
        counts.iter().map(text).collect::<Vec<_>>().join(" · ")
    };
    html! {
        p.muted.hint { "Events ever stored: " (each(&events.collect::<Vec<_>>())) }
        p.muted.hint { "Now in the store: " (each(&now)) }
    }
}

/// Describes a job that produced no version, or none yet; `None` for any other job.
fn unfinished(job: &JobView) -> Option<String> {
    match (job.state, &job.error) {
        (State::Queued, _) => Some("A training waits.".to_owned()),
        (State::Running, _) => {
            let percent = (100.0 * job.progress).round();
            Some(format!("A training is under way: {percent} %."))
        }
        (State::Failed, Some(error)) => Some(format!("A training failed: {error}")),
        _ => None,
    }
}

/// Draws the number of new labels, and how many of them start a training.
fn next(cycle: &Loop) -> Markup {
    html! {
        strong { (cycle.fresh) }
        @match cycle.labels {
            Some(labels) => {
                " of " (labels) " new labels that begin a training "
                progress max=(labels) value=(cycle.fresh.min(labels)) aria-label="new labels" {}
            }
            None => " new labels since the live model was trained; their number starts no training, since retrain.labels is null",
        }
    }
}

fn trained(training: &Training) -> Markup {
    let gate = training.gate.as_ref();
    html! {
        div {
            h3 {
                (training.model) " "
                span.plain.muted { (training.role) " · trained " (time_of(&training.trained)) }
            }
            @match gate {
                None => p.muted { "No gate: there were no rows the live model had not seen." },
                Some(gate) => (evidence(gate)),
            }
        }
    }
}

/// Draws the verdict of the gate and the metrics behind it.
fn evidence(gate: &Gate) -> Markup {
    let loss = &gate.log_loss;
    html! {
        dl {
            dt { "verdict" }
            dd { strong { (word(gate.verdict)) } " on " (gate.rows) " rows"
                @if gate.needed > 0 { ", " (gate.needed) " more are needed" } }
            dt { "log loss" }
            dd { "champion " (number(loss.champion)) ", candidate " (number(loss.candidate)) }
            dt { "difference" }
            dd { (number(loss.difference)) ", between " (number(loss.low)) " and " (number(loss.high)) }
            dt { "decisions" }
            dd { "right where the other is wrong: champion " (gate.mcnemar.champion_right) ", candidate "
                (gate.mcnemar.candidate_right) " (McNemar's p " (probability(gate.mcnemar.p_value)) ")" }
            @if !gate.floors.is_empty() {
                dt { "floors" }
                dd {
                    @for (n, floor) in gate.floors.iter().enumerate() {
                        @if n > 0 { ", " }
                        (Metric::named(&floor.metric).map_or(floor.metric.as_str(), |m| m.title)) " " (number(floor.value)) " against " (floor.shown())
                        @if floor.holds { " ✓" } @else { " ✗ missed" }
                    }
                }
            }
        }
    }
}

fn shadowed(shadow: &Shadow) -> Markup {
    let (figures, live) = (&shadow.comparison, &shadow.live);
    let share = |share: f64| format!("{:.1} %", 100.0 * share);
    let agreement = live.agreement.map_or_else(|| "–".to_owned(), share);
    let difference = live.difference.unwrap_or(0.0);
    html! {
        h3 { (shadow.model) " " span.plain.muted { "in the shadow" } }
        dl {
            dt { "live" }
            dd { (live.scored) " predictions scored, " (live.skipped) " skipped" }
            dt { "beside the champion" }
            dd { "the same decision in " (agreement) ", probabilities apart by "
                (format!("{difference:+.3}")) " ± " (number(live.spread)) }
            dt { "labels" } dd { (figures.rows) " of at most " (figures.horizon) }
            dt { "log loss" }
            dd { "champion " (number(figures.champion)) ", candidate " (number(figures.candidate)) }
            dt { "gain" } dd { (bounded(&figures.gain)) }
            dt { "in accuracy" } dd { (bounded(&figures.accuracy_gain)) }
        }
    }
}

fn on_probation(probation: &Probation) -> Markup {
    let figures = &probation.metrics;
    let line = |figure: &Figure| {
        let (expected, allowed) = (figure.expected.mean, figure.allowed);
        format!(
            "{} so far, {expected:.3} expected; the version before returns once it is surely above {allowed:.3}",
            number(figure.mean)
        )
    };
    html! {
        h3 { (probation.model) " " span.plain.muted { "on probation" } }
        dl {
            dt { "labels" } dd { (figures.rows) " of " (figures.window) }
            dt { "log loss" } dd { (line(&figures.log_loss)) }
            dt { "wrong decisions" } dd { (line(&figures.error)) }
        }
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Promote => "promote",
        Verdict::Keep => "keep the champion",
        Verdict::Insufficient => "too few rows",
    }
}

fn bounded(bounded: &Bounded) -> String {
    let Bounded { mean, low, high } = bounded;
    format!("{}, between {low:.3} and {high:.3}", number(*mean))
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}
