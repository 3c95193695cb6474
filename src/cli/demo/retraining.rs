//! Third act of the demo: the server retrains by itself, keeps responding meanwhile, and swaps the model if the gate passes.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::gate;
use super::story::Story;

/// Interval between two polls of the job.
const LOOK: Duration = Duration::from_millis(50);

/// Maximum wait for the training to start; the demo polls every quarter of a second.
const PATIENCE: Duration = Duration::from_secs(30);

impl Story<'_> {
    /// Waits for the training that the labels trigger; returns its result.
    pub(super) async fn retraining(&self) -> anyhow::Result<Value> {
        let labels = self.stage.labels;
        self.say.act(
            "retrain",
            format_args!("{labels} labels have come, retrain.labels being {labels}"),
        )?;
        let begun = Instant::now();
        let (mut asked, mut slowest) = (0, Duration::ZERO);
        let job = loop {
            let jobs = self.visitor.get("/v1/jobs").await?;
            match jobs["jobs"].get(0) {
                Some(job) if is_over(job) => break job.clone(),
                None if begun.elapsed() > PATIENCE => bail!("no training began on its own"),
                _ => {}
            }
            slowest = slowest.max(self.ask_one().await?);
            asked += 1;
            tokio::time::sleep(LOOK).await;
        };
        if job["state"] != "done" {
            bail!("the training is {}: {}", job["state"], job["error"]);
        }
        self.say.line(format_args!(
            "  trained in {:.1} s; {asked} rows were answered meanwhile, the slowest in {:.1} ms",
            begun.elapsed().as_secs_f64(),
            1e3 * slowest.as_secs_f64(),
        ))?;
        let result = &job["result"];
        gate::tell(self.say, &result["gate"])?;
        let model = result["model"].as_str().context("no model came of it")?;
        let promoted = result["promoted"] == true;
        self.say.line(format_args!(
            "  {model} is {}: {}",
            if promoted { "promoted" } else { "not promoted" },
            result["reason"].as_str().unwrap_or_default()
        ))?;
        Ok(result.clone())
    }

    /// Sends one row that never gets a label; returns the response time.
    async fn ask_one(&self) -> anyhow::Result<Duration> {
        let row = &self.stage.traffic.during[0].row;
        let begun = Instant::now();
        self.visitor.post("/v1/predict", &json!(row)).await?;
        Ok(begun.elapsed())
    }
}

fn is_over(job: &Value) -> bool {
    !matches!(job["state"].as_str(), Some("queued" | "running"))
}
