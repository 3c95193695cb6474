//! Text of strangers, made harmless to look at.

use std::borrow::Cow;

use crate::schema::fault::is_hidden;

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

/// An HTML document whose texts are [`visible`], whatever part of it forgot to say so. Tags stay as they are: what a script reads
/// from an attribute must be exact. Line breaks and tabs stay as well, which lay out the document.
pub fn harmless(html: String) -> String {
    let is_layout = |c: char| matches!(c, '\n' | '\t');
    if !html.chars().any(|c| is_hidden(c) && !is_layout(c)) {
        return html;
    }
    let mut shown = String::with_capacity(html.len() + 64);
    let mut is_tag = false;
    for c in html.chars() {
        // Within texts and values of attributes both signs are escaped.
        is_tag = match c {
            '<' => true,
            '>' => false,
            _ => is_tag,
        };
        match is_tag || is_layout(c) || !is_hidden(c) {
            true => shown.push(c),
            false => shown.push_str(&code(c)),
        }
    }
    shown
}

/// A character by its number: `[U+1F600]`.
pub fn code(c: char) -> String {
    format!("[U+{:04X}]", c as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_a_document_become_visible_and_its_tags_stay_exact() {
        for (html, shown) in [
            ("<pre>a\n\tb</pre>", "<pre>a\n\tb</pre>"),
            (
                "<i data-column=\"\u{202e}a\">\u{202e}a &lt;\u{0}&gt;\n</i>\u{1b}",
                "<i data-column=\"\u{202e}a\">[U+202E]a &lt;[U+0000]&gt;\n</i>[U+001B]",
            ),
        ] {
            assert_eq!(harmless(html.into()), shown);
        }
    }

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
