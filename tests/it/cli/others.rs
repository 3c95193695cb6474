//! `spec`, `config`, `completions`, `man`, help and exit codes.

use serde_json::{Value, json};

use super::folder::{Folder, keys};

#[test]
fn spec_infer_writes_a_spec_that_trains() {
    let folder = Folder::new();
    for (table, target, more, name) in [
        ("train.csv", "Survived", "--name voyage", "voyage"),
        ("churn.csv", "left", "--positive yes", "churn"),
    ] {
        let spec = folder
            .run(&format!("spec infer {table} --target {target} {more}"))
            .ok();
        assert!(spec.err.contains("column "), "{}", spec.err);
        assert!(
            spec.out.starts_with("# A first spec, inferred from "),
            "{}",
            spec.out
        );
        assert!(
            spec.out
                .contains(&format!("\nversion: 1\nname: \"{name}\"\n")),
            "{}",
            spec.out
        );
        let document = folder
            .run(&format!(
                "spec infer {table} --target {target} {more} --json"
            ))
            .ok()
            .json();
        assert_eq!(document["spec"], spec.out);
        let columns = document["columns"].as_array().unwrap();
        assert!(
            columns
                .iter()
                .all(|c| keys(c) == ["name", "kind", "why", "used"]),
            "{document}"
        );
        folder.put("new.yaml", &spec.out);
        let checked = folder.run("spec check new.yaml").ok();
        assert!(
            checked.out.starts_with(&format!("new.yaml: {name}, "))
                && checked.out.ends_with(": valid\n"),
            "{}",
            checked.out
        );
        let state = format!("--state {name} --spec new.yaml");
        let line =
            format!("train {table} {state} --learner logistic --folds 5 --repeats 2 --json -q");
        let trained = folder.run(&line).ok().json();
        assert_eq!(
            (&trained["model"], &trained["left_out"]),
            (&json!(format!("{name}@1")), &json!(0))
        );
        let auc = trained["cv"]["auc"]["mean"].as_f64().unwrap();
        // The second table is noisy: even with its own spec the AUC is at most 0.68.
        let bar = if name == "voyage" { 0.8 } else { 0.65 };
        assert!(auc > bar, "{table}: AUC {auc}");
    }
}

#[test]
fn spec_infer_says_what_stands_in_the_way() {
    let folder = Folder::new();
    folder.put("empty.csv", "");
    folder.put("ragged.csv", "a,b\n1,0\n1\n");
    folder.put("twice.csv", "a,a,b\n1,2,0\n1,3,1\n");
    folder.put("nothing.csv", "a,b\n,0\n,1\n");
    for (line, said) in [
        (
            "train.csv --target Survive",
            "there is no column \"Survive\", did you mean \"Survived\"?; there are: PassengerId, Survived, ",
        ),
        (
            "train.csv --target Pclass",
            "the target \"Pclass\" has the values 1, 2, 3; it must have exactly two",
        ),
        (
            "train.csv --target Survived --positive yes",
            "the target has no value \"yes\"; it has 0, 1",
        ),
        ("none.csv --target a", "none.csv"),
        (
            "empty.csv --target a",
            "empty.csv: it is empty: a line of column names is needed first",
        ),
        (
            "ragged.csv --target b",
            "ragged.csv: 1 of 2 lines cannot be read, and at most 5 % may be left out; the first: line 3: ",
        ),
        (
            "twice.csv --target b",
            "the column \"a\" stands twice in the header",
        ),
        (
            "nothing.csv --target b",
            "no column beside the target \"b\" is usable: \"a\": it holds nothing",
        ),
    ] {
        let error = folder.run(&format!("spec infer {line}")).fails(1);
        assert!(error.contains(said), "{line}: {error}");
    }
    assert!(
        folder
            .run("spec infer train.csv")
            .ended(2)
            .err
            .contains("--target <COLUMN>")
    );
}

