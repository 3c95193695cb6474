//! Documents as self-contained HTML: one file that loads nothing and runs no script.

mod figure;

use maud::{DOCTYPE, Markup, PreEscaped, html};

pub use figure::{figure, table};

use super::chart::{self, Size};
use super::document::{Block, Document, Section, Style, Text};
use super::{harmless, visible};

const DOCUMENT: &str = include_str!("document.css");
/// Size of a chart on a line of its own, and of one beside others.
const ALONE: Size = Size::of(420.0, 230.0);
const BESIDE: Size = Size::of(290.0, 190.0);

/// The document as a complete HTML file.
pub fn page(document: &Document) -> String {
    let body = html! {
        header { h1 { (visible(&document.title)) } }
        @if document.sections.len() > 1 {
            nav aria-label="Sections" {
                @for section in &document.sections { a href={ "#" (section.id) } { (visible(&section.title)) } }
            }
        }
        main {
            (blocks(&document.lead, "lead", 2))
            @for section in &document.sections { (draw_section(section)) }
        }
    };
    file(&document.title, &[DOCUMENT, chart::STYLE], &body)
}

/// A complete HTML file with these style sheets.
pub fn file(title: &str, styles: &[&str], body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (visible(title)) " · titanic-platform" }
                style { @for style in styles { (PreEscaped(style)) } }
            }
            body { (body) }
        }
    };
    harmless(page.into_string())
}

fn draw_section(section: &Section) -> Markup {
    html! {
        section id=(section.id) aria-labelledby={ (section.id) "-title" } {
            h2 id={ (section.id) "-title" } { (visible(&section.title)) }
            (blocks(&section.blocks, &section.id, 3))
        }
    }
}

/// Blocks under a heading of the level `level - 1`; `id` sets the ids of their parts apart from those of others.
pub fn blocks(blocks: &[Block], id: &str, level: u8) -> Markup {
    html! {
        @for (i, block) in blocks.iter().enumerate() { (draw_block(block, &format!("{id}-{i}"), level)) }
    }
}

fn draw_block(block: &Block, id: &str, level: u8) -> Markup {
    match block {
        Block::Paragraph(paragraph) => html! { p { (text(paragraph)) } },
        Block::List(items) => html! { ul { @for item in items { li { (text(item)) } } } },
        Block::Facts(facts) => html! {
            dl { @for (name, value) in facts { dt { (visible(name)) } dd { (text(value)) } } }
        },
        Block::Table(found) => table(found),
        Block::Chart(chart) => figure(chart, id, chart.fitted(ALONE)),
        Block::Charts(charts) => html! {
            div.charts { @for (i, chart) in charts.iter().enumerate() { (figure(chart, &format!("{id}-{i}"), BESIDE)) } }
        },
        Block::Code(code) => {
            html! { pre tabindex="0" { code { @for line in code.lines() { (visible(line)) "\n" } } } }
        }
        Block::Part {
            title,
            is_detail: true,
            blocks: inner,
        } => html! {
            details { summary { (visible(title)) } (blocks(inner, id, level)) }
        },
        Block::Part {
            title,
            is_detail: false,
            blocks: inner,
        } => html! {
            (heading(title, level))
            (blocks(inner, id, level + 1))
        },
    }
}

fn heading(title: &str, level: u8) -> Markup {
    match level {
        ..=2 => html! { h2 { (visible(title)) } },
        3 => html! { h3 { (visible(title)) } },
        _ => html! { h4 { (visible(title)) } },
    }
}

fn text(text: &Text) -> Markup {
    html! {
        @for run in &text.0 {
            @match &run.style {
                Style::Plain => (visible(&run.text)),
                Style::Strong => strong { (visible(&run.text)) },
                Style::Code => code { (visible(&run.text)) },
                Style::Section(id) => a href={ "#" (id) } { (visible(&run.text)) },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::chart::{Axis, bars};
    use super::super::table::Table;
    use super::*;

    #[test]
    fn whatever_the_text_it_stays_text_and_nothing_is_loaded() {
        let odd = "<script>alert(1)</script>\" ' & \u{202e}\u{0}";
        let mut table = Table::new(odd, &[odd, "n#"]);
        table.row([odd, "1"]);
        let axis = Axis::names(odd, vec![odd.to_owned()]);
        let chart = bars(odd, axis, Axis::count("rows"), &[(odd, &[1.0])]);
        let section = Section::new("s", odd)
            .with(odd)
            .with(table)
            .with(chart)
            .with(Block::Code(odd.into()));
        let document = Document {
            title: odd.into(),
            lead: vec![odd.into()],
            sections: vec![section],
        };
        let page = page(&document);
        assert!(
            page.contains("&lt;script&gt;") && !page.contains("<script"),
            "{page}"
        );
        for loading in ["src=", "<link", "@import", "url(", "http://", "https://"] {
            assert!(!page.contains(loading), "{loading}");
        }
        assert!(
            !page.contains('\u{0}') && !page.contains('\u{202e}'),
            "control characters"
        );
    }
}
