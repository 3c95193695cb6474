//! Reads every type of the format from files of pyarrow and pandas, which tests/fixtures/parquet/make.py generates.

mod written;

use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::ingest::infer;
use crate::ingest::source::Source;
use crate::schema::fixture::wines;
use crate::schema::row::Purpose;
use crate::schema::{Dialect, Table};

fn path(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parquet");
    folder.join(format!("{name}.parquet"))
}

fn file(name: &str) -> File {
    let bytes = std::fs::read(path(name)).unwrap();
    File::read(&mut bytes.as_slice()).unwrap()
}

/// All cells of a column, or the error of reading them.
fn cells(file: &File, column: &str, wanted: Wanted) -> Result<Vec<String>, String> {
    let place = file.names().position(|name| name == column).unwrap();
    let mut all = Vec::new();
    for group in 0..file.groups() {
        let cells = file.cells(group, place, wanted);
        let cells = cells.map_err(|error| error.to_string())?;
        all.extend((0..file.rows(group)).map(|i| cells.value(i).to_string()));
    }
    Ok(all)
}

fn check(name: &str, column: &str, wanted: Wanted, expected: [&str; 3]) {
    let found = cells(&file(name), column, wanted);
    assert_eq!(found.unwrap(), expected, "{name}, {column}, {wanted:?}");
}

#[test]
fn a5_whole_numbers_of_every_width_keep_their_digits() {
    use Wanted::{AsWritten, Numbers};
    let check = |column: &str, least: &str, most: &str| {
        let quoted = [format!("{least:?}"), format!("{most:?}")];
        check("whole", column, AsWritten, [&quoted[0], "null", &quoted[1]]);
        let number = |text: &str| text.parse::<f64>().unwrap().to_string();
        let numbers = [number(least), number(most)];
        super::tests::check("whole", column, Numbers, [&numbers[0], "null", &numbers[1]]);
    };
    check("i8", "-128", "127");
    check("i16", "-32768", "32767");
    check("i32", "-2147483648", "2147483647");
    check("i64", "-9223372036854775808", "9223372036854775807");
    check("u8", "0", "255");
    check("u16", "0", "65535");
    check("u32", "0", "4294967295");
    check("u64", "0", "18446744073709551615");
}

#[test]
fn a5_fractions_of_every_width_are_the_numbers_a_file_of_text_has() {
    use Wanted::{AsWritten, Numbers};
    for column in ["f16", "f32", "f64"] {
        for wanted in [Numbers, AsWritten] {
            // Other tools write a missing number as NaN.
            check("fractions", column, wanted, ["0.1", "null", "null"]);
        }
    }
    let rows = [
        ("infinite", Numbers, ["inf", "-inf", "1"]),
        ("d9", Numbers, ["-12.5", "null", "0.05"]),
        ("d9", AsWritten, ["\"-12.50\"", "null", "\"0.05\""]),
        (
            "d38",
            AsWritten,
            [
                "\"10000000000000000000000000000000000000\"",
                "null",
                "\"-1\"",
            ],
        ),
    ];
    for (column, wanted, expected) in rows {
        check("fractions", column, wanted, expected);
    }
}

#[test]
fn a5_text_is_text_however_it_is_kept() {
    for column in ["text", "large", "view", "binary", "dictionary"] {
        for wanted in [Wanted::Numbers, Wanted::AsWritten] {
            check("texts", column, wanted, ["\"a\"", "null", "\"Zürich\""]);
        }
    }
    let rows = [
        ("fixed", ["\"abc\"", "null", "\"xyz\""]),
        ("flag", ["true", "null", "false"]),
        ("nothing", ["null", "null", "null"]),
    ];
    for (column, expected) in rows {
        check("texts", column, Wanted::AsWritten, expected);
    }
}

