//! `explore`: the numbers as JSON, the findings, the HTML file, and tables that are hardly tables.

use std::fmt::Write as _;

use polars::prelude::{Column, DataFrame, NamedFrom, ParquetWriter, Series};
use serde_json::{Value, json};

use crate::cli::Folder;

fn keys(object: &Value) -> Vec<&str> {
    let object = object.as_object().unwrap_or_else(|| panic!("{object}"));
    object.keys().map(String::as_str).collect()
}

fn named<'d>(list: &'d Value, key: &str, name: &str) -> &'d Value {
    let list = list.as_array().unwrap();
    let found = list.iter().find(|entry| entry[key] == name);
    found.unwrap_or_else(|| panic!("no {name}"))
}

fn texts(document: &Value) -> String {
    let findings = document["findings"].as_array().unwrap().iter();
    let texts: Vec<&str> = findings.map(|f| f["text"].as_str().unwrap()).collect();
    texts.join("\n")
}

fn association<'d>(document: &'d Value, a: &str, b: &str, measure: &str) -> &'d Value {
    let all = document["associations"].as_array().unwrap();
    let is = |e: &&Value| {
        let names = (&e["a"], &e["b"]);
        let either = names == (&json!(a), &json!(b)) || names == (&json!(b), &json!(a));
        either && e["measure"] == measure
    };
    all.iter()
        .find(is)
        .unwrap_or_else(|| panic!("{a} {b} {measure}"))
}

fn near(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}

#[test]
fn the_numbers_of_the_bundled_table_are_those_of_scipy_and_pandas() {
    let folder = Folder::new();
    let ran = folder
        .run("explore train.csv --target Survived --json")
        .ok();
    let document = ran.json();
    assert_eq!(
        keys(&document),
        [
            "source",
            "rows",
            "sampled",
            "target",
            "columns",
            "associations",
            "duplicates",
            "groups",
            "leakage",
            "findings",
            "against",
            "missing_patterns",
            "pairs",
            "definitions",
            "beside",
        ]
    );
    assert_eq!(
        (&document["rows"], &document["sampled"]),
        (&json!(891), &Value::Null)
    );
    assert_eq!(document["target"]["column"], "Survived");
    assert_eq!(document["target"]["positive"], 1);
    near(&document["target"]["share"], 342.0 / 891.0);
    assert_eq!(document["against"], Value::Null);
    assert_eq!(document["duplicates"]["rows"], 0);
    assert!(
        !folder.path("eda.html").exists(),
        "--json alone writes no file"
    );

    let age = named(&document["columns"], "name", "Age");
    assert!(
        keys(age).starts_with(&[
            "name",
            "kind",
            "why",
            "missing",
            "distinct",
            "statistics",
            "distribution",
            "by_target",
            "issues",
        ]),
        "{age}"
    );
    assert_eq!(
        (&age["missing"], &age["distinct"]),
        (&json!(177), &json!(88))
    );
    // pandas 3.1.1: mean, std, quantile, and Tukey's rule by quantile.
    let statistics = &age["statistics"];
    near(&statistics["mean"], 29.69911764705882);
    near(&statistics["sd"], 14.526497332334044);
    near(&statistics["q25"], 20.125);
    near(&statistics["outliers"]["high"], 64.8125);
    assert_eq!(statistics["outliers"]["rows"], 11);

    // scipy 1.17.1 and pandas 3.1.1.
    let sex = association(&document, "Sex", "Survived", "cramers_v");
    near(&sex["value"], 0.5426213749215026);
    near(&sex["cramers_v_uncorrected"], 0.5433513806577551);
    assert!(sex["low"].as_f64() < sex["value"].as_f64());
    let shared = association(&document, "Sex", "Survived", "mutual_information");
    near(&shared["value"], 0.1508704892521815);
    let port = association(&document, "Embarked", "Survived", "cramers_v");
    near(&port["value"], 0.16605833339661635);
    let fare = association(&document, "Fare", "Survived", "point_biserial");
    near(&fare["value"], 0.2573065223849624);
    let both = association(&document, "Age", "Fare", "spearman");
    near(&both["value"], 0.13505121773428777);

    let tickets = named(&document["groups"], "agrees_in", "Fare");
    assert_eq!(tickets["key"], json!(["Ticket"]));
    assert_eq!(
        (&tickets["groups"], &tickets["largest"]),
        (&json!(134), &json!(7))
    );
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(keys(&findings[0]), ["severity", "text", "columns"]);
    let severities: Vec<&str> = findings
        .iter()
        .map(|f| f["severity"].as_str().unwrap())
        .collect();
    let rank = |s: &&str| ["high", "medium", "low"].iter().position(|r| r == s);
    assert!(severities.iter().map(rank).is_sorted(), "{severities:?}");
    assert!(texts(&document).contains("Cabin is missing in 687 of 891 rows (77 %)"));
}

