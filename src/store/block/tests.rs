//! Blocks are written and read back.

use std::borrow::Cow;

use super::*;
use crate::schema::column::Label;
use crate::store::event::LabelEvent;

fn label() -> Event<'static> {
    Event::Label(LabelEvent {
        label: Cow::Owned(Label::Integer(1)),
        correct: false,
        own_id: None,
        conflict: None,
    })
}

fn block() -> Vec<u8> {
    let mut block = Writer::default();
    let time = "2026-01-31T09:15:00.25Z".parse().unwrap();
    block.push(time, Id::Text("a\"b"), &label());
    let uuid = Id::of("01a211ae-ae5c-75e2-b9e1-b6f59ac5a842");
    block.push("1969-12-31T00:00:00Z".parse().unwrap(), uuid, &label());
    block.push(time, Id::Text(""), &Event::Document(Kind::Verdict, "{}"));
    block.bytes().to_vec()
}

/// A block as revision 4 wrote it.
fn json_block() -> Vec<u8> {
    let mut block = Vec::new();
    let time: Timestamp = "2026-01-31T09:15:00.25Z".parse().unwrap();
    for (kind, id, body) in [(3, "a\"b", r#"{"label":1,"correct":false}"#), (6, "", "{}")] {
        let length = 8 + 1 + 2 + id.len() + body.len();
        block.extend_from_slice(&(length as u32).to_le_bytes());
        block.extend_from_slice(&time.as_microsecond().to_le_bytes());
        block.push(kind);
        block.extend_from_slice(&(id.len() as u16).to_le_bytes());
        block.extend_from_slice(id.as_bytes());
        block.extend_from_slice(body.as_bytes());
    }
    block
}

fn lines(block: &[u8]) -> Vec<String> {
    let entries = read(7, block).map(|entry| entry.unwrap());
    entries
        .map(|entry| entry.decode().unwrap().line())
        .collect()
}

#[test]
fn what_was_written_is_read_in_either_form() {
    let label = r#"{"seq":7,"time":"2026-01-31T09:15:00.250Z","kind":"label","id":"a\"b","label":1,"correct":false}"#;
    let verdict = |seq: u64| {
        format!(r#"{{"seq":{seq},"time":"2026-01-31T09:15:00.250Z","kind":"verdict","id":""}}"#)
    };
    assert_eq!(lines(&json_block()), [label.to_owned(), verdict(8)]);
    let second = r#"{"seq":8,"time":"1969-12-31T00:00:00.000Z","kind":"label","id":"01a211ae-ae5c-75e2-b9e1-b6f59ac5a842","label":1,"correct":false}"#;
    let all = [label.to_owned(), second.to_owned(), verdict(9)];
    assert_eq!(lines(&block()), all);
}

#[test]
fn a_cut_block_is_told_and_never_panics() {
    for (block, events) in [(json_block(), 2), (block(), 3)] {
        for cut in MARK.len() + 1..block.len() {
            let read: Vec<_> = read(1, &block[..cut]).collect();
            let whole = read.iter().filter(|entry| entry.is_ok()).count();
            assert!(whole < events, "{cut}");
            assert!(read.len() - whole <= 1, "{cut}");
        }
        assert_eq!(read(1, &block).filter(Result::is_ok).count(), events);
    }
}

#[test]
fn what_was_taken_back_is_not_there() {
    let mut block = Writer::default();
    let time = Timestamp::UNIX_EPOCH;
    block.push(time, Id::Text("first"), &label());
    let place = block.place();
    block.push(Timestamp::MAX, Id::Text("gone"), &label());
    block.go_back(place);
    block.push(time, Id::Text("second"), &label());
    let ids = read(1, block.bytes()).map(|entry| entry.unwrap().id.to_string());
    assert_eq!(ids.collect::<Vec<_>>(), ["first", "second"]);
}
