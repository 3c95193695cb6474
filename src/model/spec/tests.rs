//! Tests of the spec as a whole: its parsed values, and every kind of error with line, column and remedy.

use super::*;

const WINE: &str = r#"version: 1
name: wine
table: wine.csv
target: {column: good, positive: yes, negative: no}
id: bottle
columns:
  - {name: colour, kind: category, levels: [red, white], required: true, unexpected: reject}
  - {name: sugar, kind: number, range: [0, 400], unexpected: warn}
  - {name: maker, kind: text}
recipe:
  steps:
    - impute: {of: sugar, by: colour, as: sugar}
    - one_hot: {of: [colour]}
    - extract: {from: maker, pattern: '^(\w+)', as: first}
  features:
    - sugar
    - colour=*
evaluation: {folds: 5, repeats: 2, metric: auc, floors: {auc: 0.6, log_loss: 0.5}}
decision: {threshold: 0.25}
"#;

/// Compares the errors of the spec above, after replacing one text, with `expected`.
fn check(from: &str, to: &str, expected: &[&str]) {
    assert!(WINE.contains(from), "{from:?} is not in the spec");
    check_text(&WINE.replacen(from, to, 1), expected);
}

fn check_text(text: &str, expected: &[&str]) {
    let found: Vec<String> = match Spec::parse(text) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.0.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(found, expected, "{text}");
}

#[test]
fn a_sound_spec_is_read_in_full() {
    let spec = Spec::parse(WINE).unwrap();
    assert_eq!(spec.name, "wine");
    assert_eq!(spec.table, Some(TableSource::File("wine.csv".into())));
    assert_eq!(spec.text(), WINE);
    let evaluation = &spec.evaluation;
    assert_eq!(
        (
            evaluation.folds,
            evaluation.repeats,
            evaluation.metric.name,
            spec.decision.threshold
        ),
        (Some(5), Some(2), "auc", 0.25)
    );
    let floors: Vec<_> = evaluation
        .floors
        .iter()
        .map(|(m, v)| (m.name, *v))
        .collect();
    assert_eq!(floors, [("auc", 0.6), ("log_loss", 0.5)]);
    let target = spec.schema.target();
    assert_eq!(
        (target.positive.to_string(), target.negative.to_string()),
        ("yes".into(), "no".into())
    );
    for same in [WINE.replace('\n', "\r\n"), format!("\u{feff}{WINE}")] {
        assert_eq!(Spec::parse(&same).unwrap().name, "wine");
    }
}

#[test]
fn an_order_is_one_of_two() {
    check(
        "kind: number, range",
        "kind: number, monotone: up, range",
        &["line 8, column 43: there is no \"up\" here; one of increasing, decreasing"],
    );
}

/// Which features may rise with a column that has an order, and what is said of the others.
#[test]
fn an_order_of_a_column_reaches_its_features_or_is_an_error() {
    let ordered = WINE
        .replace("range: [0, 400],", "range: [0, 400], monotone: decreasing,")
        .replace(
            "kind: text}",
            "kind: text}\n  - {name: acid, kind: number, monotone: increasing}\n  - {name: age, kind: number}",
        );
    let with = |steps: &str, features: &str| {
        let text = ordered
            .replace("  features:\n", &format!("    - {steps}\n  features:\n"))
            .replace(
                "    - colour=*\n",
                &format!("    - colour=*\n    - {features}\n"),
            );
        match Spec::parse(&text) {
            Ok(_) => String::new(),
            Err(faults) => faults.to_string(),
        }
    };
    let fits = [
        ("log1p: {of: sugar, as: x}", "x"),
        ("sum: {of: [sugar, age], as: x}", "x"),
        ("standardise: {of: [acid]}", "acid"),
        ("missing: {of: acid, as: x}", "x"),
        ("product: {of: [age, age], as: x}", "x"),
        (
            "bin: {of: age, edges: [3], names: [low, high], as: x}",
            "age",
        ),
    ];
    for (steps, features) in fits {
        assert_eq!(with(steps, features), "", "{steps}");
    }
    assert_eq!(
        with("ratio: {of: [sugar, age], as: x}", "x"),
        "line 21, column 7: the feature \"x\" does not always rise with \"sugar\", which has monotone: decreasing; leave it \
         out (impute, log1p, standardise, sum and missing keep the order of a column), or remove monotone from \"sugar\""
    );
    assert_eq!(
        with("sum: {of: [sugar, acid], as: x}", "x"),
        "line 21, column 7: the feature \"x\" rises with \"sugar\", which has monotone: decreasing, and with \"acid\", which \
         has monotone: increasing; leave it out, or remove monotone from one of them"
    );
    let lost = [
        ("product: {of: [acid, age], as: x}", "x"),
        (
            "sum: {of: [acid, age], as: y}\n    - ratio: {of: [y, age], as: x}",
            "x",
        ),
        (
            "bin: {of: acid, edges: [3], names: [low, high], as: y}\n    - one_hot: {of: [y]}",
            "\"y=*\"",
        ),
        (
            "bin: {of: acid, edges: [3], names: [a, b], as: y}\n    - impute: {of: age, by: y, as: x}",
            "x",
        ),
        ("group_size: {key: {of: [acid]}, as: x}", "x"),
        (
            "ratio: {of: [age, acid], as: y}\n    - missing: {of: y, as: x}",
            "x",
        ),
    ];
    for (steps, features) in lost {
        let said = with(steps, features);
        assert!(
            said.contains("does not always rise with \"acid\""),
            "{steps}: {said}"
        );
    }
}