#[test]
fn kinds_are_those_of_spec_infer() {
    let folder = Folder::new();
    let infer = folder
        .run("spec infer train.csv --target Survived --json")
        .ok();
    let explore = folder
        .run("explore train.csv --target Survived --json")
        .ok();
    let (infer, explore) = (infer.json(), explore.json());
    for note in infer["columns"].as_array().unwrap() {
        let name = note["name"].as_str().unwrap();
        let column = named(&explore["columns"], "name", name);
        for key in ["kind", "why", "used"] {
            assert_eq!(column[key], note[key], "{name}");
        }
    }
}

#[test]
fn leaks_copies_repeated_rows_and_constants_are_found() {
    let folder = Folder::new();
    let mut table = String::from("n,copy,outcome_word,closed,flat,noise,y\n");
    for i in 0..400_u32 {
        let y = i.wrapping_mul(2_654_435_761) >> 16 & 1;
        let (n, noise) = (i * 37 % 101, i * 53 % 89);
        let word = if y == 1 { "won" } else { "lost" };
        let closed = if y == 1 { "2024-01-01" } else { "" };
        writeln!(table, "{n},{n},{word},{closed},x,{noise},{y}").unwrap();
    }
    let first = table.lines().nth(1).unwrap().to_owned();
    table += &format!("{first}\n{first}\n");
    folder.put("t.csv", table);
    let document = folder.run("explore t.csv --target y --json").ok().json();
    assert_eq!(document["duplicates"]["rows"], 2);
    assert_eq!(document["duplicates"]["columns"], 1);
    assert_eq!(
        document["duplicates"]["equal_columns"],
        json!([["n", "copy"]])
    );
    for (column, reason) in [("outcome_word", "other words"), ("closed", "filled in")] {
        let leak = named(&document["leakage"], "column", column);
        assert!(leak["reason"].as_str().unwrap().contains(reason), "{leak}");
        assert_eq!(leak["auc"], 1.0);
    }
    assert_eq!(document["leakage"].as_array().unwrap().len(), 2);
    assert_eq!(document["findings"][0]["severity"], "high");
    let texts = texts(&document);
    assert!(texts.contains("flat has one value in all rows"), "{texts}");
    assert!(texts.contains("n, copy are equal"), "{texts}");
    let flat = named(&document["columns"], "name", "flat");
    assert_eq!(flat["issues"].as_array().unwrap().len(), 1);
}

#[test]
fn two_tables_are_compared_as_drift_does() {
    let folder = Folder::new();
    let train = folder.text("train.csv");
    let women: Vec<&str> = train
        .lines()
        .enumerate()
        .filter(|(i, line)| *i == 0 || line.contains(",female,"))
        .map(|(_, line)| line)
        .collect();
    folder.put("women.csv", women.join("\n") + "\n");
    let line = "explore women.csv --against train.csv -o both.html --json";
    let document = folder.run(line).ok().json();
    let against = &document["against"];
    assert_eq!(
        keys(against),
        ["drift", "rows", "level", "columns", "skipped"]
    );
    assert_eq!(against["drift"], true);
    assert_eq!(against["rows"], json!({"reference": 891, "current": 314}));
    assert_eq!(named(&against["columns"], "name", "Sex")["drift"], true);
    let beside = named(&document["beside"]["columns"], "name", "Sex");
    assert_eq!(
        (&beside["levels"], &beside["current"]),
        (&json!(["female", "male"]), &json!([1.0, 0.0]))
    );
    assert!(texts(&document).contains("Sex differs from the reference"));
    assert!(folder.text("both.html").contains("Beside the reference"));
    let message = folder.run("explore - --against train.csv").fails(2);
    assert!(message.contains("standard input"), "{message}");
}

