//! Names that would fill a terminal, without their middle.

use std::io::{self, IsTerminal};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::report::visible;

/// Widest name in a sentence or a list on a terminal.
const NAME: usize = 40;

/// A name for people: on a terminal without its middle if it is long.
pub fn named(name: &str) -> String {
    let name = visible(name);
    match io::stdout().is_terminal() {
        true => shortened(&name, NAME),
        false => name.into_owned(),
    }
}

/// A text without its middle, to a width in columns of a terminal.
pub fn shortened(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(1);
    let (head, tail) = (room - room / 3, room / 3);
    let begin = taken(text.chars(), head);
    let end: String = taken(text.chars().rev(), tail).chars().rev().collect();
    format!("{begin}…{end}")
}

/// The first characters that have room.
fn taken(text: impl Iterator<Item = char>, room: usize) -> String {
    let mut width = 0;
    text.take_while(|c| {
        width += c.width().unwrap_or(0);
        width <= room
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_loses_its_middle_by_the_columns_that_it_takes() {
        assert_eq!(shortened("abcdefghij", 10), "abcdefghij");
        assert_eq!(shortened("abcdefghijk", 10), "abcdef…ijk");
        assert_eq!(shortened("列列列列列列", 10), "列列列…列");
        assert_eq!(shortened("😀😀😀", 1), "…");
    }
}
