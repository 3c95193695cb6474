//! Events survive encoding and decoding.

use std::borrow::Cow;

use jiff::Timestamp;
use proptest::prelude::*;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::schema::column::Label;
use crate::schema::row::Purpose;
use crate::schema::{Row, Schema, fixture, json};
use crate::store::block;
use crate::store::kind::Kind;
use crate::telemetry::metrics::Transport;

/// Exports of stores that earlier revisions wrote.
const EXPORTS: [&str; 2] = [
    include_str!("../../../tests/fixtures/state-1/export.jsonl"),
    include_str!("../../../tests/fixtures/store-4/export.jsonl"),
];

fn shop() -> Schema {
    fixture::table_spec(include_str!("../../../tests/fixtures/store-4/spec.yaml"))
        .unwrap()
        .with_order("party", crate::schema::column::Order::Groups)
        .unwrap()
}

/// Each exported event, encoded in a block of its own, gives the same line.
#[test]
fn every_exported_line_is_the_same_through_bytes() {
    let mut kinds = std::collections::BTreeMap::new();
    for text in EXPORTS.iter().flat_map(|export| export.lines()) {
        let line = Line::parse(text).unwrap();
        let record = line.record().unwrap();
        let mut block = block::Writer::default();
        block.push(record.time, record.id, &record.event);
        let mut read = block::read(record.seq, block.bytes());
        let again = read.next().unwrap().unwrap().decode().unwrap();
        assert_eq!(again.line(), text);
        assert_eq!((again.id, again.time), (record.id, record.time));
        *kinds
            .entry(crate::store::kind::name(record.kind()))
            .or_insert(0) += 1;
    }
    let expected = [
        ("alert", 1),
        ("label", 72),
        ("label_expired", 1),
        ("model", 2),
        ("prediction", 245),
        ("quarantine", 5),
        ("row", 39),
        ("verdict", 2),
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), expected);
}

/// All events of an export in one block, which holds their shared data once.
#[test]
fn events_of_a_block_share_names_and_models() {
    for export in EXPORTS {
        let lines: Vec<Line> = export
            .lines()
            .map(|line| Line::parse(line).unwrap())
            .collect();
        let mut block = block::Writer::default();
        for line in &lines {
            let record = line.record().unwrap();
            block.push(record.time, record.id, &record.event);
        }
        let read = block::read(1, block.bytes()).map(|entry| entry.unwrap().decode().unwrap());
        let bodies = |line: &str| line.split_once(r#","time""#).unwrap().1.to_owned();
        let read: Vec<String> = read.map(|record| bodies(&record.line())).collect();
        let expected: Vec<String> = export.lines().map(bodies).collect();
        assert_eq!(read, expected);
        assert!(
            block.bytes().len() * 2 < export.len(),
            "half the bytes at most"
        );
    }
}

/// Values of a row's columns, as JSON; a column may be left out.
fn rows() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::json;
    let number = prop_oneof![
        any::<f64>().prop_filter_map("finite", |v| v.is_finite().then(|| json!(v))),
        any::<i64>().prop_map(|v| json!(v)),
        (-10_000i64..10_000).prop_map(|v| json!(v as f64 / 100.0)),
        Just(json!(-0.0)),
        Just(json!(null)),
    ];
    let text = prop_oneof![
        any::<String>().prop_map(|v| json!(v)),
        Just(json!("7")),
        Just(json!("007"))
    ];
    let scalar = prop_oneof![
        number.clone(),
        text.clone(),
        any::<bool>().prop_map(|v| json!(v))
    ];
    let day = (0i64..40_000).prop_map(|day| {
        let day = Timestamp::from_second(day * 86_400).unwrap();
        json!(day.strftime("%Y-%m-%d").to_string())
    });
    (
        (scalar.clone(), number.clone(), number.clone(), scalar.clone(), scalar.clone()),
        (scalar.clone(), text, day.clone(), day, scalar),
    )
        .prop_map(|((order, price, count, member, size), (place, note, day, hour, party))| {
            json!({"order": order, "price": price, "count": count, "member": member, "size": size,
                "place": place, "note": note, "day": day, "hour": hour, "party": party})
        })
}

