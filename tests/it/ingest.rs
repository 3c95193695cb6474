//! Reading and writing tables: every format reads the same, bad rows are reported and left out, Parquet loses nothing.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use titanic_platform::ingest::{self, Loaded, Source, write};
use titanic_platform::model::Spec;
use titanic_platform::schema::row::Purpose;
use titanic_platform::schema::{Cell, Kind, Slot, Table};
use titanic_platform::train::{self, Request, Unwatched};

use crate::tables;

/// A small spec with text of digits only and with ids too large for an f64.
const PARCELS: &str = r#"
version: 1
name: parcels
target: {column: lost, positive: true, negative: false}
id: parcel
columns:
  - {name: postcode, kind: text}
  - {name: weight, kind: number, range: [0, 50], unexpected: reject}
  - {name: service, kind: category, levels: [1, 2, "007"], unexpected: warn}
recipe:
  steps:
    - impute: {of: weight, as: weight}
  features: [weight]
"#;

const PARCELS_CSV: &str = "parcel,postcode,weight,service,lost
9007199254740993,1234,0.1,1,true
9007199254740992,99,,007,false
3,5678,12.5,9,True
";

fn read(
    spec: &Spec,
    name: &str,
    content: impl AsRef<[u8]>,
    purpose: Purpose,
) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    let loaded = ingest::read_file(&path, &spec.schema, purpose);
    loaded.map_err(|e| e.to_string().replace(&path.display().to_string(), name))
}

/// All cells of a table as text.
fn words(table: &Table) -> Vec<String> {
    let cell = |cell: Cell| match cell {
        Cell::Text(span) => span.get(table.text()).to_owned(),
        Cell::Number(v) => v.to_string(),
        Cell::Level(level) => format!("#{level}"),
        Cell::Missing => "-".into(),
    };
    let row = |i: usize| {
        let cells: Vec<String> = (0..table.schema().columns().len())
            .map(|c| cell(table.cell(i, c)))
            .collect();
        format!(
            "{} {:?} {}",
            cell(table.id(i)),
            table.target(i),
            cells.join("|")
        )
    };
    (0..table.len()).map(row).collect()
}

/// The rows of a CSV as objects: numbers, integer levels and ids as numbers, missing values as null or omitted.
fn objects(spec: &Spec, csv: &str) -> Vec<Value> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let whole = |text: &str| {
        text.parse::<i64>()
            .map_or_else(|_| json!(text), |v| json!(v))
    };
    let value = |name: &str, text: &str| match spec.schema.slot(name).unwrap() {
        _ if text.is_empty() => Value::Null,
        Slot::Column(i) => match &spec.schema.columns()[i].kind {
            Kind::Number { .. } => json!(text.parse::<f64>().unwrap()),
            Kind::Category { .. } => whole(text),
            Kind::Text | Kind::Date(_) => json!(text),
        },
        Slot::Id | Slot::Target | Slot::Unused(_) | Slot::Other => whole(text),
    };
    let object = |(i, record): (usize, Result<csv::StringRecord, _>)| {
        let record = record.unwrap();
        let entries = header
            .iter()
            .zip(&record)
            .map(|(name, text)| (name.to_owned(), value(name, text)));
        let odd = i % 2 == 1;
        entries
            .filter(|(_, v)| odd || !v.is_null())
            .collect::<Map<_, _>>()
            .into()
    };
    reader.records().enumerate().map(object).collect()
}

