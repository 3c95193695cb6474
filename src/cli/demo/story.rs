//! The acts of the demo: steady traffic, a shift, the alarm, the retraining that it begins, the gate, the swap, the recovery.

use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::ending::Ending;
use super::figures::Figures;
use super::gate;
use super::say::Say;
use super::stage::Stage;
use super::traffic::Case;
use super::visitor::Visitor;
use crate::clock::{Clock, System};
use crate::serve::views::{Labelled, Models, Predictions};

/// Number of rows per request.
const AT_ONCE: usize = 5;

/// Interval between two polls of something that the server does by itself.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// Maximum wait for something that the server does by itself; it looks for work every quarter of a second.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Number of rows per printed line.
const A_LINE: u64 = 45;

/// The running demo: server, client and output.
pub struct Story<'a> {
    pub(super) stage: &'a Stage,
    pub(super) visitor: Visitor,
    pub(super) pause: Duration,
    pub(super) say: Say,
}

/// Result of a part of the traffic.
#[derive(Default)]
struct Played {
    figures: Figures,
    /// Model of the last response.
    model: String,
    /// Prediction id of the last row.
    last: String,
}

impl Story<'_> {
    /// Prepares the demo on a running server.
    pub fn new(stage: &Stage, pause: Duration, say: Say) -> anyhow::Result<Story<'_>> {
        Ok(Story {
            stage,
            visitor: Visitor::new(stage.url())?,
            pause,
            say,
        })
    }

    pub async fn tell(&self) -> Ending {
        let mut ending = Ending::default();
        ending.fault = self.acts(&mut ending).await.err();
        ending
    }

    async fn acts(&self, told: &mut Ending) -> anyhow::Result<()> {
        let say = self.say;
        say.line(format_args!("watch it: {}", self.stage.url()))?;
        let first = self.champion().await?;
        self.steady(told, &first).await?;
        self.shift(told, &first).await?;
        let retrained = self.retraining(told, &first).await?;
        self.recovery(told, &retrained).await?;
        told.sum_up(say)
    }

    async fn steady(&self, told: &mut Ending, live: &str) -> anyhow::Result<()> {
        told.note("steady", System.now(), live, Value::Null);
        self.say.act(
            "steady",
            format_args!("rows as the model knows them, and their labels"),
        )?;
        let mut played = Played::default();
        self.play(&self.stage.traffic.steady, &mut played).await?;
        told.figures[0] = played.figures;
        // At any speed the monitor judges these rows before the first of the shift, so that the story does not depend on it.
        self.no_alarm(&played.last).await
    }

    /// Sends the shifted rows. The alarm is looked for wherever a window of the monitor is full.
    async fn shift(&self, told: &mut Ending, live: &str) -> anyhow::Result<()> {
        let Stage {
            traffic,
            labels,
            window,
            ..
        } = self.stage;
        let (segment, begun) = (&traffic.segment, System.now());
        told.note("shift", begun, live, Value::Null);
        self.say.act(
            "shift",
            format_args!(
                "most rows now have {} = {}, {:.1} % of the table; there the outcome is the other one",
                segment.column,
                segment.level,
                100.0 * segment.share
            ),
        )?;
        let (mut sent, mut rest) = (traffic.steady.len(), &traffic.during[..]);
        let (mut played, mut is_alarmed) = (Played::default(), false);
        while !rest.is_empty() {
            let until_full = window - sent % window;
            let (part, later) = rest.split_at(until_full.min(rest.len()));
            (sent, rest) = (sent + part.len(), later);
            self.play(part, &mut played).await?;
            told.figures[1] = played.figures.clone();
            if is_alarmed {
                continue;
            }
            let Some(alarm) = self.alarm(&played.last, begun).await? else {
                continue;
            };
            is_alarmed = true;
            told.note("alarm", alarm.since, live, alarm.evidence());
            self.say.act(
                "alarm",
                format_args!("drift, found from rows alone: {}", alarm.change),
            )?;
            self.say.line(format_args!(
                "  an alert fires; the retraining waits for {labels} labels (retrain.drift_labels), and the rows go on"
            ))?;
        }
        if !is_alarmed {
            bail!("the monitor found no drift in the shifted rows");
        }
        Ok(())
    }

    /// The retraining, its gate and the swap. Gives the name of the new live model.
    async fn retraining(&self, told: &mut Ending, live: &str) -> anyhow::Result<String> {
        let labels = self.stage.labels;
        self.say.act(
            "retraining",
            format_args!("the verdict asked for it, and {labels} labels have come"),
        )?;
        let (begun, made) = self.training().await?;
        let trained = self.line("trained", &made.model).await?;
        told.note("retraining", begun, live, json!({"by": trained.by}));
        self.say.line(format_args!("  begun by {}", trained.by))?;

        let compared = made.gate.as_ref();
        let compared = compared.context("the gate had no rows to compare the candidate on")?;
        told.note("gate", trained.time, live, json!({"gate": compared}));
        self.say.act(
            "gate",
            format_args!("{} is compared with {live}", made.model),
        )?;
        gate::tell(self.say, compared)?;
        if !made.promoted {
            bail!("the candidate was not promoted: {}", made.reason);
        }

        let promoted = self.line("promoted", &made.model).await?;
        let evidence = json!({"previous": live, "reason": made.reason});
        told.note("swap", promoted.time, &made.model, evidence);
        self.say.act(
            "swap",
            format_args!("{} is promoted: {}", made.model, made.reason),
        )?;
        Ok(made.model)
    }

    async fn recovery(&self, told: &mut Ending, live: &str) -> anyhow::Result<()> {
        let begun = System.now();
        self.say.act(
            "recovery",
            format_args!("the shifted rows go on; {live} answers"),
        )?;
        let mut played = Played::default();
        self.play(&self.stage.traffic.after, &mut played).await?;
        told.figures[2] = played.figures;
        if played.model != live {
            bail!("{live} was rolled back");
        }
        let [_, during, after] = told.figures.each_ref().map(Figures::log_loss);
        if after >= during {
            bail!("the log loss did not recover");
        }
        told.note("recovery", begun, live, Value::Null);
        Ok(())
    }

    async fn champion(&self) -> anyhow::Result<String> {
        let Models { champion, .. } = self.visitor.get("/v1/models").await?;
        champion.context("there is no champion")
    }

    /// Sends the rows and their labels in small requests.
    async fn play(&self, cases: &[Case], played: &mut Played) -> anyhow::Result<()> {
        let (mut line, mut first) = (Figures::default(), played.figures.rows() + 1);
        for (n, few) in cases.chunks(AT_ONCE).enumerate() {
            self.ask_and_tell(few, played, &mut line).await?;
            let is_last = (n + 1) * AT_ONCE >= cases.len();
            if line.rows() >= A_LINE || is_last {
                let (last, model) = (first + line.rows() - 1, &played.model);
                self.say
                    .line(format_args!("  rows {first:>3}–{last:<3}  {model}: {line}"))?;
                (line, first) = (Figures::default(), last + 1);
            }
            tokio::time::sleep(self.pause).await;
        }
        Ok(())
    }

    async fn ask_and_tell(
        &self,
        cases: &[Case],
        played: &mut Played,
        line: &mut Figures,
    ) -> anyhow::Result<()> {
        let target = self.stage.spec.schema.target();
        let rows: Vec<&Value> = cases.iter().map(|case| &case.row).collect();
        let answers: Predictions = self.visitor.post("/v1/predict", &json!(rows)).await?;
        let mut labels = Vec::new();
        for (case, prediction) in cases.iter().zip(answers.predictions) {
            let prediction = prediction.context("a row was not answered")?;
            let label = target.label(case.positive);
            let right = prediction.label.0 == *label;
            for figures in [&mut played.figures, &mut *line] {
                figures.update(prediction.probability, right, case.positive);
            }
            played.model = prediction.model;
            played.last = prediction.id.context("a prediction without an id")?;
            labels.push(json!({"id": played.last, "label": label}));
        }
        let _: Labelled = self.visitor.post("/v1/labels", &json!(labels)).await?;
        Ok(())
    }
}
