use super::Exploration;
use crate::report::document::Document;

/// The exploration for people.
pub fn document(e: &Exploration) -> Document {
    Document { title: e.source.clone(), lead: Vec::new(), sections: Vec::new() }
}
