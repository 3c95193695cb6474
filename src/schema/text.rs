//! Reads text cells (CSV, TSV) into a row: missing values and the notations of numbers.

use super::column::{Extra, Kind, Schema, Slot};
use super::dialect::Notice;
use super::fault::{Fault, Problem, excerpt};
use super::missing::is_blank;
use super::number::NumberForm;
use super::row::{Purpose, Row, Value, allowed_labels, unknown_column};

/// The header of a text table, resolved against a schema: one slot per column of the file.
#[derive(Clone, Debug)]
pub struct Header {
    slots: Vec<Slot>,
    /// Names that the schema does not have and the reader ignores.
    others: Vec<String>,
    /// Index of a last column without a name, which results from a delimiter at the end of every line; its cells must be empty.
    nameless: Option<usize>,
    notices: Vec<String>,
}

impl Header {
    /// Resolves the names of the first line. Outer spaces of a name are trimmed, unless a column of the schema has them.
    /// Columns without a name at the left edge are taken for row numbers and ignored.
    ///
    /// # Errors
    /// Every unknown name, the first duplicate name, and every required column that is absent.
    pub fn resolve<'a>(
        schema: &Schema,
        names: impl IntoIterator<Item = &'a str>,
        purpose: Purpose,
    ) -> Result<Header, HeaderError> {
        let names: Vec<&str> = names.into_iter().collect();
        let mut slots = Vec::new();
        let mut others: Vec<String> = Vec::new();
        let mut faults = Vec::new();
        let (mut nameless, mut notices, mut padded) = (None, Vec::new(), Vec::new());
        let looks = matches!(purpose, Purpose::Look | Purpose::Infer);
        for (place, typed) in names.iter().enumerate() {
            let name = match schema.slot(typed) {
                Some(_) => typed,
                None => typed.trim(),
            };
            if name.len() < typed.len() && !name.is_empty() {
                padded.push(name);
            }
            match schema.slot(name) {
                Some(slot) if slots.contains(&slot) => {
                    return Err(HeaderError::Twice(name.to_owned()));
                }
                Some(slot) => slots.push(slot),
                None if name.is_empty() && names[..place].iter().all(|n| n.trim().is_empty()) => {
                    if place == 0 {
                        notices.push(
                            "the first column has no name: it holds row numbers and is passed over"
                                .to_owned(),
                        );
                    }
                    slots.push(Slot::Other);
                }
                None if name.is_empty() && place + 1 == names.len() => {
                    nameless = Some(place);
                    slots.push(Slot::Other);
                }
                None if name.is_empty() && purpose == Purpose::Infer => {
                    return Err(HeaderError::Nameless(place + 1));
                }
                None if looks && others.iter().any(|other| other == name) => {
                    return Err(HeaderError::Twice(name.to_owned()));
                }
                None if looks || schema.extra() == Extra::Ignore => {
                    slots.push(match purpose {
                        Purpose::Infer => Slot::Unused(others.len()),
                        _ => Slot::Other,
                    });
                    others.push(name.to_owned());
                }
                None if name.is_empty() => faults.push(Fault {
                    got: format!("no name (column {} of the header)", place + 1),
                    remedy: "name it or leave it out".into(),
                    ..unknown_column(schema, name, "")
                }),
                None => faults.push(unknown_column(schema, name, "")),
            }
        }
        if !padded.is_empty() {
            notices.push(format!(
                "blanks around names in the header are cut: {}",
                first_names(&padded)
            ));
        }
        for (i, column) in schema.columns().iter().enumerate() {
            if column.required && !looks && !slots.contains(&Slot::Column(i)) {
                faults.push(Fault {
                    column: column.name.clone(),
                    problem: Problem::Missing,
                    got: String::new(),
                    typed: false,
                    allowed: column.allowed(),
                    remedy: "the column is required".into(),
                });
            }
        }
        if purpose == Purpose::Learn && !slots.contains(&Slot::Target) {
            faults.push(Fault {
                column: schema.target().column.clone(),
                problem: Problem::Missing,
                got: String::new(),
                typed: false,
                allowed: allowed_labels(schema),
                remedy: "a table without the target cannot be trained on".into(),
            });
        }
        if faults.is_empty() {
            Ok(Header {
                slots,
                others,
                nameless,
                notices,
            })
        } else {
            Err(HeaderError::Columns(faults))
        }
    }

    /// Slots in the order of the file.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Notices about names that were not taken literally.
    pub fn notices(&self) -> impl Iterator<Item = Notice> + '_ {
        self.notices.iter().map(Notice::plain)
    }

    /// Whether this column of the file has no name and must therefore be empty.
    pub fn is_nameless(&self, place: usize) -> bool {
        self.nameless == Some(place)
    }

    /// Adds a fault to the row if the cell of the column without a name is not empty.
    pub fn check_empty(&self, cell: &str, row: &mut Row) {
        if cell.trim().is_empty() || matches!(row.purpose(), Purpose::Look | Purpose::Infer) {
            return;
        }
        row.faults.push(Fault {
            column: String::new(),
            problem: Problem::UnknownColumn,
            got: excerpt(cell),
            typed: false,
            allowed: "an empty cell: the last column has no name".into(),
            remedy: "name the column, or leave it out".into(),
        });
    }

    /// Passes the names of ignored columns on to a row that is read for comparison or inference.
    pub fn tell(&self, row: &mut Row) {
        self.others.iter().for_each(|name| row.meet_other(name));
    }

    /// Whether the file has a column for this slot.
    pub fn has(&self, slot: Slot) -> bool {
        self.slots.contains(&slot)
    }
}