proptest! {
    #![proptest_config(crate::proptest_config())]
    /// A stored row has the JSON form that earlier revisions stored, and is read like it.
    #[test]
    fn a_row_is_written_and_read_as_its_json(value in rows(), labelled in any::<Option<bool>>()) {
        let schema = shop();
        let mut row = Row::new(&schema, Purpose::Keep);
        json::line(&schema, value.to_string().as_bytes(), &mut row).unwrap();
        prop_assume!(row.faults.is_empty());
        let mut expected = Vec::new();
        json::write::object(&schema, row.view(), &mut expected);
        let stored = StoredRow::of(&schema, row.view(), None);
        let mut written = Vec::new();
        stored.write_json(&mut written);
        prop_assert_eq!(String::from_utf8(written.clone()), String::from_utf8(expected));

        let decoded = StoredRow::decode(schema.stored(), stored.cells());
        prop_assert_eq!(decoded.as_ref(), Some(&stored));
        let [mut one, mut other] = [(); 2].map(|()| Row::new(&schema, Purpose::Look));
        json::line(&schema, &written, &mut one).unwrap();
        stored.read(&schema, &mut other);
        prop_assert_eq!(format!("{:?}", one.view()), format!("{:?}", other.view()));
        prop_assert_eq!(&one.faults, &other.faults);

        // The row with its own id and label, in the form that `/v1/rows` of another server accepts.
        let own_id = row.id_text();
        let with_id = StoredRow::of(&schema, row.view(), own_id.as_deref());
        let label = labelled.map(|positive| schema.target().label(positive).clone());
        let mut whole = Vec::new();
        let member = label.as_ref().map(|label| (&*schema.target().column, label.scalar()));
        with_id.write_json_with(member, &mut whole);
        let mut again = Row::new(&schema, Purpose::Keep);
        json::line(&schema, &whole, &mut again).unwrap();
        prop_assert_eq!((again.id_text(), again.target()), (own_id.clone(), labelled));
        prop_assert_eq!(with_id.first(), own_id.filter(|_| schema.id().is_some()));
        let mut rest = Vec::new();
        with_id.write_rest(&mut rest);
        prop_assert_eq!(rest, written);
        if let Some(label) = label {
            let mut learnt = Row::new(&schema, Purpose::Learn);
            with_id.read_labelled(&schema, &label, &mut learnt);
            prop_assert_eq!(learnt.target(), labelled);
        }
    }
}

#[test]
fn usual_values_are_short() {
    use crate::schema::Scalar;
    let check = |value: Scalar<'_>, bytes: usize| {
        let mut out = Vec::new();
        row::put(&value, &mut out);
        assert_eq!(out.len(), bytes, "{value:?}");
        let mut reader = Reader(&out);
        assert_eq!(row::take(&mut reader), Some(value));
        assert!(reader.is_empty());
    };
    check(Scalar::Missing, 1);
    check(Scalar::Flag(true), 1);
    check(Scalar::Flag(false), 1);
    check(Scalar::Whole(0), 1);
    check(Scalar::Whole(31), 1);
    check(Scalar::Whole(-32), 1);
    check(Scalar::Whole(38), 2);
    check(Scalar::Whole(i64::MAX), 9);
    check(Scalar::Whole(i64::MIN), 9);
    check(Scalar::Whole((1 << 62) - 1), 10);
    check(Scalar::Text("".into()), 1);
    check(
        Scalar::Text("thirty-one bytes fit in one more".get(..31).unwrap().into()),
        32,
    );
    check(Scalar::Number(7.25), 3);
    check(Scalar::Number(71.2833), 4);
    check(Scalar::Number(-0.5), 2);
    check(Scalar::Number(4.0), 2); // a time, which is written with its point
    check(Scalar::Number(1.0 / 3.0), 9);
    check(Scalar::Number(5e-324), 9);
    check(Scalar::Number(f64::MAX), 9);
    check(Scalar::Number(0.1 + 0.2), 9); // not 0.3
}

/// A prediction with every field set, a label and a row.
fn events() -> Vec<Event<'static>> {
    let schema = shop();
    let mut row = Row::new(&schema, Purpose::Keep);
    let text = r#"{"order":"o7","price":12.5,"count":-3,"member":true,"place":"Köln","day":"2026-02-28","party":"p1"}"#;
    json::line(&schema, text.as_bytes(), &mut row).unwrap();
    let label = || Cow::Owned(Label::Text("yes".into()));
    vec![
        Event::Prediction(PredictionEvent {
            label: label(),
            probability: 0.75,
            model: "shop@1".into(),
            transport: Some(Transport::Page),
            row: StoredRow::of(&schema, row.view(), None),
            own_id: Some("o7".into()),
            warnings: Some(r#"[{"column":"price"}]"#.into()),
            batch: Some(Batch {
                id: u32::MAX,
                row: 17,
                rows: 1_000,
            }),
            awaited: true,
        }),
        Event::Row(RowEvent {
            row: StoredRow::of(&schema, row.view(), Some("o7")),
            label: Some(label()),
            transport: Some(Transport::Pull),
            identity: Some(Identity {
                has_own_id: true,
                digest: [7; 16],
            }),
        }),
        Event::LabelExpired(LabelEvent {
            label: label(),
            correct: true,
            own_id: Some("17".into()),
            conflict: Some(label()),
        }),
    ]
}

