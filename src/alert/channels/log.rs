//! The log channel: writes a log line for every alert that fires or is resolved. Its deliveries always succeed.

use jiff::Timestamp;
use serde::Deserialize;

use super::error::ChannelError;
use super::fence::Fence;
use super::{Channel, Failure, Parcel, Sending, World};
use crate::alert::notification::Document;

/// The log channel has no settings.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {}

impl Options {
    pub(super) fn fault(&self, _: &Fence) -> Option<String> {
        None
    }

    pub(super) fn open(&self, _: &World<'_>) -> Result<Box<dyn Channel>, ChannelError> {
        Ok(Box::new(Lines))
    }
}

#[derive(Debug)]
struct Lines;

impl Channel for Lines {
    fn send<'a>(&'a self, parcel: &'a Parcel, _: Timestamp) -> Sending<'a> {
        Box::pin(async move {
            let document: Document = serde_json::from_str(&parcel.body)
                .map_err(|fault| Failure::new(format!("it cannot be read: {fault}")))?;
            for told in &document.alerts {
                let text = |name: &str| told.labels.get(name).map_or("", String::as_str);
                let (rule, subject) = (text("alertname"), text("subject"));
                let summary = told.annotations.get("summary").map_or("", String::as_str);
                if told.fires() {
                    let description = told.annotations.get("description").map(String::as_str);
                    tracing::warn!(rule, subject, summary, description, "alert firing");
                } else {
                    tracing::info!(rule, subject, summary, "alert resolved");
                }
            }
            Ok(())
        })
    }
}
