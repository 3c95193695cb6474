//! The latest replays: stored predictions scored again with another version, compared with what was answered.

use maud::{Markup, html};

use super::text::thousands;
use crate::control::jobs::{JobView, Product, State};
use crate::replay::{Labelled, Replay};
use crate::report::chart::{At, Axis, Chart, Mark, Size};
use crate::report::html::figure;

/// Replays shown at most, and levels of each.
const SHOWN: usize = 3;
const LEVELS: usize = 20;
const SIZE: Size = Size::of(290.0, 190.0);

/// Draws the replays among the jobs of the server, newest first.
pub fn draw(jobs: &[JobView]) -> Markup {
    let replays: Vec<&JobView> = jobs.iter().filter(|job| job.kind == "replay").collect();
    html! {
        div #replays data-part {
            @if replays.is_empty() { p.muted { "No replay since the server started." } }
            @for (i, job) in replays.iter().take(SHOWN).enumerate() { (draw_job(job, i)) }
        }
    }
}

fn draw_job(job: &JobView, i: usize) -> Markup {
    html! {
        @match (&job.result, job.state) {
            (Some(Product::Replay(replay)), _) => (draw_replay(replay, i)),
            (_, State::Failed) => p.alarm { "A replay failed: " (job.error.as_deref().unwrap_or("no reason is known")) },
            (_, State::Queued | State::Running) => p {
                "A replay is under way: " (format!("{:.0} %", 100.0 * job.progress)) " "
                progress max="1" value=(format!("{:.3}", job.progress)) aria-label="progress of the replay" {}
            },
            _ => p.muted { "A replay was cancelled." },
        }
    }
}

fn draw_replay(replay: &Replay, i: usize) -> Markup {
    let Replay { from, to, .. } = replay;
    let flips = replay.flips.to_positive + replay.flips.to_negative;
    let share = |part: u64, whole: u64| 100.0 * part as f64 / whole.max(1) as f64;
    let flipped: Vec<_> = replay
        .by_column
        .iter()
        .filter(|level| level.flips > 0)
        .collect();
    html! {
        h3 { (from) " → " (to) " " span.plain.muted { (count(replay.rows)) " predictions scored again" } }
        dl {
            dt { "decisions that flip" }
            dd { strong { (count(flips)) } (format!(" ({:.1} %): ", share(flips, replay.rows)))
                (count(replay.flips.to_positive)) " to the positive value, " (count(replay.flips.to_negative)) " to the negative one" }
            dt { "mean difference" } dd { (signed(replay.difference.mean)) " of probability, " (to) " − " (from) }
            dt { "labels" } dd { (by_labels(replay.labelled.as_ref(), to)) }
            @if replay.skipped > 0 {
                dt { "skipped" } dd { (count(replay.skipped)) " more predictions violate the contract of " (to) }
            }
        }
        div.charts {
            (figure(&differences(replay), &format!("replay-{i}"), SIZE))
            @if !flipped.is_empty() {
                div.scroll tabindex="0" role="region" aria-label="levels whose decisions flip, table" { table {
                    thead { tr { th scope="col" { "column" } th scope="col" { "level" } th.number scope="col" { "rows" }
                        th.number scope="col" { "flips" } th.number scope="col" { "share" } } }
                    tbody { @for level in flipped.iter().take(LEVELS) { tr {
                        th scope="row" { (level.column) }
                        td.cut { @match &level.level { Some(label) => (label), None => span.muted { "missing" } } }
                        td.number { (count(level.rows)) } td.number { (count(level.flips)) }
                        td.number { (format!("{:.1} %", share(level.flips, level.rows))) }
                    } } }
                } }
            }
        }
    }
}

/// The log losses of both versions on labelled rows, with their paired difference and its interval.
fn by_labels(labelled: Option<&Labelled>, to: &str) -> Markup {
    let Some(Labelled {
        rows,
        seen,
        log_loss: loss,
    }) = labelled
    else {
        return html! { "none is known yet" };
    };
    let verdict = match (loss.low, loss.high) {
        (Some(low), _) if low > 0.0 => format!("{to} is better"),
        (_, Some(high)) if high < 0.0 => format!("{to} is worse"),
        _ => "the two cannot be told apart yet".to_owned(),
    };
    html! {
        (count(*rows)) ": log loss " (format!("{:.4} → {:.4}", loss.from, loss.to)) ", a gain of " (signed(Some(loss.difference)))
        @if let (Some(low), Some(high)) = (loss.low, loss.high) {
            " with the 95 % interval from " (signed(Some(low))) " to " (signed(Some(high)))
        }
        "; " strong { (verdict) } "."
        @if *seen > 0 { " " span.muted { (count(*seen)) " of these labels had arrived before " (to) " was trained, which may know them." } }
    }
}

