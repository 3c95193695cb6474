//! Decides the kind of each column, with the reason.

use std::fmt::Write as _;

use super::column::Column;
use super::forms;
use crate::schema::NumberForm;
use crate::schema::column::Label;
use crate::schema::level::{canonical, scalar};

/// Maximum number of levels of a closed category. With more levels, the category is open: it admits every level, and recipe
/// steps derive features from it.
const MOST_LEVELS: u64 = 20;

/// Minimum share of a column's values that must parse as numbers or dates; the other values are taken as marks of missing
/// values.
const MOSTLY: f64 = 0.95;

/// Minimum average number of rows for each value of an id-like column to be treated as a code instead of an id.
const ROWS_OF_A_CODE: u64 = 50;

/// The kind inferred for a column.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Number {
        form: Option<NumberForm>,
        range: Option<(f64, f64)>,
    },
    Levels(Vec<Label>),
    Open,
    Date {
        pattern: Option<&'static str>,
        parts: Vec<&'static str>,
    },
    Unused,
}

/// The inferred kind of a column, with a reason in terms of the table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Guess {
    pub kind: Kind,
    pub why: String,
    /// Values that mean missing in this column only, with their rows.
    pub marks: Vec<(String, u64)>,
    /// Rows without a value.
    pub missing: u64,
    /// Whether rows with the same value must stay in one group in an evaluation.
    pub groups: bool,
}

/// Whether the column is a unique id: its values are all different and its name denotes an id.
pub(super) fn is_id(column: &Column, rows: u64) -> bool {
    identifies(column, rows) && is_named_id(&column.name)
}

fn identifies(column: &Column, rows: u64) -> bool {
    let (known, distinct) = (column.known(), column.distinct());
    let countable = !column.numbers.fractions && !column.uncounted;
    // A few rows may lack the id, such as spreadsheet rows that consist of delimiters only.
    let nearly_all = known as f64 >= MOSTLY * rows as f64;
    known > 1 && countable && nearly_all && distinct == known
}

/// Whether the last word of a column name denotes an id: `customer_id`, `PlayerId` and `key` do, `paid` does not.
fn is_named_id(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "id", "ids", "key", "uuid", "guid", "nr", "no", "number", "pk",
    ];
    let words = words(name);
    words
        .last()
        .is_some_and(|last| WORDS.contains(&last.as_str()))
}

/// Whether a column name denotes a person or thing that may occur in several rows.
fn is_named_entity(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "person",
        "customer",
        "client",
        "patient",
        "user",
        "member",
        "account",
        "household",
        "subject",
        "employee",
        "student",
        "session",
        "device",
        "order",
    ];
    words(name)
        .last()
        .is_some_and(|last| WORDS.contains(&last.as_str()))
}

/// The words of a column name in lower case, split at punctuation and where an upper-case letter follows a lower-case one.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let begins = c.is_uppercase() && before.is_lowercase();
        if !c.is_alphanumeric() || begins {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            let word = words.last_mut().expect("there is always one");
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|w| !w.is_empty());
    words
}

/// The guess for a feature column of a table with `rows` rows. A column with one value in all rows is unused, because
/// it carries no information.
pub(super) fn guess(column: &Column, rows: u64) -> Guess {
    let guess = watched(column, rows);
    if column.distinct() != 1 || column.known() != rows || guess.kind == Kind::Unused {
        return guess;
    }
    let value = column.values.keys().next().cloned().unwrap_or_default();
    Guess {
        kind: Kind::Unused,
        why: format!("every row has the same value, {value:?}"),
        ..guess
    }
}

