//! Prints the result of the gate in a few lines.

use super::say::Say;
use crate::promotion::gate::Gate;

/// Says what the gate saw.
pub fn tell(say: Say, gate: &Gate) -> anyhow::Result<()> {
    let text = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| format!("{v:.3}"));
    let loss = &gate.log_loss;
    say.line(format_args!(
        "  {} rows the champion never saw; log loss {} of the champion, {} of the candidate",
        gate.rows,
        text(loss.champion),
        text(loss.candidate)
    ))?;
    say.line(format_args!(
        "  difference {}, between {} and {}; right alone: champion {}, candidate {}, p = {:.2e}",
        text(loss.difference),
        text(loss.low),
        text(loss.high),
        gate.mcnemar.champion_right,
        gate.mcnemar.candidate_right,
        gate.mcnemar.p_value
    ))?;
    for floor in &gate.floors {
        say.line(format_args!(
            "  floor: {} {} against {}, {}",
            floor.metric,
            text(floor.value),
            floor.shown(),
            if floor.holds { "holds" } else { "missed" }
        ))?;
    }
    Ok(())
}
