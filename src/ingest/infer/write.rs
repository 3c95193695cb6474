//! Writes the YAML text of a spec: the columns as inferred, and a simple recipe of features.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::guess::{Guess, Kind};
use super::target::Labels;
use crate::schema::NumberForm;
use crate::schema::column::Label;
use crate::schema::dialect::Setting;
use crate::schema::fault::is_hidden;
use crate::schema::missing::USUAL;

/// The inputs of a spec's text.
pub(super) struct Draft<'a> {
    pub name: &'a str,
    /// The file name of the table, if the spec can name it.
    pub table: Option<&'a str>,
    pub source: &'a str,
    pub rows: u64,
    pub target: &'a str,
    pub labels: &'a Labels,
    pub id: Option<&'a str>,
    pub columns: &'a [(&'a str, Guess)],
    /// The column whose equal values an evaluation keeps in one fold.
    pub groups: Option<&'a str>,
    /// Dialect settings of the table.
    pub format: &'a [Setting],
}

/// Writing into a String cannot fail.
const MEMORY: &str = "a String takes every character";

impl Draft<'_> {
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut line = |text: String| writeln!(out, "{text}").expect(MEMORY);
        line(format!(
            "# A first spec, inferred from {} rows of {}. Read it through: ranges and levels are what these",
            self.rows,
            self.source.replace(['\n', '\r'], " ")
        ));
        line("# rows happen to hold, kinds are guesses, and the recipe is a plain one. Then: titanic-platform spec check FILE".into());
        line(String::new());
        line("version: 1".into());
        line(format!("name: {}", quoted(self.name)));
        if let Some(table) = self.table {
            line(format!("table: {}", quoted(table)));
        }
        line(format!(
            "target: {{column: {}, positive: {}, negative: {}}}",
            quoted(self.target),
            typed(&self.labels.positive),
            typed(&self.labels.negative)
        ));
        if let Some(id) = self.id {
            line(format!("id: {}", quoted(id)));
        }
        if !self.format.is_empty() {
            let format: Vec<String> = self.format.iter().map(Setting::yaml).collect();
            line(format!("format: {{{}}}", format.join(", ")));
        }
        line(format!("missing: {}", words(USUAL.iter().copied())));
        line("extra: reject".into());
        line(String::new());
        line("columns:".into());
        self.columns
            .iter()
            .for_each(|(name, guess)| line(column(name, guess)));
        line(String::new());
        line("recipe:".into());
        let Recipe {
            steps, features, ..
        } = self.recipe();
        match steps.is_empty() {
            true => line("  steps: []".into()),
            false => line("  steps:".into()),
        }
        steps
            .into_iter()
            .for_each(|step| line(format!("    - {step}")));
        line("  features:".into());
        features
            .into_iter()
            .for_each(|name| line(format!("    - {}", quoted(&name))));
        line(String::new());
        line(match self.groups {
            Some(groups) => format!(
                "evaluation: {{metric: log_loss, groups: {}}}",
                quoted(groups)
            ),
            None => "evaluation: {metric: log_loss}".into(),
        });
        line("decision: {threshold: 0.5}".into());
        out
    }

    /// Whether enough values are missing for a missing-value indicator feature, which for a few gaps would add only noise.
    fn is_often_missing(&self, guess: &Guess) -> bool {
        const SHARE: f64 = 0.05;
        guess.missing as f64 >= SHARE * self.rows as f64
    }

    fn recipe(&self) -> Recipe {
        let mut recipe = Recipe {
            taken: self
                .columns
                .iter()
                .map(|(name, _)| (*name).to_owned())
                .collect(),
            steps: Vec::new(),
            features: Vec::new(),
        };
        for (name, guess) in self.columns {
            match &guess.kind {
                Kind::Number { .. } => recipe.number(name, self.is_often_missing(guess)),
                Kind::Levels(_) => recipe.category(name),
                Kind::Open => recipe.open(name),
                Kind::Date { parts, .. } => recipe.date(name, parts, self.is_often_missing(guess)),
                Kind::Unused => {}
            }
        }
        recipe
    }
}