#[test]
fn what_may_be_left_out_has_defaults() {
    let short = WINE.split("evaluation:").next().unwrap();
    let short = short
        .replace("table: wine.csv\n", "")
        .replace("id: bottle\n", "");
    let spec = Spec::parse(&short).unwrap();
    let evaluation = &spec.evaluation;
    assert_eq!(
        (evaluation.folds, evaluation.repeats, evaluation.metric.name),
        (None, None, "log_loss")
    );
    assert_eq!(
        (
            spec.table,
            spec.schema.id(),
            spec.decision.threshold,
            evaluation.floors.len()
        ),
        (None, None, 0.5, 0)
    );
}

#[test]
fn the_bundled_spec_is_sound() {
    assert_eq!(Spec::bundled().table, Some(TableSource::Bundled));
    assert_eq!(Spec::bundled().text(), BUNDLED);
}

#[test]
fn another_version_is_called_that() {
    let none = "line 1, column 1: the spec does not say its version; begin it with version: 1";
    for text in ["", "# nothing\n", "version:\n", "name: wine\n"] {
        let SpecErrors(faults) = Spec::parse(text).unwrap_err();
        assert_eq!(faults[0].to_string(), none, "{text}");
        let keys = ["name", "target", "columns", "recipe"].into_iter();
        let lacks = keys.filter(|key| !text.contains(key));
        let lacks: Vec<String> = lacks
            .map(|key| format!("the key {key:?} is missing here"))
            .collect();
        let rest: Vec<&str> = faults[1..].iter().map(|fault| &*fault.problem).collect();
        assert_eq!(rest, lacks, "{text}");
    }
    check("version: 1\n", "", &[none]);
    // Only the version is reported, whatever else the spec of a later version holds.
    for (version, said) in [
        ("2", "2"),
        ("1.0", "1.0"),
        ("one", "one"),
        ("-1", "-1"),
        ("01", "01"),
    ] {
        check(
            "version: 1\n",
            &format!("version: {version}\nshape: {{of: things to come}}\n"),
            &[&format!(
                "line 1, column 10: the spec is of version {said}, this release reads version 1; use a release that reads it, or rewrite it"
            )],
        );
    }
}

#[test]
fn keys_and_words_that_are_not_known_are_named_with_the_nearest() {
    check(
        "name: wine",
        "nam: wine",
        &["line 2, column 1: there is no key \"nam\" here; did you mean \"name\"?"],
    );
    check(
        "name: wine",
        "name: wine\nquality: high",
        &[
            "line 3, column 1: there is no key \"quality\" here; one of version, name, table, format, target, id, columns, extra, missing, recipe, evaluation, decision",
        ],
    );
    check(
        "kind: text",
        "knd: text",
        &["line 9, column 19: there is no key \"knd\" here; did you mean \"kind\"?"],
    );
    check(
        "kind: text",
        "kind: txt",
        &["line 9, column 25: there is no \"txt\" here; did you mean \"text\"?"],
    );
    check(
        "unexpected: warn",
        "unexpected: ignore",
        &["line 8, column 62: there is no \"ignore\" here; one of warn, reject, quarantine"],
    );
    check(
        "one_hot",
        "onehot",
        &["line 13, column 7: there is no \"onehot\" here; did you mean \"one_hot\"?"],
    );
    check(
        "by: colour",
        "per: colour",
        &["line 12, column 27: there is no key \"per\" here; one of of, by, as"],
    );
    check(
        "folds: 5",
        "fold: 5",
        &["line 18, column 14: there is no key \"fold\" here; did you mean \"folds\"?"],
    );
    check(
        "metric: auc",
        "metric: acu",
        &["line 18, column 44: there is no metric \"acu\"; did you mean \"auc\"?"],
    );
    check(
        "log_loss: 0.5",
        "sharpness: 0.5",
        &[
            "line 18, column 79: there is no metric \"sharpness\"; one of accuracy, precision, recall, f1, auc, log_loss, brier, ece",
        ],
    );
}

