//! Signatures: what an item declares to other files, which is the head of a function, the type of a field, the variants of
//! an enum, and the members of a trait. Only items with `pub` count, whatever follows it in parentheses.

/// The signatures of a file that name `serde_json::Value`, under any name that the file imports it by.
pub fn with_json(code: &str) -> Vec<String> {
    let names = names(code);
    let is_json = |signature: &&str| {
        signature.contains("serde_json::Value")
            || signature.contains("serde_json::value::Value")
            || names.iter().any(|name| has_word(signature, name))
    };
    let signatures = signatures(code).into_iter().filter(is_json);
    let found = signatures.map(|signature| signature.split_whitespace().collect::<Vec<_>>());
    found.map(|words| words.join(" ")).collect()
}

/// The names by which the file's imports call `serde_json::Value`.
fn names(code: &str) -> Vec<String> {
    let imports = code.split("use serde_json::").skip(1);
    let imports = imports.filter_map(|rest| rest.split(';').next());
    let items = imports.flat_map(|import| import.split(['{', '}', ',']));
    let name = |item: &str| {
        let (path, name) = item.split_once(" as ").unwrap_or((item, "Value"));
        let is_value = path.trim() == "Value" || path.trim().ends_with("::Value");
        is_value.then(|| name.trim().to_owned())
    };
    items.filter_map(name).collect()
}

/// Whether the text has the word, not as the end of a path.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        !before.ends_with(is_part) && !before.ends_with("::") && !after.starts_with(is_part)
    })
}

fn signatures(code: &str) -> Vec<&str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for (at, _) in code.match_indices("pub") {
        let rest = &code[at + 3..];
        if code[..at].ends_with(is_part) || rest.starts_with(is_part) {
            continue;
        }
        let rest = match rest.strip_prefix('(') {
            // The parentheses of `pub(crate)`; those of the tuple in `pub (A, B)` follow a space.
            Some(scope) => scope.split_once(')').map_or("", |(_, rest)| rest),
            None => rest,
        };
        found.push(&rest[..end(rest)]);
    }
    found
}

/// The length of the declaration at the beginning of the text. The body of a function, a struct or a module is no part of
/// it; the fields of a struct have their own `pub`.
fn end(text: &str) -> usize {
    let is = |words: &[&str]| text.split_whitespace().take(3).any(|w| words.contains(&w));
    let (is_open, is_struct) = (is(&["enum", "trait"]), is(&["struct"]));
    let (is_function, is_alias) = (is(&["fn"]), is(&["type"]));
    let (mut depth, mut last) = (0_i32, ' ');
    for (at, c) in text.char_indices() {
        match c {
            '{' if depth == 0 && !is_open => return at,
            '(' if depth == 0 && is_struct => return at,
            ',' if depth == 0 && !is_function => return at, // where clauses have commas
            '=' if depth == 0 && !is_alias => return at,
            ';' if depth == 0 => return at,
            '(' | '[' | '{' | '<' => depth += 1,
            '>' if matches!(last, '-' | '=') => {} // an arrow
            ')' | ']' | '}' | '>' => {
                depth -= 1;
                if depth < 0 || c == '}' && depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
        last = c;
    }
    text.len()
}

#[test]
fn json_is_found_in_every_kind_of_signature() {
    let check = |code: &str, expected: &[&str]| {
        assert_eq!(with_json(code), expected, "{code}");
    };
    let used = |code: &str| format!("use serde_json::{{Map, Value, json}};\n{code}");
    check(
        "pub fn a(b: &serde_json::Value) {}",
        &["fn a(b: &serde_json::Value)"],
    );
    check(
        &used("pub(crate) async fn a(&self) -> Result<Option<Value>, E>\nwhere E: F {}"),
        &["async fn a(&self) -> Result<Option<Value>, E> where E: F"],
    );
    check(
        &used("pub struct A {\n pub b: Map<String, Value>,\n pub(super) c: u8 }"),
        &["b: Map<String, Value>"],
    );
    check(&used("pub struct A(u8, pub Value);"), &["Value"]);
    check(
        &used("pub enum A { B(u8), C { d: Value } }"),
        &["enum A { B(u8), C { d: Value }"],
    );
    check(
        &used("pub trait A { fn b(&self) -> Value; }"),
        &["trait A { fn b(&self) -> Value;"],
    );
    check(&used("pub type A = Vec<Value>;"), &["type A = Vec<Value>"]);
    check(&used("pub const A: u8 = Value::SIZE;"), &[]);
    check(
        "use serde_json::Value as Json;\npub fn a() -> Json {}",
        &["fn a() -> Json"],
    );
    // What stays inside of a file, and what only has the same name.
    check(&used("fn a() -> Value {}"), &[]);
    check(
        &used("pub fn a() -> String { Value::Null.to_string() }"),
        &[],
    );
    check(&used("pub struct A { b: Value }"), &[]);
    check(&used("pub struct A(Value);"), &[]);
    check(&used("pub fn a(b: RawValue, c: d::Value) {}"), &[]);
    check("pub fn a(b: Value<'_>) {}", &[]);
}
