//! Tests of the inferred kinds of columns, and of the errors that prevent a spec.

use super::*;

fn infer(name: &str, content: impl AsRef<[u8]>, wanted: Wanted<'_>) -> Result<Inferred, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    let place = path.display().to_string();
    let inferred = spec(&Source::parse(&place).unwrap(), &wanted);
    inferred.map_err(|e| e.to_string().replace(&place, name))
}

const GOOD: Wanted<'_> = Wanted {
    target: "good",
    positive: None,
    name: None,
    format: &[],
};

/// The spec line and the note of a column called `name` with these cells, in a table whose target alternates between 0 and 1.
fn guessed(name: &str, cells: &[&str]) -> (String, ColumnNote) {
    let rows = cells.iter().enumerate();
    let rows: Vec<String> = rows
        .map(|(i, c)| format!("{c},{},{}", i * 3 % 7, i % 2))
        .collect();
    let table = format!("{name},other,good\n{}\n", rows.join("\n"));
    let inferred = infer("t.csv", table, GOOD).unwrap();
    let line = inferred
        .text
        .lines()
        .find(|l| l.starts_with("  - "))
        .unwrap();
    let own = format!("  - {{name: {name:?}, ");
    let line = line.strip_prefix(&own).unwrap().strip_suffix('}').unwrap();
    let (words, _) = line.split_once(", missing: ").unwrap_or((line, ""));
    (words.to_owned(), inferred.columns[0].clone())
}

fn check(cells: &[&str], expected: &str, why: &str) {
    let (line, note) = guessed("x", cells);
    assert_eq!(
        (line.as_str(), note.why.as_str()),
        (expected, why),
        "{cells:?}"
    );
    assert_eq!(note.used, note.kind != "unused");
}