#[test]
fn what_is_missing_or_of_another_kind_says_what_is_needed() {
    check(
        "name: wine\n",
        "",
        &["line 1, column 1: the key \"name\" is missing here; add name: …"],
    );
    check(
        ", negative: no",
        "",
        &["line 4, column 9: the key \"negative\" is missing here; add negative: …"],
    );
    check(
        "name: wine",
        "name: wine\nname: cellar",
        &["line 3, column 1: the key \"name\" stands twice; keep one"],
    );
    check(
        "required: true",
        "required: yes",
        &["line 7, column 68: true or false is needed here; write true or false"],
    );
    check(
        "[0, 400]",
        "5",
        &[
            "line 8, column 40: a list is needed here; write [a, b], or one entry a line after dashes",
        ],
    );
    check(
        "[0, 400]",
        "[a, 400]",
        &["line 8, column 41: a number is needed here; write one such as 0.5"],
    );
    check(
        "[0, 400]",
        "[0]",
        &["line 8, column 33: a list of 1 where a list of length 2 is needed; write as many"],
    );
    check(
        "[0, 400]",
        "[0, .inf]",
        &["line 8, column 44: .inf is not finite; write a finite number"],
    );
    check(
        "folds: 5",
        "folds: many",
        &["line 18, column 21: a whole number is needed here; write one such as 5"],
    );
    check(
        "{of: [colour]}",
        "[colour]",
        &[
            "line 13, column 16: keys with values are needed here; write key: value, or {key: value}",
        ],
    );
    check_text(
        "- 1\n",
        &["line 1, column 1: keys with values are needed here; write key: value, or {key: value}"],
    );
    check(
        "name: wine",
        "name: null",
        &[
            "line 2, column 7: nothing stands here, a text is needed; write one, in quotes if it is null",
        ],
    );
}

#[test]
fn broken_yaml_is_shown_where_it_breaks() {
    let look = "look for a bracket, a quote or an indentation just before";
    for (from, to, place) in [
        ("[red, white]", "[red, white", "line 7, column 44"),
        ("name: wine", "name: \"wine", "line 2, column 7"),
        ("columns:\n", "columns:\n\t- x\n", "line 7, column 2"),
        ("id: bottle", "id: bottle: x", "line 5, column 11"),
        ("name: wine", "name: *wine", "line 2, column 7"),
    ] {
        let text = WINE.replacen(from, to, 1);
        let fault = Spec::parse(&text).unwrap_err().0.remove(0);
        let shown = fault.to_string();
        assert!(
            shown.starts_with(&format!("{place}: the YAML breaks off here: ")),
            "{to}: {shown}"
        );
        assert!(fault.remedy == look && !shown.contains('\n'), "{shown}");
    }
    let twice = format!("{WINE}---\n{WINE}");
    check_text(
        &twice,
        &["line 21, column 1: a second document begins here; remove the line --- and what follows"],
    );
}

#[test]
fn names_must_be_able_to_name_files() {
    for name in [
        "Wine", "my wine", "wine/red", "wine@1", "..", "\"\"", "rosé",
    ] {
        let plain = name.trim_matches('"');
        check(
            "name: wine",
            &format!("name: {name}"),
            &[&format!(
                "line 2, column 7: {plain:?} cannot name files; use lower-case letters, digits, - and _"
            )],
        );
    }
}

