//! Documents as PDF files: tagged (PDF/UA-1), with an outline, links, selectable text and vector charts.
//!
//! In the order of the work: `text` breaks lines, `layout` makes pieces of them, `table` and `blocks` those of a whole
//! document, `page` distributes the pieces, and `file` draws the pages. A file holds no time and no random number: the same
//! document gives the same bytes.

mod blocks;
mod canvas;
mod error;
mod file;
mod font;
mod ink;
mod layout;
mod page;
mod table;
mod tags;
mod text;

pub use error::PdfError;
pub use file::{Paper, file};