/// The guess for a column that is to be compared with the same column of another table.
pub(super) fn watched(column: &Column, rows: u64) -> Guess {
    let known = column.known();
    let unused = |why: String| Guess {
        kind: Kind::Unused,
        why,
        marks: Vec::new(),
        missing: rows - known,
        groups: false,
    };
    if known == 0 {
        return unused("it holds nothing".into());
    }
    if column.nested * 2 > known {
        return unused("it holds lists or objects".into());
    }
    // Only numbers that start at 0 or 1 count the rows; a sequence of years, for example, is data.
    let counts = column.numbers.counts_rows && matches!(column.numbers.min, 0.0 | 1.0);
    if counts && column.numbers.rows == rows && rows > 2 {
        return unused("it counts the rows".into());
    }
    if let Some(guess) = repeated_id(column, rows) {
        return guess;
    }
    let found = flags(column, rows)
        .or_else(|| number(column, rows))
        .or_else(|| date(column, rows));
    let mut guess = found.unwrap_or_else(|| category(column, rows));
    if guess.kind != Kind::Unused {
        let mut words: Vec<(String, u64)> = column
            .words
            .iter()
            .map(|(word, rows)| (word.clone(), *rows))
            .collect();
        words.sort();
        say_marks(&mut guess.why, &words);
    }
    guess
}

/// The guess for an id that occurs in several rows: the id of a person or thing, or a code.
fn repeated_id(column: &Column, rows: u64) -> Option<Guess> {
    let (known, distinct) = (column.known(), column.distinct());
    let named = is_named_id(&column.name) || is_named_entity(&column.name);
    let whole = !column.numbers.fractions && !column.uncounted;
    if !named || !whole || distinct <= MOST_LEVELS {
        return None;
    }
    let base = Guess {
        kind: Kind::Unused,
        why: String::new(),
        marks: Vec::new(),
        missing: rows - known,
        groups: false,
    };
    if distinct == known {
        let why = "an id by its name and its values, which are all different".to_owned();
        return Some(Guess { why, ..base });
    }
    if known / distinct >= ROWS_OF_A_CODE {
        let why = format!(
            "a code by its name: {distinct} values, each of about {} rows",
            known / distinct
        );
        return Some(Guess {
            kind: Kind::Open,
            why,
            ..base
        });
    }
    let why = format!(
        "an id by its name, {distinct} values in {known} rows: rows of the same one stay together in evaluations (evaluation: groups)"
    );
    Some(Guess {
        why,
        groups: true,
        ..base
    })
}

fn flags(column: &Column, rows: u64) -> Option<Guess> {
    let is_flag = |v: &String| ["true", "false"].contains(&v.to_lowercase().as_str());
    let all = column.unkept == 0 && column.numbers.rows == 0 && column.values.keys().all(is_flag);
    all.then(|| Guess {
        kind: Kind::Levels(vec![Label::Flag(false), Label::Flag(true)]),
        why: "all values are true or false".into(),
        marks: Vec::new(),
        missing: rows - column.known(),
        groups: false,
    })
}

fn number(column: &Column, rows: u64) -> Option<Guess> {
    let known = column.known();
    // If most values fit into an `f64`, the longer ones are large amounts; a column of long numbers only holds codes.
    let long = match column.numbers.rows > column.long.rows {
        true => column.long.rows,
        false => 0,
    };
    let plain = (column.numbers.rows + long) as f64 >= MOSTLY * known as f64;
    let found = match plain {
        true => forms::plain(column),
        false => forms::number(column).filter(|f| f.rows as f64 >= MOSTLY * f.of as f64)?,
    };
    let form = found.form.clone();
    let mut why = match found.marks.is_empty() {
        true => "all values are numbers".to_owned(),
        false => format!(
            "{} of {known} values are numbers",
            known.saturating_sub(found.marked())
        ),
    };
    if let Some(form) = &form {
        let _ = write!(why, ", written as {}", forms::words(form));
    }
    if let Some(unit) = epoch(column, found.range) {
        let _ = write!(
            why,
            "; they look like {unit} since 1970: write dates as text to have them read as such (pandas: to_json(date_format=\"iso\"))"
        );
    }
    say_marks(&mut why, &found.marks);
    Some(Guess {
        missing: rows - known + found.marked(),
        marks: found.marks,
        kind: Kind::Number {
            form,
            range: found.range,
        },
        why,
        groups: false,
    })
}

/// The time unit of whole numbers that are timestamps, judged by the column name and by whether they fall
/// between 1990 and 2100.
fn epoch(column: &Column, range: Option<(f64, f64)>) -> Option<&'static str> {
    const FROM: f64 = 631_152_000.0; // 1990
    const TO: f64 = 4_102_444_800.0; // 2100
    let words = words(&column.name);
    let is_time =
        |word: &String| ["date", "time", "datetime", "timestamp"].contains(&word.as_str());
    let named = words.iter().any(is_time) || (words.len() > 1 && words.last()? == "at");
    let (min, max) = range.filter(|_| named && !column.numbers.fractions)?;
    let units = [(1.0, "seconds"), (1000.0, "milliseconds")];
    let unit = units.iter().find(|(n, _)| min >= FROM * n && max < TO * n);
    unit.map(|(_, unit)| *unit)
}

