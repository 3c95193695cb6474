//! The guarantees of the feed: events in order, each once, without a gap; bounded queues; helpful errors.

use futures_util::FutureExt;
use serde_json::json;

use super::*;
use crate::clock::Manual;

fn feed(keep: usize, queue: usize) -> Feed {
    let clock = Manual::new("2026-01-31T09:15:00Z".parse().unwrap());
    let metrics = Arc::new(Metrics::new([]));
    Feed::new(Options { keep, queue }, Arc::new(clock), metrics)
}

fn topics(names: &[&str]) -> Topics {
    names.iter().map(|name| named(name).unwrap()).collect()
}

fn since(seq: u64) -> Since {
    Since { seq, epoch: None }
}

/// Sequence numbers of the events that are available without waiting.
fn numbers(subscription: &mut Subscription) -> Vec<u64> {
    std::iter::from_fn(|| subscription.next().now_or_never()?.map(|event| event.seq())).collect()
}

#[test]
fn backlog_then_live_in_order_and_once() {
    let feed = feed(10, 10);
    for n in 1..=4 {
        let topic = if n % 2 == 0 {
            Topic::Models
        } else {
            Topic::Alerts
        };
        feed.publish(topic, &json!({"n": n}));
    }
    let mut reader = feed.open();
    assert_eq!(reader.add(topics(&["models"]), Some(&since(0))), Ok(4));
    feed.publish(Topic::Alerts, &json!({}));
    feed.publish(Topic::Models, &json!({}));
    // A topic that is added later brings its retained events, merged in order; events of the other topic are not repeated.
    assert_eq!(
        reader.add(topics(&["models", "alerts"]), Some(&since(1))),
        Ok(6)
    );
    assert_eq!(numbers(&mut reader), [2, 3, 4, 5, 6]);
    assert_eq!(reader.remove(topics(&["alerts"])), 6);
    feed.publish(Topic::Alerts, &json!({}));
    feed.publish(Topic::Models, &json!({}));
    assert_eq!(numbers(&mut reader), [8]);
}

#[test]
fn what_waits_of_a_topic_given_up_does_not_come() {
    let feed = feed(10, 10);
    let mut reader = feed.open();
    reader.add(Topics::all(), None).unwrap();
    feed.publish(Topic::Alerts, &json!({}));
    feed.publish(Topic::Models, &json!({}));
    reader.remove(topics(&["alerts"]));
    assert_eq!(numbers(&mut reader), [2]);
}

#[test]
fn a_place_that_cannot_be_resumed_names_the_oldest_kept() {
    let feed = feed(3, 10);
    (0..5).for_each(|_| feed.publish(Topic::Models, &json!({})));
    let mut reader = feed.open();
    let mut fault = |since: Since| reader.add(Topics::all(), Some(&since)).unwrap_err();
    assert_eq!(
        fault(since(1)),
        SinceError::TooOld {
            since: 1,
            oldest: 3
        }
    );
    assert_eq!(
        fault(since(6)),
        SinceError::Future {
            since: 6,
            last: 5,
            oldest: 3
        }
    );
    let other = fault(Since {
        seq: 4,
        epoch: Some("before".into()),
    });
    assert!(
        other.to_string().contains("oldest event kept is 3"),
        "{other}"
    );
    assert_eq!(reader.add(Topics::all(), Some(&since(2))), Ok(5));
    assert_eq!(numbers(&mut reader), [3, 4, 5]);
    let mut current = feed.open();
    let here = Since {
        seq: 5,
        epoch: Some(feed.epoch().into()),
    };
    assert_eq!(current.add(Topics::all(), Some(&here)), Ok(5));
}

#[test]
fn a_reader_too_slow_is_cut_off_and_the_others_are_not() {
    let feed = feed(100, 4);
    let (mut slow, mut quick) = (feed.open(), feed.open());
    slow.add(Topics::all(), None).unwrap();
    quick.add(Topics::all(), None).unwrap();
    for _ in 0..5 {
        feed.publish(Topic::Models, &json!({}));
        assert_eq!(numbers(&mut quick).len(), 1);
    }
    assert!(slow.overrun().now_or_never().is_some());
    assert!(slow.next().now_or_never().unwrap().is_none());
    assert!(quick.overrun().now_or_never().is_none());
    assert!(
        feed.0
            .metrics
            .render()
            .contains("\ntitanic_feed_dropped_events_total 1\n")
    );
}

#[test]
fn an_event_is_one_message() {
    let feed = feed(10, 10);
    let mut reader = feed.open();
    reader.add(Topics::all(), None).unwrap();
    feed.publish(Topic::Models, &json!({"action": "trained"}));
    let event = reader.next().now_or_never().flatten().unwrap();
    let expected = r#"{"type":"event","topic":"models","seq":1,"time":"2026-01-31T09:15:00.000Z","data":{"action":"trained"}}"#;
    assert_eq!(&**event.message(), expected);
}

#[test]
fn predictions_are_told_as_they_were_answered() {
    let feed = feed(10, 10);
    let mut reader = feed.open();
    reader.add(topics(&["predictions"]), None).unwrap();
    let made = [0.25, 0.5].map(|probability| {
        Arc::new(Prediction {
            id: PredictionId::Named("mine".into()),
            label: crate::schema::column::Label::Integer(1),
            probability,
            model: "wine@3".into(),
            warnings: Vec::new(),
            batch: None,
            time: jiff::Timestamp::UNIX_EPOCH,
            row: Default::default(),
            transport: crate::telemetry::metrics::Transport::Rest,
            own_id: None,
        })
    });
    feed.predictions(&made);
    let events: Vec<_> = std::iter::from_fn(|| reader.next().now_or_never()?).collect();
    assert_eq!(events.len(), 2);
    let message: serde_json::Value = serde_json::from_str(events[1].message()).unwrap();
    let expected =
        json!({"id": "mine", "label": 1, "probability": 0.5, "model": "wine@3", "warnings": []});
    assert_eq!(message["data"], expected);
}