#[test]
fn a_recipe_is_checked_against_the_columns() {
    let at = |line: u32, said: &str| format!("line {line}, column 7: {said}");
    let cases: [(&str, &str, String); 11] = [
        (
            "of: sugar, by",
            "of: suger, by",
            at(
                12,
                "there is no \"suger\" at this point of the recipe; did you mean \"sugar\"?",
            ),
        ),
        (
            "by: colour",
            "by: maker",
            at(
                12,
                "\"maker\" is a text, a category is needed; use extract or first_letter to derive from text",
            ),
        ),
        (
            "from: maker",
            "from: colour",
            at(
                14,
                "\"colour\" is a category, a text is needed; name another column",
            ),
        ),
        (
            "of: [colour]",
            "of: [sugar]",
            at(
                13,
                "\"sugar\" is a number, a category is needed; use bin to make a category of a number",
            ),
        ),
        (
            r"'^(\w+)'",
            r"'^(\w+'",
            at(
                14,
                "the pattern \"^(\\\\w+\" is not a regular expression: unclosed group; see docs.rs/regex for its syntax",
            ),
        ),
        (
            r"'^(\w+)'",
            r"'^\w+'",
            at(
                14,
                "the pattern has no group; put what is to be extracted in parentheses",
            ),
        ),
        (
            "    - sugar\n",
            "    - shugar\n",
            at(
                16,
                "there is no \"shugar\" at this point of the recipe; did you mean \"sugar\"?",
            ),
        ),
        (
            "    - sugar\n",
            "    - first\n",
            at(
                16,
                "the feature \"first\" is not a number; use one_hot to make numbers of a category",
            ),
        ),
        (
            "    - sugar\n",
            "    - sugar\n    - sugar\n",
            at(17, "the feature \"sugar\" stands twice; remove one"),
        ),
        (
            "colour=*",
            "color=*",
            at(
                17,
                "nothing at this point of the recipe begins with \"color=\"; name a column or the output of an earlier step",
            ),
        ),
        (
            "features:\n    - sugar\n    - colour=*",
            "features: []",
            "line 15, column 13: the recipe has no features; list numbers under recipe: features"
                .into(),
        ),
    ];
    for (from, to, expected) in cases {
        check(from, to, &[&expected]);
    }
    // A step may only refer to columns and to the outputs of earlier steps.
    check(
        "    - one_hot: {of: [colour]}\n",
        "    - one_hot: {of: [colour, taste]}\n    - bin: {of: sugar, edges: [5], names: [dry, sweet], as: taste}\n",
        &[&at(
            13,
            "there is no \"taste\" at this point of the recipe; name a column or the output of an earlier step",
        )],
    );
}

#[test]
fn evaluation_and_decision_are_checked() {
    check(
        "folds: 5",
        "folds: 1",
        &["line 18, column 21: an evaluation needs at least 2 folds; write 2 or more"],
    );
    check(
        "repeats: 2",
        "repeats: 0",
        &["line 18, column 33: an evaluation needs at least 1 repeat; write 1 or more"],
    );
    let neither = "line 19, column 11: the decision is neither a threshold between 0 and 1 nor two costs; \
                   write {threshold: 0.5} or {costs: {false_positive: 1, false_negative: 2}}";
    for decision in [
        "{}",
        "{threshold: 1.01}",
        "{threshold: -0.01}",
        "{threshold: 0.5, costs: {false_positive: 1, false_negative: 1}}",
        "{costs: {false_positive: 0, false_negative: 0}}",
        "{costs: {false_positive: -1, false_negative: 4}}",
    ] {
        check("{threshold: 0.25}", decision, &[neither]);
    }
}

/// Elkan 2001: a prediction is positive from the probability at which a false negative and a false positive cost the same.
#[test]
fn costs_become_a_threshold() {
    for (alarm, miss, threshold) in [
        (1.0, 1.0, 0.5),
        (1.0, 3.0, 0.25),
        (9.0, 1.0, 0.9),
        (0.0, 1.0, 0.0),
        (1.0, 0.0, 1.0),
    ] {
        let costs = format!("{{costs: {{false_positive: {alarm}, false_negative: {miss}}}}}");
        let spec = Spec::parse(&WINE.replace("{threshold: 0.25}", &costs)).unwrap();
        assert_eq!(spec.decision.threshold, threshold, "{costs}");
    }
}

#[test]
fn faults_of_all_parts_are_told_at_once() {
    let text = WINE
        .replace("name: wine", "name: Wine")
        .replace("- sugar\n", "- shugar\n")
        .replace("folds: 5", "folds: 1")
        .replace("metric: auc", "metric: acu")
        .replace("{threshold: 0.25}", "{threshold: 2}");
    let lines: Vec<u64> = Spec::parse(&text)
        .unwrap_err()
        .0
        .iter()
        .map(|f| f.line)
        .collect();
    assert_eq!(lines, [2, 16, 18, 18, 19]);
}

#[test]
fn faults_of_all_stages_are_told_at_once() {
    let text = "version: 1
name: Bad Name
target: {column: churn, positive: yes, negative: yes}
columns:
  - name: age
    kind: number
    rnage: [0, 100]
  - {name: plan, kind: category}
  - {name: city, kind: catgory, levels: [a, b]}
  - {name: income, kind: number}
recipe:
  steps: []
  features: [age, incom]
evaluation:
  folds: 1
  metrik: auc
";
    let SpecErrors(faults) = Spec::parse(text).unwrap_err();
    let lines: Vec<u64> = faults.iter().map(|fault| fault.line).collect();
    let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
    for (line, part) in [
        (2, "cannot name files"),
        (3, "the same value"),
        (7, "rnage"),
        (8, "has no levels"),
        (9, "catgory"),
        (15, "at least 2 folds"),
        (16, "metrik"),
    ] {
        let fault = faults.iter().find(|fault| fault.line == line);
        let text = fault.map(ToString::to_string).unwrap_or_default();
        assert!(text.contains(part), "line {line}: {part}: {texts:#?}");
    }
    assert!(
        !texts.iter().any(|text| text.contains("\"age\"")),
        "{texts:#?}"
    );
    assert!(lines.is_sorted());
}

