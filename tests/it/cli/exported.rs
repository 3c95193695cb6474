//! Files as other programs export them: read as intended, or rejected with the likely format and a remedy.

use serde_json::{Value, json};

use super::folder::Folder;

const CITIES: [&str; 4] = ["Zürich", "Bern", "Genève", "Basel"];
const INFER: &str = "--target churn --name m";
const TRAIN: &str = "--spec s.yaml train --learner logistic --folds 3 --repeats 1";

/// 120 rows of `nr,amount,city,churn`.
fn rows() -> impl Iterator<Item = (usize, f64, &'static str, usize)> {
    (0..120).map(|i| {
        (
            i + 1,
            (i * 37 % 101) as f64 / 4.0,
            CITIES[i % 4],
            i * 7 % 3 % 2,
        )
    })
}

fn table() -> String {
    let lines = rows().map(|(nr, amount, city, churn)| format!("{nr},{amount},{city},{churn}\n"));
    format!("nr,amount,city,churn\n{}", lines.collect::<String>())
}

fn objects() -> Vec<Value> {
    let object = |(nr, amount, city, churn)| json!({"nr": nr, "amount": amount, "city": city, "churn": churn});
    rows().map(object).collect()
}

/// A folder with the table and its spec.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.put("t.csv", table());
    let spec = folder.run(&format!("spec infer t.csv {INFER}")).ok().out;
    folder.put("s.yaml", spec);
    folder
}

fn latin_1(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect()
}

#[test]
fn text_in_another_encoding_is_not_read_in_part() {
    let folder = folder();
    folder.put("latin.csv", latin_1(&table()));
    for line in [
        format!("spec infer latin.csv {INFER}"),
        format!("{TRAIN} latin.csv"),
    ] {
        let said = folder.run(&line).fails(1);
        assert!(said.contains("60 of 120"), "{said}");
        assert!(said.contains("--format encoding=latin-1"), "{said}");
    }
    let named = "--format encoding=latin-1";
    let spec = folder
        .run(&format!("spec infer latin.csv {INFER} {named}"))
        .ok()
        .out;
    assert!(spec.contains("Zürich"), "{spec}");
}

#[test]
fn the_row_names_of_r_are_passed_over() {
    let folder = folder();
    let (header, lines) = table()
        .split_once('\n')
        .map(|(h, l)| (h.to_owned(), l.to_owned()))
        .unwrap();
    let named: String = lines
        .lines()
        .enumerate()
        .map(|(i, l)| format!("\"{}\",{l}\n", i + 1))
        .collect();
    folder.put("r.csv", format!("{header}\n{named}"));
    let inferred = folder.run(&format!("spec infer r.csv {INFER}")).ok();
    let own = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|l| l.starts_with("  - "))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(own(&inferred.out), own(&folder.text("s.yaml")));
    assert!(
        inferred
            .err
            .contains("the first column has no name: it holds row numbers"),
        "{}",
        inferred.err
    );
    let plain = folder.run(&format!("{TRAIN} t.csv --json")).ok().out;
    let plain: Value = serde_json::from_str(&plain).unwrap();
    let r = folder
        .run(&format!("--state r {TRAIN} r.csv --json"))
        .ok()
        .out;
    let r: Value = serde_json::from_str(&r).unwrap();
    assert_eq!((&r["rows"], &r["cv"]), (&json!(120), &plain["cv"]));
}

#[test]
fn lines_above_the_header_are_named_with_their_remedy() {
    let folder = folder();
    let table = table();
    let semicolons = table.replace(',', ";");
    for (content, remedy) in [
        (format!("Customers of 2024\n{table}"), "--format skip=1"),
        (
            format!("Customers\n\nas of June\n{semicolons}"),
            "--format skip=3",
        ),
        (
            format!("# made by x, y and z\n# in June\n{table}"),
            "--format comment=#",
        ),
    ] {
        folder.put("above.csv", content);
        for command in [
            format!("spec infer above.csv {INFER}"),
            format!("{TRAIN} above.csv"),
        ] {
            let said = folder.run(&command).fails(1);
            assert!(said.contains(remedy), "{said}");
        }
        let spec = folder
            .run(&format!("spec infer above.csv {INFER} {remedy}"))
            .ok()
            .out;
        assert!(spec.contains("inferred from 120 rows"), "{spec}");
    }
}

