//! Faults, which make a row invalid, and the problems that only cause a warning.

/// Kinds of problems of a value, a column or a whole table. The code is part of the wire contract.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ColumnProblem", inline)]
pub enum Problem {
    /// A required column is absent, null or empty.
    Missing,
    /// The value is not of the column's kind.
    WrongType,
    /// The number is outside the column's range.
    OutOfRange,
    /// The category has no such level.
    UnknownLevel,
    /// The schema has no such column.
    UnknownColumn,
    /// The row is not an object, or the list holds no rows.
    NotARow,
    /// A row to predict had a target, which was ignored.
    TargetIgnored,
    /// A number in text that would have another value if `.` and `,` changed roles.
    AmbiguousNumber,
    /// The table lacks a column of the spec.
    MissingColumn,
    /// No model reads the column.
    UnusedColumn,
    /// The column alone predicts the target almost perfectly.
    Leakage,
    /// Rows with the same key are in different folds.
    RepeatedKey,
    /// All values of the column are missing.
    AllMissing,
    /// At its threshold the model predicts the positive label for no row.
    NeverPositive,
    /// A label in another case or with spaces around it; it is accepted as that label.
    OtherSpelling,
}

impl Problem {
    /// The code used on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Problem::Missing => "missing",
            Problem::WrongType => "wrong_type",
            Problem::OutOfRange => "out_of_range",
            Problem::UnknownLevel => "unknown_level",
            Problem::UnknownColumn => "unknown_column",
            Problem::NotARow => "not_a_row",
            Problem::TargetIgnored => "target_ignored",
            Problem::AmbiguousNumber => "ambiguous_number",
            Problem::MissingColumn => "missing_column",
            Problem::UnusedColumn => "unused_column",
            Problem::Leakage => "leakage",
            Problem::RepeatedKey => "repeated_key",
            Problem::AllMissing => "all_missing",
            Problem::NeverPositive => "never_positive",
            Problem::OtherSpelling => "other_spelling",
        }
    }

    /// The problem with its number of rows, in words, such as `38 unknown levels`.
    pub fn counted(self, rows: u64) -> String {
        let many = |one: &str| match rows {
            1 => format!("1 {one}"),
            _ => format!("{rows} {one}s"),
        };
        match self {
            Problem::Missing => format!("{rows} missing"),
            Problem::WrongType => many("value") + " of another kind",
            Problem::OutOfRange => format!("{rows} out of range"),
            Problem::UnknownLevel => many("unknown level"),
            Problem::UnknownColumn => "unknown column".into(),
            Problem::NotARow => many("line") + " without a row",
            Problem::TargetIgnored => "the target was ignored in ".to_owned() + &many("row"),
            Problem::AmbiguousNumber => {
                many("number")
                    + " that would be another one under the other decimal sign (--format decimal=, reads it)"
            }
            Problem::MissingColumn => "not in the table".into(),
            Problem::UnusedColumn => "not used by the model".into(),
            Problem::Leakage => "almost determines the target by itself".into(),
            Problem::RepeatedKey => many("row") + " share a key with others",
            Problem::AllMissing => "holds nothing".into(),
            Problem::NeverPositive => "the model says yes to no row".into(),
            Problem::OtherSpelling => many("value") + " of the target in another spelling",
        }
    }
}

/// A value that violates the constraints of its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The column's name as the client wrote it; empty if the fault concerns the whole row.
    pub column: String,
    pub problem: Problem,
    /// The original value, shortened.
    pub got: String,
    /// Whether the value came as a number or a boolean rather than as text.
    pub typed: bool,
    /// The allowed values in words.
    pub allowed: String,
    pub remedy: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Fault {
            column,
            problem,
            got,
            typed: _,
            allowed,
            remedy,
        } = self;
        let problem = problem.code().replace('_', " ");
        if !column.is_empty() {
            write!(f, "{}: ", excerpt(column))?;
        }
        f.write_str(&problem)?;
        if !got.is_empty() {
            write!(f, ", got {got}")?;
        }
        if !allowed.is_empty() {
            write!(f, ", allowed: {allowed}")?;
        }
        if !remedy.is_empty() {
            write!(f, " ({remedy})")?;
        }
        Ok(())
    }
}

/// Whether a character cannot be seen, or turns the direction of what follows: control characters, marks and overrides of
/// direction (UAX 9), and the byte order mark. Where people look at text of strangers, such a character is written out.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{feff}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A value cut to a length that fits a line of a message.
pub fn excerpt(value: &str) -> String {
    cut(value.to_owned(), 80)
}

/// Text cut to at most so many characters, with `…` where something was cut off.
pub fn cut(mut text: String, characters: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(characters) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// The candidate nearest to `name` by edit distance, if it is near enough for a suggestion.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let length = lower.chars().count();
    let measure = |c: &'a str| {
        let near = c.chars().count().max(3) / 2;
        let c_lower = c.to_lowercase();
        // The distance is at least the difference in length; computing it takes memory in the product of the lengths.
        if length.abs_diff(c_lower.chars().count()) > near {
            return None;
        }
        let distance = strsim::damerau_levenshtein(&lower, &c_lower);
        (distance <= near).then_some((distance, c))
    };
    candidates
        .into_iter()
        .filter_map(measure)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, c)| c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_if_it_is_near() {
        let check = |name: &str, expected: Option<&str>| {
            let names = ["sugar", "stars", "price per bottle", "id"];
            assert_eq!(nearest(name, names), expected, "{name}");
        };
        check("suger", Some("sugar"));
        check("STARS", Some("stars"));
        check("price per botle", Some("price per bottle"));
        check("price", None);
        check("od", Some("id"));
        check("temperature", None);
        check("", None);
        check(&"sugar".repeat(1 << 20), None);
    }

    proptest! {
        #![proptest_config(crate::proptest_config())]
        /// Candidates whose length differs too much are skipped without measuring; that must never change the result.
        #[test]
        fn passing_over_changes_nothing(name in "[a-cA-CäÄ ]{0,12}", candidates in proptest::collection::vec("[a-cA-Cä]{0,9}", 0..5)) {
            let distance = |c: &&String| strsim::damerau_levenshtein(&name.to_lowercase(), &c.to_lowercase());
            let near = |c: &&String| distance(c) <= c.chars().count().max(3) / 2;
            let expected = candidates.iter().filter(near).min_by_key(|c| distance(c)).map(String::as_str);
            prop_assert_eq!(nearest(&name, candidates.iter().map(String::as_str)), expected);
        }
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        assert_eq!(excerpt("short"), "short");
        assert_eq!(excerpt(&"é".repeat(80)), "é".repeat(80));
        assert_eq!(excerpt(&"é".repeat(81)), "é".repeat(80) + "…");
    }
}
