//! The store's trouble as an alert: everybody who listens hears that predictions are answered and not kept, and when they
//! are again.

use serde_json::json;

use crate::store::feed::{Feed, Topic};
use crate::store::{Health, Store};

/// Tells of every change, until the store is gone.
pub async fn run(store: Store, feed: Feed) {
    let mut health = store.health();
    drop(store); // or its end would never come
    while health.changed().await.is_ok() {
        let (state, why) = match &*health.borrow_and_update() {
            Health::Writing => ("resolved", String::new()),
            Health::Failing(why) => ("firing", why.clone()),
        };
        feed.publish(
            Topic::Alerts,
            &json!({"rule": "store", "subject": "events.redb", "state": state, "reason": why}),
        );
    }
    std::future::pending().await // ended with the other tasks
}