#[test]
fn a_file_of_another_format_than_its_name_says_is_named() {
    let folder = folder();
    let lines: String = objects().iter().map(|o| format!("{o}\n")).collect();
    folder.put("a.json", json!(objects()).to_string());
    folder.put("a.jsonl", &lines);
    folder
        .run("--spec s.yaml ingest t.csv --out a.parquet")
        .ok();
    let read = |name: &str| std::fs::read(folder.path(name)).unwrap();
    for (from, ending, expected) in [
        (
            "a.json",
            "csv",
            "it looks like JSON, although its name says csv; let its name end in .json",
        ),
        (
            "a.json",
            "jsonl",
            "it looks like JSON, although its name says jsonl; let its name end in .json",
        ),
        ("a.json", "parquet", "it looks like JSON, although"),
        (
            "a.jsonl",
            "csv",
            "it looks like JSON lines, although its name says csv; let its name end in .jsonl",
        ),
        ("a.jsonl", "tsv", "it looks like JSON lines"),
        (
            "a.parquet",
            "csv",
            "it looks like Parquet, although its name says csv; let its name end in .parquet",
        ),
        ("a.parquet", "json", "it looks like Parquet"),
        (
            "t.csv",
            "json",
            "it looks like a table of text (CSV), although its name says json; let its name end in .csv",
        ),
        ("t.csv", "jsonl", "it looks like a table of text (CSV)"),
        ("t.csv", "parquet", "it looks like a table of text (CSV)"),
    ] {
        let name = format!("wrong.{ending}");
        folder.put(&name, read(from));
        for command in [
            format!("spec infer {name} {INFER}"),
            format!("{TRAIN} {name}"),
        ] {
            let said = folder.run(&command).fails(1);
            assert!(said.starts_with(&format!("{name}: {expected}")), "{said}");
        }
        std::fs::remove_file(folder.path(&name)).unwrap();
    }
    // Compressed content is decompressed whatever the file name says.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, table().as_bytes()).unwrap();
    folder.put("packed.csv", packed.finish().unwrap());
    let spec = folder
        .run(&format!("spec infer packed.csv {INFER}"))
        .ok()
        .out;
    assert!(spec.contains("inferred from 120 rows"), "{spec}");
}

