//! Files, folders and standard input with the real binary: `ingest`.

use std::fs;
use std::io::Write;

use serde_json::json;

use super::PARCELS;
use crate::cli::Folder;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.put("parcels.yaml", PARCELS);
    folder
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

const CSV: &str = "parcel,weight,lost,postcode\n1,1.5,true,\"a,b\"\n2,,false,\n3,0.25,,x\n";

#[test]
fn a_folder_is_read_in_the_order_of_its_names() {
    let folder = folder();
    fs::create_dir_all(folder.path("inbox/deeper.csv")).unwrap();
    folder.put("inbox/c.csv", CSV);
    folder.put(
        "inbox/b.jsonl.gz",
        gzip("{\"parcel\": 10, \"weight\": 3}\n{\"parcel\": 11, \"weight\": 99}\n"),
    );
    folder.put(
        "inbox/a.json.zst",
        zstd::encode_all(&b"[{\"parcel\": 20, \"lost\": true}]"[..], 1).unwrap(),
    );
    folder.put("inbox/notes.txt", "x");
    let ran = folder
        .run("ingest inbox --spec parcels.yaml --json --out out/new/all.csv")
        .ok();
    let mut tally = ran.json();
    let warnings = tally.as_object_mut().unwrap().remove("warnings").unwrap();
    let weight =
        json!({"column": "weight", "problem": "out_of_range", "rows": 1, "examples": ["99"]});
    assert!(warnings.as_array().unwrap().contains(&weight), "{warnings}");
    assert_eq!(
        tally,
        json!({"source": "inbox", "read": 6, "stored": 5, "repeated": 0, "quarantined": 1, "skipped": 2,
               "output": "out/new/all.csv"})
    );
    for said in [
        "skipped inbox/deeper.csv: it is a folder",
        "skipped inbox/notes.txt: its ending is not known",
        "quarantined: inbox/b.jsonl.gz, line 2: weight: out of range, got 99, allowed: a number from 0 to 50",
    ] {
        assert!(ran.err.contains(said), "{ran:#?}");
    }
    assert_eq!(
        folder.text("out/new/all.csv"),
        "parcel,lost,weight,service,postcode\n20,true,,,\n10,,3,,\n1,true,1.5,,\"a,b\"\n2,false,,,\n3,,0.25,,x\n"
    );
}

#[test]
fn a_file_that_is_no_table_does_not_end_a_folder_unless_strict() {
    let folder = folder();
    fs::create_dir(folder.path("inbox")).unwrap();
    folder.put("inbox/a.csv", "this,is,no,table\n1,2,3,4\n");
    let line = "ingest inbox --spec parcels.yaml --json";
    let alone = folder.run(line).fails(1);
    assert!(alone.starts_with("inbox/a.csv: "), "{alone}");
    folder.put("inbox/b.csv", CSV);
    let strict = folder.run(&format!("{line} --strict")).fails(1);
    assert_eq!(strict, alone);
    let ran = folder.run(line).ok();
    assert!(ran.err.contains("skipped inbox/a.csv: "), "{ran:#?}");
    let said = ran.json();
    assert_eq!(
        (&said["stored"], &said["repeated"], &said["skipped"]),
        (&json!(3), &json!(0), &json!(1)),
        "nothing of the strict load was kept: {said}"
    );
    // Training fails if a file cannot be read, because the training set would be incomplete.
    let learned = folder.run("train inbox --spec parcels.yaml").fails(1);
    assert!(learned.starts_with("inbox/a.csv: "), "{learned}");
}

#[test]
fn standard_input_may_be_packed_and_of_any_text_format() {
    let folder = folder();
    let check = |input: &[u8], rows: u64| {
        let ran = folder
            .pipe("ingest - --spec parcels.yaml --json --out out.csv", input)
            .ok();
        let said = ran.json();
        assert_eq!(
            (&said["source"], said["stored"].as_u64()),
            (&json!("standard input"), Some(rows))
        );
    };
    check(CSV.as_bytes(), 3);
    check(&gzip(CSV), 3);
    check(&zstd::encode_all(CSV.as_bytes(), 1).unwrap(), 3);
    check(b"{\"parcel\": 1}\n{\"parcel\": 2}\n", 2);
    check(b" [{\"parcel\": 1}]", 1);
}

#[test]
fn what_is_written_reads_back_the_same() {
    let folder = folder();
    for out in ["out.csv", "out.parquet"] {
        folder.run(&format!("ingest train.csv --out {out}")).ok();
        folder.run(&format!("ingest {out} --out again-{out}")).ok();
        let bytes = |name: &str| fs::read(folder.path(name)).unwrap();
        assert!(bytes(out) == bytes(&format!("again-{out}")), "{out}");
    }
    folder.run("ingest out.parquet --out from-parquet.csv").ok();
    assert_eq!(folder.text("from-parquet.csv"), folder.text("out.csv"));
    let ran = folder.run("ingest train.csv --out out.csv").ok();
    assert_eq!(ran.out, "train.csv: 891 rows read, 891 → out.csv\n");
    // A table without rows still has its columns.
    folder.put("none.csv", "parcel,weight\n");
    folder
        .run("ingest none.csv --spec parcels.yaml --out none.parquet")
        .ok();
    folder
        .run("ingest none.parquet --spec parcels.yaml --out none-again.csv")
        .ok();
    assert_eq!(
        folder.text("none-again.csv"),
        "parcel,lost,weight,service,postcode\n"
    );
}