/// The table in every input format: file extension and content.
fn in_every_format(spec: &Spec, csv: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut tsv = csv::WriterBuilder::new()
        .delimiter(b'\t')
        .from_writer(Vec::new());
    for record in csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(csv.as_bytes())
        .records()
    {
        tsv.write_record(&record.unwrap()).unwrap();
    }
    let objects = objects(spec, csv);
    let lines: String = objects.iter().map(|o| format!("{o}\n")).collect();
    let csv_table = read(spec, "t.csv", csv, Purpose::Learn).unwrap().table;
    vec![
        ("csv", csv.into()),
        (
            "CSV",
            format!("\u{feff}{}", csv.replace('\n', "\r\n")).into(),
        ),
        ("tsv", tsv.into_inner().unwrap()),
        ("json", Value::from(objects).to_string().into()),
        ("jsonl", lines.clone().into()),
        ("ndjson", lines.replace('\n', "\r\n\r\n").into()),
        ("parquet", write::table_as_parquet(&csv_table).unwrap()),
    ]
}

fn check_formats(spec: &Spec, csv: &str, rows: usize) {
    let expected = read(spec, "t.csv", csv, Purpose::Learn).unwrap();
    assert_eq!(
        (expected.table.len(), expected.read, expected.left_out),
        (rows, rows, 0)
    );
    let kept = write::table_as_parquet(&expected.table).unwrap();
    for (ending, content) in in_every_format(spec, csv) {
        let loaded = read(spec, &format!("t.{ending}"), &content, Purpose::Learn).unwrap();
        assert_eq!(loaded.bad, [], "{ending}");
        assert_eq!((loaded.read, loaded.left_out), (rows, 0), "{ending}");
        assert_eq!(words(&loaded.table), words(&expected.table), "{ending}");
        assert!(
            write::table_as_parquet(&loaded.table).unwrap() == kept,
            "{ending} keeps other bytes"
        );
    }
}

#[test]
fn every_format_reads_the_same_table() {
    let (spec, _) = tables::titanic();
    let csv = fs::read_to_string(tables::root().join("data/raw/train.csv")).unwrap();
    check_formats(&spec, &csv, 891);
    let (spec, _) = tables::churn();
    check_formats(&spec, crate::churn::TABLE, 400);
}

/// Text stays text and ids keep their digits, whatever they look like.
#[test]
fn digits_survive_every_format() {
    let spec = Spec::parse(PARCELS).unwrap();
    let csv = read(&spec, "t.csv", PARCELS_CSV, Purpose::Learn).unwrap();
    assert_eq!(
        words(&csv.table),
        [
            "9007199254740993 Some(true) 1234|0.1|#0",
            "9007199254740992 Some(false) 99|-|#2",
            "3 Some(true) 5678|12.5|9"
        ]
    );
    let kept = write::table_as_parquet(&csv.table).unwrap();
    let back = read(&spec, "t.parquet", &kept, Purpose::Learn).unwrap();
    assert_eq!(back.bad, []);
    assert_eq!(words(&back.table), words(&csv.table));
    assert!(write::table_as_parquet(&back.table).unwrap() == kept);
    let lines = r#"{"parcel": 9007199254740993, "postcode": "1234", "weight": 0.1, "service": 1, "lost": true}
{"parcel": "9007199254740992", "postcode": "99", "service": "007", "lost": false}
{"parcel": 3, "postcode": "5678", "weight": 12.5, "service": 9, "lost": "True"}"#;
    let json = read(&spec, "t.jsonl", lines, Purpose::Learn).unwrap();
    assert_eq!(words(&json.table), words(&csv.table));
}

/// A model trained on the stored table equals the original, to the byte.
#[test]
fn the_kept_table_teaches_the_same_model() {
    for ((spec, loaded), learner) in [(tables::titanic(), "logistic"), (tables::churn(), "auto")] {
        let kept = write::table_as_parquet(&loaded.table).unwrap();
        let back = read(&spec, "t.parquet", kept, Purpose::Learn).unwrap();
        let request = Request {
            learner: Some(learner.into()),
            folds: 5,
            repeats: 1,
            seed: 3,
            threads: 2,
            limits: Default::default(),
        };
        let bytes = |loaded: &Loaded| {
            let model =
                train::train(&spec, &tables::material(loaded), &request, &Unwatched).unwrap();
            model.model.to_bytes().unwrap()
        };
        assert!(bytes(&loaded) == bytes(&back), "{}", spec.name);
    }
}

