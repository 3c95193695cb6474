//! The server retrains by itself, keeps responding meanwhile, and swaps the model if the gate passes.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::story::{LOOK, PATIENCE, Story};
use crate::control::jobs::{JobView, Made, Product};
use crate::serve::views::{Event, Events, Jobs, Prediction};

impl Story<'_> {
    /// Waits for the end of the training that the verdict begins; gives it with the time at which it was begun.
    pub(super) async fn training(&self) -> anyhow::Result<(Timestamp, Made)> {
        let begun = Instant::now();
        let (mut asked, mut slowest) = (0, Duration::ZERO);
        let job = loop {
            let Jobs { jobs } = self.visitor.get("/v1/jobs").await?;
            match jobs.into_iter().find(|job| job.kind == "train") {
                Some(job) if job.state.is_final() => break job,
                None if begun.elapsed() > PATIENCE => bail!("no training began on its own"),
                _ => {}
            }
            slowest = slowest.max(self.ask_one(asked).await?);
            asked += 1;
            tokio::time::sleep(LOOK).await;
        };
        let time = made_at(&job).context("the training has no time")?;
        let Some(Product::Version(made)) = job.result else {
            let why = job.error.unwrap_or_default();
            bail!("the training is {}: {why}", job.state.word());
        };
        self.say.line(format_args!(
            "  trained in {:.1} s; {asked} rows were answered meanwhile, the slowest in {:.1} ms",
            begun.elapsed().as_secs_f64(),
            1e3 * slowest.as_secs_f64(),
        ))?;
        Ok((time, made))
    }

    /// The ledger's line about a version, as the event that the server makes of it.
    pub(super) async fn line(&self, action: &str, model: &str) -> anyhow::Result<Line> {
        let begun = Instant::now();
        loop {
            let path = "/v1/events?kind=model&limit=10000";
            let Events { events, .. } = self.visitor.get(path).await?;
            let is_it = |event: &Event| event.id == model && event.members["action"] == action;
            if let Some(event) = events.into_iter().find(is_it) {
                return Line::of(&event);
            }
            if begun.elapsed() > PATIENCE {
                bail!("the event {action} of {model} was never stored");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Sends a row as a trial: stored, it would count in the monitor's windows, and they would depend on how long the training
    /// takes. Returns the response time.
    async fn ask_one(&self, n: usize) -> anyhow::Result<Duration> {
        let rows = &self.stage.traffic.during;
        let row = &rows[n % rows.len()].row;
        let begun = Instant::now();
        let _: Prediction = self
            .visitor
            .post("/v1/predict?store=false", &json!(row))
            .await?;
        Ok(begun.elapsed())
    }
}

/// When a job was created: its id contains the time.
fn made_at(job: &JobView) -> Option<Timestamp> {
    let (seconds, nanos) = Uuid::try_parse(&job.id).ok()?.get_timestamp()?.to_unix();
    Timestamp::new(seconds.try_into().ok()?, nanos.try_into().ok()?).ok()
}

/// A line of the ledger.
pub(super) struct Line {
    pub(super) time: Timestamp,
    /// What ordered it.
    pub(super) by: String,
}

impl Line {
    fn of(event: &Event) -> anyhow::Result<Line> {
        let text = |key: &str| event.members.get(key).and_then(Value::as_str);
        let time = text("ledger_time").context("a model event without its time")?;
        Ok(Line {
            time: time.parse()?,
            by: text("by").unwrap_or_default().into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::control::jobs::State;

    #[test]
    fn the_id_of_a_job_has_its_time() {
        let time: Timestamp = "2026-01-31T09:15:00.250Z".parse().unwrap();
        let job = JobView {
            id: clock::id(time).to_string(),
            kind: "train".into(),
            state: State::Done,
            progress: 1.0,
            result: None,
            error: None,
        };
        assert_eq!(made_at(&job), Some(time));
    }
}