/// The distribution of the differences by its quantiles.
fn differences(replay: &Replay) -> Chart {
    let quantile = |(share, value): (&String, &Option<f64>)| Some(((*value)?, share.parse().ok()?));
    let points: Vec<(f64, f64)> = replay
        .difference
        .quantiles
        .iter()
        .filter_map(quantile)
        .collect();
    let said = points.iter().map(|(value, share)| {
        format!(
            "{:.0} % are at most {}",
            100.0 * share,
            signed(Some(*value))
        )
    });
    Chart {
        title: format!(
            "Differences of probability, {} − {}",
            replay.to, replay.from
        ),
        summary: format!(
            "Of the differences {}.",
            said.collect::<Vec<_>>().join(", ")
        ),
        x: Axis::number("difference"),
        y: Axis::share("share of the predictions with at most this difference"),
        marks: vec![
            Mark::Line {
                series: "share".into(),
                points,
                dashed: false,
            },
            Mark::Rule {
                label: "equal".into(),
                at: At::X(0.0),
            },
        ],
    }
}

fn count(n: u64) -> String {
    thousands(usize::try_from(n).unwrap_or(usize::MAX))
}

fn signed(value: Option<f64>) -> String {
    value.map_or_else(
        || "–".into(),
        |value| format!("{value:+.4}").replace('-', "−"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn job(more: serde_json::Value) -> JobView {
        let mut job = json!({"id": "1", "kind": "replay", "state": "done", "progress": 1.0, "result": null, "error": null});
        job.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        serde_json::from_value(job).unwrap()
    }

    fn replay(low: f64, high: f64) -> serde_json::Value {
        json!({
            "from": "moths@1", "to": "moths@2", "rows": 1200, "skipped": 3, "flips": {"to_positive": 9, "to_negative": 3},
            "difference": {"mean": -0.01, "quantiles": {"0.05": -0.2, "0.25": -0.1, "0.5": 0.0, "0.75": 0.1, "0.95": 0.25}},
            "by_column": [{"column": "wing", "level": "<b>", "rows": 40, "flips": 12}, {"column": "wing", "level": null, "rows": 4, "flips": 0}],
            "labelled": {"rows": 50, "seen": 2, "log_loss": {"from": 0.5, "to": 0.45, "difference": 0.05, "low": low, "high": high}},
        })
    }

    #[test]
    fn a_replay_says_what_flips_and_whether_labels_decide() {
        let drawn = |low, high| draw(&[job(json!({"result": replay(low, high)}))]).into_string();
        let html = drawn(0.01, 0.09);
        for part in [
            "<strong>12</strong> (1.0 %): 9 to the positive value, 3 to the negative one",
            "−0.0100 of probability, moths@2 − moths@1",
            "log loss 0.5000 → 0.4500, a gain of +0.0500 with the 95 % interval from +0.0100 to +0.0900",
            "moths@2 is better",
            "3 more predictions violate",
            "2 of these labels",
            "5 % are at most −0.2000",
            "<td class=\"cut\">&lt;b&gt;</td><td class=\"number\">40</td><td class=\"number\">12</td><td class=\"number\">30.0 %</td>",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(
            !html.contains(">missing<"),
            "levels without a flip are left out"
        );
        assert!(drawn(-0.01, 0.09).contains("cannot be told apart"));
        assert!(drawn(-0.09, -0.01).contains("moths@2 is worse"));
    }

    #[test]
    fn other_jobs_are_left_out_and_faults_are_named() {
        let training = job(json!({"kind": "train", "state": "running", "progress": 0.5}));
        assert!(draw(&[training]).into_string().contains("No replay since"));
        let failed = job(json!({"state": "failed", "error": "no <prediction>"}));
        let running = job(json!({"state": "running", "progress": 0.42}));
        let html = draw(&[failed, running]).into_string();
        assert!(
            html.contains("A replay failed: no &lt;prediction&gt;"),
            "{html}"
        );
        assert!(html.contains("under way: 42 %"), "{html}");
    }
}