#[test]
fn bad_rows_are_left_out_with_line_column_value_and_reason() {
    let spec = Spec::parse(PARCELS).unwrap();
    type Bad = (u64, String, String, String);
    let bad = |line, column: Option<&str>, value: &str, reason: &str| -> Bad {
        let column = column.unwrap_or_default();
        (line, column.into(), value.into(), reason.into())
    };
    let heavy = |line| {
        bad(
            line,
            Some("weight"),
            "51",
            "weight: out of range, got 51, allowed: a number from 0 to 50",
        )
    };
    let check = |name: &str, content: &[u8], good: usize, expected: &[Bad], left_out: usize| {
        let loaded = read(&spec, name, content, Purpose::Learn).unwrap();
        let bad = loaded.bad.iter().map(|(line, fault)| {
            let reason = fault.to_string();
            (*line, fault.column.clone(), fault.got.clone(), reason)
        });
        assert_eq!(bad.collect::<Vec<_>>(), expected, "{name}");
        assert_eq!(
            (loaded.table.len(), loaded.left_out, loaded.read),
            (good, left_out, good + left_out + loaded.unlabelled),
            "{name}"
        );
    };
    check(
        "t.csv",
        b"weight,lost,postcode\r\n1,true,\"a\r\nb\"\r\n51,true,x\r\n1,true\r\n2,perhaps,x\r\n\r\nx,,x\r\n3,false,\xff\r\n4,false,x\r\n",
        2,
        &[
            heavy(4),
            bad(5, None, "2 cells where the header has 3", "not a row, got 2 cells where the header has 3"),
            bad(6, Some("lost"), "\"perhaps\"", "lost: unknown level, got \"perhaps\", allowed: false or true"),
            bad(
                9,
                None,
                "the line is not UTF-8",
                "not a row, got the line is not UTF-8 (name the encoding of the file, such as --format encoding=latin-1, or \
                 `format: {encoding: latin-1}` in the spec)",
            ),
        ],
        4, // line 8 has no target: it is not bad, and not learnt from either
    );
    check(
        "t.jsonl",
        b"{\"weight\": 51, \"lost\": true}\n\n{\"weight\": 1\n[1]\n7\n{\"weight\": 1e400, \"lost\": true}\n{\"lost\": true}\n{\"lost\": true, \"lost\": true}\n",
        1,
        &[
            heavy(1),
                        bad(3, None, "broken JSON, EOF while parsing an object at column 12", "not a row, got broken JSON, EOF while parsing an object at column 12"),
            bad(4, None, "a list", "not a row, got a list, allowed: an object like {\"column\": value}"),
            bad(5, None, "a bare value", "not a row, got a bare value, allowed: an object like {\"column\": value}"),
            bad(6, None, "broken JSON, 1e400 at column 12 is beyond the largest number, about 1.8e308", "not a row, got broken JSON, 1e400 at column 12 is beyond the largest number, about 1.8e308 (write null where a number is not known)"),
            bad(8, None, "broken JSON, the key \"lost\" stands twice in one object at column 21", "not a row, got broken JSON, the key \"lost\" stands twice in one object at column 21"),
        ],
        6,
    );
    check(
        "t.json",
        b"\xef\xbb\xbf[{\"weight\": 51, \"lost\": true}, 7, {\"lost\": false}]",
        1,
        &[
            heavy(1),
            bad(
                2,
                None,
                "7",
                "not a row, got 7, allowed: an object like {\"column\": value}",
            ),
        ],
        2,
    );
    check("t.json", b"{\"lost\": false}", 1, &[], 0);
}