fn first_names(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|n| excerpt(n)).collect();
    let more = names.len().saturating_sub(SHOWN);
    match more {
        0 => shown.join(", "),
        _ => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Why the first line cannot be used as a header.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HeaderError {
    /// A name occurs twice, so that it is ambiguous.
    #[error("the column {0:?} stands twice in the header; keep one of them")]
    Twice(String),
    /// A column in the middle has no name.
    #[error("column {0} of the header has no name; give it one, or leave the column out")]
    Nameless(usize),
    /// Columns are unknown or missing.
    #[error("{}", listed(.0))]
    Columns(Vec<Fault>),
}

/// One message of bounded length: the first faults in full, the others as a count; the list of known names appears once.
fn listed(faults: &[Fault]) -> String {
    const SHOWN: usize = 10;
    let is_unknown = |f: &Fault| f.problem == Problem::UnknownColumn;
    let first = faults.iter().position(is_unknown);
    let in_words = |(i, fault): (usize, &Fault)| match first {
        Some(first) if i > first && is_unknown(fault) => Fault {
            allowed: String::new(),
            ..fault.clone()
        }
        .to_string(),
        _ => fault.to_string(),
    };
    let mut shown: Vec<String> = faults
        .iter()
        .enumerate()
        .take(SHOWN)
        .map(in_words)
        .collect();
    if faults.len() > SHOWN {
        let more = faults.len() - SHOWN;
        shown.push(format!("and {more} more faults of the header"));
    }
    shown.join("; ")
}

/// Reads one line of text cells into `row`, which is cleared first.
pub fn read<'a>(
    schema: &Schema,
    header: &Header,
    cells: impl IntoIterator<Item = &'a str>,
    row: &mut Row,
) {
    row.clear();
    let form = NumberForm::default();
    for (slot, text) in header.slots().iter().zip(cells) {
        put(schema, *slot, text, &form, row);
    }
    row.finish(schema);
}

/// Whether a text is a code: a zero followed by another digit.
fn is_code(text: &str) -> bool {
    let mut digits = text.trim().bytes();
    digits.next() == Some(b'0') && digits.next().is_some_and(|b| b.is_ascii_digit())
}

/// Converts the text of a label or level to a number in the file's format, if the spec has that number as a value.
fn in_form<'v>(schema: &Schema, slot: Slot, value: Value<'v>, form: &NumberForm) -> Value<'v> {
    let Value::Text(text) = value else {
        return value;
    };
    if form.is_plain() || is_code(text) {
        return value;
    }
    let number = form.parse(text).map(Value::Number);
    let is_known = |number: &Value<'_>| match slot {
        Slot::Target => schema.target().read(*number).is_some(),
        Slot::Column(i) => match &schema.columns()[i].kind {
            Kind::Category { levels } => {
                levels.find(value).is_none() && (levels.is_open() || levels.find(*number).is_some())
            }
            _ => false,
        },
        _ => false,
    };
    number.filter(is_known).unwrap_or(value)
}