/// A table as CSV, JSON lines and Parquet, with every third text missing; `shift` is added to its numbers.
fn in_three_formats(folder: &Folder, name: &str, shift: f64) {
    let numbers: Vec<f64> = (0..300)
        .map(|i| f64::from(i * 37 % 101) / 4.0 + shift)
        .collect();
    let levels: Vec<Option<&str>> = (0..300)
        .map(|i| [Some("red"), Some("white"), None][i % 3])
        .collect();
    let (mut csv, mut lines) = (String::from("n,level\n"), String::new());
    for (n, level) in numbers.iter().zip(&levels) {
        writeln!(csv, "{n},{}", level.unwrap_or_default()).unwrap();
        writeln!(lines, "{}", json!({"n": n, "level": level})).unwrap();
    }
    folder.put(&format!("{name}.csv"), csv);
    folder.put(&format!("{name}.jsonl"), lines);
    let columns = vec![
        Column::from(Series::new("n".into(), numbers)),
        Column::from(Series::new("level".into(), levels)),
    ];
    let mut frame = DataFrame::new(300, columns).unwrap();
    let file = std::fs::File::create(folder.path(&format!("{name}.parquet"))).unwrap();
    ParquetWriter::new(file).finish(&mut frame).unwrap();
}

#[test]
fn a_reference_may_have_another_format() {
    let folder = Folder::new();
    in_three_formats(&folder, "before", 0.0);
    in_three_formats(&folder, "after", 9.0);
    let compared = |current: &str, reference: &str| {
        let line = format!("explore {current} --against {reference} -o t.html --json");
        let document = folder.run(&line).ok().json();
        let page = folder.text("t.html");
        assert!(page.contains("Beside the reference"), "{line}");
        (
            document["against"].clone(),
            document["beside"]["columns"].clone(),
        )
    };
    let (usual, beside) = compared("after.csv", "before.csv");
    assert_eq!(usual["rows"], json!({"reference": 300, "current": 300}));
    assert_eq!(named(&usual["columns"], "name", "n")["drift"], true);
    assert_eq!(named(&usual["columns"], "name", "level")["drift"], false);
    let formats = ["csv", "jsonl", "parquet"];
    for (current, reference) in formats.iter().flat_map(|a| formats.map(|b| (a, b))) {
        let found = compared(&format!("after.{current}"), &format!("before.{reference}"));
        assert_eq!(found.0, usual, "{current} against {reference}");
        assert_eq!(found.1, beside, "{current} against {reference}");
    }
}

#[test]
fn a_large_table_is_sampled_and_says_so() {
    let folder = Folder::new();
    let mut table = String::from("n,level,y\n");
    let rows = 120_000_u32;
    for i in 0..rows {
        let hash = i.wrapping_mul(2_654_435_761) >> 12;
        writeln!(
            table,
            "{},{},{}",
            hash % 1_000,
            ["a", "b", ""][hash as usize % 3],
            hash >> 10 & 1
        )
        .unwrap();
    }
    folder.put("large.csv", table);
    let ran = folder
        .run("explore large.csv --target y -o large.html --seed 7 --json")
        .ok();
    let document = ran.json();
    assert_eq!(
        (&document["rows"], &document["sampled"]),
        (&json!(rows), &json!({"rows": 100_000, "seed": 7}))
    );
    // Missing values are counted over the whole table.
    let missing = (0..rows)
        .filter(|i| (i.wrapping_mul(2_654_435_761) >> 12) % 3 == 2)
        .count();
    assert_eq!(
        named(&document["columns"], "name", "level")["missing"],
        missing
    );
    let page = folder.text("large.html");
    assert!(page.contains("sample"), "the page states the sample");
    let other = folder
        .run("explore large.csv --target y --seed 8 --json")
        .ok()
        .json();
    assert_eq!(other["sampled"]["seed"], 8);
    assert_ne!(
        other["columns"][0]["statistics"]["mean"],
        document["columns"][0]["statistics"]["mean"]
    );
    // Beside a reference, the sample is that of the explored table, and the verdict is of all rows.
    let both = folder
        .run("explore large.csv --against large.csv --json")
        .ok()
        .json();
    assert_eq!(both["against"]["drift"], false);
}

#[test]
fn the_file_loads_nothing_and_is_the_same_each_time() {
    let folder = Folder::new();
    let ran = folder.run("explore train.csv --target Survived").ok();
    assert!(ran.out.contains("high: "), "{}", ran.out);
    assert!(ran.err.contains("report → eda.html"), "{}", ran.err);
    let page = folder.text("eda.html");
    for loading in [
        "<script", "src=", "<link", "@import", "url(", "http://", "https://",
    ] {
        assert!(!page.contains(loading), "{loading}");
    }
    for id in [
        "findings",
        "columns",
        "distributions",
        "missing",
        "associations",
        "leakage",
    ] {
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
    }
    folder
        .run("explore train.csv --target Survived -o again.html --threads 1")
        .ok();
    assert_eq!(page, folder.text("again.html"));
    let json = |line: &str| folder.run(line).ok().out;
    let line = "explore train.csv --target Survived --json";
    assert_eq!(json(line), json(line));
}