/// The line of a column in the list of columns.
pub(super) fn column(name: &str, guess: &Guess) -> String {
    let mut keys = vec![format!("name: {}", quoted(name))];
    match &guess.kind {
        Kind::Number { form, range } => {
            keys.push("kind: number".into());
            keys.extend(range.map(|(min, max)| format!("range: [{min}, {max}]")));
            keys.extend(range.map(|_| "unexpected: warn".to_owned()));
            keys.extend(form.as_ref().map(number));
        }
        Kind::Levels(levels) => {
            let levels: Vec<String> = levels.iter().map(typed).collect();
            keys.push(format!(
                "kind: category, levels: [{}], unexpected: warn",
                levels.join(", ")
            ));
        }
        Kind::Open => keys.push("kind: category, levels: any".into()),
        Kind::Date { pattern, .. } => {
            keys.push("kind: date".into());
            keys.extend(pattern.map(|p| format!("format: {}", quoted(p))));
        }
        Kind::Unused => keys.push("kind: unused".into()),
    }
    if guess.missing == 0 && guess.kind != Kind::Unused {
        keys.push("required: true".into());
    }
    if !guess.marks.is_empty() {
        let marks = guess.marks.iter().map(|(word, _)| word.as_str());
        keys.push(format!(
            "missing: {}",
            words(marks.chain(USUAL.iter().copied()))
        ));
    }
    format!("  - {{{}}}", keys.join(", "))
}

/// Collects the recipe's steps and features, and ensures unique names.
struct Recipe {
    taken: BTreeSet<String>,
    steps: Vec<String>,
    features: Vec<String>,
}

impl Recipe {
    fn fresh(&mut self, name: String) -> String {
        let mut name = name;
        while !self.taken.insert(name.clone()) {
            name.push('_');
        }
        name
    }

    fn number(&mut self, name: &str, missing: bool) {
        self.flag(name, missing);
        let filled = self.fresh(format!("{name} or its median"));
        self.steps.push(format!(
            "impute: {{of: {}, as: {}}}",
            quoted(name),
            quoted(&filled)
        ));
        self.features.push(filled);
    }

    fn category(&mut self, name: &str) {
        self.steps
            .push(format!("one_hot: {{of: [{}]}}", quoted(name)));
        self.features.push(format!("{name}=*"));
    }

    fn open(&mut self, name: &str) {
        let frequent = self.fresh(format!("{name}, frequent"));
        let mean = self.fresh(format!("{name}, mean outcome"));
        self.steps.push(format!(
            "frequent: {{of: {}, as: {}}}",
            quoted(name),
            quoted(&frequent)
        ));
        self.steps.push(format!(
            "target_mean: {{of: {}, as: {}}}",
            quoted(name),
            quoted(&mean)
        ));
        self.category(&frequent);
        self.features.push(mean);
    }

    fn date(&mut self, name: &str, parts: &[&str], missing: bool) {
        if parts.is_empty() {
            return self.flag(name, missing);
        }
        let of = self.fresh(format!("{name}, parts"));
        self.steps.push(format!(
            "date_parts: {{of: {}, parts: [{}], as: {}}}",
            quoted(name),
            parts.join(", "),
            quoted(&of)
        ));
        for part in parts {
            self.number(&format!("{of}.{part}"), false);
        }
        self.flag(name, missing);
    }

    /// Adds a missing-value indicator feature if `missing` is set.
    fn flag(&mut self, name: &str, missing: bool) {
        if missing {
            let flag = self.fresh(format!("{name} is missing"));
            self.steps.push(format!(
                "missing: {{of: {}, as: {}}}",
                quoted(name),
                quoted(&flag)
            ));
            self.features.push(flag);
        }
    }
}

fn number(form: &NumberForm) -> String {
    let mut keys = vec![format!("decimal: {:?}", form.decimal.to_string())];
    keys.extend(
        form.thousands
            .map(|t| format!("thousands: {:?}", t.to_string())),
    );
    let around = [("prefix", &form.prefix), ("suffix", &form.suffix)];
    keys.extend(
        around
            .iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(key, text)| format!("{key}: {}", quoted(text))),
    );
    format!("number: {{{}}}", keys.join(", "))
}

/// The words as a YAML list, without duplicates.
fn words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut seen = BTreeSet::new();
    let words: Vec<String> = words.filter(|w| seen.insert(*w)).map(quoted).collect();
    format!("[{}]", words.join(", "))
}

/// A scalar that YAML reads back as the same text, number or boolean.
fn typed(label: &Label) -> String {
    match label {
        Label::Text(text) => quoted(text),
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string(); // a JSON string is a YAML string
    let mut exact = String::with_capacity(json.len());
    for c in json.chars() {
        match is_hidden(c) {
            true => exact.push_str(&format!("\\u{:04x}", c as u32)),
            false => exact.push(c),
        }
    }
    exact
}