#[test]
fn a5_dates_and_timestamps_are_iso_8601() {
    let check = |name: &str, column: &str, first: &str, last: &str| {
        let quoted = [format!("{first:?}"), format!("{last:?}")];
        let expected = [quoted[0].as_str(), "null", &quoted[1]];
        super::tests::check(name, column, Wanted::AsWritten, expected);
    };
    let (noon, fine) = ("2024-01-31T12:00:00", "2024-01-31T12:00:00.250");
    check("times", "date32", "2024-01-31", "1969-12-31");
    check("times", "date64", "2024-01-31", "1969-12-31");
    check("times", "seconds", noon, noon);
    for column in ["millis", "micros", "nanos"] {
        check("times", column, noon, fine);
    }
    for column in ["zoned", "berlin"] {
        check(
            "times",
            column,
            "2024-01-31T12:00:00Z",
            "2024-01-31T12:00:00.250Z",
        );
    }
    check("int96", "at", noon, fine);
}

#[test]
fn a5_what_cannot_be_read_is_a_fault_of_its_column() {
    let file = file("unreadable");
    let check = |column: &str, expected: &str| {
        let said = cells(&file, column, Wanted::AsWritten).unwrap_err();
        let named = format!("the column {column:?} ");
        assert!(
            said.starts_with(&named) && said.contains(expected),
            "{said}"
        );
    };
    check("list", "a list or a structure");
    check("struct", "a list or a structure");
    check("map", "a list or a structure");
    check("bytes", "not UTF-8");
    check("time", "a time without a date");
    check("duration", "a duration");
    assert_eq!(
        cells(&file, "ok", Wanted::AsWritten).unwrap(),
        ["\"1\"", "\"2\"", "\"3\""]
    );
}

#[test]
fn a5_frames_of_pandas_are_read_group_by_group() {
    let pandas = file("pandas");
    let of = |column: &str| cells(&pandas, column, Wanted::AsWritten).unwrap();
    assert_eq!(of("grade"), ["\"low\"", "null", "\"low\""]);
    assert_eq!(of("codes"), ["\"3\"", "\"1\"", "null"]);
    assert_eq!(of("count"), ["\"1\"", "null", "\"4\""]);
    assert_eq!(of("flag"), ["true", "null", "true"]);
    assert_eq!(
        of("when"),
        ["\"2024-01-31T00:00:00\"", "null", "\"2024-02-02T00:00:00\""]
    );
    assert!(pandas.names().any(is_index), "{:?}", pandas.names().last());
    let groups = file("groups");
    assert_eq!(groups.groups(), 2);
    let counts = cells(&groups, "count", Wanted::Numbers).unwrap();
    assert_eq!(counts, ["1", "null", "3", "4"]);
}

fn load(bytes: &[u8]) -> Result<(Table, Vec<String>), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    std::fs::write(&path, bytes).unwrap();
    let source = Source::file(&path, &Dialect::AUTO).unwrap();
    let loaded = source.load(&Arc::new(wines()), Purpose::Look, false);
    let loaded = loaded.map_err(|e| e.to_string().replace(&path.display().to_string(), "FILE"))?;
    Ok((loaded.table, loaded.notices))
}

#[test]
fn a5_columns_that_nobody_uses_may_be_of_any_type() {
    let bytes = std::fs::read(path("unreadable")).unwrap();
    assert_eq!(load(&bytes).unwrap().0.len(), 3);
    let (table, notices) = load(&std::fs::read(path("pandas")).unwrap()).unwrap();
    assert_eq!(table.len(), 3);
    assert_eq!(
        notices,
        ["the index that pandas wrote without a name is passed over"]
    );
}

#[test]
fn a5_no_damage_makes_a_library_panic_through() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["whole", "texts", "times", "pandas", "unreadable"] {
        let intact = std::fs::read(path(name)).unwrap();
        for at in (0..intact.len()).step_by(31) {
            let mut damaged = intact.clone();
            damaged[at] ^= 0x55;
            // Spec inference reads all columns, whatever their type.
            let path = folder.path().join("t.parquet");
            std::fs::write(&path, &damaged).unwrap();
            let source = Source::file(&path, &Dialect::AUTO).unwrap();
            if let Err(fault) = infer::schema(&source) {
                let said = fault.to_string();
                assert!(said.starts_with(&path.display().to_string()), "{said}");
            }
        }
        for length in (0..intact.len()).step_by(61) {
            let said = load(&intact[..length]).unwrap_err();
            assert!(said.starts_with("FILE: "), "{said}");
        }
    }
}
