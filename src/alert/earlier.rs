//! Stored alert state of earlier releases: two rules had other names then.

use serde_json::{Map, Value};

use super::condition::{self, Rule};
use super::outbox::Row;
use super::state::{State, fingerprint, group};

/// Rules by the name that stores up to revision 4 have for them.
const RENAMED: [(&str, Rule); 2] = [
    ("refused", Rule::Rejected),
    ("loss", Rule::DroppedPredictions),
];

/// Reads stored alert state, of this release or an earlier one. A firing alert goes on under the new name of its rule, so that
/// its receivers are notified of its end.
pub fn state(json: &str) -> Result<State, serde_json::Error> {
    let mut state: Value = serde_json::from_str(json)?;
    for (name, rule) in RENAMED {
        rename(&mut state, name, rule);
    }
    serde_json::from_value(state)
}

/// Reads a stored notification, of this release or an earlier one. The body stays as it was sent.
pub fn row(json: &str) -> Result<Row, serde_json::Error> {
    let mut row: Value = serde_json::from_str(json)?;
    for (name, rule) in RENAMED {
        if row["rule"] == name {
            row["rule"] = condition::name(rule).into();
        }
    }
    serde_json::from_value(row)
}

fn rename(state: &mut Value, name: &str, rule: Rule) {
    let mut fingerprints = Vec::new();
    if let Some(alerts) = state["alerts"].as_object_mut() {
        let is_old = |alert: &Value| alert["rule"] == name;
        let old: Vec<String> = alerts
            .iter()
            .filter(|(_, alert)| is_old(alert))
            .map(|(key, _)| key.clone())
            .collect();
        for key in old {
            let Some(mut alert) = alerts.remove(&key) else {
                continue;
            };
            let new = fingerprint(rule, alert["subject"].as_str().unwrap_or_default());
            alert["rule"] = condition::name(rule).into();
            alerts.insert(new.clone(), alert);
            fingerprints.push((key, new));
        }
    }
    if let Some(groups) = state["groups"].as_object_mut() {
        let prefix = format!("{name}/");
        let old: Vec<String> = groups
            .keys()
            .filter(|key| key.starts_with(&prefix))
            .cloned()
            .collect();
        for key in old {
            let Some(mut told) = groups.remove(&key) else {
                continue;
            };
            if let Some(known) = told["told"].as_object_mut() {
                rekey(known, &fingerprints);
            }
            groups.insert(group(rule, &key[prefix.len()..]), told);
        }
    }
}

fn rekey(map: &mut Map<String, Value>, keys: &[(String, String)]) {
    for (old, new) in keys {
        if let Some(value) = map.remove(old) {
            map.insert(new.clone(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_of_an_earlier_release_goes_on_under_its_new_name() {
        // As release 0.1 wrote it: the fingerprint is the first eight bytes of SHA-256 of "refused\0predictions".
        let old = "75d1f107ed35c58e";
        let json = format!(
            r#"{{"alerts":{{"{old}":{{"id":"a","rule":"refused","subject":"predictions","labels":{{}},"summary":"s",
            "description":"","value":0.5,"within":null,"active":true,"changed":"2026-01-01T00:00:00Z","phase":"firing",
            "since":"2026-01-01T00:00:00Z","starts_at":"2026-01-01T00:00:00Z","ends_at":null,"silenced":false}}}},
            "silences":[],"groups":{{"refused/log":{{"told":{{"{old}":"2026-01-01T00:00:00Z"}},"last":null,"due":null}}}}}}"#
        );
        let read = state(&json).unwrap();
        let new = fingerprint(Rule::Rejected, "predictions");
        assert_eq!(read.alerts[&new].rule, Rule::Rejected);
        assert_eq!((read.alerts.len(), read.groups.len()), (1, 1));
        assert!(read.groups["rejected/log"].told.contains_key(&new));
        // What this release writes is read as it is.
        let text = serde_json::to_string(&read).unwrap();
        assert_eq!(state(&text).unwrap(), read);
    }
}
