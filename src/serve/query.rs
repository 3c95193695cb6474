//! Parsing of URL query strings.

use std::borrow::Cow;

use super::problem::{Problem, kind};
use super::route::{Parameter, Place};
use crate::schema::fault::{excerpt, nearest};

/// The decoded name and value of a parameter.
type Pair<'q> = (Cow<'q, str>, Cow<'q, str>);

/// The parameters of a query string; a name alone has an empty value. Only the names in `known` are allowed.
///
/// # Errors
/// 400 if a parameter is unknown, duplicated or not decodable.
pub fn pairs<'q>(query: &'q str, known: &[&str]) -> Result<Vec<Pair<'q>>, Problem> {
    read(query, known, |_| Ok(""))
}

/// The parameters of a query string; the value of a name alone comes from `bare`.
fn read<'q>(
    query: &'q str,
    known: &[&str],
    bare: impl Fn(&str) -> Result<&'static str, Problem>,
) -> Result<Vec<Pair<'q>>, Problem> {
    let mut pairs: Vec<Pair<'q>> = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (decode(name)?, Some(decode(value)?)),
            None => (decode(part)?, None),
        };
        if !known.contains(&&*name) {
            return Err(unknown(&name, known));
        }
        if pairs.iter().any(|(other, _)| *other == name) {
            return Err(bad(format!("the parameter {name} stands twice")));
        }
        let value = match value {
            Some(value) => value,
            None => bare(&name)?.into(),
        };
        pairs.push((name, value));
    }
    Ok(pairs)
}

/// The parameters of a query string. Only the query parameters among the route's `known` parameters are allowed. A boolean
/// may be a name alone, which means true.
///
/// # Errors
/// 400 if a parameter is unknown, duplicated, not decodable, or needs a value.
pub fn parameters<'q>(query: &'q str, known: &[Parameter]) -> Result<Vec<Pair<'q>>, Problem> {
    let here = || known.iter().filter(|known| known.place == Place::Query);
    let names: Vec<&str> = here().map(|known| known.name).collect();
    read(query, &names, |name| {
        let is_flag = |known: &Parameter| (known.schema)()["type"] == "boolean";
        match here().any(|known| known.name == name && is_flag(known)) {
            true => Ok("true"),
            false => Err(bad(format!("{name} has no value; write {name}=VALUE"))),
        }
    })
}

/// Parses a boolean.
///
/// # Errors
/// 400 if the value is not a boolean.
pub fn flag(name: &str, value: &str) -> Result<bool, Problem> {
    match value {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(bad(format!(
            "{name}={:?}; write {name}=true or {name}=false",
            excerpt(other)
        ))),
    }
}

fn unknown(name: &str, known: &[&str]) -> Problem {
    let near = nearest(name, known.iter().copied()).map(|near| format!("; did you mean {near}?"));
    let all = match known {
        [] => "; none is taken here".to_owned(),
        known => format!("; there are {}", known.join(", ")),
    };
    bad(format!(
        "there is no parameter {:?}{}",
        excerpt(name),
        near.unwrap_or(all)
    ))
}

fn bad(detail: String) -> Problem {
    Problem::new(&kind::BAD_REQUEST, detail)
}

/// Decodes percent-encoded text, in which `+` is a space.
///
/// # Errors
/// 400 if the text is not percent-encoded UTF-8.
pub fn decode(text: &str) -> Result<Cow<'_, str>, Problem> {
    if !text.contains(['%', '+']) {
        return Ok(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let pair = digit().zip(digit());
                let (high, low) =
                    pair.ok_or_else(|| bad(format!("{:?} is not percent-encoded", excerpt(text))))?;
                (high * 16 + low) as u8
            }
            other => other,
        });
    }
    String::from_utf8(bytes)
        .map(Cow::Owned)
        .map_err(|_| bad(format!("{:?} is not UTF-8", excerpt(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_known() {
        let known = &["id", "explain"];
        let read = |query| pairs(query, known).map_err(|problem| problem.to_string());
        assert_eq!(
            read("id=a%2Fb+c&explain").unwrap(),
            [("id".into(), "a/b c".into()), ("explain".into(), "".into()),]
        );
        assert!(read("").unwrap().is_empty());
        for (query, part) in [
            ("explian=true", "did you mean explain?"),
            ("durable=true", "there are id, explain"),
            ("id=1&id=2", "twice"),
            ("id=%f", "percent-encoded"),
            ("id=%ff", "UTF-8"),
        ] {
            let fault = read(query).unwrap_err();
            assert!(fault.contains(part), "{query}: {fault}");
        }
    }

    #[test]
    fn a_flag_alone_is_true_and_an_empty_value_is_a_fault() {
        let known = &[
            Parameter::query("explain", "", super::super::route::flag),
            Parameter::query("id", "", super::super::route::text),
        ];
        let explain = |query| {
            let (name, value) = parameters(query, known)?.remove(0);
            flag(&name, &value)
        };
        for (query, expected) in [
            ("explain", Some(true)),
            ("explain=true", Some(true)),
            ("explain=1", Some(true)),
            ("explain=false", Some(false)),
            ("explain=0", Some(false)),
            ("explain=", None),
            ("explain=yes", None),
            ("id", None),
        ] {
            assert_eq!(explain(query).ok(), expected, "{query}");
        }
    }
}