#[test]
fn spec_check_tells_every_fault() {
    let folder = Folder::new();
    let checked = folder.run("spec check churn.yaml --json").ok().json();
    assert_eq!(checked, json!({"valid": true, "faults": []}));
    let broken = folder
        .text("churn.yaml")
        .replace("name: churn", "name: Churn")
        .replace("edges: [6, 24]", "edges: [24, 6]");
    folder.put("broken.yaml", broken);
    let ran = folder.run("spec check broken.yaml").ended(4);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(
        lines[0],
        "broken.yaml: line 4, column 7: \"Churn\" cannot name files; use lower-case letters, digits, - and _"
    );
    assert!(
        lines.len() == 2
            && lines[1].starts_with("broken.yaml: line 28, column 7: edges do not ascend"),
        "{lines:#?}"
    );
    let document = folder.run("spec check broken.yaml --json").ended(4).json();
    assert_eq!(document["valid"], false);
    let faults = document["faults"].as_array().unwrap();
    assert!(
        faults.len() == 2
            && faults
                .iter()
                .all(|f| keys(f) == ["line", "column", "problem", "remedy"])
    );
    // A command that uses a spec fails on its errors.
    let error = folder.run("train churn.csv --spec broken.yaml").fails(1);
    assert_eq!(error, "broken.yaml is not usable:");
    let error = folder.run("spec check none.yaml").fails(1);
    assert!(
        error.starts_with("none.yaml cannot be read: No such file"),
        "{error}"
    );
}

fn origins(document: &Value) -> Vec<(String, String, String)> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let leaf = |l: &Value| (text(&l["key"]), text(&l["value"]), text(&l["origin"]));
    document["settings"]
        .as_array()
        .unwrap()
        .iter()
        .map(leaf)
        .collect()
}

#[test]
fn config_show_says_where_each_value_comes_from() {
    let folder = Folder::new();
    folder.put(
        "own.yaml",
        "train: {seed: 7}\nserver: {limits: {rows: 50}}\n",
    );
    let mut command = folder.command("config show --json --config own.yaml --threads 3");
    command
        .env("TITANIC_SERVER__LIMITS__BODY", "2MiB")
        .env("TITANIC_TRAIN__SEED", "8")
        .env("PORT", "8080");
    let ran = super::Ran::of("config show", command.output().unwrap()).ok();
    let found = origins(&ran.json());
    let of = |key: &str| {
        let leaf = found
            .iter()
            .find(|(k, _, _)| k == key)
            .unwrap_or_else(|| panic!("{key}"));
        (leaf.1.clone(), leaf.2.clone())
    };
    let pair = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    assert_eq!(of("threads"), pair("3", "--threads"));
    assert_eq!(of("train.seed"), pair("8", "TITANIC_TRAIN__SEED"));
    assert_eq!(
        of("server.limits.body"),
        pair("2MiB", "TITANIC_SERVER__LIMITS__BODY")
    );
    assert_eq!(of("server.limits.rows"), pair("50", "own.yaml"));
    assert_eq!(of("server.listen"), pair("127.0.0.1:8080", "PORT"));
    assert_eq!(of("state"), pair("state", "built in"));
    // The same as text, one line per setting.
    let text = folder.run("config show --state elsewhere").ok().out;
    let line = text.lines().find(|l| l.starts_with("state ")).unwrap();
    assert!(
        line.contains("elsewhere") && line.ends_with("--state"),
        "{line}"
    );
    assert_eq!(text.lines().count(), found.len() + 1);
    // The setting takes effect: a seed from the environment is used by the training.
    let mut command =
        folder.command("train train.csv --learner logistic --folds 2 --repeats 1 --json -q");
    let ran = super::Ran::of(
        "train",
        command
            .env("TITANIC_TRAIN__SEED", "8")
            .env("TITANIC_STATE", "other")
            .output()
            .unwrap(),
    );
    assert_eq!(ran.ok().json()["seed"], 8);
    assert!(folder.path("other/models/titanic@1.model").exists());
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let folder = Folder::new();
    assert_eq!(
        folder.run("config check").ok().out,
        "the settings are valid\n"
    );
    assert_eq!(
        folder.run("config check --json").ok().json(),
        json!({"valid": true, "faults": []})
    );
    let refused = |text: &str| {
        folder.put("own.yaml", text);
        folder.run("config check --config own.yaml").fails(1)
    };
    let error = refused("train: {sed: 7}\n");
    assert!(
        error.contains("own.yaml") && error.contains("train.sed") && error.contains("train.seed"),
        "{error}"
    );
    let error = refused("server:\n  limits: {body: large}\n");
    assert!(
        error.contains("own.yaml:2") && error.contains("server.limits.body"),
        "{error}"
    );
    let error = refused("server: [\n");
    assert!(error.contains("own.yaml"), "{error}");
    let error = folder.run("config check --config none.yaml").fails(1);
    assert!(error.contains("none.yaml"), "{error}");
    let with = |name: &str, value: &str| {
        let output = folder
            .command("models list")
            .env(name, value)
            .output()
            .unwrap();
        super::Ran::of(name, output).fails(1)
    };
    let error = with("TITANIC_TRAIN__SED", "7");
    assert!(
        error.contains("TITANIC_TRAIN__SED") && error.contains("TITANIC_TRAIN__SEED"),
        "{error}"
    );
    let error = with("TITANIC_TRAIN__SEED", "seven");
    assert!(
        error.contains("TITANIC_TRAIN__SEED") && error.contains("seven"),
        "{error}"
    );
    let error = with("TITANIC_TRAIN__PROMOTE", "maybe");
    assert!(error.contains("TITANIC_TRAIN__PROMOTE"), "{error}");
}

