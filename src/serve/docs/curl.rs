//! An example command for each route, which can be pasted into a shell unchanged.

use serde_json::Value;

use super::document::{Route, contents, example, resolve, text};

/// A curl command for the route, or `titanic-platform client` for a WebSocket.
pub fn command(openapi: &Value, server: &str, route: &Route<'_>, parameters: &[&Value]) -> String {
    if route.operation["responses"].get("101").is_some() {
        let address = server.replacen("http", "ws", 1);
        return format!("titanic-platform client --url {address}{}", route.path);
    }
    let mut path = route.path.to_owned();
    let mut query = Vec::new();
    let mut lines = Vec::new();
    for parameter in parameters {
        let Some(name) = text(parameter, "name") else {
            continue;
        };
        let value = sample(parameter);
        match (text(parameter, "in"), value) {
            (Some("path"), value) => {
                path = path.replace(
                    &format!("{{{name}}}"),
                    &value.unwrap_or_else(|| name.to_uppercase()),
                );
            }
            // Only required parameters are included, for the shortest command that works.
            (Some("query"), Some(value)) if parameter["required"] == true => {
                query.push(format!("{name}={value}"))
            }
            (Some("header"), Some(value)) if parameter["required"] == true => {
                lines.push(format!("-H {}", quote(&format!("{name}: {value}"))));
            }
            _ => {}
        }
    }
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{}", query.join("&"))
    };
    let method = if route.method == "GET" {
        String::new()
    } else {
        format!("-X {} ", route.method)
    };
    lines.insert(
        0,
        format!(
            "curl -s {method}{}",
            word(&format!("{server}{path}{query}"))
        ),
    );
    let body = resolve(openapi, &route.operation["requestBody"]);
    if let Some((media, content)) = contents(body).next() {
        lines.push(format!("-H {}", quote(&format!("Content-Type: {media}"))));
        let example = match example(openapi, content) {
            Some(Value::String(text)) => Some(text),
            Some(json) => Some(json.to_string()),
            None => None,
        };
        lines.push(match example {
            Some(example) => format!("--data-binary {}", quote(&example)),
            None => "--data-binary @FILE".to_owned(),
        });
    }
    lines.join(" \\\n  ")
}

/// An example value of a parameter as text, taken from the parameter's examples, default or enumeration.
fn sample(parameter: &Value) -> Option<String> {
    let schema = &parameter["schema"];
    let found = [
        &parameter["example"],
        &schema["example"],
        &schema["examples"][0],
        &schema["default"],
        &schema["enum"][0],
    ];
    match found.into_iter().find(|v| !v.is_null())? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Quotes a text for a POSIX shell.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Quotes a text only if a POSIX shell would not read it as one plain word.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/:.-_@=%+,".contains(c);
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        quote(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(
            word("http://localhost:5000/v1/models/7"),
            "http://localhost:5000/v1/models/7"
        );
        assert_eq!(word("http://h/?a=1&b=2"), "'http://h/?a=1&b=2'");
    }
}