#[test]
fn a_spec_says_what_the_columns_are() {
    let folder = Folder::new();
    let document = folder
        .run("explore churn.csv --spec churn.yaml --json")
        .ok()
        .json();
    assert_ne!(document["target"], Value::Null);
    let columns = document["columns"].as_array().unwrap();
    assert!(columns.iter().any(|c| c["why"] == "as the spec says"));
    let message = folder
        .run("explore churn.csv --spec churn.yaml --target nothing")
        .fails(2);
    assert!(message.contains("the spec's target is"), "{message}");
}

#[test]
fn tables_that_are_hardly_tables_are_explored_or_explained() {
    let folder = Folder::new();
    let fails = |name: &str, content: &str, said: &str| {
        folder.put(name, content);
        let message = folder.run(&format!("explore {name} --json")).fails(1);
        assert!(message.contains(said), "{name}: {message}");
    };
    fails("empty.csv", "", "empty");
    fails("header.csv", "a,b\n", "no rows");
    fails("none.json", "[]", "no rows");

    let sound = |name: &str, content: &str| -> Value {
        folder.put(name, content);
        let document = folder
            .run(&format!("explore {name} --json -o t.html"))
            .ok()
            .json();
        assert!(folder.text("t.html").contains("</html>"));
        document
    };
    assert_eq!(sound("one_row.csv", "a,b\n1,x\n")["rows"], 1);
    assert_eq!(sound("one_column.csv", "a\n1\n2\n2\n")["rows"], 3);
    let blank = sound("blank.csv", "a,b\nNA,\n,NA\n");
    assert_eq!(blank["columns"][0]["missing"], 2);
    assert!(texts(&blank).contains("a has no values"));
    sound(
        "huge.csv",
        "a,b\n1e308,-1e308\n-1e308,1e308\n1e-308,5\n0,1e300\n",
    );
    sound("constant.csv", "a,b\n1,1\n1,1\n1,1\n");
    sound(
        "quoted.jsonl",
        "{\"a\": [1], \"b\": null}\n{\"c\": {\"d\": 1}}\n",
    );

    let message = folder.run("explore one_column.csv --target b").fails(1);
    assert!(message.contains("there is no column \"b\""), "{message}");
    folder.put("three.csv", "y,a\n1,1\n2,2\n3,3\n");
    let message = folder.run("explore three.csv --target y").fails(1);
    assert!(message.contains("without --target"), "{message}");
}

#[test]
fn many_columns_give_a_small_file() {
    let folder = Folder::new();
    let mut table = String::new();
    let names: Vec<String> = (0..2_000).map(|i| format!("column_{i}")).collect();
    table += &names.join(",");
    table.push('\n');
    let mut state = 1_u32;
    for _ in 0..20 {
        let cells: Vec<String> = (0..2_000)
            .map(|i| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let value = state >> 20;
                if i % 3 == 0 {
                    format!("v{}", value % 4)
                } else {
                    value.to_string()
                }
            })
            .collect();
        table += &cells.join(",");
        table.push('\n');
    }
    folder.put("wide.csv", &table);
    let document = folder
        .run("explore wide.csv -o wide.html --json")
        .ok()
        .json();
    assert_eq!(document["columns"].as_array().unwrap().len(), 2_000);
    assert_eq!(document["pairs"]["tested"], 1_999_000);
    assert_eq!(document["pairs"]["shown"], 1_000);
    let bytes = folder.text("wide.html").len();
    assert!(bytes < 2 << 20, "{bytes}");
}

#[test]
fn names_and_values_of_strangers_stay_text() {
    let folder = Folder::new();
    let odd = "<img src=x onerror=alert(1)>\u{202e}";
    let long = "x".repeat(10_000);
    let mut table = format!("\"{odd}\",{long},y\n");
    for i in 0..40 {
        let value = if i % 2 == 0 { odd } else { "a\u{0}b" };
        writeln!(table, "\"{value}\",{long}{i},{}", i % 4 / 2).unwrap();
    }
    folder.put("odd.csv", table);
    let ran = folder.run("explore odd.csv --target y -o odd.html").ok();
    assert!(!ran.out.contains('\u{202e}') && !ran.out.contains('\u{0}'));
    let page = folder.text("odd.html");
    assert!(!page.contains("<img") && page.contains("&lt;img"));
    assert!(!page.contains('\u{202e}') && !page.contains('\u{0}'));
    assert!(page.len() < 300_000, "{}", page.len());
    let document = folder.run("explore odd.csv --target y --json").ok().json();
    assert_eq!(document["columns"][0]["name"], odd);
}
