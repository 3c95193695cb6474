//! Third act of the demo: the server retrains by itself, keeps responding meanwhile, and swaps the model if the gate passes.

use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::json;

use super::gate;
use super::story::Story;
use crate::control::jobs::{Made, Product};
use crate::serve::views::{Jobs, Prediction};

/// Interval between two polls of the job.
const LOOK: Duration = Duration::from_millis(50);

/// Maximum wait for the training to start; the demo polls every quarter of a second.
const PATIENCE: Duration = Duration::from_secs(30);

impl Story<'_> {
    /// Waits for the training that the labels begin; gives what came of it.
    pub(super) async fn retraining(&self) -> anyhow::Result<Made> {
        let labels = self.stage.labels;
        self.say.act(
            "retrain",
            format_args!("{labels} labels have come, retrain.labels being {labels}"),
        )?;
        let begun = Instant::now();
        let (mut asked, mut slowest) = (0, Duration::ZERO);
        let job = loop {
            let Jobs { jobs } = self.visitor.get("/v1/jobs").await?;
            match jobs.into_iter().next() {
                Some(job) if job.state.is_final() => break job,
                None if begun.elapsed() > PATIENCE => bail!("no training began on its own"),
                _ => {}
            }
            slowest = slowest.max(self.ask_one().await?);
            asked += 1;
            tokio::time::sleep(LOOK).await;
        };
        let Some(Product::Version(made)) = job.result else {
            let why = job.error.unwrap_or_default();
            bail!("the training is {}: {why}", job.state.word());
        };
        self.say.line(format_args!(
            "  trained in {:.1} s; {asked} rows were answered meanwhile, the slowest in {:.1} ms",
            begun.elapsed().as_secs_f64(),
            1e3 * slowest.as_secs_f64(),
        ))?;
        gate::tell(self.say, made.gate.as_ref())?;
        let deed = match made.promoted {
            true => "promoted",
            false => "not promoted",
        };
        self.say
            .line(format_args!("  {} is {deed}: {}", made.model, made.reason))?;
        Ok(made)
    }

    /// Sends one row that never gets a label; returns the response time.
    async fn ask_one(&self) -> anyhow::Result<Duration> {
        let row = &self.stage.traffic.during[0].row;
        let begun = Instant::now();
        let _: Prediction = self.visitor.post("/v1/predict", &json!(row)).await?;
        Ok(begun.elapsed())
    }
}
