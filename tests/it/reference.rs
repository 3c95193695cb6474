//! Checks that the pages of `docs/reference` match the tables in the code. `BLESS=1 cargo test
//! --test it reference` regenerates them.

use std::fmt::Write;
use std::path::Path;

use titanic_platform::config::BUILT_IN;
use titanic_platform::serve::problem::kind::KINDS;
use titanic_platform::telemetry::metrics::TABLE;

use crate::case::TITANIC;
use crate::server::Server;

const NOTE: &str =
    "Generated from the tables in the code by `tests/it/reference.rs`; not to be edited by hand.";

fn check(name: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/reference")
        .join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, page).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        there, page,
        "docs/reference/{name} is out of date: BLESS=1 writes it anew"
    );
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn the_page_of_metrics_is_the_table_of_metrics() {
    let mut page = format!(
        "# Metrics\n\n{NOTE}\n\nEvery name is on a fresh `/metrics`, in the Prometheus text format, beside `process_*`. Rules, rule tests and a dashboard are in\n`deployment/monitoring`.\n\n| metric | type | meaning |\n|---|---|---|\n"
    );
    for (name, kind, help) in TABLE {
        writeln!(page, "| `{name}` | {kind} | {} |", cell(help)).unwrap();
    }
    check("metrics.md", &page);
}

#[test]
fn the_page_of_errors_is_the_table_of_problems() {
    let mut page = format!(
        "# Errors\n\n{NOTE}\n\nAn error is a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)): `type`, `title`, `status`, `detail`, and\n`errors` with one entry for each fault. `type` is an anchor of the server's own `/docs`.\n\n| type | status | title |\n|---|---|---|\n"
    );
    for kind in KINDS {
        writeln!(
            page,
            "| `{}` | {} | {} |",
            kind.uri(&Default::default()),
            kind.status,
            kind.title
        )
        .unwrap();
    }
    check("errors.md", &page);
}

#[tokio::test]
async fn the_page_of_routes_is_the_openapi_document() {
    let server = Server::of(&TITANIC).await;
    let document = server.get("/openapi.json").await;
    let mut page = format!(
        "# Routes\n\n{NOTE}\n\nParameters, bodies and responses are in `/openapi.json` of a running server, to be read at `/docs`, with the rows of its live\nmodel. Which scope a route needs: [settings and state](../settings.md#scopes).\n\n| route | |\n|---|---|\n"
    );
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let summary = operation["summary"].as_str().unwrap();
            writeln!(
                page,
                "| `{} {path}` | {} |",
                method.to_uppercase(),
                cell(summary)
            )
            .unwrap();
        }
    }
    check("routes.md", &page);
}

/// A setting: its key, its default as written, and the comment above it.
struct Setting {
    key: String,
    default: String,
    comment: String,
}

/// Parses the settings of `config.yaml`. Comment lines that are indented further are examples and are left out.
fn settings(text: &str) -> Vec<Setting> {
    let (mut found, mut path, mut comment) =
        (Vec::new(), Vec::<(usize, String)>::new(), String::new());
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim();
        if let Some(said) = line.strip_prefix('#') {
            if !said.starts_with("   ") {
                comment.push_str(said.trim());
                comment.push(' ');
            }
            continue;
        }
        let Some((key, default)) = line.split_once(':') else {
            comment.clear();
            continue;
        };
        path.retain(|(at, _)| *at < indent);
        let parents: String = path.iter().map(|(_, key)| format!("{key}.")).collect();
        path.push((indent, key.into()));
        found.push(Setting {
            key: format!("{parents}{key}"),
            default: default.split(" #").next().unwrap().trim().into(),
            comment: std::mem::take(&mut comment).trim().into(),
        });
    }
    found
}

#[test]
fn the_page_of_settings_is_the_built_in_file() {
    let mut page = format!(
        "# Settings\n\n{NOTE}\n\nThe defaults are those of [`config.yaml`](../../config.yaml), which also has examples. `TITANIC_SERVER__LISTEN` in the\nenvironment sets `server.listen`. How the layers work: [settings and state](../settings.md).\n\n| setting | default | |\n|---|---|---|\n"
    );
    for setting in settings(BUILT_IN) {
        let default = match setting.default.as_str() {
            "" => String::new(),
            default => format!("`{}`", cell(default)),
        };
        writeln!(
            page,
            "| `{}` | {default} | {} |",
            setting.key,
            cell(&setting.comment)
        )
        .unwrap();
    }
    check("settings.md", &page);
}