#[test]
fn the_shapes_that_pandas_gives_json_are_named_with_their_remedy() {
    let folder = folder();
    let objects = objects();
    let index = |i: usize| i.to_string();
    let by_column = |name: &str| -> Value {
        let cells = objects
            .iter()
            .enumerate()
            .map(|(i, o)| (index(i), o[name].clone()));
        Value::Object(cells.collect())
    };
    let names = ["nr", "amount", "city", "churn"];
    let columns: Value = names
        .iter()
        .map(|n| ((*n).to_owned(), by_column(n)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let by_index: Value = objects
        .iter()
        .enumerate()
        .map(|(i, o)| (index(i), o.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let list = |o: &Value| -> Value { names.map(|n| o[n].clone()).to_vec().into() };
    let lists: Vec<Value> = objects.iter().map(list).collect();
    let records = "orient=\"records\"";
    for (document, shape, remedy) in [
        (columns, "it holds columns", records),
        (by_index, "rows by their index (orient=\"index\")", records),
        (
            json!({"columns": names, "index": [0], "data": lists}),
            "orient=\"split\"",
            records,
        ),
        (json!(lists), "lists without names", records),
        (
            json!({"data": objects}),
            "its rows stand in the field data",
            "--items data",
        ),
        (
            json!({"schema": {"fields": [{"name": "nr"}]}, "data": objects}),
            "orient=\"table\"",
            "--items data",
        ),
    ] {
        folder.put("p.json", document.to_string());
        for command in [
            format!("spec infer p.json {INFER}"),
            format!("{TRAIN} p.json"),
        ] {
            let said = folder.run(&command).fails(1);
            assert!(said.contains(shape) && said.contains(remedy), "{said}");
        }
        if remedy == "--items data" {
            folder
                .run(&format!("{TRAIN} p.json {remedy} --promote never"))
                .ok();
        }
    }
}

#[test]
fn dates_that_pandas_wrote_as_numbers_are_remarked_upon() {
    let folder = folder();
    let line = |(nr, amount, _, churn): (usize, f64, &str, usize)| {
        let day = 1_700_000_000_000 + 86_400_000 * i64::try_from(nr).unwrap();
        json!({"created_at": day, "date": day / 1000, "size": day, "date_count": nr, "amount": amount, "churn": churn})
    };
    let lines: String = rows().map(|row| format!("{}\n", line(row))).collect();
    folder.put("d.jsonl", lines);
    let said = folder
        .run(&format!("spec infer d.jsonl {INFER} --json"))
        .ok()
        .out;
    let said: Value = serde_json::from_str(&said).unwrap();
    let why = |name: &str| {
        let columns = said["columns"].as_array().unwrap();
        let note = columns.iter().find(|c| c["name"] == name).unwrap();
        note["why"].as_str().unwrap().to_owned()
    };
    assert!(
        why("created_at").contains("look like milliseconds since 1970"),
        "{}",
        why("created_at")
    );
    assert!(
        why("date").contains("look like seconds since 1970"),
        "{}",
        why("date")
    );
    for name in ["size", "date_count", "amount"] {
        assert!(!why(name).contains("since 1970"), "{}", why(name));
    }
}

#[test]
fn a_decimal_comma_is_read_in_the_target_and_in_categories_too() {
    let folder = folder();
    // Numbers as a program with a decimal comma writes them.
    let comma = |v: f64| format!("{v:.1}").replace('.', ",");
    let grades = ["1.5", "2.5", "x"];
    let mut tables = [
        "amount;grade;churn\n".to_owned(),
        "amount,grade,churn\n".to_owned(),
    ];
    for (nr, amount, _, churn) in rows() {
        let grade = grades[nr % 3];
        tables[0] += &format!(
            "{};{};{}\n",
            comma(amount),
            grade.replace('.', ","),
            comma(churn as f64)
        );
        tables[1] += &format!("{amount:.1},{grade},{churn}.0\n");
    }
    folder.put("comma.csv", &tables[0]);
    folder.put("point.csv", &tables[1]);
    let infer = |name: &str, more: &str| {
        let spec = folder
            .run(&format!("spec infer {name} {INFER} {more}"))
            .ok()
            .out;
        let own = |l: &&str| l.starts_with("target:") || l.starts_with("  - ");
        (
            spec.lines()
                .filter(own)
                .map(str::to_owned)
                .collect::<Vec<_>>(),
            spec,
        )
    };
    let (comma, spec) = infer("comma.csv", "--format decimal=,");
    let (point, _) = infer("point.csv", "");
    assert_eq!(comma, point);
    folder.put("s.yaml", spec);
    let train = |name: &str, more: &str| -> Value {
        let ran = folder
            .run(&format!(
                "--state {name}.state {TRAIN} {name} {more} --json"
            ))
            .ok();
        serde_json::from_str::<Value>(&ran.out).unwrap()["cv"].clone()
    };
    assert_eq!(
        train("comma.csv", ""),
        train("point.csv", "--format decimal=.")
    );
}

#[test]
fn files_of_a_folder_that_are_skipped_are_named_by_every_command() {
    let folder = folder();
    std::fs::create_dir(folder.path("in")).unwrap();
    folder.put("in/a.csv", table());
    folder.put("in/notes.txt", "hello");
    let skipped = "skipped in/notes.txt: its ending is not known";
    for line in [
        format!("spec infer in {INFER}"),
        format!("{TRAIN} in"),
        "predict in".into(),
        "evaluate in".into(),
        "drift --reference in --current t.csv".into(),
        "ingest in".into(),
    ] {
        let said = folder.run(&line).ok().err;
        assert!(said.contains(skipped), "{line}: {said}");
    }
}

#[test]
fn a_table_of_a_header_alone_has_answers_of_a_header_alone() {
    let folder = folder();
    folder.run(&format!("{TRAIN} t.csv")).ok();
    let header = "nr,amount,city\n";
    folder.put("none.csv", header);
    folder.put("none.json", "[]");
    for line in [
        "predict none.csv",
        "predict none.json",
        "predict none.csv --partial",
    ] {
        assert_eq!(
            folder.run(line).ok().out,
            "nr,churn,probability\n",
            "{line}"
        );
    }
    folder.run("predict none.csv -o none.parquet").ok();
    folder.run("predict none.csv -o none.jsonl").ok();
    assert_eq!(folder.text("none.jsonl"), "");
}

#[test]
fn numbers_that_are_none_are_named_in_every_shape_of_json() {
    let folder = folder();
    for (word, name) in [
        ("1e400", "1e400"),
        ("-1e999", "-1e999"),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("-Infinity", "-Infinity"),
    ] {
        let row = format!("{{\"nr\": 1, \"amount\": {word}, \"city\": \"Bern\", \"churn\": 0}}");
        folder.put("n.json", format!("[\n{row}\n]"));
        folder.put("n.jsonl", format!("{row}\n"));
        folder.put("d.json", format!("{{\"data\": [{row}]}}"));
        let check = |line: String, place: &str| {
            let said = folder.run(&line).fails(1);
            assert!(said.contains(&format!("{name} at {place}")), "{said}");
            assert!(
                said.contains("write null where a number is not known"),
                "{said}"
            );
        };
        check(format!("{TRAIN} n.json"), "line 2 column 21");
        check(format!("{TRAIN} n.jsonl"), "column 21");
        let column = 31; // in the document, wherever its list begins
        let place = format!("line 1 column {column}");
        check(format!("{TRAIN} d.json --items data"), &place);
    }
}
