//! Tables as other programs write them, read by every command and by the server: the predictions equal
//! those for the plain table.

use std::io::Write;

use crate::case::TITANIC;
use crate::cli::{Folder, QUICK};
use crate::server::Server;

/// Rows with a text, two numbers (one with fractions), a category and a target.
fn rows() -> Vec<[String; 5]> {
    let plan = ["basic", "Größe"];
    let row = |i: u32| {
        [
            (i + 1).to_string(),
            format!("{}.{:02}", 18 + i * 7 % 50, i % 100),
            (1000 + i * 137 % 2900).to_string(),
            plan[(i % 2) as usize].to_owned(),
            u32::from(i * 137 % 2900 > 1400).to_string(),
        ]
    };
    (0..120).map(row).collect()
}

const SPEC: &str = r#"
version: 1
name: m
target: {column: churn, positive: 1, negative: 0}
id: id
columns:
  - {name: age, kind: number}
  - {name: income, kind: number}
  - {name: plan, kind: category, levels: [basic, Größe]}
recipe:
  steps:
    - impute: {of: age, as: age}
    - impute: {of: income, as: income}
    - one_hot: {of: [plan]}
  features: [age, income, plan=*]
"#;

/// The table as text; `cell` formats a cell.
fn text(delimiter: &str, line: &str, cell: impl Fn(usize, &str) -> String) -> String {
    let head = ["id", "age", "income", "plan", "churn"].join(delimiter);
    let rows = rows();
    let lines = rows.iter().map(|row| {
        let cells = row.iter().enumerate().map(|(i, text)| cell(i, text));
        cells.collect::<Vec<_>>().join(delimiter)
    });
    let all: Vec<String> = std::iter::once(head).chain(lines).collect();
    all.join(line) + line
}

fn plain() -> String {
    text(",", "\n", |_, cell| cell.to_owned())
}

fn german() -> String {
    text(";", "\r\n", |i, cell| match i {
        1 => cell.replace('.', ","),
        2 => format!("{}.{}", &cell[..1], &cell[1..]),
        _ => cell.to_owned(),
    })
}

fn latin(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(c).unwrap()).collect()
}

fn trained() -> Folder {
    let folder = Folder::new();
    folder.put("s.yaml", SPEC);
    folder.put("plain.csv", plain());
    folder
        .run(&format!("--state m --spec s.yaml train plain.csv {QUICK}"))
        .ok();
    folder
}

fn answers(folder: &Folder, file: &str, flags: &str) -> (String, String) {
    let ran = folder
        .run(&format!("--state m predict {file} {flags}"))
        .ok();
    (ran.out, ran.err)
}

#[test]
fn a6_every_dialect_gives_the_answers_of_the_plain_table() {
    let folder = trained();
    let (expected, said) = answers(&folder, "plain.csv", "");
    assert!(!said.contains("read as"), "{said}");
    let check = |name: &str, content: &[u8], flags: &str, notice: &str| {
        folder.put(name, content);
        let (found, said) = answers(&folder, name, flags);
        assert!(found == expected, "{name}: {said}");
        assert!(said.contains(notice), "{name}: {said}");
    };
    let semicolons = text(";", "\r\n", |_, cell| cell.to_owned());
    let found = "semicolon.csv: read as text with ';' between cells";
    check("semicolon.csv", semicolons.as_bytes(), "", found);
    let marked = format!("\u{feff}sep=;\r\n{semicolons}");
    check("excel.csv", marked.as_bytes(), "", "';' between cells");
    let tabs = text("\t", "\r\n", |_, cell| cell.to_owned());
    check("t.tsv", tabs.as_bytes(), "", "");
    let utf16 = format!("\u{feff}{tabs}");
    let utf16: Vec<u8> = utf16.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let found = "tab between cells and encoding UTF-16LE";
    check("unicode.csv", &utf16, "", found);
    let all = "--format decimal=, --format thousands=. --format encoding=latin-1";
    check("german.csv", &latin(&german()), all, "");
    let index = plain().replace('\n', "\n7,");
    let index = format!(",{}", index.strip_suffix("7,").unwrap());
    let found = "the first column has no name: it holds row numbers and is passed over";
    check("index.csv", index.as_bytes(), "", found);
    let trailing = plain().replace('\n', ",\n");
    check("trailing.csv", trailing.as_bytes(), "", "");
    let noted = format!("made by hand\n{}# the end\n", plain());
    let flags = "--format skip=1 --format comment=#";
    check("noted.csv", noted.as_bytes(), flags, "");
}

