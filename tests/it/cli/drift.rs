//! `drift`: statistics equal those of scipy; windows, models, the store, bad input.

use serde_json::{Value, json};

use super::folder::{Folder, Ran, keys};

fn near(found: &Value, expected: f64) -> bool {
    (found.as_f64().unwrap() - expected).abs() < 1e-6
}

fn column<'d>(document: &'d Value, name: &str) -> &'d Value {
    let columns = document["columns"].as_array().unwrap();
    columns.iter().find(|c| c["name"] == name).unwrap()
}

#[test]
fn the_two_tables_of_the_competition_as_scipy_has_them() {
    let folder = Folder::new();
    let line = "drift --reference train.csv --current test.csv --json";
    let document = folder.run(line).ok().json();
    assert_eq!(
        keys(&document),
        ["drift", "rows", "level", "columns", "skipped"]
    );
    assert_eq!(document["drift"], false);
    assert_eq!(document["rows"], json!({"reference": 891, "current": 418}));
    assert_eq!(document["level"], 0.01);
    let first = &document["columns"][0];
    let contract = [
        "name",
        "kind",
        "ks",
        "chi2",
        "psi",
        "js",
        "wasserstein",
        "missing",
        "tests",
        "test",
        "p_adjusted",
    ];
    assert!(keys(first).starts_with(&contract), "{first}");
    // scipy 1.17.1: ks_2samp(method="exact"), jensenshannon, wasserstein_distance / std; numpy 2.4.6 for the deciles.
    #[rustfmt::skip]
    let numbers = [
        ("Age", 0.04595693699166414, 0.7023427077378919, 0.031389478612140344, 0.07511343905272548, 0.0724035865403487),
        ("SibSp", 0.025311595487034082, 0.9905968490976704, 0.010961815745997387, 0.044388563109670286, 0.07833157943518616),
        ("Parch", 0.01417685628211944, 0.9999999704869827, 0.0033143818730511174, 0.024433431193444505, 0.06379195667022626),
        ("Fare", 0.039370523782993806, 0.7512564942991772, 0.034276103698617506, 0.07778577926698345, 0.08304724016789207),
    ];
    for (name, statistic, p, psi, js, moved) in numbers {
        let found = column(&document, name);
        assert!(
            near(&found["ks"]["statistic"], statistic) && near(&found["ks"]["p_value"], p),
            "{found}"
        );
        assert_eq!(
            (&found["kind"], &found["ks"]["method"]),
            (&json!("number"), &json!("exact"))
        );
        assert!(
            near(&found["psi"], psi) && near(&found["js"], js),
            "{found}"
        );
        assert!(
            near(&found["wasserstein"], moved) && found["chi2"].is_null(),
            "{found}"
        );
    }
    // chi2_contingency(correction=False) and fisher_exact.
    #[rustfmt::skip]
    let categories = [
        ("Pclass", 1.0134212156403517, 0.6024740965496366, 2, 0.0035554608017563175, 0.025319508748710372, "chi2", 0.6024740965496366),
        ("Sex", 0.15632366660865288, 0.6925640325233144, 1, 0.0005480751140788293, 0.00994158473673272, "fisher", 0.7104705675708639),
        ("Embarked", 8.332684717891361, 0.015508882433837417, 2, 0.03532566230948801, 0.07924100496062153, "chi2", 0.015508882433837417),
    ];
    for (name, statistic, p, dof, psi, js, test, tested) in categories {
        let found = column(&document, name);
        assert!(
            near(&found["chi2"]["statistic"], statistic) && near(&found["chi2"]["p_value"], p),
            "{found}"
        );
        assert_eq!(
            (&found["chi2"]["dof"], &found["kind"]),
            (&json!(dof), &json!("category"))
        );
        assert!(
            near(&found["psi"], psi) && near(&found["js"], js),
            "{found}"
        );
        assert_eq!(found["tests"][0]["test"], test);
        assert!(near(&found["tests"][0]["p_value"], tested), "{found}");
        assert!(found["ks"].is_null() && found["wasserstein"].is_null());
    }
    // Ten tests: the smallest p-value is multiplied by ten, the others become 1.
    let port = column(&document, "Embarked");
    assert!(near(&port["p_adjusted"], 0.15508882433837418), "{port}");
    assert_eq!(port["test"], "chi2");
    let tests = document["columns"].as_array().unwrap().iter();
    assert_eq!(
        tests
            .map(|c| c["tests"].as_array().unwrap().len())
            .sum::<usize>(),
        10
    );
    let age = column(&document, "Age");
    assert!(
        near(&age["missing"]["reference"], 177.0 / 891.0)
            && near(&age["missing"]["current"], 86.0 / 418.0)
    );
    assert_eq!(age["tests"][1]["test"], "fisher_missing");
    assert!(
        near(&age["tests"][1]["p_value"], 0.7676781408378847),
        "{age}"
    );
    assert_eq!(
        document["skipped"],
        json!(["Cabin", "Name", "PassengerId", "Survived", "Ticket"])
    );
    // The command writes no files.
    assert!(!folder.path("state").exists());
}

