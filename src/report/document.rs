//! A document as a tree: sections with paragraphs, tables and charts. What is said is decided once; HTML and PDF only set it.

use super::chart::Chart;
use super::table::Table;

/// A document of one title.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub title: String,
    /// Blocks before the first section: what a reader in a hurry needs.
    pub lead: Vec<Block>,
    pub sections: Vec<Section>,
}

/// A section with a heading.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Name of the section within the document, for links: letters, digits and `-`.
    pub id: String,
    pub title: String,
    pub blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Paragraph(Text),
    List(Vec<Text>),
    /// Names with their values.
    Facts(Vec<(String, Text)>),
    Table(Table),
    Chart(Box<Chart>),
    /// Charts that are read together, side by side where there is room.
    Charts(Vec<Chart>),
    /// Text set as it is written, such as a command.
    Code(String),
    /// A part with a heading of its own. HTML shows it closed if `is_detail` is set; a PDF always in full.
    Part {
        title: String,
        is_detail: bool,
        blocks: Vec<Block>,
    },
}

/// Text of several runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub Vec<Run>);

/// Text of one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub text: String,
    pub style: Style,
}

/// Style of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Strong,
    /// Names of columns, levels and commands.
    Code,
    /// A link to the section of this id.
    Section(String),
}

impl Section {
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Section {
        Section {
            id: id.into(),
            title: title.into(),
            blocks: Vec::new(),
        }
    }

    pub fn with(mut self, block: impl Into<Block>) -> Section {
        self.blocks.push(block.into());
        self
    }

    pub fn with_all(mut self, blocks: impl IntoIterator<Item = Block>) -> Section {
        self.blocks.extend(blocks);
        self
    }
}

impl Text {
    pub fn strong(text: impl Into<String>) -> Text {
        Text::default().and(Style::Strong, text)
    }

    pub fn code(text: impl Into<String>) -> Text {
        Text::default().and(Style::Code, text)
    }

    /// Appends a run.
    pub fn and(mut self, style: Style, text: impl Into<String>) -> Text {
        let text = text.into();
        self.0.push(Run { text, style });
        self
    }

    /// The text without its styles.
    pub fn plain(&self) -> String {
        self.0.iter().map(|run| run.text.as_str()).collect()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::default().and(Style::Plain, text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text::default().and(Style::Plain, text)
    }
}

impl<T: Into<Text>> From<T> for Block {
    fn from(text: T) -> Block {
        Block::Paragraph(text.into())
    }
}

impl From<Table> for Block {
    fn from(table: Table) -> Block {
        Block::Table(table)
    }
}

impl From<Chart> for Block {
    fn from(chart: Chart) -> Block {
        Block::Chart(Box::new(chart))
    }
}
