//! Limits that keep a wrong delimiter, an open quote or an attack from exhausting memory.

/// Maximum number of columns. A wider header is a mistake (mostly a wrong delimiter) or an attack.
pub const MOST_COLUMNS: usize = 10_000;

/// Maximum length of a row in bytes. A longer row has an open quote that swallowed the rows after it.
pub const LONGEST_ROW: u64 = 16 << 20;
