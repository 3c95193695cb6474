//! Rendering of descriptions: the subset of Markdown used in doc comments, namely paragraphs, lists and code.

use maud::{Markup, html};

/// Draws a text of paragraphs, `-` or `*` lists and fenced code blocks.
pub fn draw(text: &str) -> Markup {
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(first) = lines.next() {
        let first = first.trim();
        if first.is_empty() {
            continue;
        }
        if first.starts_with("```") {
            let code: Vec<&str> = lines
                .by_ref()
                .take_while(|l| !l.trim().starts_with("```"))
                .collect();
            blocks.push(html! { pre tabindex="0" { code { (code.join("\n")) } } });
            continue;
        }
        let mut block = vec![first];
        while let Some(next) =
            lines.next_if(|l| !l.trim().is_empty() && !l.trim().starts_with("```"))
        {
            block.push(next.trim());
        }
        blocks.push(paragraph(&block));
    }
    html! { @for block in blocks { (block) } }
}

/// Draws a block of lines as a paragraph. From the first line that begins with a dash on, the lines become a list.
fn paragraph(lines: &[&str]) -> Markup {
    let dash = |l: &str| {
        l.strip_prefix("- ")
            .or(l.strip_prefix("* "))
            .map(str::to_owned)
    };
    let (words, rest) = lines.split_at(
        lines
            .iter()
            .position(|l| dash(l).is_some())
            .unwrap_or(lines.len()),
    );
    let mut items: Vec<String> = Vec::new();
    for &next in rest {
        match (dash(next), items.last_mut()) {
            (None, Some(last)) => *last = format!("{last} {next}"),
            (item, _) => items.extend(item),
        }
    }
    html! {
        @if !words.is_empty() { p { (line(&words.join(" "))) } }
        @if !items.is_empty() { ul { @for item in &items { li { (line(item)) } } } }
    }
}

/// Draws inline text in which backticks mark code.
pub fn line(text: &str) -> Markup {
    let parts: Vec<&str> = text.split('`').collect();
    let closed = parts.len() % 2 == 1; // an odd backtick is just a backtick
    html! {
        @if closed {
            @for (i, part) in parts.iter().enumerate() {
                @if i % 2 == 1 { code { (part) } } @else { (part) }
            }
        } @else { (text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_lists_and_code() {
        let text =
            "One `row`,\nstill one.\n\nThese:\n- a\n  longer\n- `b`\n```\n<x>\n```\nEnd ` odd";
        let html = "<p>One <code>row</code>, still one.</p><p>These:</p><ul><li>a longer</li><li><code>b</code></li></ul>\
                    <pre tabindex=\"0\"><code>&lt;x&gt;</code></pre><p>End ` odd</p>";
        assert_eq!(draw(text).into_string(), html);
    }
}
