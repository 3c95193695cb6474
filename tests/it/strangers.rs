//! Names, levels, ids and free text of strangers: markup, text from right to left, emoji, null bytes, ten thousand characters.
//! They are shown harmlessly by the pages, the reports and the terminal, and stay exact in JSON.

use std::fmt::Write as _;
use std::sync::Arc;

use reqwest::Method;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use titanic_platform::app::First;
use titanic_platform::clock::System;

use crate::cli::{Folder, QUICK};
use crate::server::{Server, copy};

/// The name of a column, and one of its levels.
const NAME: &str = "<b onmouseover=alert(1)>\u{202e}name\u{200f}😀\u{1b}[31m";
const LEVEL: &str = "</td><script>alert(1)</script>\u{2067}a\u{0}b\u{7}";
const FORMULA: &str = "=HYPERLINK(\"http://127.0.0.1\")";

fn long() -> String {
    "very_long_".repeat(1_000)
}

/// A table whose header and levels are those of strangers.
fn table() -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut table = format!("{},{},id,n,y\n", quoted(NAME), quoted(&long()));
    for i in 0..240_u32 {
        let y = u32::from(i.wrapping_mul(2_654_435_761) >> 16 & 3 > u32::from(i % 2 == 0));
        let level = [LEVEL, FORMULA, "plain"][i as usize % 3];
        let free = ["u", "v"][i as usize % 2];
        writeln!(
            table,
            "{},{},{},{},{y}",
            quoted(level),
            free.repeat(40),
            quoted(&format!("{LEVEL}{i}")),
            i * 37 % 101
        )
        .unwrap();
    }
    table
}

/// A folder with a model of the table.
pub fn trained() -> Folder {
    let folder = Folder::new();
    folder.put("odd.csv", table());
    let inferred = folder.run("spec infer odd.csv --target y").ok();
    folder.put("odd.yaml", inferred.out);
    folder
        .run(&format!("train odd.csv --spec odd.yaml {QUICK}"))
        .ok();
    folder
}

/// A copy of its state, for a server.
pub fn state(folder: &Folder) -> TempDir {
    let state = tempfile::tempdir().unwrap();
    copy(&folder.path("state"), state.path());
    state
}

fn row(level: &str) -> Value {
    let mut row = Map::new();
    row.insert(NAME.into(), level.into());
    row.insert(long(), "u".repeat(40).into());
    row.insert("n".into(), 5.into());
    row.into()
}

/// Predicts rows of strangers and quarantines one; gives the id of a prediction.
pub async fn predicted(server: &Server) -> String {
    let (status, made) = server.post("/v1/predict", &row(LEVEL)).await;
    assert_eq!(status, 200, "{made}");
    let mut bad = row(FORMULA);
    bad["n"] = format!("{LEVEL}{}", long()).into();
    let (status, kept) = server.post("/v1/rows", &json!([bad])).await;
    assert_eq!(
        (status.as_u16(), &kept["quarantined"]),
        (200, &json!(1)),
        "{kept}"
    );
    made["id"].as_str().unwrap().to_owned()
}

