//! Compact charts for a terminal. Output that goes elsewhere gets none, so that scripts read what they always read.

use std::io::IsTerminal;

use unicode_width::UnicodeWidthStr;

use crate::report::visible;

/// Width of the longest bar in characters, and of the names beside it.
const WIDTH: usize = 32;
const NAME: usize = 20;

/// A bar: its name, its length, and what is written after it.
pub struct Bar {
    pub name: String,
    pub value: f64,
    pub text: String,
}

/// Prints bars under a title if standard output is a terminal.
pub fn bars(title: &str, rows: &[Bar]) -> anyhow::Result<()> {
    if std::io::stdout().is_terminal() && !rows.is_empty() {
        super::out::outln!("{title}\n{}", draw(rows, is_utf8()));
    }
    Ok(())
}

/// Whether the terminal shows block characters, by the locale as POSIX orders its variables.
fn is_utf8() -> bool {
    let set = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    locale.is_some_and(|locale| {
        locale
            .to_ascii_lowercase()
            .replace('-', "")
            .contains("utf8")
    })
}

fn draw(rows: &[Bar], is_utf8: bool) -> String {
    let most = rows.iter().map(|row| row.value).fold(0.0, f64::max);
    let line = |row: &Bar| {
        let share = if most > 0.0 {
            row.value.max(0.0) / most
        } else {
            0.0
        };
        let eighths = (share * (WIDTH * 8) as f64).round() as usize;
        let bar = match is_utf8 {
            true => {
                let last = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
                "█".repeat(eighths / 8) + last
            }
            false => "#".repeat((eighths + 4) / 8),
        };
        let name = super::short::shortened(&visible(&row.name), NAME);
        let indent = " ".repeat(NAME.saturating_sub(name.width()));
        format!("{indent}{name} {bar:<WIDTH$} {}", row.text)
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_fills_the_width_and_names_do_no_harm() {
        let bar = |name: &str, value| Bar {
            name: name.into(),
            value,
            text: format!("{value}"),
        };
        let rows = [bar("a\u{1b}[2J", 0.5), bar("b", 1.0), bar("c", -1.0)];
        let drawn = draw(&rows, false);
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(
            lines[0],
            format!("{:>20} {:<32} 0.5", "a[U+001B][2J", "#".repeat(16))
        );
        assert_eq!(lines[1], format!("{:>20} {} 1", "b", "#".repeat(32)));
        assert_eq!(lines[2], format!("{:>20} {:32} -1", "c", ""));
        assert!(draw(&rows, true).contains(&"█".repeat(32)));
    }
}
