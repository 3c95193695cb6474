//! Waits in terms of a clock; settings may ask for longer ones than a timestamp holds.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// `now` plus `time`, or the maximum timestamp on overflow.
pub fn after(now: Timestamp, time: Duration) -> Timestamp {
    let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
    now.checked_add(time).unwrap_or(Timestamp::MAX)
}

/// Whether at least `time` has passed since `since`.
pub fn passed(now: Timestamp, since: Timestamp, time: Duration) -> bool {
    let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
    now.duration_since(since) >= time
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_beyond_the_last_timestamp_end_there() {
        let now = Timestamp::from_second(100).unwrap();
        let later = Timestamp::from_second(110).unwrap();
        let ten = Duration::from_secs(10);
        assert_eq!(after(now, ten), later);
        assert_eq!(after(now, Duration::MAX), Timestamp::MAX);
        assert!(passed(later, now, ten));
        assert!(!passed(later, now, ten + Duration::from_nanos(1)));
        assert!(!passed(later, now, Duration::MAX));
    }
}
