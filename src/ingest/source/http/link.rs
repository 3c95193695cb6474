//! Parses the Link header (RFC 8288).

/// The target of `rel="next"` in one Link header.
pub(super) fn next(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, after) = after.split_once('>')?;
        let (parameters, others) = split_outside_quotes(after, ',');
        let mut left = parameters;
        while !left.is_empty() {
            let (parameter, more) = split_outside_quotes(left, ';');
            left = more;
            let Some((name, value)) = parameter.split_once('=') else {
                continue;
            };
            let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
            let is_next = |relation: &str| relation.eq_ignore_ascii_case("next");
            if name.trim().eq_ignore_ascii_case("rel") && relations.any(is_next) {
                return Some(target.trim().to_owned());
            }
        }
        rest = others;
    }
    None
}

fn split_outside_quotes(text: &str, separator: char) -> (&str, &str) {
    let mut quoted = false;
    let at = text.find(|c: char| {
        quoted ^= c == '"';
        c == separator && !quoted
    });
    at.map_or((text, ""), |at| (&text[..at], &text[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found_among_others() {
        let check = |header: &str, expected: Option<&str>| {
            assert_eq!(next(header).as_deref(), expected, "{header}");
        };
        check(r#"<https://a/?p=2>; rel="next""#, Some("https://a/?p=2"));
        check(
            r#"</p1>; rel=prev, </p3>; title="a, b; c"; REL="last Next""#,
            Some("/p3"),
        );
        check(r#"</a,b;c>; rel=next"#, Some("/a,b;c"));
        check(r#"</p>; rel="prev""#, None);
        check("nonsense", None);
        check("<unclosed; rel=next", None);
        check("", None);
    }
}