fn times(n: usize, cells: &[&'static str]) -> Vec<&'static str> {
    cells
        .iter()
        .copied()
        .cycle()
        .take(n * cells.len())
        .collect()
}

#[test]
fn numbers_stay_numbers_and_words_among_them_are_named() {
    let numbers = "kind: number, range: [-3, 4], unexpected: warn, required: true";
    check(&["1", "2.5", "-3", "4"], numbers, "all values are numbers");
    // A few whole numbers, also as floats, and codes beside a missing cell.
    check(
        &times(5, &["0", "1", "2"]),
        "kind: number, range: [0, 2], unexpected: warn, required: true",
        "all values are numbers",
    );
    check(
        &times(5, &["1.0", "2.0", ""]),
        "kind: number, range: [1, 2], unexpected: warn",
        "all values are numbers",
    );
    for word in ["?", "-", "inf", "unknown"] {
        let mut cells = times(10, &["1", "2"]);
        cells.push(word);
        check(
            &cells,
            "kind: number, range: [1, 2], unexpected: warn",
            &format!("20 of 21 values are numbers; taken for missing: {word:?} 1"),
        );
    }
    for word in ["NA", "N/A", "None", "nan", "#N/A", "NULL", " "] {
        let mut cells = times(2, &["1", "2"]);
        cells.push(word);
        let why = match word {
            " " => "all values are numbers".to_owned(),
            _ => format!("all values are numbers; taken for missing: {word:?} 1"),
        };
        check(
            &cells,
            "kind: number, range: [1, 2], unexpected: warn",
            &why,
        );
    }
    check(
        &["-999", "3", "-999", "0", "5", "1"],
        "kind: number, range: [0, 5], unexpected: warn",
        "4 of 6 values are numbers; taken for missing: \"-999\" 2",
    );
}

#[test]
fn numbers_in_another_form_are_numbers() {
    let form = |min: &str, max: &str, form: &str| {
        format!(
            "kind: number, range: [{min}, {max}], unexpected: warn, number: {{{form}}}, required: true"
        )
    };
    check(
        &["\"3,75\"", "\"12,5\"", "7", "9"],
        &form("3.75", "12.5", "decimal: \",\""),
        "all values are numbers, written as 1234,5",
    );
    check(
        &["\"1,234.50\"", "12", "7", "\"2,000\""],
        &form("7", "2000", "decimal: \".\", thousands: \",\""),
        "all values are numbers, written as 1,234.5",
    );
    check(
        &["$12.00", "$7", "$3.5", "$1"],
        &form("1", "12", "decimal: \".\", prefix: \"$\""),
        "all values are numbers, written as $1234.5",
    );
}

#[test]
fn dates_are_dates() {
    check(
        &["2024-01-31", "2024-02-01", "2023-05-05", "2024-01-31"],
        "kind: date, required: true",
        "dates as 2024-01-31",
    );
    check(
        &["31.01.2024", "01.02.2024", "05.05.2023", ""],
        "kind: date, format: \"%d.%m.%Y\"",
        "dates as %d.%m.%Y",
    );
}

#[test]
fn levels_are_written_in_their_canonical_form() {
    let category = |levels: &str| {
        format!("kind: category, levels: [{levels}], unexpected: warn, required: true")
    };
    check(
        &times(3, &["a", " b", "a ", "b"]),
        &category("\"a\", \"b\""),
        "2 different values",
    );
    check(
        &times(3, &["007", "x", "08"]),
        &category("\"007\", \"08\", \"x\""),
        "3 different values",
    );
    check(
        &times(3, &["no", "yes"]),
        &category("\"no\", \"yes\""),
        "2 different values",
    );
    let flags = category("false, true");
    check(
        &times(3, &["True", "false"]),
        &flags,
        "all values are true or false",
    );
    check(
        &times(3, &["1", "a", "b", "1.0", "a", "b"]),
        &category("1, \"a\", \"b\""),
        "3 different values",
    );
}

#[test]
fn many_levels_get_steps() {
    let names: Vec<String> = (0..21).map(|i| format!("v{i}")).collect();
    let cells: Vec<&str> = names.iter().map(String::as_str).cycle().take(210).collect();
    check(
        &cells,
        "kind: category, levels: any, required: true",
        "21 different values in 210 rows",
    );
    let rows: Vec<String> = cells
        .iter()
        .enumerate()
        .map(|(i, c)| format!("{c},{}", i % 2))
        .collect();
    let text = infer("t.csv", format!("x,good\n{}\n", rows.join("\n")), GOOD)
        .unwrap()
        .text;
    for step in [
        "    - frequent: {of: \"x\", as: \"x, frequent\"}",
        "    - target_mean: {of: \"x\", as: \"x, mean outcome\"}",
        "    - \"x, frequent=*\"",
        "    - \"x, mean outcome\"",
    ] {
        assert!(text.contains(step), "{step} in {text}");
    }
    crate::schema::spec::yaml::read::<serde::de::IgnoredAny>(&text).unwrap();
}

#[test]
fn what_tells_nothing_is_unused_and_says_why() {
    let unused = "kind: unused";
    check(&["", "NA", "", "null"], unused, "it holds nothing");
    check(
        &["a", "a", "a", "a"],
        unused,
        "every row has the same value, \"a\"",
    );
    check(&["1", "2", "3", "4"], unused, "it counts the rows");
    check(
        &["a b", "c d", "e f", "g h"],
        unused,
        "text that is different in every row; extract or first_letter can derive a category from it",
    );
}

#[test]
fn ids_tell_rows_apart_and_are_named_so() {
    let check = |name: &str, values: [&str; 3], kind: &str| {
        let [a, b, c] = values;
        let table = format!("{name},x,good\n{a},1,0\n{b},5,1\n{c},3,0\n");
        let inferred = infer("t.csv", table, GOOD).unwrap();
        assert_eq!(inferred.columns[0].kind, kind, "{name}");
        assert_eq!(
            inferred.text.contains(&format!("\nid: {name:?}\n")),
            kind == "id",
            "{name}"
        );
    };
    check("id", ["3", "1", "7"], "id");
    check("CustomerId", ["a", "b", "c"], "id");
    check("order_key", ["3", "1", "7"], "id");
    check("paid", ["3", "1", "7"], "number");
    check("bid", ["1.25", "2.5", "3"], "number");
    check("id", ["1", "2", "2"], "number");
}

#[test]
fn an_id_that_repeats_groups_the_rows() {
    let rows: Vec<String> = (0..200)
        .map(|i| format!("{},{},{}", i / 4 + 1000, i % 9, i % 2))
        .collect();
    for name in ["nr", "person", "patient_id"] {
        let table = format!("{name},x,good\n{}\n", rows.join("\n"));
        let inferred = infer("t.csv", table, GOOD).unwrap();
        assert_eq!(inferred.columns[0].kind, "unused", "{name}");
        let groups = format!("evaluation: {{metric: log_loss, groups: {name:?}}}");
        assert!(inferred.text.contains(&groups), "{}", inferred.text);
    }
}

#[test]
fn the_two_values_of_the_target_are_told_apart() {
    let check = |values: &[&str], positive: Option<&str>, expected: &str, why: &str| {
        let rows: Vec<String> = values
            .iter()
            .enumerate()
            .map(|(i, v)| format!("{},{v}", i * i))
            .collect();
        let table = format!("x,good\n{}\n", rows.join("\n"));
        let inferred = infer("t.csv", table, Wanted { positive, ..GOOD }).unwrap();
        let line = format!("\ntarget: {{column: \"good\", {expected}}}\n");
        assert!(
            inferred.text.contains(&line),
            "{values:?}: {}",
            inferred.text
        );
        assert!(
            inferred.columns[1].why.contains(why),
            "{}",
            inferred.columns[1].why
        );
    };
    let larger = "(the larger number)";
    check(&["0", "1", "NA"], None, "positive: 1, negative: 0", larger);
    check(&["1", "2", "2"], None, "positive: 2, negative: 1", larger);
    check(&["1.0", "0.0"], None, "positive: 1, negative: 0", larger);
    check(
        &["no", "yes", "yes"],
        None,
        "positive: \"yes\", negative: \"no\"",
        "(it means yes)",
    );
    check(
        &["True", "False"],
        None,
        "positive: true, negative: false",
        "(it means yes)",
    );
    let rarer = "(the rarer one), in 1 of 3 rows; --positive \"alive\" turns it";
    check(
        &["alive", "dead", "alive"],
        None,
        "positive: \"dead\", negative: \"alive\"",
        rarer,
    );
    check(
        &["0", "1"],
        Some("0"),
        "positive: 0, negative: 1",
        "(as given)",
    );
    check(
        &["yes", "None", "None"],
        None,
        "positive: \"yes\", negative: \"None\"",
        "(it means yes)",
    );
    let table = "x,good\n1,yes\n4,Yes\n9,no \n";
    let notices = infer("t.csv", table, GOOD).unwrap().notices;
    assert_eq!(
        notices,
        ["good: spelt in 2 ways that count as one: \"Yes\" 1, \"yes\" 1"]
    );
}

#[test]
fn what_stands_in_the_way_is_named_in_the_table_s_words() {
    let check = |content: &str, wanted: Wanted<'_>, expected: &str| {
        assert_eq!(infer("t.csv", content, wanted).unwrap_err(), expected);
    };
    check(
        "",
        GOOD,
        "t.csv: it is empty: a line of column names is needed first",
    );
    check(
        "x,god\n1,0\n",
        GOOD,
        "there is no column \"good\", did you mean \"god\"?; there are: x, god",
    );
    check(
        "x,good\n1,yes\n2,\n3,yes\n",
        GOOD,
        "the target \"good\" has only the value \"yes\" and 1 blanks; if a blank means the other value, write it into these cells; it must have exactly two",
    );
    check(
        "x,good\n1,a\n2,b\n3,c\n",
        GOOD,
        "the target \"good\" has the values \"a\", \"b\", \"c\"; it must have exactly two",
    );
    check(
        "x,good\n1,a\n4,b\n",
        Wanted {
            positive: Some("c"),
            ..GOOD
        },
        "the target has no value \"c\"; it has \"a\", \"b\"",
    );
    check(
        "x,y,good\n1,,a\n1,,b\n",
        GOOD,
        "no column beside the target \"good\" is usable: \"x\": every row has the same value, \"1\"; \"y\": it holds nothing",
    );
}

#[test]
fn other_formats_are_read_as_training_reads_them() {
    let check = |name: &str, content: &str, expected: &str| {
        let text = infer(name, content, GOOD).unwrap().text;
        let lines: Vec<&str> = text
            .lines()
            .filter(|l| l.starts_with("  - {name"))
            .collect();
        assert_eq!(lines.join("\n").trim(), expected, "{name}");
    };
    let lines = |rows: [&str; 4]| rows.join("\n");
    let rows = [
        r#"{"x": 1.5, "s": "a", "f": true, "good": 0}"#,
        r#"{"x": 7, "s": "b", "f": false, "good": 1}"#,
        r#"{"x": null, "s": "a", "good": 0, "late": 3}"#,
        r#"{"x": 2, "s": "b", "f": true, "good": 1, "late": 5}"#,
    ];
    let expected = "- {name: \"x\", kind: number, range: [1.5, 7], unexpected: warn}\n  - {name: \"s\", kind: category, levels: [\"a\", \"b\"], unexpected: warn, required: true}\n  - {name: \"f\", kind: category, levels: [false, true], unexpected: warn}\n  - {name: \"late\", kind: number, range: [3, 5], unexpected: warn}";
    check("t.jsonl", &lines(rows), expected);
    check("t.json", &format!("[{}]", rows.join(",")), expected);
    // JSON strings that contain numbers are parsed as numbers.
    let texts = [1, 4, 9, 16].map(|i| format!("{{\"x\": \"{i}\", \"good\": {}}}", i % 2));
    check(
        "t.jsonl",
        &texts.join("\n"),
        "- {name: \"x\", kind: number, range: [1, 16], unexpected: warn, required: true}",
    );
}
