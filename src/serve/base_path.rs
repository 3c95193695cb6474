//! The base path: the prefix of the server's routes behind a reverse proxy that shows several services under one name.
//!
//! Handlers, pages and the route table know only the paths of the route table, such as `/models`. [`super::router`] mounts the
//! table below the base path, and `serve::outward` puts it before the addresses in what is sent back.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

/// A path such as `/ml`, without a slash at its end; empty if the routes have no prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BasePath(String);

/// A text is no base path.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a base path; write a slash before each of its names and none at its end, such as /ml or /tools/ml; names consist of letters, digits, `-`, `_`, `.` and `~`"
)]
pub struct BasePathError(String);

impl FromStr for BasePath {
    type Err = BasePathError;

    fn from_str(text: &str) -> Result<BasePath, BasePathError> {
        if text == "/" {
            return Ok(BasePath::default());
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
        let is_name = |name: &str| {
            !name.is_empty() && name.chars().all(is_plain) && !name.chars().all(|c| c == '.')
        };
        match text.strip_prefix('/') {
            Some(names) if names.split('/').all(is_name) => Ok(BasePath(text.into())),
            _ => Err(BasePathError(text.into())),
        }
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for BasePath {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<BasePath, D::Error> {
        match Option::<String>::deserialize(from)? {
            None => Ok(BasePath::default()),
            Some(text) => text.parse().map_err(de::Error::custom),
        }
    }
}

impl BasePath {
    /// Whether the routes have no prefix.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The public path of a path of the route table.
    pub fn public(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The path of the page's cookies.
    pub fn of_cookies(&self) -> &str {
        if self.is_root() { "/" } else { &self.0 }
    }

    /// Puts the prefix before every address of this server in a page. Markup escapes the quotes of text and values, so that an
    /// attribute is found by its name, `="` and the slash with which the address begins.
    pub fn in_markup(&self, markup: &str) -> String {
        let mut out = String::with_capacity(markup.len() + 32 * self.0.len());
        let mut rest = markup;
        while let Some(at) = rest.find("=\"/") {
            let (before, behind) = rest.split_at(at + 2);
            out.push_str(before);
            let name = before[..at].rsplit([' ', '"']).next();
            if name.is_some_and(|name| ADDRESSES.contains(&name)) {
                out.push_str(&self.0);
            }
            rest = behind;
        }
        out.push_str(rest);
        out
    }
}

/// The attributes of the pages that hold an address: those of HTML, and those by which `page.js` knows what a button or a form
/// calls.
const ADDRESSES: [&str; 6] = [
    "href",
    "src",
    "action",
    "data-post",
    "data-delete",
    "data-json",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_paths() {
        for (text, cookies) in [
            ("/", "/"),
            ("/ml", "/ml"),
            ("/tools/ml-2.0_~a", "/tools/ml-2.0_~a"),
        ] {
            let base: BasePath = text.parse().unwrap();
            assert_eq!(base.of_cookies(), cookies);
            assert_eq!(base.is_root(), text == "/");
            assert_eq!(base.public("/docs"), format!("{base}/docs"));
        }
        for wrong in [
            "",
            "ml",
            "/ml/",
            "//",
            "//ml",
            "/a//b",
            "/..",
            "/a/../b",
            "/.",
            "/ml?x",
            "/ml#x",
            "/m l",
            " /ml",
            "/{a}",
            "/%2e%2e",
            "/ü",
            "http://h/ml",
            "/a\"b",
            "/a;b",
            "/a\n",
        ] {
            let fault = wrong.parse::<BasePath>().unwrap_err().to_string();
            assert!(fault.contains("such as /ml"), "{fault}");
        }
    }

    #[test]
    fn addresses_in_markup_are_below_the_base_path() {
        let base: BasePath = "/ml".parse().unwrap();
        let check = |markup: &str, expected: &str| assert_eq!(base.in_markup(markup), expected);
        check(
            r##"<a href="/models/a" title="/models">/models</a><a href="#main"></a>"##,
            r##"<a href="/ml/models/a" title="/models">/models</a><a href="#main"></a>"##,
        );
        check(
            r#"<form data-json="/v1/replay" action="/x"><button data-post="/a" data-delete="/b">"#,
            r#"<form data-json="/ml/v1/replay" action="/ml/x"><button data-post="/ml/a" data-delete="/ml/b">"#,
        );
        check(
            r#"<p data-body="{&quot;href=&quot;:&quot;/a&quot;}">href=&quot;/a ü"#,
            r#"<p data-body="{&quot;href=&quot;:&quot;/a&quot;}">href=&quot;/a ü"#,
        );
        check("", "");
    }
}
