//! Reading delimited text: deviations that real tables have, and what is rejected.

use std::ops::ControlFlow;

use proptest::prelude::*;

use super::super::fixture::{cells, faults, row, table_spec, wines};
use super::super::row::Purpose;
use super::*;

/// Reads a table: per line its number with its cells, its faults or the reason why it cannot be read; then the
/// table's error, if any.
fn read(text: &[u8]) -> (Vec<String>, Option<CsvError>) {
    let schema = wines();
    let mut row = row(&schema, Purpose::Predict);
    let mut lines = Vec::new();
    let mut each = |(line, outcome): Line<'_>| {
        let said = match outcome {
            Ok(row) if row.faults.is_empty() => cells(&schema, row),
            Ok(row) => faults(row).join("; "),
            Err(broken) => format!("broken: {broken}"),
        };
        lines.push(format!("{line}: {said}"));
        ControlFlow::Continue(())
    };
    let dialect = Dialect::default();
    let outcome = rows(&schema, text, &dialect, &mut row, &mut each, &mut |_| ());
    (lines, outcome.err())
}

/// Checks the lines of a table that can be read.
fn check(text: impl AsRef<[u8]>, expected: &[&str]) {
    let text = text.as_ref();
    let (lines, fault) = read(text);
    assert!(fault.is_none(), "{}: {fault:?}", text.escape_ascii());
    assert_eq!(lines, expected, "{}", text.escape_ascii());
}

/// Checks a table that is rejected: its error message, and how many lines were passed on before.
fn check_refused(text: impl AsRef<[u8]>, lines: usize, expected: &str) {
    let text = text.as_ref();
    let (read, fault) = read(text);
    let message = fault.map(|f| f.to_string()).unwrap_or_default();
    assert_eq!(message, expected, "{}", text.escape_ascii());
    assert_eq!(read.len(), lines, "{}", text.escape_ascii());
}

