//! Bounds that keep a wrong delimiter, an open quote or an attack from filling the memory.

/// More columns than any table this is meant for; a header beyond it is a mistake or an attack.
pub const MOST_COLUMNS: usize = 10_000;

/// More bytes than any row has; a row beyond it has swallowed the rest of the table, and must not fill the memory.
pub const LONGEST_ROW: u64 = 16 << 20;