/// Checks one text cell and puts it into the row. Numbers are in the column's own format if it has one, else in `form`,
/// that of the file.
pub fn put(schema: &Schema, slot: Slot, text: &str, form: &NumberForm, row: &mut Row) {
    let column = match slot {
        Slot::Column(i) if schema.is_number(slot) => &schema.columns()[i],
        _ => {
            let value = match is_blank(text) {
                true => Value::Missing,
                false => Value::Text(text),
            };
            if row.raw().is_some()
                && !form.is_plain()
                && let Some(number) = form.parse(text).filter(|_| !is_code(text))
            {
                row.put_raw(slot, Value::Number(number));
            } else {
                row.put(schema, slot, in_form(schema, slot, value, form));
            }
            return;
        }
    };
    let form = column.number.as_ref().unwrap_or(form);
    match form.parse(text) {
        Some(v) => row.put(schema, slot, Value::Number(v)),
        None if column.missing.has(text) => row.put(schema, slot, Value::Missing),
        None => {
            let remedy = "leave the cell empty where the number is not known";
            row.put_no_number(column, text, remedy);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{faults, row, warnings, wines};
    use super::*;

    fn check_header(names: &[&str], expected: Result<&[Slot], &str>) {
        let found = Header::resolve(&wines(), names.iter().copied(), Purpose::Predict);
        let found = found
            .as_ref()
            .map(Header::slots)
            .map_err(ToString::to_string);
        assert_eq!(found, expected.map_err(str::to_owned), "{names:?}");
    }

    const NAMES: &str = "bottle, good, colour, stars, sugar, price, maker";

    #[test]
    fn a_header_gives_each_column_of_the_file_its_slot() {
        check_header(&["colour"], Ok(&[Slot::Column(0)]));
        check_header(
            &["maker", "good", "colour", "bottle"],
            Ok(&[Slot::Column(4), Slot::Target, Slot::Column(0), Slot::Id]),
        );
        check_header(
            &["colour", "sugar", "colour"],
            Err("the column \"colour\" stands twice in the header; keep one of them"),
        );
        check_header(
            &["color", "Colour "],
            Err(&format!(
                "color: unknown column, allowed: {NAMES} (did you mean \"colour\"?); \
                 Colour: unknown column (did you mean \"colour\"?); \
                 colour: missing, allowed: one of red, white, rose (the column is required)"
            )),
        );
    }

    #[test]
    fn to_learn_from_a_table_takes_its_target() {
        let check = |purpose, names: [&str; 2], expected: Result<usize, &str>| {
            let found = Header::resolve(&wines(), names, purpose);
            let found = found.map(|h| h.slots().len()).map_err(|f| f.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{purpose:?}");
        };
        let missing =
            "good: missing, allowed: no or yes (a table without the target cannot be trained on)";
        check(Purpose::Learn, ["colour", "maker"], Err(missing));
        check(Purpose::Learn, ["colour", "good"], Ok(2));
        check(Purpose::Predict, ["colour", "maker"], Ok(2));
        check(Purpose::Keep, ["colour", "maker"], Ok(2));
    }

    #[test]
    fn a_column_without_a_name_is_called_that() {
        let unnamed = |place: usize| {
            format!(
                "unknown column, got no name (column {place} of the header), allowed: {NAMES} (name it or leave it out)"
            )
        };
        check_header(&["colour", "", "maker"], Err(&unnamed(2)));
        check_header(&["", "colour", " ", "maker"], Err(&unnamed(3)));
        // Columns without a name at the edges are ignored.
        check_header(&["", "colour"], Ok(&[Slot::Other, Slot::Column(0)]));
        check_header(
            &["colour", "maker", ""],
            Ok(&[Slot::Column(0), Slot::Column(4), Slot::Other]),
        );
    }

    #[test]
    fn many_unknown_columns_make_one_short_message() {
        let names: Vec<String> = (0..9_999).map(|i| format!("unheard_of_{i}")).collect();
        let names = names.iter().map(String::as_str).chain(["colour"]);
        let message = Header::resolve(&wines(), names, Purpose::Keep)
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with("unheard_of_0: unknown column"),
            "{message:.300}"
        );
        assert!(
            message.ends_with("; and 9989 more faults of the header"),
            "{message:.300}"
        );
    }

    #[test]
    fn one_line_fills_a_row_and_leaves_nothing_of_the_one_before() {
        let schema = wines();
        let header = Header::resolve(
            &schema,
            ["colour", "stars", "price", "good", "bottle"],
            Purpose::Learn,
        )
        .unwrap();
        let mut row = row(&schema, Purpose::Learn);
        read(
            &schema,
            &header,
            ["blue", "4", "-1", "maybe", "7"],
            &mut row,
        );
        assert_eq!(faults(&row).len(), 2);
        assert_eq!(
            warnings(&row),
            [
                "stars: unknown_level 4",
                "price: out_of_range -1, set apart"
            ]
        );
        read(&schema, &header, ["red", "", "", "no", ""], &mut row);
        assert_eq!((faults(&row).len(), warnings(&row).len()), (0, 0));
        assert_eq!((row.target(), row.id_text()), (Some(false), None));
        assert!(row.view().cells[1..].iter().all(|c| c.is_missing()));
        read(&schema, &header, ["red", "", "", "NA", ""], &mut row);
        assert_eq!(
            faults(&row),
            ["good: missing, allowed: no or yes (a row without it cannot be trained on)"]
        );
    }
}
