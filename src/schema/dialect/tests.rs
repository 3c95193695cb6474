//! Detection of dialects, and settings that are rejected.

use super::*;

fn check(text: &str, expected: u8) {
    let start = Start::of(text.as_bytes(), true, &Dialect::default());
    let found = char::from(start.delimiter);
    assert_eq!(found, char::from(expected), "{text:?}");
    assert_eq!(start.found, expected != b',', "{text:?}");
}

/// R's `write.table(d, "d.txt")`, with row names and with `row.names = FALSE`.
#[test]
fn blanks_separate_the_cells_of_write_table() {
    let check = |text: &str, expected: u8| {
        let start = Start::of(text.as_bytes(), true, &Dialect::AUTO);
        assert_eq!(start.delimiter, expected, "{text:?}");
    };
    check(
        "\"mpg\" \"model\"\n\"1\" 21.5 \"Mazda RX4, wagon\"\n\"2\" NA \"Fiat\"\n",
        b' ',
    );
    check(
        "\"mpg\" \"a model\"\n21.5 \"Mazda RX4\"\n22 \"Fiat 128\"\n",
        b' ',
    );
    for text in [
        "first name\nJane Doe\nJohn Roe\n",
        "\"a name\"\n\"Jane Doe\"\n",
        "\"a\" \"b\"\n1 2\n1 2 3 4\n",
        "a b\n1 2\n3 4\n",
        "\"a\",\"b\"\n1,2 3\n",
    ] {
        check(text, b',');
    }
}

#[test]
fn the_delimiter_is_found_by_the_first_lines() {
    let tables: &[(&str, u8)] = &[
        ("a,b\n1,2\n", b','),
        ("a;b\n1;2\n", b';'),
        ("a\tb\n1\t2\n", b'\t'),
        ("a|b\n1|2\n", b'|'),
        ("a;b\r\n1;2\r\n", b';'),
        ("a;b\r1;2\r", b';'),
        // Decimal commas, in one cell or in all.
        ("a;b\n1,5;2\n", b';'),
        ("a;b;c\n1,5;2,5;3,5\n4,5;5,5;6,5\n", b';'),
        ("price, EUR;size, cm\n1,5;2,5\n3,0;4,1\n", b';'),
        // Commas within texts.
        ("id;text\n1;well, yes\n2;no\n3;one, two, three\n", b';'),
        ("\"last, first\";age\n\"Lind, A\";5\n\"Berg, B\";6\n", b';'),
        ("last, first;age\nLind;5\nBerg;6\n", b';'),
        ("a,b\n\"x;y;z\",1\n\"u;v\",2\n", b','),
        ("name,tags\nx,a|b|c\ny,a\n", b','),
        ("time,level\n2024-01-01;x,1\n", b','),
        // Newlines and quotes within cells.
        ("\"a\nb\";c\n\"x\n,y\";1\n", b';'),
        ("a;b\n\"say \"\"1,2,3\"\"\";1\n", b';'),
        // A single column; a header without rows; an empty text.
        ("a\n1\n2\n", b','),
        ("a\n1;2\n", b','),
        ("a;b;c\n", b';'),
        ("a,b;c\n", b','),
        ("", b','),
        ("\n\n", b','),
        // A delimiter at the end of every line; rows that are too short.
        ("a;b;\n1;2;\n3;4;\n", b';'),
        ("a;b;c\n1;2;3\n1;2\n4;5;6\n", b';'),
        ("a,b,c\n1,2\n1,2,3;4\n", b','),
        // The first line that Excel writes.
        ("sep=;\na;b\n1;2\n", b';'),
        ("sep=;\r\na,b;c\r\n1,5;2\r\n", b';'),
        ("SEP=|\na|b\n", b'|'),
        ("\"sep=;\"\na;b\n", b';'),
        ("sep=\t\na\tb\n", b'\t'),
        ("sep=,\na,b\n", b','),
        ("sep=a,b\n1,2\n", b','),
    ];
    tables.iter().for_each(|(text, found)| check(text, *found));
}

#[test]
fn a_row_that_the_sample_cuts_off_does_not_count() {
    let of = |text: &str| Start::of(text.as_bytes(), false, &Dialect::default()).delimiter;
    assert_eq!(of("a;b;c\n1;2;3\n4;5"), b';');
    assert_eq!(of("a;b;c"), b';');
}

#[test]
fn what_is_usual_is_taken_where_nothing_else_fits_better() {
    let tabs = Dialect::default().usually(b'\t');
    let of = |text: &str| {
        let start = Start::of(text.as_bytes(), true, &tabs);
        (char::from(start.delimiter), start.found)
    };
    assert_eq!(of("a\tb\n1\t2\n"), ('\t', false));
    assert_eq!(of("a\n1\n"), ('\t', false));
    assert_eq!(of("a,b\tc\n1\t2\n"), ('\t', false));
    assert_eq!(of("a;b\n1;2\n"), (';', true));
}

#[test]
fn a_delimiter_that_is_named_is_taken() {
    let semicolon = Dialect::default().with(&["delimiter=;".parse().unwrap()]);
    let start = Start::of(b"a,b\n1,2\n", true, &semicolon.unwrap());
    assert_eq!((start.delimiter, start.found), (b';', false));
}

#[test]
fn comments_are_not_looked_at() {
    let dialect = Dialect::default().with(&["comment=#".parse().unwrap()]);
    let start = Start::of(b"# made, by, hand\na;b\n1;2\n", true, &dialect.unwrap());
    assert_eq!(start.delimiter, b';');
}

#[test]
fn settings_are_checked() {
    let check = |settings: &[&str], expected: Result<(), &str>| {
        let read: Result<Vec<Setting>, _> = settings.iter().map(|s| s.parse()).collect();
        let dialect = read.and_then(|read| Dialect::default().with(&read));
        let found = dialect.map(drop).map_err(|e| e.to_string());
        assert_eq!(found, expected.map_err(str::to_owned), "{settings:?}");
    };
    check(&["delimiter=tab", "decimal=,", "thousands=."], Ok(()));
    check(
        &["delimiter=\\t", "thousands=space", "encoding=latin-1"],
        Ok(()),
    );
    check(&["comment=#", "skip=3", "thousands=none"], Ok(()));
    check(&["thousands='", "delimiter=auto", "encoding=auto"], Ok(()));
    check(
        &["delimiter"],
        Err("\"delimiter\" has no value; write KEY=VALUE, such as delimiter=; or encoding=latin-1"),
    );
    check(
        &["delimeter=;"],
        Err("a format has no \"delimeter\"; did you mean delimiter?"),
    );
    check(
        &["delimiter=;;"],
        Err("\";;\" is not a delimiter; write auto, tab or one ASCII character such as ;"),
    );
    check(
        &["decimal=x"],
        Err("\"x\" is not a decimal sign; write . or ,"),
    );
    check(
        &["encoding=klingon"],
        Err("there is no encoding \"klingon\"; write auto, utf-8, utf-16, latin-1 or windows-1252"),
    );
    check(
        &["skip=-1"],
        Err("\"-1\" is not a number of lines; write how many lines stand before the header"),
    );
    check(
        &["decimal=,", "thousands=,"],
        Err(
            "`decimal` and `thousands` are the same character; write another character for one of them",
        ),
    );
    check(
        &["delimiter=#", "comment=#"],
        Err(
            "`comment` and `delimiter` are the same character; write another character for one of them",
        ),
    );
}
