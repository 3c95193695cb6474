//! The shipped files for Prometheus and Grafana use only metrics that `/metrics` shows; promtool checks
//! them if it is installed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use titanic_platform::telemetry::metrics::NAMES;

use crate::server::Server;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deployment/monitoring")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

/// Names of our metrics in an expression, without the suffixes of histograms.
fn named(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("titanic_"));
    ours.map(|word| {
        let parts = ["_bucket", "_sum", "_count"];
        let whole = parts.iter().find_map(|part| word.strip_suffix(part));
        whole
            .filter(|name| NAMES.contains(name))
            .unwrap_or(word)
            .to_owned()
    })
    .collect()
}

/// Collects all values of a key at any depth.
fn values<'v>(key: &str, document: &'v Value, found: &mut Vec<&'v str>) {
    match document {
        Value::Object(entries) => entries.iter().for_each(|(name, value)| {
            found.extend(value.as_str().filter(|_| name == key));
            values(key, value, found);
        }),
        Value::Array(items) => items.iter().for_each(|item| values(key, item, found)),
        _ => {}
    }
}

/// Expressions of the dashboard and of the rules.
fn expressions() -> Vec<(&'static str, String)> {
    let dashboard: Value = serde_json::from_str(&read("dashboard.json")).unwrap();
    let rules: Value = serde_saphyr::from_str(&read("rules.yml")).unwrap();
    let mut all = Vec::new();
    for (file, document) in [("dashboard.json", &dashboard), ("rules.yml", &rules)] {
        let mut found = Vec::new();
        values("expr", document, &mut found);
        values("query", document, &mut found);
        assert!(found.len() > 10, "{file}: {found:?}");
        all.extend(found.into_iter().map(|text| (file, text.to_owned())));
    }
    all
}

#[tokio::test]
async fn every_expression_names_a_metric_that_is_shown() {
    let server = Server::start().await;
    let page = server.metrics().await;
    let mut faults = Vec::new();
    for (file, expression) in expressions() {
        let names = named(&expression);
        if names.is_empty() && expression != "prometheus" {
            faults.push(format!("{file}: {expression}: no metric of ours"));
        }
        for name in names
            .iter()
            .filter(|n| !page.contains(&format!("# TYPE {n} ")))
        {
            faults.push(format!("{file}: {expression}: {name} is not on /metrics"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    server.stop().await;
}

#[test]
fn every_rule_has_cases_that_fire_and_do_not() {
    let rules: Value = serde_saphyr::from_str(&read("rules.yml")).unwrap();
    let cases: Value = serde_saphyr::from_str(&read("rules_test.yml")).unwrap();
    let mut alerts = Vec::new();
    values("alert", &rules, &mut alerts);
    let mut tried = Vec::new();
    for test in cases["tests"].as_array().unwrap() {
        for case in test["alert_rule_test"].as_array().unwrap() {
            let fires = !case["exp_alerts"].as_array().unwrap().is_empty();
            tried.push((case["alertname"].as_str().unwrap(), fires));
        }
    }
    for alert in alerts {
        for fires in [true, false] {
            assert!(tried.contains(&(alert, fires)), "{alert}, fires: {fires}");
        }
    }
}

fn promtool(arguments: &[&str], input: Option<&str>) {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = Command::new("promtool")
        .args(arguments)
        .current_dir(folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.unwrap_or("").as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "promtool {arguments:?}: {said}");
}

#[tokio::test]
#[ignore = "needs promtool; .ci/run installs it"]
async fn promtool_finds_nothing_wrong() {
    promtool(&["check", "rules", "rules.yml"], None);
    promtool(&["test", "rules", "rules_test.yml"], None);
    let server = Server::start().await;
    promtool(&["check", "metrics"], Some(&server.metrics().await));
    server.stop().await;
}
