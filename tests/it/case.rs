//! The two tables that servers are tested with, and their properties that tests need.

use serde_json::Value;
use titanic_platform::ingest::Loaded;
use titanic_platform::model::Spec;

use crate::{churn, tables};

/// A spec with its table. Fields that hold rows and other documents are JSON text.
pub struct Case {
    /// Name of the spec.
    pub name: &'static str,
    /// The spec as YAML.
    pub spec: &'static str,
    /// Labelled rows, as CSV.
    pub table: &'static str,
    /// Number of lines of the table that the second model is trained on, including the header.
    pub lines: usize,
    /// Rows to predict, as CSV.
    pub unlabelled: fn() -> String,
    /// Start of the header of predictions as CSV.
    pub header: &'static str,
    /// Both labels, the positive one last.
    pub labels: &'static str,
    /// Decision threshold: minimum probability of the positive label.
    pub threshold: f64,
    /// Required columns of a row.
    pub required: &'static str,
    /// A valid row.
    pub row: &'static str,
    /// A column, and a value that turns the valid row into another one.
    pub change: (&'static str, &'static str),
    /// An invalid row, and the JSON pointer of its fault.
    pub bad: (&'static str, &'static str),
    /// Two rows as CSV; the second is invalid.
    pub half_bad: &'static str,
    /// A row that is predicted with warnings, and these warnings.
    pub odd: (&'static str, &'static str),
    /// Cells of the odd row as shown in an explanation.
    pub shown: &'static [(&'static str, &'static str)],
    /// A category with its levels.
    pub category: (&'static str, &'static str),
    /// A numeric column with its maximum.
    pub number: (&'static str, f64),
    /// One of the features.
    pub feature: &'static str,
}

/// The bundled case.
pub static TITANIC: Case = Case {
    name: "titanic",
    spec: titanic_platform::model::spec::BUNDLED,
    table: include_str!("../../data/raw/train.csv"),
    lines: 400,
    unlabelled: || include_str!("../../data/raw/test.csv").into(),
    header: "PassengerId,Survived,probability",
    labels: "[0, 1]",
    threshold: 0.5,
    required: r#"["Pclass", "Sex"]"#,
    row: r#"{"Pclass": 3, "Name": "Kelly, Mr. James", "Sex": "male", "Age": 34.5, "SibSp": 0, "Parch": 0,
             "Ticket": "330911", "Fare": 7.8292, "Embarked": "Q"}"#,
    change: ("Age", "35"),
    bad: (r#"{"Pclass": 9, "Sex": "male"}"#, "/Pclass"),
    half_bad: "Pclass,Sex,PassengerId\n1,male,7\n9,male,8\n",
    odd: (
        r#"{"Pclass": "1", "Sex": "female", "Embarked": "X", "Survived": 0}"#,
        r#"[{"column": "Embarked", "problem": "unknown_level", "value": "X"},
            {"column": "Survived", "problem": "target_ignored", "value": 0}]"#,
    ),
    shown: &[
        ("Sex", r#""female""#),
        ("Pclass", "1"),
        ("Embarked", r#""X""#),
        ("Age", "null"),
    ],
    category: ("Pclass", r#"["1", "2", "3"]"#),
    number: ("Age", 120.0),
    feature: "age",
};

/// A case that shares no names with the bundled one.
pub static CHURN: Case = Case {
    name: "churn",
    spec: churn::SPEC,
    table: churn::TABLE,
    lines: 200,
    unlabelled: || {
        let without_outcome = |line: &str| line[..line.rfind(',').unwrap()].to_owned() + "\n";
        churn::TABLE.lines().map(without_outcome).collect()
    },
    header: "account,left,probability",
    labels: r#"["no", "yes"]"#,
    threshold: 1.0 / 3.0, // a customer missed costs twice as much as a call in vain
    required: r#"["plan"]"#,
    row: r#"{"plan": "basic", "months": 4, "spend": 21.5, "calls": 3, "region": "north",
             "household": "h10003", "device": "Castor"}"#,
    change: ("months", "5"),
    bad: (r#"{"plan": "gold"}"#, "/plan"),
    half_bad: "plan,account\npro,c7\ngold,c8\n",
    odd: (
        r#"{"plan": "pro", "spend": -3, "region": "centre", "left": "yes"}"#,
        r#"[{"column": "spend", "problem": "out_of_range", "value": -3},
            {"column": "region", "problem": "unknown_level", "value": "centre"},
            {"column": "left", "problem": "target_ignored", "value": "yes"}]"#,
    ),
    shown: &[
        ("plan", r#""pro""#),
        ("region", r#""centre""#),
        ("months", "null"),
    ],
    category: ("plan", r#"["basic", "plus", "pro"]"#),
    number: ("months", 600.0),
    feature: "months",
};

/// Parses JSON text of a case.
pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

impl Case {
    /// A valid row.
    pub fn row(&self) -> Value {
        json(self.row)
    }

    /// Another valid row.
    pub fn other_row(&self) -> Value {
        let mut row = self.row();
        row[self.change.0] = json(self.change.1);
        row
    }

    /// Rows to predict.
    pub fn rows(&self) -> Vec<Value> {
        tables::objects(&self.spec().schema, &(self.unlabelled)())
    }

    /// The predicted label for a probability.
    pub fn label(&self, probability: f64) -> Value {
        json(self.labels)[usize::from(probability >= self.threshold)].clone()
    }

    /// Name of a version.
    pub fn version(&self, number: u64) -> String {
        format!("{}@{number}", self.name)
    }

    /// The parsed spec.
    pub fn spec(&self) -> Spec {
        Spec::parse(self.spec).unwrap()
    }

    /// Training tables of both models: the whole table, and its beginning.
    pub fn trainings(&self) -> [Loaded; 2] {
        let head: String = self.table.split_inclusive('\n').take(self.lines).collect();
        [self.table, &head].map(|text| tables::csv(&self.spec(), text))
    }
}

/// Makes tests of functions that take a case: each runs on both cases.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod titanic {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(&$crate::case::TITANIC).await;
            })+
        }
        mod churn {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(&$crate::case::CHURN).await;
            })+
        }
    };
}
pub(crate) use on_both;
