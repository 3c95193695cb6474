//! Tracks what the CSV parser does not report: the line on which a row begins, and whether a quote was left open.
//!
//! The watch scans the bytes on their way into the parser, by the parser's own rules: a quote opens a quoted cell only at
//! the beginning of a cell, `""` within it is a quote, and blank lines and comments are no rows.

use std::collections::VecDeque;
use std::io::{self, Read};

use super::limits::LONGEST_ROW;

/// State of the scanner after the last byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Row,
    Cell,
    /// Inside an unquoted cell, or behind the closing quote of a quoted one.
    Plain,
    Quoted,
    /// Behind a quote that ends the cell unless another quote follows.
    Closed,
    /// Inside a comment line.
    Comment,
}

/// A source whose bytes are scanned while they are read.
pub(super) struct Watch<R> {
    source: R,
    delimiter: u8,
    comment: Option<u8>,
    /// For each byte, whether it is neither a quote, nor a delimiter, nor part of a line end.
    is_plain: [bool; 256],
    place: Place,
    line: u64,
    last: u8,
    ended: bool,
    /// Number of bytes of the current row so far.
    length: u64,
    /// Line numbers at which the rows begin that the parser has not yet returned; at most as many as fit into its buffer.
    begun: VecDeque<u64>,
}

impl<R: Read> Watch<R> {
    /// Wraps a source; `line` is the number of its first line in the whole text.
    pub(super) fn new(source: R, delimiter: u8, comment: Option<u8>, line: u64) -> Watch<R> {
        let mut is_plain = [true; 256];
        for special in [delimiter, b'"', b'\n', b'\r'] {
            is_plain[usize::from(special)] = false;
        }
        Watch {
            source,
            delimiter,
            comment,
            is_plain,
            place: Place::Row,
            line,
            last: 0,
            ended: false,
            length: 0,
            begun: VecDeque::new(),
        }
    }

    /// The line on which the next row begins; must be called once per row.
    pub(super) fn next_row(&mut self) -> u64 {
        self.begun.pop_front().unwrap_or(self.line)
    }

    /// Whether the source ended within quotes. The parser reads the end of the source only after it
    /// has consumed everything else.
    pub(super) fn ended_open(&self) -> bool {
        self.ended && self.place == Place::Quoted
    }

    fn too_long(&self) -> io::Error {
        let line = self.begun.back().unwrap_or(&self.line);
        let most = LONGEST_ROW >> 20;
        io::Error::other(format!(
            "the row of line {line} is longer than {most} MiB; is a quote left open?"
        ))
    }

    /// Same effect as calling [`Watch::see`] for each byte. Within a cell or a comment most bytes change only the length, so
    /// that runs of them are skipped at once.
    fn see_all(&mut self, mut bytes: &[u8]) {
        loop {
            if self.place != Place::Row && self.place != Place::Closed {
                let is_plain = |b: &&u8| self.is_plain[usize::from(**b)];
                let run = bytes.iter().take_while(is_plain).count();
                if run > 0 {
                    self.length += run as u64;
                    self.last = bytes[run - 1];
                    bytes = &bytes[run..];
                    if self.place == Place::Cell {
                        self.place = Place::Plain;
                    }
                }
            }
            let Some((byte, rest)) = bytes.split_first() else {
                return;
            };
            self.see(*byte);
            bytes = rest;
        }
    }

    fn see(&mut self, byte: u8) {
        let ends_line = matches!(byte, b'\n' | b'\r');
        let comment = self.place == Place::Row && self.comment == Some(byte);
        if self.place == Place::Row && !ends_line && !comment {
            self.begun.push_back(self.line);
        }
        self.length = match self.place {
            Place::Row => 0,
            _ => self.length + 1,
        };
        self.place = match self.place {
            Place::Quoted if byte == b'"' => Place::Closed,
            Place::Quoted => Place::Quoted,
            // The parser does not end a comment at a lone carriage return.
            Place::Comment if byte != b'\n' => Place::Comment,
            _ if ends_line => Place::Row,
            _ if comment => Place::Comment,
            _ if byte == self.delimiter => Place::Cell,
            Place::Row | Place::Cell | Place::Closed if byte == b'"' => Place::Quoted,
            _ => Place::Plain,
        };
        // CRLF counts as one line end, and so does CR or LF alone.
        if ends_line && (byte == b'\r' || self.last != b'\r') {
            self.line += 1;
        }
        self.last = byte;
    }
}

impl<R: Read> Read for Watch<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut n = self.source.read(buffer)?;
        if n == 0 && self.place == Place::Comment && !buffer.is_empty() {
            // The parser would take a comment without a line end for a row without cells.
            buffer[0] = b'\n';
            n = 1;
        }
        self.ended |= n == 0 && !buffer.is_empty();
        self.see_all(&buffer[..n]);
        match self.length > LONGEST_ROW {
            true => Err(self.too_long()),
            false => Ok(n),
        }
    }
}
