//! Rows typed by a person: a JSON object, or `Column=value Column="other value"`.

use serde_json::{Map, Value};

/// Parses a row to JSON; the error says what is wrong with it.
pub fn row(line: &str) -> Result<String, String> {
    if line.trim_start().starts_with('{') {
        return match serde_json::from_str::<serde::de::IgnoredAny>(line) {
            Ok(_) => Ok(line.trim().to_owned()),
            Err(error) => Err(format!("not JSON: {error}")),
        };
    }
    let mut row = Map::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let (name, _, after) = word(rest, true)?;
        let after = after
            .strip_prefix('=')
            .ok_or_else(|| format!("{name}: write {name}=value"))?;
        let (text, quoted, after) = word(after, false)?;
        if row.insert(name.clone(), value(&text, quoted)).is_some() {
            return Err(format!("{name} stands there twice"));
        }
        rest = after.trim_start();
    }
    Ok(Value::from(row).to_string())
}

/// Splits off the first word, which ends at a space (or at `=` in a name) or at its closing quote. Returns the word, whether
/// it was quoted, and the rest of the text.
fn word(text: &str, name: bool) -> Result<(String, bool, &str), String> {
    if let Some(quote) = text.chars().next().filter(|c| "\"'".contains(*c)) {
        let inner = &text[1..];
        let end = inner
            .find(quote)
            .ok_or_else(|| format!("a quote is not closed: {text}"))?;
        return Ok((inner[..end].to_owned(), true, &inner[end + 1..]));
    }
    let end = text
        .find(|c: char| c.is_whitespace() || (name && c == '='))
        .unwrap_or(text.len());
    Ok((text[..end].to_owned(), false, &text[end..]))
}

/// Converts a word to JSON: a number if it looks like one and is not quoted, null if it is empty and not quoted.
fn value(text: &str, quoted: bool) -> Value {
    match serde_json::from_str::<serde_json::Number>(text) {
        Ok(number) if !quoted => number.into(),
        _ if text.is_empty() && !quoted => Value::Null,
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<Value, &str>) {
        let got = row(line).map(|text| serde_json::from_str(&text).expect("a row is JSON"));
        assert_eq!(got, expected.map_err(str::to_owned), "{line}");
    }

    #[test]
    fn rows_as_typed() {
        use serde_json::json;
        check(
            "span=12.5 kind=moth",
            Ok(json!({"span": 12.5, "kind": "moth"})),
        );
        check(
            "  \"wing span\"=-3e2  note='it is \"so\"' ",
            Ok(json!({"wing span": -300.0, "note": "it is \"so\""})),
        );
        check(
            "ticket=\"349909\" empty= blank=\"\"",
            Ok(json!({"ticket": "349909", "empty": null, "blank": ""})),
        );
        check("a=b=c", Ok(json!({"a": "b=c"})));
        check("{\"a\": 1}", Ok(json!({"a": 1})));
        check("", Ok(json!({})));
        check("größe=1", Ok(json!({"größe": 1})));
        check("span", Err("span: write span=value"));
        check("a=1 a=2", Err("a stands there twice"));
        check("a='b", Err("a quote is not closed: 'b"));
        check(
            "{\"a\": }",
            Err("not JSON: expected value at line 1 column 7"),
        );
    }

    #[test]
    fn a_json_row_is_sent_as_typed() {
        assert_eq!(
            row(" {\"a\": 1e400, \"a\": 1} ").as_deref(),
            Ok("{\"a\": 1e400, \"a\": 1}")
        );
    }
}
