//! Tables of texts.

/// A table; each row has as many cells as there are columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub caption: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<String>>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub heading: String,
    /// Whether its cells are aligned as numbers are.
    pub is_number: bool,
    /// Whether its cells are times of RFC 3339, or two with ` to ` between.
    pub is_time: bool,
}

impl Table {
    /// A table whose headings that end in `#` belong to numbers.
    pub fn new(caption: impl Into<String>, headings: &[&str]) -> Table {
        let column = |heading: &&str| match heading.strip_suffix('#') {
            Some(heading) => Column::number(heading),
            None => Column::text(*heading),
        };
        Table {
            caption: caption.into(),
            columns: headings.iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let mut cells: Vec<String> = cells.into_iter().map(Into::into).collect();
        cells.resize(self.columns.len(), String::new());
        self.rows.push(cells);
    }
}

impl Column {
    pub fn text(heading: impl Into<String>) -> Column {
        Column {
            heading: heading.into(),
            is_number: false,
            is_time: false,
        }
    }

    pub fn time(heading: impl Into<String>) -> Column {
        Column {
            is_time: true,
            ..Column::text(heading)
        }
    }

    pub fn number(heading: impl Into<String>) -> Column {
        Column {
            is_number: true,
            ..Column::text(heading)
        }
    }
}
