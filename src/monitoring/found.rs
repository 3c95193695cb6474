//! Alert conditions for drift and decay.

use crate::alert::{Condition, Rule};
use crate::monitor::performance::Fired;
use crate::monitor::verdict::Verdict;

pub(super) fn drifted(model: &str, verdict: &Verdict) -> Option<Condition> {
    let change = verdict.change()?;
    let p = verdict.drift.columns.iter().filter_map(|c| c.p_adjusted);
    let retrain = verdict.retrain.as_ref();
    let retrain = retrain.map_or(String::new(), |retrain| match retrain.asked {
        true => "A training is requested.".into(),
        false => format!("Retraining suppressed: {}.", retrain.why),
    });
    let rows = verdict.drift.rows;
    let sampled = verdict.batch.map_or(String::new(), |rows| {
        format!(", a sample of the {rows} of one request,")
    });
    let description = format!(
        "{} predictions{sampled} against {} training rows of {model}, level {}. {retrain}",
        rows.current, rows.reference, verdict.drift.level
    );
    let subject = match &verdict.slice {
        Some(slice) => format!("{model} {slice}"),
        None => model.to_owned(),
    };
    let summary = format!("Drift: {change}");
    let mut condition = Condition::holds(Rule::Drift, subject, summary)
        .describe(description)
        .value(p.fold(1.0, f64::min))
        .label("model", model);
    if let Some(slice) = &verdict.slice {
        condition = condition.label("slice", slice.to_string()).within(model);
    }
    Some(condition)
}

pub(super) fn decayed(model: &str, fired: &Fired) -> Condition {
    Condition::holds(Rule::Decay, model, fired.says.clone())
        .describe("GET /v1/monitor has the metrics; it ends once a full window of labels shows that the error is gone.")
        .value(fired.change.after.mean)
        .label("model", model)
        .label("detector", &fired.detector)
}
