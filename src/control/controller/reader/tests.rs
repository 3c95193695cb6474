//! Tests of the effect of verdicts on the controller.

use serde_json::json;

use super::*;
use crate::store::kind::Kind;

/// The effect of a verdict on moths@1, unless the body names another model.
fn heard(body: &serde_json::Value) -> Option<Said> {
    let mut whole = json!({"model": "moths@1", "window": {"from": 1, "to": 100}});
    let members = body.as_object().unwrap().clone();
    whole.as_object_mut().unwrap().extend(members);
    said(
        &Event::Document(Kind::Verdict, &whole.to_string()),
        "moths@1",
    )
}

#[test]
fn a_verdict_asks_takes_back_or_forbids() {
    let (asked, refused) = (
        json!({"asked": true, "why": "larger"}),
        json!({"asked": false, "why": "blank"}),
    );
    let of = |about: &str| about.to_owned();
    let larger = || "larger".to_owned();
    let asks =
        json!({"about": "drift", "drift": true, "full": true, "slice": null, "retrain": asked});
    assert_eq!(heard(&asks), Some(Said::Asks(of("drift"), larger())));
    let slice = json!({"column": "kind", "level": "owlet"});
    let steady =
        json!({"about": "drift", "drift": false, "full": true, "slice": slice, "retrain": null});
    let about = of(&format!("drift {slice}"));
    assert_eq!(heard(&steady), Some(Said::TakesBack(about)));
    let sick = json!({"about": "drift", "drift": true, "full": true, "retrain": refused});
    assert_eq!(heard(&sick), Some(Said::Forbids));
    let half = json!({"about": "drift", "drift": true, "full": false, "retrain": refused});
    assert_eq!(heard(&half), None);
    let decay = json!({"about": "decay", "change": {"before": 1, "after": 2}, "retrain": asked});
    assert_eq!(heard(&decay), Some(Said::Asks(of("decay"), larger())));
    let over = json!({"about": "performance", "decay": false});
    assert_eq!(heard(&over), Some(Said::TakesBack(of("decay"))));
    let on = json!({"about": "performance", "decay": true});
    assert_eq!(heard(&on), None);
    let other = json!({"model": "moths@2", "about": "drift", "retrain": asked});
    assert_eq!(heard(&other), None);
    assert_eq!(heard(&json!({"about": "gate", "gate": {}})), None);
}