#[test]
fn strict_ends_at_the_first_bad_row() {
    let spec = Spec::parse(PARCELS).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let load = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let source = Source::parse(path.to_str().unwrap()).unwrap();
        let loaded = source.load(&spec.schema, Purpose::Learn, true);
        loaded
            .map(|l| l.table.len())
            .map_err(|e| e.to_string().replace(folder.path().to_str().unwrap(), ""))
    };
    let first = "line 3: weight: out of range, got 51, allowed: a number from 0 to 50";
    assert_eq!(
        load("t.csv", "weight,lost\n1,true\n51,true\n52,true\n\"open"),
        Err(format!("/t.csv, {first}"))
    );
    assert_eq!(load("t.csv", "weight,lost\n1,true\n2,true\n"), Ok(2));
    let rows = r#"{"weight": 1, "lost": true}
{"weight": 2, "lost": true}
{"weight": 51, "lost": true}
{"weight": 52, "lost": true}"#;
    assert_eq!(load("t.jsonl", rows), Err(format!("/t.jsonl, {first}")));
    assert_eq!(
        load("t.json", &format!("[{}]", rows.replace('\n', ","))),
        Err(format!("/t.json, {first}"))
    );
    // The first bad row is reported even if worse ones follow.
    assert_eq!(
        load("t.json", &format!("[{}, {{]", rows.replace('\n', ","))),
        Err(format!("/t.json, {first}"))
    );
}

#[test]
fn what_is_no_table_at_all_is_an_error() {
    let spec = Spec::parse(PARCELS).unwrap();
    let check = |name: &str, content: &[u8], expected: &str| {
        let said = read(&spec, name, content, Purpose::Learn).unwrap_err();
        assert_eq!(said, format!("{name}: {expected}"));
    };
    check(
        "t.csv",
        b"",
        "it is empty: a line of column names is needed first",
    );
    check(
        "t.tsv",
        b"",
        "it is empty: a line of column names is needed first",
    );
    let bare =
        "a row is an object like {\"column\": value}, several rows are a list of objects; got ";
    check("t.json", b"", &format!("{bare}nothing at all"));
    check("t.json", b"3", &format!("{bare}a bare value"));
    check(
        "t.csv",
        b"weight\n1\n",
        "lost: missing, allowed: false or true (a table without the target cannot be trained on)",
    );
    check(
        "t.csv",
        b"weight,lost\n1,true\n2,\"true\n",
        "a quote opened in the row of line 3 is never closed",
    );
    check(
        "t.parquet",
        b"weight,lost\n1,true\n",
        "it looks like a table of text (CSV), although its name says parquet; let its name end in .csv",
    );
    for content in [&b""[..], b"PAR1", b"PAR1\0\0\0\0PAR1"] {
        let said = read(&spec, "t.parquet", content, Purpose::Learn).unwrap_err();
        assert!(
            said.starts_with("t.parquet: it is not readable: ") && !said.contains('\n'),
            "{said}"
        );
    }
    // A file of blank lines is a table without rows.
    assert_eq!(
        read(&spec, "t.jsonl", "\n\n", Purpose::Learn).unwrap().read,
        0
    );
}

#[test]
fn endings_say_the_format() {
    let name = |path: &str| {
        Source::parse(path)
            .map(|s| s.name().to_owned())
            .map_err(|e| e.to_string())
    };
    assert_eq!(name("-"), Ok("standard input".into()));
    assert_eq!(name("a.b/t.TSV"), Ok("a.b/t.TSV".into()));
    let unknown = |path: &str| {
        Err(format!(
            "{path:?} does not say its format; known endings: csv, tsv, tab, json, jsonl, ndjson, parquet, each also with .gz or .zst behind it"
        ))
    };
    for path in ["t.xlsx", "t", "csv", ".csv", "folder/", ""] {
        assert_eq!(name(path), unknown(path));
    }
    let missing = ingest::read_file(
        Path::new("no/such.csv"),
        &tables::churn().0.schema,
        Purpose::Learn,
    );
    let said = missing.unwrap_err().to_string();
    assert!(
        said.starts_with("no/such.csv cannot be read: No such file"),
        "{said}"
    );
}
