//! What is known of the backups of a server, over restarts; and when the next one is due.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Name under which the store keeps the record.
pub(super) const NAME: &str = "backup";

/// Longest wait before a failed scheduled backup is tried again.
const RETRY: Duration = Duration::from_secs(600);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The last backup that is done.
    pub success: Option<Timestamp>,
    /// Why the last backup failed; none if it is done.
    pub error: Option<String>,
    /// The last scheduled backup.
    pub scheduled: Option<Attempt>,
}

/// A scheduled backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub time: Timestamp,
    pub failed: bool,
}

impl Record {
    /// Notes the end of a backup that began at `time`.
    pub(super) fn note(&mut self, time: Timestamp, error: Option<String>, is_scheduled: bool) {
        if is_scheduled {
            let failed = error.is_some();
            self.scheduled = Some(Attempt { time, failed });
        }
        if error.is_none() {
            self.success = Some(time);
        }
        self.error = error;
    }

    /// Whether a scheduled backup is due. A failed one is tried again after ten minutes at most. If the clock was set back
    /// past the last one, that one says nothing.
    pub(super) fn is_due(&self, now: Timestamp, every: Duration) -> bool {
        let Some(Attempt { time, failed }) = self.scheduled else {
            return true;
        };
        let wait = if failed { every.min(RETRY) } else { every };
        now.duration_since(time).unsigned_abs() >= wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_backup_is_tried_again_sooner() {
        let day = Duration::from_secs(86_400);
        let at = |second: i64| Timestamp::from_second(1_000_000 + second).unwrap();
        let mut record = Record::default();
        assert!(record.is_due(at(0), day), "there is none yet");
        record.note(at(0), None, true);
        for (second, expected) in [(0, false), (86_399, false), (86_400, true)] {
            assert_eq!(record.is_due(at(second), day), expected, "{second}");
        }
        assert!(record.is_due(at(-86_400), day), "the clock was wrong");
        assert!(!record.is_due(at(-1), day));

        record.note(at(86_400), Some("no room".into()), true);
        assert_eq!(record.success, Some(at(0)));
        assert!(!record.is_due(at(86_400 + 599), day));
        assert!(record.is_due(at(86_400 + 600), day));
        assert!(record.is_due(at(86_400 + 60), Duration::from_secs(60)));

        // A backup on request is no scheduled one.
        record.note(at(86_500), None, false);
        assert_eq!((record.success, &record.error), (Some(at(86_500)), &None));
        assert!(record.is_due(at(86_400 + 600), day));
    }
}