/// An environment variable that is not valid UTF-8 matters only if it is one of ours.
#[cfg(unix)]
#[test]
fn variables_that_are_no_text_are_nobodys_business_but_ours() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    let odd = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let run = |name: &std::ffi::OsStr| {
        super::Ran::of(
            "models list",
            folder
                .command("models list")
                .env(name, odd)
                .output()
                .unwrap(),
        )
    };
    run("LESSOPEN".as_ref()).ok();
    run(odd).ok();
    assert_eq!(
        run("TITANIC_STATE".as_ref()).fails(1),
        "the variable TITANIC_STATE is not UTF-8; set it to text"
    );
}

#[test]
fn completions_and_man_know_every_subcommand() {
    let folder = Folder::new();
    let help = folder.run("--help").ok().out;
    let commands = help
        .split("Commands:\n")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    let commands: Vec<&str> = commands
        .lines()
        .filter_map(|l| l.strip_prefix("  ")?.split(' ').next())
        .filter(|c| !c.is_empty())
        .collect();
    for wanted in [
        "serve",
        "train",
        "predict",
        "evaluate",
        "models",
        "spec",
        "client",
        "config",
        "completions",
        "man",
    ] {
        assert!(commands.contains(&wanted), "{wanted}: {commands:?}");
    }
    let man = folder.run("man").ok().out;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = folder.run(&format!("completions {shell}")).ok().out;
        for command in &commands {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    assert!(
        man.starts_with(".ie \\n(.g .ds Aq") || man.contains(".TH titanic-platform 1"),
        "{man:.200}"
    );
    for command in &commands {
        assert!(man.contains(command), "{command}");
    }
    assert!(
        folder
            .run("completions tcsh")
            .ended(2)
            .err
            .contains("invalid value 'tcsh'")
    );
    assert!(!folder.path("state").exists());
}

#[test]
fn help_lists_the_exit_codes() {
    let folder = Folder::new();
    let help = folder.run("--help").ok().out;
    for code in [
        "0    done",
        "1    error",
        "2    wrong usage",
        "3    state or address held",
        "4    the check's answer is no",
        "130  interrupted",
    ] {
        assert!(help.contains(code), "{code}: {help}");
    }
    for option in [
        "--state <DIR>",
        "--config <FILE>",
        "--spec <FILE>",
        "--threads <N>",
        "--json",
        "--quiet",
        "--verbose",
    ] {
        assert!(help.contains(option), "{option}");
    }
    assert!(
        folder
            .run("train --help")
            .ok()
            .out
            .contains("one of: logistic (")
    );
    assert_eq!(
        folder.run("--version").ok().out,
        format!("titanic-platform {}\n", env!("CARGO_PKG_VERSION"))
    );
    for line in [
        "",
        "trian",
        "--stat x models list",
        "models",
        "models show",
        "spec",
        "predict a b",
        "train --state",
    ] {
        let ran = folder.run(line).ended(2);
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{ran:#?}");
    }
}