fn date(column: &Column, rows: u64) -> Option<Guess> {
    let known = column.known();
    let found = forms::date(column).filter(|f| f.rows as f64 >= MOSTLY * f.of as f64)?;
    let mut why = match found.pattern {
        None => "dates as 2024-01-31".to_owned(),
        Some(pattern) => format!("dates as {pattern}"),
    };
    if found.either {
        why += "; the month could as well stand first";
    }
    say_marks(&mut why, &found.marks);
    let marked: u64 = found.marks.iter().map(|(_, rows)| rows).sum();
    Some(Guess {
        kind: Kind::Date {
            pattern: found.pattern,
            parts: found.parts,
        },
        why,
        missing: rows - known + marked,
        marks: found.marks,
        groups: false,
    })
}

fn say_marks(why: &mut String, marks: &[(String, u64)]) {
    const SHOWN: usize = 5;
    if marks.is_empty() {
        return;
    }
    let shown: Vec<String> = marks
        .iter()
        .take(SHOWN)
        .map(|(w, n)| format!("{w:?} {n}"))
        .collect();
    let more = match marks.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let _ = write!(why, "; taken for missing: {}{more}", shown.join(", "));
}

fn category(column: &Column, rows: u64) -> Guess {
    let (known, distinct) = (column.known(), column.distinct());
    let base = |kind, why| Guess {
        kind,
        why,
        marks: Vec::new(),
        missing: rows - known,
        groups: false,
    };
    if column.numbers.rows * 2 > known {
        let numbers = column.numbers.rows;
        let mut words: Vec<(String, u64)> =
            column.values.iter().map(|(v, n)| (v.clone(), *n)).collect();
        words.retain(|(text, _)| NumberForm::default().parse(text).is_none());
        words.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let shown: Vec<String> = words
            .iter()
            .take(3)
            .map(|(w, n)| format!("{w:?} {n}"))
            .collect();
        let why = format!(
            "{numbers} of {known} values are numbers, too few to take it for one; others: {}. If they mean missing, write kind: number and list them under missing",
            shown.join(", ")
        );
        return base(Kind::Unused, why);
    }
    if column.uncounted || distinct * 2 > known.max(2) {
        let many = if column.uncounted {
            "more than ".to_owned()
        } else {
            String::new()
        };
        let why = match distinct == known {
            true => "text that is different in every row".to_owned(),
            false => format!("text: {many}{distinct} different values in {known} rows"),
        };
        return base(
            Kind::Unused,
            why + "; extract or first_letter can derive a category from it",
        );
    }
    if distinct > MOST_LEVELS {
        return base(
            Kind::Open,
            format!("{distinct} different values in {known} rows"),
        );
    }
    let mut levels: Vec<(Option<f64>, String)> = Vec::new();
    for value in column.values.keys() {
        let name = canonical(value).into_owned();
        let entry = (scalar(&name).number(), name);
        if !levels.contains(&entry) {
            levels.push(entry);
        }
    }
    levels.sort_by(|a, b| match (a.0, b.0) {
        (Some(x), Some(y)) => x.total_cmp(&y),
        _ => {
            a.0.is_none()
                .cmp(&b.0.is_none())
                .then_with(|| a.1.cmp(&b.1))
        }
    });
    let labels = levels.into_iter().map(|(_, name)| scalar(&name)).collect();
    base(Kind::Levels(labels), format!("{distinct} different values"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_named_by_word() {
        for name in [
            "id",
            "ID",
            "customer_id",
            "PlayerId",
            "order key",
            "uuid",
            "row.no",
        ] {
            assert!(is_named_id(name), "{name}");
        }
        for name in [
            "paid", "bid", "grid", "monkey", "identity", "id_type", "volcano", "",
        ] {
            assert!(!is_named_id(name), "{name}");
        }
    }
}