/// The rows of women in a table, with the header.
fn women(table: &str) -> String {
    let kept = |line: &&str| line.contains("Sex") || line.contains(",female,");
    table
        .lines()
        .filter(kept)
        .map(|l| format!("{l}\n"))
        .collect()
}

#[test]
fn drift_is_told_and_ends_with_4_if_asked() {
    let folder = Folder::new();
    folder.put("women.csv", women(&folder.text("train.csv")));
    let line = "drift --reference train.csv --current women.csv";
    let ran = folder.run(line).ok();
    assert!(
        ran.out.contains("drift in ") && ran.out.contains("Sex: female 35 % → 100 %"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("not compared: Cabin, Name"), "{}", ran.out);
    folder.run(&format!("{line} --exit-code")).ended(4);
    folder
        .run("drift --reference train.csv --current test.csv --exit-code")
        .ok();
    let both = format!("{line} --current test.csv --json --exit-code --html report.html");
    let document = folder.run(&both).ended(4).json();
    assert_eq!(keys(&document), ["windows"]);
    assert_eq!(
        (
            &document["windows"][0]["drift"],
            &document["windows"][1]["drift"]
        ),
        (&json!(true), &json!(false))
    );
    let report = folder.text("report.html");
    assert!(report.starts_with("<!DOCTYPE html>") && report.contains("female 35 % → 100 %"));
    assert!(
        report.contains("Drift in 1 of 2 windows") && !report.contains("src="),
        "nothing is loaded"
    );
}

#[test]
fn the_second_table_by_its_spec() {
    let folder = Folder::new();
    let text = folder.text("churn.csv");
    let (head, lines) = text.split_once('\n').unwrap();
    let pro: String = lines
        .lines()
        .filter(|l| l.contains(",pro,"))
        .map(|l| format!("{l}\n"))
        .collect();
    folder.put("pro.csv", format!("{head}\n{pro}"));
    let ran = folder
        .run("drift --reference churn.csv --current pro.csv --spec churn.yaml --json")
        .ok();
    let document = ran.json();
    assert_eq!(document["drift"], true);
    let plan = column(&document, "plan");
    assert_eq!(
        (&plan["drift"], &plan["kind"]),
        (&json!(true), &json!("category"))
    );
    assert!(plan["change"].as_str().unwrap().contains(" % → "), "{plan}");
    assert_eq!(
        document["skipped"],
        json!(["account", "device", "household", "left"])
    );
}

#[test]
fn what_a_row_would_be_refused_for_is_compared() {
    let folder = Folder::new();
    folder.put(
        "a.csv",
        "Sex,Fare,Extra\nmale,10\u{20},x\nfemale,20,y\nmale,30,z\n",
    );
    folder.put(
        "b.csv",
        "Pclass,Sex,Fare\n9,robot,1e39\n3,male,-5\n2,,abc\n",
    );
    let document = folder
        .run("drift --reference a.csv --current b.csv --json")
        .ok();
    assert!(
        document
            .err
            .contains("b.csv: 1 values cannot be read and count as missing"),
        "{}",
        document.err
    );
    let document = document.json();
    let names: Vec<&Value> = document["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["name"])
        .collect();
    assert_eq!(names, ["Sex", "Fare"]);
    assert_eq!(document["skipped"], json!(["Pclass", "Extra"]));
    let sex = column(&document, "Sex");
    assert_eq!(sex["change"], r#"never seen before: "robot""#);
    let fare = column(&document, "Fare");
    assert!(fare["wasserstein"].as_f64().unwrap() > 1e37, "{fare}");
    assert!(near(&fare["missing"]["current"], 1.0 / 3.0));
    // The same rows as JSON lines.
    folder.put(
        "b.jsonl",
        "{\"Pclass\": 9, \"Sex\": \"robot\", \"Fare\": 1e39}\n{\"Pclass\": 3, \"Sex\": \"male\", \"Fare\": -5}\n\
         {\"Pclass\": 2, \"Fare\": \"abc\"}\n",
    );
    let again = folder
        .run("drift --reference a.csv --current b.jsonl --json")
        .ok()
        .json();
    assert_eq!(again, document);
}

#[test]
fn sizes_at_the_edge() {
    let folder = Folder::new();
    let table = folder.text("train.csv");
    let head = |n: usize| -> String { table.split_inclusive('\n').take(n + 1).collect() };
    folder.put("one.csv", head(1));
    folder.put("five.csv", head(5));
    // One row compared with many, a reference smaller than the window, one row with one row.
    for (a, b) in [("train", "one"), ("five", "train"), ("one", "one")] {
        let ran = folder
            .run(&format!(
                "drift --reference {a}.csv --current {b}.csv --json"
            ))
            .ok();
        assert!(
            !ran.out.contains("NaN") && !ran.out.contains("inf"),
            "{}",
            ran.out
        );
        assert_eq!(ran.json()["drift"], false, "{a} {b}");
    }
    let levels = |shift: usize| -> String {
        let line = |i: usize| format!("L{},{}\n", (i * 7 + shift * (i % 3)) % 10_000, i % 50);
        (0..30_000).map(line).collect()
    };
    folder.put("levels.csv", format!("Embarked,Fare\n{}", levels(0)));
    folder.put("moved.csv", format!("Embarked,Fare\n{}", levels(13)));
    let document = folder
        .run("drift --reference levels.csv --current moved.csv --json")
        .ok()
        .json();
    let port = column(&document, "Embarked");
    assert_eq!(port["chi2"]["dof"], 9_999);
    assert_eq!(column(&document, "Fare")["ks"]["method"], "asymptotic");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let folder = Folder::new();
    folder.put("empty.csv", "");
    folder.put("header.csv", "Sex,Fare\n");
    folder.put("other.csv", "x,y\n1,2\n");
    let fails = |line: &str, code: i32, says: &str| {
        let said = folder.run(line).fails(code);
        assert!(said.contains(says), "{line}: {said}");
    };
    fails(
        "drift --reference train.csv --current empty.csv",
        1,
        "it is empty",
    );
    fails(
        "drift --reference header.csv --current train.csv",
        1,
        "header.csv has no row to compare",
    );
    fails(
        "drift --reference train.csv --current other.csv",
        1,
        "no column of the spec",
    );
    fails(
        "drift --reference train.csv --current gone.csv",
        1,
        "gone.csv",
    );
    fails(
        "drift --model champion --current test.csv",
        1,
        "there is no model",
    );
    let usage = |line: &str| {
        let ran: Ran = folder.run(line).ended(2);
        assert_eq!(ran.out, "", "{line}");
    };
    usage("drift --current test.csv");
    usage("drift --reference train.csv");
    usage("drift --reference train.csv --model 1 --current test.csv");
    usage("drift --reference train.csv --window first:5");
    usage("drift --reference train.csv --window last:5 --current test.csv");
}

#[test]
fn a_model_is_its_own_reference_and_its_probabilities_are_watched() {
    let folder = Folder::trained();
    folder.put("women.csv", women(&folder.text("test.csv")));
    let document = folder
        .run("drift --model champion --current women.csv --json")
        .ok()
        .json();
    assert_eq!(document["rows"]["reference"], 891);
    let score = column(&document, "score");
    assert_eq!(
        (&score["kind"], &score["drift"]),
        (&json!("score"), &json!(true))
    );
    assert!(
        score["change"].as_str().unwrap().starts_with("median 0."),
        "{score}"
    );
    let same = folder
        .run("drift --model 1 --current test.csv --exit-code")
        .ok();
    assert!(
        same.out.contains("the training rows of titanic@1"),
        "{}",
        same.out
    );
    // The model scores its own training rows differently from new rows; that is no drift.
    let own = folder
        .run("drift --model 1 --current train.csv --exit-code --json")
        .ok()
        .json();
    let score = column(&own, "score");
    assert_eq!(score["drift"], false, "{score}");
    assert!(score["ks"]["statistic"].as_f64().unwrap() < 1e-9, "{score}");
    // If columns are missing, probabilities are not compared.
    folder.put("few.csv", "Sex\nmale\nfemale\n");
    let few = folder
        .run("drift --model champion --current few.csv --json")
        .ok();
    assert!(
        few.err.contains("the probabilities are not compared"),
        "{}",
        few.err
    );
    assert_eq!(few.json()["columns"].as_array().unwrap().len(), 1);
    let none = folder
        .run("drift --reference train.csv --window last:10")
        .fails(1);
    assert!(none.contains("there is no store"), "{none}");
}