#[test]
fn lines_become_cells() {
    let table = "colour,stars,sugar,price,maker\nred,3,7.5,12,Argo\nwhite,,,,\n";
    let expected = [
        r#"2: red | 3 | 7.5 | 12 | "Argo""#,
        "3: white | – | – | – | –",
    ];
    check(table, &expected);
    check(table.trim_end(), &expected);
    check(table.replace('\n', "\r\n"), &expected);
    check([b"\xef\xbb\xbf", table.as_bytes()].concat(), &expected);
    check(
        format!("\u{feff}{}", table.replace("colour,", "\"colour\",")),
        &expected,
    );
    // Columns may come in any order, and some may be absent.
    check(
        "maker,colour\nArgo,red",
        &[r#"2: red | – | – | – | "Argo""#],
    );
    // A header without further lines is a table without rows.
    check("colour,maker\n", &[]);
    check("colour,maker", &[]);
}

#[test]
fn other_delimiters_work_alike() {
    let schema = wines();
    let mut row = row(&schema, Purpose::Learn);
    let text = "bottle\tcolour\tmaker\tgood\n7\tred\tA, B\tyes\n";
    let mut seen = 0;
    let mut each = |(line, row): Line<'_>| {
        let row = row.unwrap();
        seen += 1;
        assert_eq!(
            (line, row.target(), row.id_text().as_deref()),
            (2, Some(true), Some("7"))
        );
        assert_eq!(cells(&schema, row), r#"red | – | – | – | "A, B""#);
        ControlFlow::Continue(())
    };
    let tabs = Dialect::AUTO.usually(b'\t');
    rows(
        &schema,
        text.as_bytes(),
        &tabs,
        &mut row,
        &mut each,
        &mut |_| (),
    )
    .unwrap();
    assert_eq!(seen, 1);
}

#[test]
fn quotes_are_read_as_rfc_4180_says() {
    let with = |cell: &str| format!("colour,maker\nred,{cell}\nwhite,B\n");
    let line = |maker: &str| format!("2: red | – | – | – | {maker:?}");
    for (cell, maker) in [
        ("\"A, B\"", "A, B"),
        ("\"A \"\"B\"\"\"", "A \"B\""),
        ("\"\"\"\"", "\""),
        ("\"A\"", "A"),
        // A quote inside an unquoted cell is an ordinary character, whether single or doubled.
        ("5\" disk", "5\" disk"),
        ("A \"B\"", "A \"B\""),
        ("A\"", "A\""),
    ] {
        check(with(cell), &[&line(maker), r#"3: white | – | – | – | "B""#]);
    }
    // After a newline within quotes, the later lines still have their number in the file.
    for newline in ["\n", "\r\n"] {
        let text = with(&format!("\"A{newline}B{newline}C\"")).replace("\nwhite", "\r\nwhite");
        check(
            text,
            &[
                &line(&format!("A{newline}B{newline}C")),
                r#"5: white | – | – | – | "B""#,
            ],
        );
    }
    check(
        "\"colour\",\"maker\"\n\"red\",\"A\"\n\"white\",\"\"\n",
        &[&line("A"), "3: white | – | – | – | –"],
    );
    // A stray quote in one cell, and a properly quoted newline in the last one.
    check(
        "maker,colour,good\n5\" disk,red,\"a\nb\"\n",
        &[r#"2: red | – | – | – | "5\" disk""#],
    );
}

#[test]
fn lines_keep_their_numbers() {
    // Blank lines are skipped but counted; CRLF is one line end.
    check(
        "colour\n\nred\n\n\nwhite\n",
        &["3: red | – | – | – | –", "6: white | – | – | – | –"],
    );
    check(
        "colour\r\nred\r\nwhite\r\n\r\nrose\r\n",
        &[
            "2: red | – | – | – | –",
            "3: white | – | – | – | –",
            "5: rose | – | – | – | –",
        ],
    );
    check(
        "colour,maker\nred,\"A\nB\"\nblue,\n",
        &[
            r#"2: red | – | – | – | "A\nB""#,
            "4: colour: unknown level, got blue, allowed: one of red, white, rose",
        ],
    );
}

#[test]
fn a_line_that_is_broken_is_no_reason_to_stop() {
    check(
        b"colour,maker\nred\nred,A,B\nwhite,\xff\n",
        &[
            "2: broken: 1 cells where the header has 2",
            "3: broken: 3 cells where the header has 2",
            "4: broken: the line is not UTF-8",
        ],
    );
    check(
        "colour,sugar\nred,1e400\nblue,x\n,inf\nred,NaN\nred, 1.5 \nred,-1\nred,1_0\nred,0x1\nred,1e2",
        &[
            "2: sugar: wrong type, got \"1e400\", allowed: a number from 0 to 400 (leave the cell empty where the number is not known)",
            "3: colour: unknown level, got blue, allowed: one of red, white, rose; sugar: wrong type, got \"x\", allowed: a number from 0 to 400 (leave the cell empty where the number is not known)",
            "4: sugar: wrong type, got \"inf\", allowed: a number from 0 to 400 (leave the cell empty where the number is not known); colour: missing, allowed: one of red, white, rose (the column is required)",
            "5: red | – | – | – | –",
            "6: red | – | 1.5 | – | –",
            "7: sugar: out of range, got -1, allowed: a number from 0 to 400",
            "8: sugar: wrong type, got \"1_0\", allowed: a number from 0 to 400 (leave the cell empty where the number is not known)",
            "9: sugar: wrong type, got \"0x1\", allowed: a number from 0 to 400 (leave the cell empty where the number is not known)",
            "10: red | – | 100 | – | –",
        ],
    );
}

#[test]
fn the_words_of_pandas_are_missing_and_nothing_like_them() {
    for missing in [
        "", " ", "NA", "N/A", " nan", "NULL", "None", "<NA>", "\"\"", "\"NA\"",
    ] {
        let text = format!(
            "colour,stars,sugar,price,maker,good,bottle\nred{}",
            format!(",{missing}").repeat(6)
        );
        check(text, &["2: red | – | – | – | –"]);
    }
    for word in ["na", "NONE", "n.a.", "?", "-"] {
        check(
            format!("colour,maker\nred,{word}"),
            &[&format!("2: red | – | – | – | {word:?}")],
        );
    }
}

#[test]
fn headers_that_cannot_be_used_are_refused() {
    let empty = "it is empty: a line of column names is needed first";
    check_refused("", 0, empty);
    check_refused("\u{feff}", 0, empty);
    check_refused("\n\r\n\n", 0, empty);
    let twice =
        |name: &str| format!("the column {name:?} stands twice in the header; keep one of them");
    check_refused("colour,maker,colour\nred,A,white\n", 0, &twice("colour"));
    check_refused("colour,bottle,bottle\n", 0, &twice("bottle"));
    check_refused("good,colour,good\n", 0, &twice("good"));
    check_refused(
        "colour,suger\n",
        0,
        r#"suger: unknown column, allowed: bottle, good, colour, stars, sugar, price, maker (did you mean "sugar"?)"#,
    );
    check_refused(
        "maker,Stars\n",
        0,
        "Stars: unknown column, allowed: bottle, good, colour, stars, sugar, price, maker (did you mean \"stars\"?); \
         colour: missing, allowed: one of red, white, rose (the column is required)",
    );
    check_refused(
        b"colour,mak\xe9r\nred,A\n",
        0,
        "the first line is not UTF-8",
    );
}

#[test]
fn a_million_columns_are_refused() {
    let mut header = String::from("colour");
    (0..999_999).for_each(|i| header.push_str(if i % 2 == 0 { ",a" } else { ",b" }));
    check_refused(
        header,
        0,
        "the header has 1000000 columns, 10000 are the most; is the delimiter right?",
    );
}

#[test]
fn a_quote_that_is_never_closed_is_found() {
    let open = |line: u64| format!("a quote opened in the row of line {line} is never closed");
    check_refused(
        "colour,maker\nred,A\nwhite,\"B\nrose,C\nred,D\n",
        1,
        &open(3),
    );
    check_refused("colour,maker\nred,A\nwhite,\"B\n", 1, &open(3));
    check_refused("colour,maker\nred,A\nwhite,\"B", 1, &open(3));
    check_refused("colour,maker\nred,A\nwhite,\"", 1, &open(3));
    check_refused("colour,maker\nred,A\n\"white,B\n", 1, &open(3));
    check_refused("colour,maker\nred,\"A \"\"B\n", 0, &open(2));
    check_refused("maker,\"colour\nred,A\n", 0, &open(1));
    // Two unmatched quotes, which by their number alone look like a pair.
    check_refused("maker,colour\n5\" disk,red\nA,\"white\n", 1, &open(3));
    // The last cell ends in an escaped quote, or in a quote after a closed cell.
    check(
        "colour,maker\nred,\"A\"\"\"",
        &[r#"2: red | – | – | – | "A\"""#],
    );
    check("maker,colour\nA\",red", &[r#"2: red | – | – | – | "A\"""#]);
}

/// The result does not depend on how the bytes are split into reads.
#[test]
fn blocks_of_one_byte_read_the_same() {
    struct Drip<'a>(&'a [u8]);
    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let n = self.0.len().min(1).min(buffer.len());
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }
    let schema = wines();
    let mut row = row(&schema, Purpose::Predict);
    let text = b"\xef\xbb\xbf\"colour\",maker\r\nred,\"A \"\"B\"\"\nC\"\r\n";
    let mut seen = Vec::new();
    let mut each = |(line, row): Line<'_>| {
        seen.push((line, cells(&schema, row.unwrap())));
        ControlFlow::Continue(())
    };
    rows(
        &schema,
        Drip(text),
        &Dialect::AUTO,
        &mut row,
        &mut each,
        &mut |_| (),
    )
    .unwrap();
    assert_eq!(seen, [(2, r#"red | – | – | – | "A \"B\"\nC""#.to_owned())]);
}

#[test]
fn the_caller_may_break_off() {
    let schema = wines();
    let mut row = row(&schema, Purpose::Predict);
    let mut lines = 0;
    let text = b"colour\nred\nwhite\n\"rose";
    let mut each = |_: Line<'_>| {
        lines += 1;
        ControlFlow::Break(())
    };
    rows(
        &schema,
        &text[..],
        &Dialect::AUTO,
        &mut row,
        &mut each,
        &mut |_| (),
    )
    .unwrap();
    assert_eq!(lines, 1);
}

proptest! {
    #![proptest_config(crate::proptest_config())]
    /// The watch and the parser agree on where rows begin and whether a quote is open, for any text.
    #[test]
    fn the_watch_sees_what_the_parser_does(text in "[a#\",\r\n]{0,24}", comment in prop::option::of(Just(b'#'))) {
        let parse = |text: &str| {
            let records: Vec<csv::ByteRecord> = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .comment(comment)
                .from_reader(text.as_bytes())
                .byte_records()
                .collect::<Result<_, _>>()
                .unwrap();
            records
        };
        // At the end of the text, the watch ends an open comment, whereas the parser takes it for a row.
        let text = if comment.is_some() { text + "\n" } else { text };
        let mut watch = watch::Watch::new(text.as_bytes(), b',', comment, 1);
        std::io::copy(&mut watch, &mut std::io::sink()).unwrap();
        let starts: Vec<u64> = (0..parse(&text).len()).map(|_| watch.next_row()).collect();
        prop_assert!(starts.windows(2).all(|w| w[0] < w[1]), "{starts:?}");
        // The parser reports the line of the first newline it has not yet counted; without CR and blank lines both agree.
        let blank = text.starts_with('\n') || text.contains("\n\n");
        if !text.contains(['\r', '#']) && !blank {
            let own: Vec<u64> = parse(&text).iter().map(|r| r.position().unwrap().line()).collect();
            prop_assert_eq!(&starts, &own);
        }
        // Appending a line adds a row, unless an open quote swallows it.
        let more = parse(&format!("{text}\nx")).len() > parse(&text).len();
        prop_assert_eq!(watch.ended_open(), !more);
    }
}

/// Reads a table with dialect settings: its lines and notices, or its error message.
fn read_as(text: &[u8], settings: &[&str]) -> (Vec<String>, Vec<String>) {
    let schema = wines();
    let mut row = row(&schema, Purpose::Predict);
    let settings: Vec<_> = settings.iter().map(|s| s.parse().unwrap()).collect();
    let dialect = Dialect::AUTO.with(&settings).unwrap();
    let (mut lines, mut notices) = (Vec::new(), Vec::new());
    let mut each = |(line, outcome): Line<'_>| {
        let said = match outcome {
            Ok(row) if row.faults.is_empty() => cells(&schema, row),
            Ok(row) => faults(row).join("; "),
            Err(broken) => format!("broken: {broken}"),
        };
        lines.push(format!("{line}: {said}"));
        ControlFlow::Continue(())
    };
    let mut note = |notice: Notice| {
        notices.push(match notice.problem {
            None => notice.text,
            Some(problem) => format!(
                "{}: {} {} {:?}",
                notice.column,
                notice.rows,
                problem.code(),
                notice.examples
            ),
        });
    };
    let outcome = rows(&schema, text, &dialect, &mut row, &mut each, &mut note);
    if let Err(fault) = outcome {
        lines.push(fault.to_string());
    }
    (lines, notices)
}

fn check_as(text: impl AsRef<[u8]>, settings: &[&str], lines: &[&str], notices: &[&str]) {
    let text = text.as_ref();
    let found = read_as(text, settings);
    assert_eq!(found.0, lines, "{}", text.escape_ascii());
    assert_eq!(found.1, notices, "{}", text.escape_ascii());
}

fn utf16(text: &str) -> Vec<u8> {
    let units = text.encode_utf16().flat_map(u16::to_le_bytes);
    [0xff, 0xfe].into_iter().chain(units).collect()
}

#[test]
fn a6_what_excel_writes_is_read() {
    let row = r#"red | – | 1.5 | 12 | "Zürich""#;
    let semicolons = ["read as text with ';' between cells"];
    let text = "colour;sugar;price;maker\r\nred;1,5;12;Zürich\r\n";
    let decimal = &["decimal=,"];
    check_as(text, decimal, &[&format!("2: {row}")], &semicolons);
    let marked = format!("\u{feff}{text}");
    check_as(&marked, decimal, &[&format!("2: {row}")], &semicolons);
    let named = format!("\u{feff}sep=;\r\n{text}");
    check_as(&named, decimal, &[&format!("3: {row}")], &semicolons);
    let tabs = text.replace(';', "\t");
    check_as(
        utf16(&tabs),
        decimal,
        &[&format!("2: {row}")],
        &["read as text with tab between cells and encoding UTF-16LE"],
    );
    let (old, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    check_as(
        &old,
        &["decimal=,", "encoding=windows-1252", "delimiter=;"],
        &[&format!("2: {row}")],
        &[],
    );
}

#[test]
fn a6_text_of_an_unknown_encoding_is_not_guessed() {
    let (old, _, _) = encoding_rs::WINDOWS_1252.encode("colour,maker\nred,Zürich\n");
    check_as(&old, &[], &["2: broken: the line is not UTF-8"], &[]);
    let bare = utf16("colour,maker\nred,Zürich\n")[2..].to_vec();
    check_as(
        &bare,
        &[],
        &["it looks like UTF-16LE without a byte-order mark"],
        &[],
    );
    let expected = [r#"2: red | – | – | – | "Zürich""#];
    check_as(&bare, &["encoding=utf-16le"], &expected, &[]);
}

#[test]
fn a6_row_numbers_and_trailing_delimiters_are_passed_over() {
    let index = ["the first column has no name: it holds row numbers and is passed over"];
    for head in ["", "\"\"", " "] {
        let text = format!("{head},colour,sugar\n0,red,1\n1,rose,\n");
        check_as(
            text,
            &[],
            &["2: red | – | 1 | – | –", "3: rose | – | – | – | –"],
            &index,
        );
    }
    check_as(
        "colour,sugar,\nred,1,\nrose,2, \nrose,2,x\nrose,2\n",
        &[],
        &[
            "2: red | – | 1 | – | –",
            "3: rose | – | 2 | – | –",
            "4: unknown column, got x, allowed: an empty cell: the last column has no name (name the column, or leave it out)",
            "5: broken: 2 cells where the header has 3",
        ],
        &[],
    );
    let (lines, _) = read_as(b"colour,,sugar\nred,,1\n", &[]);
    assert!(
        lines[0].contains("no name (column 2 of the header)"),
        "{lines:?}"
    );
    // A name that pandas generated counts as a name.
    let (lines, _) = read_as(b"Unnamed: 0,colour\n0,red\n", &[]);
    assert!(
        lines[0].starts_with("Unnamed: 0: unknown column"),
        "{lines:?}"
    );
}

#[test]
fn a6_blanks_around_names_are_cut() {
    check_as(
        " colour , sugar\nred,1\n",
        &[],
        &["2: red | – | 1 | – | –"],
        &["blanks around names in the header are cut: colour, sugar"],
    );
    check_as(
        "colour, colour\nred,red\n",
        &[],
        &["the column \"colour\" stands twice in the header; keep one of them"],
        &[],
    );
}

#[test]
fn a6_lines_before_the_header_and_comments_are_no_rows() {
    check_as(
        "made by hand\n\"a \n# with care, twice\ncolour,maker\n# none\nred,# A\n",
        &["skip=2", "comment=#"],
        &[r##"6: red | – | – | – | "# A""##],
        &[],
    );
    check_as(
        "colour\nred\n# the end",
        &["comment=#"],
        &["2: red | – | – | – | –"],
        &[],
    );
    check_as(
        "one\n",
        &["skip=3"],
        &[CsvError::Empty.to_string().as_str()],
        &[],
    );
}

#[test]
fn a6_numbers_have_the_form_of_the_file() {
    let german = ["decimal=,", "thousands=."];
    check_as(
        "colour;sugar;price\nred;3,75;1.234,5\nred;3.75;1\n",
        &[german[0], german[1], "delimiter=;"],
        &[
            "2: red | – | 3.75 | 1234.5 | –",
            "3: sugar: wrong type, got \"3.75\", allowed: a number from 0 to 400 (leave the cell empty where the number is \
             not known)",
        ],
        &[],
    );
    check_as(
        "colour,price\nred,\"1,234\"\n",
        &["thousands=,"],
        &["2: red | – | – | 1234 | –"],
        &[],
    );
}

#[test]
fn a6_numbers_that_may_be_thousands_are_told_of_where_nothing_settles_it() {
    let check = |prices: &[&str], notices: &[&str]| {
        let text = format!("price,colour\n{},red\n", prices.join(",red\n"));
        let (_, found) = read_as(text.as_bytes(), &[]);
        assert_eq!(found, notices, "{prices:?}");
    };
    let told = ["price: 2 ambiguous_number [\"1.234\", \"2.500\"]"];
    check(&["1.234", "7", "", "2.500"], &told);
    check(&["1.234", "2.500", "0.5"], &[]);
    check(&["0.234", "1.234"], &[]);
    check(&["1", "2"], &[]);
}

#[test]
fn a_column_with_a_form_of_its_own_is_not_ambiguous() {
    let spec = r#"
target: {column: good, positive: 1, negative: 0}
columns:
  - {name: price, kind: number, number: {decimal: ",", thousands: "."}}
"#;
    let schema = table_spec(spec).unwrap();
    let mut row = row(&schema, Purpose::Predict);
    let (mut read, mut notices) = (Vec::new(), Vec::<Notice>::new());
    let mut each = |(_, row): Line<'_>| {
        read.push(cells(&schema, row.unwrap()));
        ControlFlow::Continue(())
    };
    let text = "price\n1.234\n2.500\n";
    let mut note = |notice| notices.push(notice);
    rows(
        &schema,
        text.as_bytes(),
        &Dialect::AUTO,
        &mut row,
        &mut each,
        &mut note,
    )
    .unwrap();
    assert_eq!(read, ["1234", "2500"]);
    assert!(notices.is_empty(), "{notices:?}");
}
