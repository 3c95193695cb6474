//! The text of a query, and the replacement of its cursor placeholders.

use crate::ingest::source::options::Options;
use crate::schema::NumberForm;

/// The placeholder in a query for the cursor of the last pull.
const CURSOR: &str = ":cursor";

/// A query as the user configured it.
#[derive(Debug)]
pub(super) struct Query {
    text: String,
    /// The column whose values are the cursor.
    pub cursor: Option<String>,
    /// Whether the query selects a whole table. Columns that the schema lacks are then ignored, because the user
    /// did not select them.
    pub whole_table: bool,
    /// The number form of columns that hold numbers as text.
    pub form: NumberForm,
}

impl Query {
    /// Builds the query from the `query` or the `table` option.
    pub(super) fn of(options: &Options, quoted: impl Fn(&str) -> String) -> Result<Query, String> {
        let Options {
            query,
            table,
            cursor,
            ..
        } = options;
        let text = match (query, table) {
            (Some(query), None) => query.trim().trim_end_matches(';').to_owned(),
            (None, Some(table)) => {
                let parts: Vec<String> = table.split('.').map(&quoted).collect();
                let tail = cursor.as_deref().map_or_else(String::new, |column| {
                    let column = quoted(column);
                    format!(" where {column} > {CURSOR} order by {column}")
                });
                format!("select * from {}{tail}", parts.join("."))
            }
            (None, None) => {
                return Err("a database needs a query or a table: give `query` or `table`".into());
            }
            (Some(_), Some(_)) => {
                return Err(
                    "a database takes a query or a table: leave `query` or `table` out".into(),
                );
            }
        };
        let query = Query {
            text,
            cursor: cursor.clone(),
            whole_table: table.is_some(),
            form: options.format.number_form(),
        };
        if cursor.is_some() && query.with(|_| String::new()).1 == 0 {
            return Err(format!(
                "the query does not say where to go on: write `where COLUMN > {CURSOR} order by COLUMN` into it, or leave `cursor` out"
            ));
        }
        Ok(query)
    }

    /// The text with each cursor replaced by a placeholder, and the number of cursors.
    pub(super) fn with(&self, mut placeholder: impl FnMut(usize) -> String) -> (String, usize) {
        let mut out = String::with_capacity(self.text.len());
        let mut count = 0;
        let mut rest = self.text.as_str();
        while let Some(first) = rest.chars().next() {
            let plain = plain_until(rest);
            if plain > 0 {
                let (text, after) = rest.split_at(plain);
                out.push_str(text);
                rest = after;
            } else if is_cursor(rest, &out) {
                count += 1;
                out.push_str(&placeholder(count));
                rest = &rest[CURSOR.len()..];
            } else {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        (out, count)
    }
}

/// Length of the quoted text or comment that begins here; 0 if neither does.
fn plain_until(text: &str) -> usize {
    let until = |skip: usize, end: &str| {
        text[skip..]
            .find(end)
            .map_or(text.len(), |at| skip + at + end.len())
    };
    match text.as_bytes() {
        [quote @ (b'\'' | b'"' | b'`'), ..] => {
            until(1, char::from(*quote).encode_utf8(&mut [0; 4]))
        }
        [b'-', b'-', ..] => until(2, "\n"),
        [b'/', b'*', ..] => until(2, "*/"),
        _ => 0,
    }
}

/// Whether `text` begins with `:cursor` as a whole word; `::cursor` is not one, but a cast to a type of that name.
fn is_cursor(text: &str, before: &str) -> bool {
    let after = text.strip_prefix(CURSOR).map(|after| after.chars().next());
    let ends = after.is_some_and(|next| next.is_none_or(|c| !c.is_alphanumeric() && c != '_'));
    ends && !before.ends_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(name: &str) -> String {
        format!("\"{name}\"")
    }

    #[test]
    fn the_cursor_is_replaced_where_it_is_one() {
        let check = |text: &str, expected: &str| {
            let options = Options {
                query: Some(text.into()),
                ..Options::default()
            };
            let query = Query::of(&options, quoted).unwrap();
            assert_eq!(query.with(|n| format!("${n}")).0, expected);
        };
        check("select 1;", "select 1");
        check("a > :cursor and b > :cursor", "a > $1 and b > $2");
        check("a > :cursor::int", "a > $1::int");
        check("a::cursor", "a::cursor");
        check(
            "':cursor' \":cursor\" `:cursor` :cursors",
            "':cursor' \":cursor\" `:cursor` :cursors",
        );
        check(
            "-- :cursor\n:cursor /* :cursor */ 'it''s :cursor'",
            "-- :cursor\n$1 /* :cursor */ 'it''s :cursor'",
        );
        check("'open :cursor", "'open :cursor");
        check("é > :cursor", "é > $1");
    }

    #[test]
    fn a_table_is_a_query() {
        let options = |table: Option<&str>, query: Option<&str>, cursor: Option<&str>| Options {
            table: table.map(str::to_owned),
            query: query.map(str::to_owned),
            cursor: cursor.map(str::to_owned),
            ..Options::default()
        };
        let text = |o: Options| Query::of(&o, quoted).map(|q| q.text);
        assert_eq!(
            text(options(Some("s.t"), None, None)).unwrap(),
            "select * from \"s\".\"t\""
        );
        assert_eq!(
            text(options(Some("t"), None, Some("id"))).unwrap(),
            "select * from \"t\" where \"id\" > :cursor order by \"id\""
        );
        let said = |o| text(o).unwrap_err();
        assert!(said(options(None, None, None)).contains("give `query` or `table`"));
        assert!(said(options(Some("t"), Some("q"), None)).contains("leave `query` or `table` out"));
        assert!(said(options(None, Some("select 1"), Some("id"))).contains("> :cursor order by"));
    }
}
