//! What is guessed of a column, and what stands in the way of a spec.

use super::*;

fn infer(name: &str, content: impl AsRef<[u8]>, wanted: Wanted<'_>) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    spec(&path, &wanted).map_err(|e| e.to_string().replace(&path.display().to_string(), name))
}

const AUTO: &Dialect = &Dialect::AUTO;

const GOOD: Wanted<'_> = Wanted {
    dialect: AUTO,
    target: "good",
    positive: None,
    name: None,
};

/// How a column of these cells is written down, the target aside.
fn check(cells: &[&str], expected: &str) {
    let rows: Vec<String> = cells
        .iter()
        .enumerate()
        .map(|(i, c)| format!("{c},{}", i % 2))
        .collect();
    let text = infer("t.csv", format!("x,good\n{}\n", rows.join("\n")), GOOD).unwrap();
    let line = text.lines().find(|l| l.starts_with("  - ")).unwrap();
    assert_eq!(
        line,
        format!("  - {{name: \"x\", {expected}}}"),
        "{cells:?}"
    );
}

#[test]
fn kinds_are_guessed_from_the_cells() {
    check(
        &["1", "2.5", "-3", "4"],
        "kind: number, range: [-3, 4], unexpected: warn",
    );
    check(
        &["1e3", " 7 ", "NA", ""],
        "kind: number, range: [7, 1000], unexpected: warn",
    );
    check(
        &["a", "b", "a", "b"],
        "kind: category, levels: [\"a\", \"b\"], unexpected: warn",
    );
    // A few whole numbers that come again and again are codes.
    check(
        &["1", "2", "1", "2", "1", "2"],
        "kind: category, levels: [1, 2], unexpected: warn",
    );
    check(
        &["007", "8", "007", "8", "007", "8"],
        "kind: category, levels: [\"007\", 8], unexpected: warn",
    );
    // Words YAML might take for something else are quoted.
    check(
        &["no", "yes", "no", "yes"],
        "kind: category, levels: [\"no\", \"yes\"], unexpected: warn",
    );
    check(
        &["True", "true", "True", "true"],
        "kind: category, levels: [\"True\", true], unexpected: warn",
    );
    check(
        &["\"a: b\"", "#c", "\"a: b\"", "#c"],
        "kind: category, levels: [\"#c\", \"a: b\"], unexpected: warn",
    );
    // Each once, or not finite, or nothing at all: text.
    check(&["a", "b", "c", "d"], "kind: text");
    check(&["1", "inf", "2", "3"], "kind: text");
    check(&["", "NA", "NaN", "null"], "kind: text");
}

#[test]
fn an_id_is_named_so_and_never_twice() {
    let check = |name: &str, values: [&str; 3], id: bool| {
        let [a, b, c] = values;
        let text = infer(
            "t.csv",
            format!("{name},x,good\n{a},1,0\n{b},2,1\n{c},3,0\n"),
            GOOD,
        )
        .unwrap();
        assert_eq!(
            text.contains(&format!("\nid: {name:?}\n")),
            id,
            "{name}: {text}"
        );
    };
    check("id", ["1", "2", "3"], true);
    check("CustomerId", ["a", "b", "c"], true);
    check("order_key", ["1", "2", "3"], true);
    check("id", ["1", "2", "2"], false);
    check("id", ["1", "", "3"], false);
    check("number", ["1", "2", "3"], false);
    check("bid", ["1.25", "2.5", "3"], false);
}

#[test]
fn the_two_values_of_the_target_are_told_apart() {
    let check = |values: [&str; 2], positive: Option<&str>, expected: &str| {
        let table = format!("x,good\n1,{}\n2,{}\n3,NA\n", values[0], values[1]);
        let text = infer("t.csv", table, Wanted { positive, ..GOOD }).unwrap();
        assert!(
            text.contains(&format!("\ntarget: {{column: \"good\", {expected}}}\n")),
            "{values:?}: {text}"
        );
    };
    check(["0", "1"], None, "positive: 1, negative: 0");
    check(["no", "yes"], None, "positive: \"yes\", negative: \"no\"");
    check(
        ["True", "False"],
        None,
        "positive: \"True\", negative: \"False\"",
    );
    check(
        ["died", "survived"],
        None,
        "positive: \"survived\", negative: \"died\"",
    );
    check(
        ["yes", "zero"],
        None,
        "positive: \"yes\", negative: \"zero\"",
    );
    check(["0", "1"], Some("0"), "positive: 0, negative: 1");
}