#[test]
fn a6_the_spec_says_how_files_are_written_and_flags_win() {
    let folder = Folder::new();
    let format = "format: {decimal: \",\", thousands: \".\", encoding: latin-1}\n";
    folder.put("s.yaml", format!("{SPEC}{format}"));
    folder.put("german.csv", latin(&german()));
    folder.put("plain.csv", plain());
    let train = |file: &str, flags: &str| {
        let line = format!("--state m --spec s.yaml train {file} {QUICK} --json {flags}");
        let document = folder.run(&line).ok().json();
        (document["rows"].clone(), document["cv"].clone())
    };
    let german = train("german.csv", "");
    let flags = "--format decimal=. --format thousands=none --format encoding=auto";
    assert_eq!(german, train("plain.csv", flags));
    assert_eq!(german.0, 120);
    let figures = |file: &str, flags: &str| {
        let line = format!("--state m evaluate {file} --json {flags}");
        folder.run(&line).ok().json()["log_loss"].clone()
    };
    assert_eq!(figures("german.csv", ""), figures("plain.csv", flags));
    let ingested = folder
        .run("--state m ingest german.csv --out out.csv --json")
        .ok();
    assert_eq!(ingested.json()["stored"], 120, "{ingested:#?}");
    folder.put("bad.yaml", format!("{SPEC}format: {{delimiter: ';;'}}\n"));
    let said = folder.run("spec check bad.yaml").ended(4).out;
    assert!(said.contains("\";;\" is not a delimiter"), "{said}");
    let said = folder.run("--state m predict plain.csv --format encoding=klingon");
    assert!(
        said.ended(2)
            .err
            .contains("there is no encoding \"klingon\"")
    );
}

#[test]
fn a6_numbers_that_may_be_thousands_are_warned_of() {
    let folder = trained();
    let doubtful = text(",", "\n", |i, cell| match i {
        2 => format!("{}.{}", &cell[..1], &cell[1..]),
        _ => cell.to_owned(),
    });
    folder.put("doubtful.csv", doubtful);
    let expected = "income: 120 numbers that would be another one under the other decimal sign";
    for line in [
        "evaluate doubtful.csv",
        "predict doubtful.csv",
        "ingest doubtful.csv --out out.csv",
    ] {
        let ran = folder.run(&format!("--state m {line}")).ok();
        assert_eq!(ran.err.matches(expected).count(), 1, "{ran:#?}");
    }
}

