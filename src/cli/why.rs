//! Subcommand `why`: all that is known of a prediction, a model version, an alert or a verdict, as the page shows it.

use clap::Args;
use serde_json::Value;

use super::exit::Exit;
use super::out::{outln, print_json};
use super::remote::Opened;
use super::site::Site;
use super::table;
use crate::report::visible;
use crate::serve::views::{
    Event, LedgerLine, Line, Why, WhyAlert, WhyModel, WhyPrediction, WhyVerdict,
};
use crate::serve::why;

#[derive(Debug, Args)]
pub struct WhyArgs {
    /// Id of a prediction or an alert, full name of a version such as titanic@7, or number of a verdict's event
    id: String,
}

pub fn run(args: &WhyArgs, site: &Site) -> anyhow::Result<Exit> {
    let why: Why = match Opened::of(site)? {
        Opened::File(file) => why::find(&file, &site.registry, &args.id)?,
        Opened::Server(remote) => remote.get(&format!("/v1/why/{}", escaped(&args.id)))?,
    };
    if site.json {
        print_json(&serde_json::to_value(&why)?)?;
        return Ok(Exit::Done);
    }
    match &why {
        Why::Prediction(prediction) => print_prediction(prediction)?,
        Why::Model(model) => print_model(model)?,
        Why::Alert(alert) => print_alert(alert)?,
        Why::Verdict(verdict) => print_verdict(verdict)?,
    }
    Ok(Exit::Done)
}

/// An id as one segment of a path.
fn escaped(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let escaped = id.bytes().map(|byte| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    escaped.collect()
}

fn print_prediction(why: &WhyPrediction) -> anyhow::Result<()> {
    let WhyPrediction {
        about: _,
        id,
        event,
        truth,
        model,
        features,
        explanation,
        windows,
        versions,
        notes,
    } = why;
    let member = |name: &str| event.members.get(name).map_or_else(|| "–".into(), word);
    outln!(
        "prediction {}, event {}, {}",
        visible(id),
        event.seq,
        event.time
    );
    outln!(
        "{} answered {} with probability {}",
        member("model"),
        member("label"),
        member("probability")
    );
    match truth {
        Some(truth) => outln!("the label is {}", visible(&truth.to_string())),
        None => outln!("no label is known"),
    }
    if let Some(row) = event.members.get("row").and_then(Value::as_object) {
        let mut cells = table::new(["column", "value"]);
        for (column, value) in row {
            cells.add_row([visible(column).into_owned(), word(value)]);
        }
        outln!("\n{}", table::text(&cells));
    }
    if let Some(explanation) = explanation {
        let mut parts = table::new(["contribution of", "value", "probability"]);
        parts.add_row([
            "(mean)".to_owned(),
            String::new(),
            format!("{:.4}", explanation.base),
        ]);
        for part in &explanation.contributions {
            let value = part
                .value
                .as_ref()
                .map(|value| visible(&value.to_string()).into_owned());
            let value = value.unwrap_or_else(|| "–".into());
            parts.add_row([
                part.column.clone(),
                value,
                format!("{:+.4}", part.contribution),
            ]);
        }
        outln!("\n{}", table::text(&parts));
    }
    if !features.is_empty() {
        let mut values = table::new(["feature", "value"]);
        for feature in features {
            let value = feature.value.map(|value| format!("{value:.4}"));
            let value = value.unwrap_or_else(|| "missing".into());
            values.add_row([feature.name.clone(), value]);
        }
        outln!("\n{}", table::text(&values));
    }
    if let Some(model) = model {
        outln!("\n{}", version(model));
    }
    match &windows[..] {
        [] => outln!("no verdict on a window with this prediction is stored (yet)"),
        windows => {
            outln!("verdicts on windows with this prediction:");
            print_events(windows)?;
        }
    }
    if !versions.is_empty() {
        let mut answers = table::new(["other version", "role", "label", "probability"]);
        for other in versions {
            let label = other.label.as_ref().map(|label| label.0.to_string());
            let probability = other.probability.map(|p| format!("{p:.4}"));
            answers.add_row([
                other.model.clone(),
                serde_json::to_value(other.role).map(|role| word(&role))?,
                label.unwrap_or_else(|| "–".into()),
                probability
                    .or_else(|| other.error.clone())
                    .unwrap_or_default(),
            ]);
        }
        outln!("\n{}", table::text(&answers));
    }
    for note in notes {
        outln!("{note}");
    }
    Ok(())
}

fn print_model(why: &WhyModel) -> anyhow::Result<()> {
    outln!("{}", version(&why.model));
    for LedgerLine {
        time,
        action,
        previous,
        by,
        reason,
        ..
    } in &why.history
    {
        let previous = previous.as_ref().map(|name| format!(" after {name}"));
        let previous = previous.unwrap_or_default();
        let action = word(&serde_json::to_value(action)?);
        outln!("{time}  {action}{previous}, by {by}: {reason}");
    }
    Ok(())
}

fn print_alert(why: &WhyAlert) -> anyhow::Result<()> {
    outln!("alert {}", why.id);
    print_events(&why.events)?;
    if let Some(verdict) = &why.verdict {
        outln!("the verdict before it:");
        print_events(std::slice::from_ref(verdict))?;
    }
    Ok(())
}

fn print_verdict(why: &WhyVerdict) -> anyhow::Result<()> {
    print_events(std::slice::from_ref(&why.event))?;
    outln!("{}", serde_json::to_string_pretty(&why.event.members)?);
    print_events(&why.alerts)
}

/// Prints events of rare kinds, one a line.
fn print_events(events: &[Event]) -> anyhow::Result<()> {
    for event in events {
        let member = |name: &str| event.members.get(name).filter(|value| !value.is_null());
        let names = ["rule", "about", "subject", "state", "change", "model"];
        let words: Vec<String> = names.iter().filter_map(|n| member(n)).map(word).collect();
        outln!(
            "{}  event {}: {} {}",
            event.time,
            event.seq,
            event.kind,
            words.join(" · ")
        );
    }
    Ok(())
}

fn version(line: &Line) -> String {
    let Line {
        model,
        trained,
        learner,
        role,
        ..
    } = line;
    let unknown = "?".to_owned();
    let role = serde_json::to_value(role).map_or_else(|_| unknown.clone(), |role| word(&role));
    format!(
        "{model}: {}, trained {}, {role}",
        learner.as_ref().unwrap_or(&unknown),
        trained.as_ref().unwrap_or(&unknown)
    )
}

/// A JSON value as people write it. Texts of rows and ids come from strangers.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => visible(text).into_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_segment_of_a_path() {
        for (id, expected) in [
            ("titanic@7", "titanic%407"),
            ("order/7 ?", "order%2F7%20%3F"),
            ("ü", "%C3%BC"),
        ] {
            assert_eq!(escaped(id), expected);
        }
    }
}