/// What must not be in a text that a person looks at.
fn hidden(text: &str) -> Option<char> {
    let is_hidden = |c: &char| {
        let is_layout = matches!(c, '\n' | '\t');
        c.is_control() && !is_layout
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().find(is_hidden)
}

/// The texts of an HTML document, without its tags.
fn texts(html: &str) -> String {
    let parts = html.split('<').skip(1);
    parts
        .filter_map(|part| part.split_once('>'))
        .map(|(_, text)| text)
        .collect()
}

/// An HTML document in which nothing of a stranger is markup or hidden.
fn check_html(what: &str, html: &str) {
    for tag in ["<b ", "<script>", "</td><s"] {
        assert!(!html.contains(tag), "{what}: {tag}");
    }
    let found = hidden(&texts(html));
    assert_eq!(found, None, "{what}");
}

#[test]
fn the_terminal_shows_them_harmlessly_and_the_reports_as_well() {
    let folder = trained();
    for line in [
        "spec infer odd.csv --target y",
        "explore odd.csv --target y -o odd.html",
        "explore odd.csv --against odd.csv -o both.html",
        "evaluate odd.csv",
        "drift --reference odd.csv --current odd.csv",
        "models list",
        "models show 1",
        "report -o odd.pdf --html report.html",
    ] {
        let ran = folder.run(line).ok();
        for text in [&ran.out, &ran.err] {
            assert_eq!(hidden(text), None, "{line}: {text}");
        }
        // A name of ten thousand characters does not fill the screen; the spec must be exact.
        if line.starts_with("spec") {
            continue;
        }
        let widest = ran
            .out
            .lines()
            .map(|l| l.chars().count())
            .max()
            .unwrap_or(0);
        assert!(widest < 2_000, "{line}: {widest}");
    }
    for file in ["odd.html", "both.html", "report.html"] {
        let html = folder.text(file);
        check_html(file, &html);
        assert!(html.contains("[U+202E]name[U+200F]😀[U+001B]"), "{file}");
    }
    let pdf = std::fs::read(folder.path("odd.pdf")).unwrap();
    assert!(
        pdf.starts_with(b"%PDF-1.7") && pdf.len() < 2 << 20,
        "{}",
        pdf.len()
    );
    // JSON is exact.
    let explored = folder.run("explore odd.csv --target y --json").ok().json();
    assert_eq!(explored["columns"][0]["name"], NAME);
    let report = folder.run("report -o again.pdf --json").ok().out;
    assert!(
        report.contains("\\u001b[31m") || report.contains("\\u{1b}"),
        "the name stands in full"
    );
}

#[test]
#[ignore = "needs pdftotext; .ci/run installs it"]
fn the_pdf_writes_them_out() {
    let folder = trained();
    folder.run("report -q -o odd.pdf").ok();
    let ran = std::process::Command::new("pdftotext")
        .args([
            "-raw".as_ref(),
            folder.path("odd.pdf").as_os_str(),
            "-".as_ref(),
        ])
        .output()
        .unwrap();
    let text = String::from_utf8(ran.stdout)
        .unwrap()
        .replace('\u{c}', "\n");
    assert_eq!(hidden(&text), None);
    let whole: String = text.split_whitespace().collect();
    assert!(
        whole.contains("[U+202E]name[U+200F][U+1F600][U+001B][31m"),
        "{text}"
    );
}

#[tokio::test]
async fn the_pages_show_them_harmlessly() {
    let folder = trained();
    let change =
        |settings: &mut titanic_platform::config::Settings| settings.retrain.enabled = false;
    let server = Server::over(state(&folder), change, First::bundled(), Arc::new(System))
        .await
        .unwrap();
    let id = predicted(&server).await;
    let (status, _) = server
        .post(
            "/v1/silences",
            &json!({"matchers": [format!("alertname={LEVEL}")], "for": "1h", "comment": LEVEL}),
        )
        .await;
    assert!(status.as_u16() < 500);
    let one = format!("/predictions/{id}");
    for path in [
        "/",
        "/predict",
        "/timeline",
        "/models",
        "/models/1",
        "/data",
        "/alerts",
        "/settings",
        &one,
        "/docs",
        "/fragments/loop",
    ] {
        let response = server.request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        check_html(path, &response.text().await.unwrap());
    }
    // The script needs the exact name of a column, in an attribute.
    let form = server
        .request(Method::GET, "/predict")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let name = NAME.replace('<', "&lt;").replace('>', "&gt;");
    assert!(form.contains(&format!("data-column=\"{name}\"")));
    assert!(form.contains("[U+202E]name[U+200F]😀[U+001B][31m"));
    // REST is exact.
    let stored = server.get(&format!("/v1/predictions/{id}")).await;
    assert_eq!(stored["row"][NAME], LEVEL);
    server.stop().await;
}