#[test]
fn all_that_an_event_says_is_read_again() {
    let mut block = block::Writer::default();
    for event in &events() {
        block.push(Timestamp::UNIX_EPOCH, Id::Text("id"), event);
    }
    let read = block::read(1, block.bytes()).map(|entry| entry.unwrap().decode().unwrap());
    let (read, written): (Vec<_>, Vec<_>) = read.zip(events()).unzip();
    let read: Vec<_> = read.into_iter().map(|record| record.event).collect();
    assert_eq!(read, written);
}

/// Decodes every event of a block; returns how many succeeded.
fn look(block: &[u8]) -> usize {
    let records = block::read(1, block).filter_map(|entry| entry.ok()?.decode().ok());
    records
        .map(|record| record.line())
        .filter(|line| !line.is_empty())
        .count()
}

/// Invalid bytes are an error: no panic, and no allocation of a size that the bytes merely claim.
#[test]
fn damaged_bytes_are_errors_and_no_panics() {
    let mut block = block::Writer::default();
    for event in &events() {
        let uuid = Id::of("01a211ae-ae5c-75e2-b9e1-b6f59ac5a842");
        block.push(Timestamp::UNIX_EPOCH, uuid, event);
    }
    let whole = block.bytes();
    assert_eq!(look(whole), 3);
    for end in 0..whole.len() {
        assert!(look(&whole[..end]) < 3, "{end}");
    }
    let mut dice = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut unread = 0;
    for _ in 0..20_000 {
        let mut bytes = whole.to_vec();
        for _ in 0..dice.random_range(1..4) {
            let place = dice.random_range(0..bytes.len());
            bytes[place] = dice.random();
        }
        unread += usize::from(look(&bytes) < 3);
    }
    assert!(unread > 10_000, "the damage was met {unread} times");
    for _ in 0..20_000 {
        let length = dice.random_range(0..64);
        let mut bytes = vec![0; 4];
        bytes.extend((0..length).map(|_| dice.random::<u8>()));
        look(&bytes);
    }
}

#[test]
fn events_of_a_kind_they_are_not_are_broken() {
    for json in [
        "{}",
        r#"{"label":1}"#,
        r#"{"label":[],"correct":false}"#,
        r#"{"row":[]}"#,
    ] {
        for kind in ["prediction", "row"] {
            let line = format!(
                r#"{{"seq":7,"time":"2026-01-31T09:15:00Z","kind":"{kind}","id":"x",{}"#,
                json.strip_prefix('{').unwrap()
            );
            let line = Line::parse(&line.replace(",}", "}")).unwrap();
            assert_eq!(
                line.record().unwrap_err(),
                BrokenEvent { seq: 7 },
                "{kind} {json}"
            );
        }
    }
}

/// Verdicts are exported as they are stored, so that the order of their members is a contract.
#[test]
fn the_members_of_a_verdict_have_a_fixed_order() {
    use serde_json::json;
    let check = |verdict: VerdictEvent<serde_json::Value>, expected: &str| {
        assert_eq!(verdict.to_json().get(), expected);
    };
    let model = || "shop@1".to_owned();
    check(
        VerdictEvent::Performance {
            model: model(),
            details: json!({"first": 1, "n": 2}),
            decay: false,
        },
        r#"{"about":"performance","model":"shop@1","first":1,"n":2,"decay":false}"#,
    );
    check(
        VerdictEvent::Decay {
            model: model(),
            details: json!({"at": 7, "decay": false}),
            retrain: None,
        },
        r#"{"about":"decay","model":"shop@1","at":7,"decay":false,"retrain":null}"#,
    );
    let gate = json!({"rows": 3});
    check(
        VerdictEvent::Gate { gate },
        r#"{"about":"gate","gate":{"rows":3}}"#,
    );
    let shadow = json!({"verdict": "drop"});
    check(
        VerdictEvent::Shadow { shadow },
        r#"{"about":"shadow","shadow":{"verdict":"drop"}}"#,
    );
    let probation = json!({"verdict": "passed"});
    check(
        VerdictEvent::Probation { probation },
        r#"{"about":"probation","probation":{"verdict":"passed"}}"#,
    );
}

#[test]
fn a_verdict_says_what_follows() {
    let json = r#"{"about":"drift","model":"shop@1","retrain":{"asked":true,"why":"larger"},"window":{"from":1,"to":9},"drift":true}"#;
    let verdict = Event::Document(Kind::Verdict, json).verdict().unwrap();
    let VerdictEvent::Drift { retrain, full, .. } = verdict else {
        panic!("{verdict:?}");
    };
    assert!(full && retrain.unwrap().why == "larger");
    let other = json.replace("drift", "weather");
    assert_eq!(Event::Document(Kind::Verdict, &other).verdict(), None);
    assert_eq!(Event::Document(Kind::Alert, json).verdict(), None);
    assert_eq!(Event::Document(Kind::Verdict, json).model(), None);
}
