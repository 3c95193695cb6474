//! Text of strangers, made harmless to look at.

use std::borrow::Cow;

/// The text with what cannot be seen, or turns the direction of what follows, written out: `[U+202E]`. Line breaks and tabs
/// become spaces.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => shown.push(' '),
            c if is_hidden(c) => shown.push_str(&code(c)),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// A character by its number: `[U+1F600]`.
pub fn code(c: char) -> String {
    format!("[U+{:04X}]", c as u32)
}

/// Control characters, marks and overrides of direction (UAX 9), and the byte order mark.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{feff}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        for (text, shown) in [
            ("Ærøskøbing 😀 שלום", "Ærøskøbing 😀 שלום"),
            ("a\nb\tc", "a b c"),
            ("\u{202e}cba\u{0}", "[U+202E]cba[U+0000]"),
            ("\u{1b}[31mred", "[U+001B][31mred"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }
}