#[test]
fn a_missing_key_does_not_end_the_search() {
    let text = "id: nr
name: shop
columns:
  - {name: age, kind: number, range: [9, 1]}
  - {name: plan, kind: category, levels: [a, b, a]}
  - {name: sum, kind: number}
  - {kind: number, range: [2, 1]}
  - {name: city, levels: [x, x]}
recipe:
  steps:
    - log1p: {of: summ, as: log_sum}
    - bin: {of: sum, names: [low, high], as: size}
    - impute: {of: sum, as: paid}
  features: [paid, payed, log_sum, size=low, city=x, age]
evaluation: {folds: 1}
decision:
  costs:
    false_positive: 1
";
    let SpecErrors(faults) = Spec::parse(text).unwrap_err();
    let found: Vec<(u64, &str)> = faults.iter().map(|f| (f.line, &*f.problem)).collect();
    let expected = [
        (1, "the spec does not say its version"),
        (1, "the key \"target\" is missing here"),
        (4, "the range is empty"),
        (5, "the level \"a\" stands twice"),
        (7, "the key \"name\" is missing here"),
        (7, "the range is empty"),
        (8, "the key \"kind\" is missing here"),
        (8, "the level \"x\" stands twice"),
        (11, "there is no \"summ\" at this point of the recipe"),
        (12, "the key \"edges\" is missing here"),
        (14, "there is no \"payed\" at this point of the recipe"),
        (15, "an evaluation needs at least 2 folds"),
        (18, "the key \"false_negative\" is missing here"),
    ];
    assert_eq!(found, expected, "each, and nothing that is right");
}

/// For every subset of these errors, a spec with all of them reports each error and no others.
#[test]
fn the_faults_of_a_spec_are_those_of_its_parts() {
    let parts = [
        ("version: 1\n", ""),
        ("name: wine\n", ""),
        (", negative: no", ""),
        (
            "target: {column: good, positive: yes",
            "target: {positive: yes",
        ),
        ("range: [0, 400]", "range: [400, 0]"),
        ("  - {name: maker, kind: text}", "  - {kind: text}"),
        ("of: sugar, by: colour", "by: colour"),
        ("folds: 5", "folds: 1"),
        ("id: bottle", "idd: bottle"),
        ("{threshold: 0.25}", "{costs: {false_positive: 1}}"),
    ];
    let faults = |chosen: u32| {
        let with = parts.iter().enumerate();
        let with = with.filter(|(i, _)| chosen & (1 << i) != 0);
        let text = with.fold(WINE.to_owned(), |text, (_, (from, to))| {
            let replaced = text.replacen(from, to, 1);
            assert_ne!(replaced, text, "{from}");
            replaced
        });
        let faults = Spec::parse(&text).err().map_or_else(Vec::new, |f| f.0);
        let mut problems: Vec<String> = faults.into_iter().map(|f| f.problem).collect();
        problems.sort();
        problems
    };
    for chosen in 0..1 << parts.len() {
        let alone = (0..parts.len() as u32).filter(|i| chosen & (1 << i) != 0);
        let mut expected: Vec<String> = alone.flat_map(|i| faults(1 << i)).collect();
        expected.sort();
        assert_eq!(faults(chosen), expected, "{chosen:b}");
    }
}

proptest::proptest! {
    /// However many lines are missing or indented differently, the search for errors terminates, and an incomplete
    /// spec has an error.
    #[test]
    fn the_search_ends(gone in proptest::collection::vec(0..20usize, 0..8), moved in proptest::collection::vec(0..20usize, 0..3)) {
        let lines = WINE.lines().enumerate().filter(|(i, _)| !gone.contains(i));
        let text: String = lines
            .map(|(i, line)| if moved.contains(&i) { format!("  {line}\n") } else { format!("{line}\n") })
            .collect();
        if let Err(SpecErrors(faults)) = Spec::parse(&text) {
            proptest::prop_assert!(!faults.is_empty());
            proptest::prop_assert!(faults.iter().all(|fault| fault.line <= text.lines().count() as u64));
        }
    }
}