#[test]
fn bad_rows_stop_nothing_unless_strict() {
    let folder = folder();
    let rows: String = (0..5000)
        .map(|i| format!("{i},{}\n", if i % 100 == 7 { "x" } else { "1" }))
        .collect();
    folder.put("t.csv", format!("parcel,weight\n{rows}"));
    let ran = folder
        .run("ingest t.csv --spec parcels.yaml --json --out out.csv")
        .ok();
    let said = ran.json();
    assert_eq!(
        (
            said["read"].as_u64(),
            said["stored"].as_u64(),
            said["quarantined"].as_u64()
        ),
        (Some(5000), Some(4950), Some(50))
    );
    assert!(
        ran.err
            .contains("quarantined: t.csv, line 9: weight: wrong type, got \"x\""),
        "{ran:#?}"
    );
    assert!(ran.err.contains("quarantined: 30 more"), "{ran:#?}");
    assert_eq!(folder.text("out.csv").lines().count(), 4951);
    let before = folder.files();
    let said = folder
        .run("ingest t.csv --spec parcels.yaml --strict --out strict.csv")
        .fails(1);
    assert!(
        said.starts_with("t.csv, line 9: weight: wrong type"),
        "{said}"
    );
    assert_eq!(folder.files(), before);
}

#[test]
fn what_cannot_be_ingested_is_told() {
    let folder = folder();
    folder.put("cut.csv.gz", &gzip(CSV)[..40]);
    let before = folder.files();
    for (line, code, said) in [
        (
            "ingest train.csv --out out.xlsx",
            1,
            "tables are written as csv or parquet",
        ),
        (
            "ingest none.csv --out out.csv",
            1,
            "none.csv cannot be read: No such file",
        ),
        (
            "ingest cut.csv.gz --spec parcels.yaml --out out.csv",
            1,
            "cut.csv.gz: reading failed: ",
        ),
        ("ingest churn.csv --out out.csv", 1, "churn.csv: "),
        (
            "ingest train.csv --items rows --out out.csv",
            2,
            "`items` is for JSON; a file of csv does not have it, leave it out",
        ),
        (
            "ingest sqlite:t.db --out out.csv",
            2,
            "give `query` or `table`",
        ),
        (
            "ingest ftp://ann:hush@a/t.csv --out out.csv",
            2,
            "ftp://ann:***@a/t.csv: nothing is read from ftp://",
        ),
        (
            "ingest http://ann:hush@127.0.0.1:1/t.csv --retries 0 --out out.csv",
            1,
            "http://ann:***@127.0.0.1:1/t.csv: no connection",
        ),
    ] {
        let error = folder.run(line).fails(code);
        assert!(
            error.contains(said) && !error.contains("hush"),
            "{line}: {error}"
        );
        assert_eq!(folder.files(), before, "{line}");
    }
    let wrong = folder
        .run("ingest http://a/ --next pages --out out.csv")
        .ended(2);
    assert!(
        wrong
            .err
            .contains("write link, none, cursor:FIELD:PARAM or page:PARAM"),
        "{wrong:#?}"
    );
}

#[test]
fn rows_go_into_the_store_once_and_a_strict_load_whole_or_not_at_all() {
    let folder = folder();
    folder.put(
        "some.csv",
        b"PassengerId,Pclass,Sex,Age\n1,1,male,3\n2,9,male,4\n3,2,female,5\n",
    );
    let said = |line: &str| folder.run(line).ok().json();
    let counts = |tally: &serde_json::Value| {
        ["read", "stored", "repeated", "quarantined"].map(|key| tally[key].as_u64().unwrap())
    };
    folder.run("ingest some.csv --strict").ended(1);
    assert_eq!(
        counts(&said("ingest some.csv --json")),
        [3, 2, 0, 1],
        "nothing was there"
    );
    assert_eq!(counts(&said("ingest some.csv --json")), [3, 0, 3, 0]);
    assert_eq!(counts(&said("ingest train.csv --json")), [891, 891, 0, 0]);
    assert_eq!(
        counts(&said("ingest train.csv --strict --json")),
        [891, 0, 891, 0]
    );
}

/// An error within a field is reported by its place in the document.
#[test]
fn a_fault_within_a_field_has_the_place_of_the_document() {
    let folder = folder();
    for (text, place) in [
        (
            "{\"of\": 1, \"rows\": [{\"parcel\": 1, \"weight\": 1e400}]}",
            "line 1 column 44",
        ),
        (
            "{\"of\": 1,\n \"rows\": [\n  {\"parcel\": 1},\n  {\"weight\": -1e400}]}",
            "line 4 column 14",
        ),
        (
            "{\"rows\": [{\"parcel\": 1},\n {\"parcel\": 1, \"parcel\": 2}]}",
            "line 2 column ",
        ),
    ] {
        folder.put("rows.json", text);
        let line = "ingest rows.json --items rows --spec parcels.yaml --out out.csv";
        let said = folder.run(line).fails(1);
        assert!(said.contains(place), "{place}: {said}");
    }
}

/// R: `write.table(d, "r.csv")`.
#[test]
fn a_table_of_r_with_blanks_between_its_cells() {
    let folder = folder();
    folder.put(
        "r.csv",
        "\"parcel\" \"weight\" \"lost\" \"postcode\"\n\"1\" 1 1.5 TRUE \"a b\"\n\"2\" 2 NA FALSE \"\"\n\"3\" 3 0.25 NA \"x\"\n",
    );
    let ran = folder
        .run("ingest r.csv --spec parcels.yaml --out out.csv")
        .ok();
    assert!(ran.err.contains("a blank between cells"), "{ran:#?}");
    folder.put("plain.csv", CSV.replace("a,b", "a b"));
    folder
        .run("ingest plain.csv --spec parcels.yaml --out plain.out.csv")
        .ok();
    assert_eq!(folder.text("out.csv"), folder.text("plain.out.csv"));
}
