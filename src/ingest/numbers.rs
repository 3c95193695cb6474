//! Reads a few columns of any table as plain numbers, without a schema; other columns are ignored.

use std::fs;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::Path;

use super::error::ReadError;
use super::{compression, content, formats, guard};
use crate::schema::fault::excerpt;
use crate::schema::row::Value;

/// The name and the allowed range of a column.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub name: &'a str,
    pub least: f64,
    pub most: f64,
}

/// The numbers of the wanted columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    pub rows: usize,
    /// One vector for each wanted column, with one number per row.
    pub columns: Vec<Vec<f64>>,
}

/// Reads the wanted columns. The file extension determines the format.
///
/// # Errors
/// When the file cannot be read or lacks a column, or when a cell is not a number within the column's range; the message
/// names the line and the column.
pub fn read(path: &Path, wanted: &[Wanted<'_>]) -> Result<Numbers, ReadError> {
    let name = path.display().to_string();
    let not_open = |source| ReadError::Open {
        path: path.to_owned(),
        source,
    };
    let format = formats::of(path)?;
    let file = fs::File::open(path).map_err(not_open)?;
    let reader = compression::plain(BufReader::with_capacity(1 << 16, file)).map_err(not_open)?;
    let unreadable = ReadError::content(&name);
    let mut reader = content::checked(format, reader).map_err(&unreadable)?;
    let names: Vec<&str> = wanted.iter().map(|column| column.name).collect();
    let mut rows = 0;
    let mut columns = vec![Vec::new(); wanted.len()];
    let mut fault = None;
    let mut each = |line: u64, cells: &[Value<'_>]| {
        for ((column, numbers), cell) in wanted.iter().zip(&mut columns).zip(cells) {
            match column.number(cell) {
                Ok(number) => numbers.push(number),
                Err(why) => {
                    let column = column.name;
                    fault = Some(format!("line {line}, column {column:?}: {why}").into());
                    return ControlFlow::Break(());
                }
            }
        }
        rows += 1;
        ControlFlow::Continue(())
    };
    let outcome = guard::call(|| format.numbers(&mut reader, &names, &mut each));
    match fault.map_or(outcome, Err) {
        Ok(()) => Ok(Numbers { rows, columns }),
        Err(why) => Err(unreadable(why)),
    }
}

impl Wanted<'_> {
    fn number(&self, cell: &Value<'_>) -> Result<f64, String> {
        let allowed = match (self.least, self.most) {
            (f64::MIN, f64::MAX) => "a number is needed".to_owned(),
            (least, most) => format!("a number from {least} to {most} is needed"),
        };
        match cell {
            Value::Number(v) if v.is_finite() && (self.least..=self.most).contains(v) => Ok(*v),
            Value::Missing => Err(format!("missing; {allowed}")),
            Value::Text(text) => Err(format!("{:?}; {allowed}", excerpt(text))),
            other => Err(format!("{other}; {allowed}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, content: &[u8], expected: Result<[&[f64]; 2], &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let wanted = [
            Wanted {
                name: "b",
                least: f64::MIN,
                most: f64::MAX,
            },
            Wanted {
                name: "p",
                least: 0.0,
                most: 1.0,
            },
        ];
        let found = read(&path, &wanted).map_err(|e| e.to_string());
        let place = format!("{}: ", path.display());
        let found = found.map(|n| n.columns).map_err(|e| e.replace(&place, ""));
        let expected = expected.map(|columns| columns.map(<[f64]>::to_vec).to_vec());
        match (found, expected) {
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{name}: {found}"),
            (found, expected) => assert_eq!(found, expected.map_err(str::to_owned), "{name}"),
        }
    }

    #[test]
    fn numbers_come_from_any_format() {
        let expected = || Ok([[1.0, -2.5].as_slice(), [0.0, 1.0].as_slice()]);
        check("t.csv", b"a,p,b\nx,0, 1\n\"y\nz\",1e0,-2.5\n", expected());
        check("t.tsv", b"p\tb\n0\t1\n1\t-2.5\n", expected());
        check(
            "t.json",
            br#"[{"b": 1, "p": 0, "c": []}, {"p": 1, "b": -2.5}]"#,
            expected(),
        );
        check(
            "t.jsonl",
            b"{\"b\": 1, \"p\": 0}\n\n{\"p\": 1, \"b\": -2.5}\n",
            expected(),
        );
        check("t.csv", b"b,p\n", Ok([&[], &[]]));
        check("t.json", b"[]", Ok([&[], &[]]));
    }

    #[test]
    fn faults_name_line_and_column() {
        let check =
            |name: &str, content: &str, why: &str| check(name, content.as_bytes(), Err(why));
        check(
            "t.csv",
            "b,p\n1,0\n2,1.5\n",
            "line 3, column \"p\": 1.5; a number from 0 to 1 is needed",
        );
        check(
            "t.csv",
            "b,p\n\"x\ny\",0\n",
            "line 2, column \"b\": \"x\\ny\"; a number is needed",
        );
        check(
            "t.csv",
            "b,p\n1,\n",
            "line 2, column \"p\": missing; a number from 0 to 1 is needed",
        );
        check(
            "t.csv",
            "b,p\ninf,0\n",
            "line 2, column \"b\": \"inf\"; a number is needed",
        );
        check(
            "t.csv",
            "b,p\n1\n",
            "line 2: 1 cells where the header has 2",
        );
        check(
            "t.csv",
            "b,p\n1,\"0\n",
            "a quote opened in the row of line 2 is never closed",
        );
        check(
            "t.csv",
            "",
            "it is empty: a line of column names is needed first",
        );
        check(
            "t.csv",
            "bb,p\n",
            "there is no column \"b\", did you mean \"bb\"?; there are: bb, p",
        );
        check(
            "t.csv",
            "b,p,b\n",
            "the column \"b\" stands twice in the header; keep one of them",
        );
        check(
            "t.json",
            r#"[{"b": "1", "p": 0}, {"b": "one", "p": 0}]"#,
            "line 2, column \"b\": \"one\"; a number is needed",
        );
        check(
            "t.json",
            r#"[{"b": true, "p": 0}]"#,
            "line 1, column \"b\": true; a number is needed",
        );
        check(
            "t.jsonl",
            "{\"b\": null, \"p\": 0}",
            "line 1, column \"b\": missing; a number is needed",
        );
        check(
            "t.jsonl",
            "{\"b\": 1, \"p\": 0}\n{\"b\": 1, \"q\": 0}",
            "line 2: there is no column \"p\", did you mean \"b\"?; there are: b, q",
        );
        check(
            "t.jsonl",
            "[1]",
            "line 1: a row is an object like {\"column\": value}; got a list",
        );
        check(
            "t.json",
            "7",
            "a row is an object like {\"column\": value}; got a bare value",
        );
        check(
            "t.json",
            r#"[{"b": 1e400, "p": 0}]"#,
            "not readable as JSON: 1e400 at line 1 column 8 is beyond the largest number",
        );
        check(
            "t.jsonl",
            "{\"b\": 1",
            "line 1: not readable as JSON: EOF while parsing an object",
        );
        check(
            "t.parquet",
            "b,p\n1,0\n",
            "it looks like a table of text (CSV), although its name says parquet",
        );
        check("t.parquet", "PAR", "it is not readable: ");
    }
}
