//! Invalid documents, and the limits on depth and width.

use super::*;

/// Checks that a document is invalid and that its error message contains `expected`.
fn check_document(text: &[u8], expected: &str) {
    let (_, outcome) = read(Purpose::Predict, text, 3);
    let shown = String::from_utf8_lossy(text);
    assert!(outcome.contains(expected), "{shown:.200}: {outcome}");
}

#[test]
fn what_is_no_json_as_promised_is_an_error_of_the_document() {
    let colour = |rest: &str| format!(r#"{{"colour": "red", {rest}}}"#).into_bytes();
    // Duplicate keys: known, unknown, id, target, escaped, nested, in a list.
    for twice in [
        r#""colour": "red""#,
        r#""col\u006fur": null"#,
        r#""x": 1, "x": 2"#,
        r#""bottle": 1, "bottle": 1"#,
        r#""good": 1, "good": null"#,
        r#""x": {"a": 1, "b": 2, "a": 3}"#,
        r#""maker": {"a": 1, "a": 3}"#,
        r#""maker": [[{"a": 1, "a": 3}]]"#,
    ] {
        check_document(&colour(twice), "stands twice in one object");
        check_document(
            &[b"[{},", colour(twice).as_slice(), b"]"].concat(),
            "stands twice in one object",
        );
    }
    // Numbers that are not finite, in any position.
    for number in [
        "1e400",
        "-1e400",
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999999",
    ] {
        for key in ["sugar", "maker", "good", "bottle", "unheard_of"] {
            check_document(
                &colour(&format!("\"{key}\": {number}")),
                "not readable as JSON",
            );
        }
        check_document(format!("[{number}]").as_bytes(), "not readable as JSON");
        check_document(number.as_bytes(), "not readable as JSON");
    }
    // Syntax errors.
    for text in [
        "{",
        "[",
        "{\"colour\"}",
        "{'colour': 1}",
        "{\"colour\": \"red\",}",
        "[{},]",
        "{} {}",
        "[] 1",
        "{\"colour\": red}",
        "{\"sugar\": 01}",
        "{\"sugar\": .5}",
        "{\"sugar\": +1}",
        "// x\n{}",
        "nul",
        "\u{feff}{}",
    ] {
        check_document(text.as_bytes(), "not readable as JSON");
    }
    check_document(b"{\"maker\": \"\xff\"}", "not readable as JSON");
    check_document(b"{\"unheard_of\": \"\xff\"}", "not readable as JSON");
    check_document(b"{\"maker\": \"\xed\xa0\x80\"}", "not readable as JSON");
    // Lone surrogates are not valid text.
    check_document(br#"{"maker": "\ud800"}"#, "not readable as JSON");
}

#[test]
fn a_bare_value_is_no_row() {
    for text in ["3", "\"row\"", "true", "null", " -1.5 "] {
        check_document(
            text.as_bytes(),
            "a row is an object like {\"column\": value}, several rows are a list of objects; got a bare value",
        );
    }
    for text in ["", " ", "\n\t"] {
        check_document(text.as_bytes(), "got nothing at all");
    }
}

/// An empty value inside `depth` pairs of brackets.
fn nest(open: &str, close: &str, depth: usize) -> String {
    format!("{}{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn nesting_beyond_the_limit_is_an_error_of_the_document_anywhere() {
    let list = |depth| nest("[", "]", depth);
    let object = |depth: usize| format!("{}0{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    // The object is the first level: 31 more are allowed below it, and are a fault of the row.
    for value in [list(31), object(31)] {
        for (key, problem) in [
            ("maker", "wrong type"),
            ("sugar", "wrong type"),
            ("bottle", "wrong type"),
            ("new", "unknown column"),
        ] {
            let (rows, outcome) = read(
                Purpose::Predict,
                format!(r#"{{"colour": "red", "{key}": {value}}}"#).as_bytes(),
                10,
            );
            assert_eq!(outcome, "One", "{key}");
            let faults = rows[0].as_ref().unwrap_err();
            assert!(
                faults[0].starts_with(&format!("{key}: {problem}")) && faults.len() == 1,
                "{faults:?}"
            );
        }
    }
    for value in [list(32), object(32), list(100), list(100_000)] {
        for key in ["maker", "sugar", "bottle", "good", "new"] {
            let row = format!(r#"{{"colour": "red", "{key}": {value}}}"#);
            check_document(row.as_bytes(), "nested deeper than 32");
        }
    }
    // In a list the row is the second level.
    let in_list = |depth| format!(r#"[{{"colour": "red", "maker": {}}}]"#, list(depth));
    assert_eq!(
        read(Purpose::Predict, in_list(30).as_bytes(), 10).1,
        "Many(1)"
    );
    check_document(in_list(31).as_bytes(), "nested deeper than 32");
    // Elements that are not rows, including those beyond the maximum number of rows.
    let elements = |depth| format!("[{{}}, {}]", list(depth));
    assert_eq!(
        read(Purpose::Predict, elements(31).as_bytes(), 10).1,
        "Many(2)"
    );
    check_document(elements(32).as_bytes(), "nested deeper than 32");
    let beyond = format!("[{{}}, {{}}, {{}}, {}]", list(32));
    check_document(beyond.as_bytes(), "nested deeper than 32");
}

/// The work per unknown key grows with the number of known names it is compared with, so that an object of a million unknown
/// keys must be rejected early.
#[test]
fn an_object_with_more_keys_than_a_table_has_columns_is_refused() {
    let object = |n: usize| {
        let keys: Vec<String> = (0..n).map(|i| format!("\"k{i}\":0")).collect();
        format!("{{{}}}", keys.join(","))
    };
    let (rows, outcome) = read(Purpose::Predict, object(10_000).as_bytes(), 1);
    assert_eq!(outcome, "One");
    assert_eq!(
        rows[0].as_ref().unwrap_err().len(),
        10_001,
        "one a key, and the required column"
    );
    check_document(
        object(10_001).as_bytes(),
        "more than 10000 keys in one object",
    );
}

#[test]
fn a_message_row_counts_its_depth_from_where_it_stands() {
    let schema = wines();
    let mut row = row(&schema, Purpose::Predict);
    let mut read = |depth, nested| {
        let text = format!(
            r#"{{"colour": "red", "maker": {}}}"#,
            nest("[", "]", nested)
        );
        let mut json = serde_json::Deserializer::from_str(&text);
        one(&schema, &mut row, depth)
            .deserialize(&mut json)
            .map(|()| row.faults.len())
            .map_err(|e| e.to_string())
    };
    assert_eq!(read(2, 30), Ok(1));
    assert!(read(2, 31).unwrap_err().contains("nested deeper than 32"));
}