#[test]
fn a12_other_shapes_of_json_and_pages_are_named() {
    let folder = trained();
    let check = |name: &str, content: &[u8], expected: &str| {
        folder.put(name, content);
        let said = folder.run(&format!("--state m predict {name}")).fails(1);
        assert!(
            said.starts_with(&format!("{name}: ")) && said.contains(expected),
            "{said}"
        );
    };
    let row = br#"{"age": 30, "income": 2000, "plan": "basic"}"#;
    let row = std::str::from_utf8(row).unwrap();
    let data = format!(r#"{{"data": [{row}]}}"#);
    check("data.json", data.as_bytes(), "--items data");
    let columns = br#"{"age": {"0": 30}, "income": {"0": 1}, "plan": {"0": "basic"}}"#;
    check("columns.json", columns, "orient=\"records\"");
    let nan = br#"[{"age": NaN, "income": 1}]"#;
    check("nan.json", nan, "NaN at line 1 column 10 is not JSON");
    let infinity = br#"[{"age": 1, "income": -Infinity}]"#;
    check("infinite.json", infinity, "-Infinity at line 1 column 23");
    check(
        "page.csv",
        b"<!DOCTYPE html>\n<html></html>",
        "it is an HTML page",
    );
    check("page.json", b"  <html>", "it is an HTML page");
    check("book.csv", b"PK\x03\x04rest", "an Excel workbook");

    let answered = |line: &str| folder.run(&format!("--state m predict {line}")).ok().out;
    folder.put("one.jsonl", format!("{row}\n{row}\n"));
    folder.put("lines.json", format!("{row}\n{row}\n"));
    folder.put(
        "two.json",
        format!(r#"{{"a": {{"data": [{row}, {row}]}}}}"#),
    );
    let expected = answered("one.jsonl");
    assert_eq!(answered("lines.json"), expected);
    assert_eq!(answered("two.json --items a.data"), expected);
}

#[test]
fn b4_a_document_that_unpacks_to_far_more_is_refused() {
    let folder = trained();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let blank = vec![b' '; 1 << 20];
    gzip.write_all(b"[").unwrap();
    (0..300).for_each(|_| gzip.write_all(&blank).unwrap());
    folder.put("bomb.json.gz", gzip.finish().unwrap());
    let said = folder.run("--state m predict bomb.json.gz").fails(1);
    assert!(said.contains("more than 256 MiB unpacked"), "{said}");
}

#[test]
fn a5_a_damaged_parquet_file_is_an_error_that_names_it() {
    let folder = trained();
    let fixture = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/parquet/whole.parquet"
    );
    let mut bytes = std::fs::read(fixture).unwrap();
    let end = bytes.len() - 40;
    bytes[end..end + 8].fill(0xff);
    folder.put("damaged.parquet", bytes);
    let said = folder.run("--state m predict damaged.parquet").fails(1);
    assert!(said.starts_with("damaged.parquet: "), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_request_bodies_are_read_by_what_they_say() {
    let server = Server::of(&TITANIC).await;
    let client = reqwest::Client::new();
    let ask = |media_type: &'static str, body: Vec<u8>| {
        let request = client
            .post(server.url("/v1/predict"))
            .header("content-type", media_type)
            .body(body);
        async { request.send().await.unwrap() }
    };
    let comma = "Pclass,Sex,Name\n1,female,\"Zoë, A\"\n";
    let expected = ask("text/csv", comma.into()).await.text().await.unwrap();
    let probability = |csv: &str| {
        let mut lines = csv.lines().map(|line| line.split(','));
        let (mut head, mut row) = (lines.next().unwrap(), lines.next().unwrap());
        let place = head.position(|name| name == "probability").unwrap();
        row.nth(place).unwrap().to_owned()
    };
    let others: [(&'static str, Vec<u8>); 4] = [
        (
            "text/csv",
            comma.replace(',', ";").replace("ë;", "ë,").into(),
        ),
        ("text/csv; charset=UTF8", comma.into()),
        ("text/csv; charset=latin-1", latin(comma)),
        (
            "text/csv; charset=utf-16",
            comma.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
    ];
    for (media_type, body) in others {
        let answer = ask(media_type, body).await;
        assert_eq!(answer.status(), 200, "{media_type}");
        let found = answer.text().await.unwrap();
        assert_eq!(probability(&found), probability(&expected), "{media_type}");
    }
    let refused = ask("text/csv; charset=klingon", comma.into()).await;
    assert_eq!(refused.status(), 415);
    let undeclared = ask("text/csv", latin(comma)).await;
    assert_eq!(undeclared.status(), 400);
    assert!(
        undeclared
            .text()
            .await
            .unwrap()
            .contains("charset=windows-1252")
    );
    server.stop().await;
}