#[test]
fn what_stands_in_the_way_is_named() {
    let check = |content: &[u8], wanted: Wanted<'_>, expected: &str| {
        assert_eq!(infer("t.csv", content, wanted).unwrap_err(), expected);
    };
    check(
        b"",
        GOOD,
        "t.csv: it is empty: a line of column names is needed first",
    );
    check(
        b"x,god\n1,0\n",
        GOOD,
        "there is no column \"good\", did you mean \"god\"?; there are: x, god",
    );
    check(
        b"x,good\n",
        GOOD,
        "the target \"good\" has no values; it must have exactly two",
    );
    check(
        b"x,good\n1,0\n",
        GOOD,
        "the target \"good\" has the values \"0\"; it must have exactly two",
    );
    check(
        b"x,good\n1,0\n2,1\n3,2\n",
        GOOD,
        "the target \"good\" has the values \"0\", \"1\", \"2\"; it must have exactly two",
    );
    check(
        b"x,good\n1,0\n2,1\n",
        Wanted {
            positive: Some("yes"),
            ..GOOD
        },
        "the target has no value \"yes\"; it has \"0\", \"1\"",
    );
    check(
        b"x,good,x\n1,0,1\n",
        GOOD,
        "t.csv: the column \"x\" stands twice in the header; keep one of them",
    );
    check(
        b"x,good\r\n1,0\r\n2\r\n",
        GOOD,
        "t.csv: line 3: 1 cells where the header has 2",
    );
    check(
        b"x,good\n1,0\n\xff,1\n",
        GOOD,
        "t.csv: line 3: the line is not UTF-8",
    );
    check(
        b"x,good\n1,0\n\"2,1\n",
        GOOD,
        "t.csv: a quote opened in the row of line 3 is never closed",
    );
    let many: String = (0..10_001).map(|i| format!("c{i},")).collect();
    check(
        format!("{many}good\n").as_bytes(),
        GOOD,
        "t.csv: the header has 10002 columns, 10000 are the most; is the delimiter right?",
    );
    let mut many = String::from("x,good\n");
    (0..30).for_each(|i| many.push_str(&format!("1,v{i}\n")));
    let said = infer("t.csv", many, GOOD).unwrap_err();
    assert!(
        said.contains("\"v0\", \"v1\", \"v10\"") && said.contains("and 20 more"),
        "{said}"
    );
}

#[test]
fn marks_and_line_ends_change_nothing() {
    let plain = "id\tx\tgood\n1\t5\t0\n2\t6\t1\n";
    let expected = infer("t.tsv", plain, GOOD).unwrap();
    assert!(
        expected.contains("inferred from 2 rows of t.tsv") && expected.contains("\nid: \"id\"\n"),
        "{expected}"
    );
    assert_eq!(
        infer(
            "t.tsv",
            format!("\u{feff}{}", plain.replace('\n', "\r\n")),
            GOOD
        )
        .unwrap(),
        expected
    );
}

#[test]
fn models_are_called_after_the_file_or_as_wished() {
    let name = |file: &str, name: Option<&str>| {
        let text = infer(file, "x,good\n1,0\n2,1\n", Wanted { name, ..GOOD }).unwrap();
        text.lines()
            .find_map(|l| l.strip_prefix("name: ").map(str::to_owned))
            .unwrap()
    };
    assert_eq!(name("Wine 2024.csv", None), "\"wine_2024\"");
    assert_eq!(name("Wine.csv", Some("cellar")), "\"cellar\"");
}
