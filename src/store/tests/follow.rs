//! Labels joined with their predictions and rows.

use super::*;

fn label(id: &str, label: i64, correct: bool) -> Given {
    Given {
        label: Label::Integer(label),
        correct,
        ..given(id)
    }
}

/// The pairs completed by events after `seen`: the event's sequence number, the id of the prediction or row, and the label.
fn pairs(store: &Store, seen: u64) -> Vec<(u64, String, Label)> {
    let followed = store.follow(seen, u64::MAX, |_| true).unwrap();
    assert_eq!(followed.seen, store.last().unwrap());
    let joined = followed.labels.iter().filter_map(|label| {
        let pair = label.join(store, |record, value| {
            (label.seq, record.id.to_string(), value.clone())
        });
        pair.unwrap()
    });
    joined.collect()
}

#[tokio::test]
async fn a_pair_is_complete_with_the_later_of_its_events_and_once() {
    let (store, recorder) = start(&Disk::sound());
    let take = async |given: Given| store.label(vec![given], false).await.unwrap();
    recorder.note(prediction("first")); // 1
    take(label("first", 1, false)).await; // 2: complete
    take(label("early", 0, false)).await; // 3
    assert_eq!(pairs(&store, 2), [], "its prediction is not there");
    recorder.note(prediction("early")); // 4: complete
    store.flush().await.unwrap();
    let mut batch = row(1);
    batch.rows[0].label = Some(Label::Integer(0));
    store.take(batch).await.unwrap(); // 5: complete
    store.take(row(2)).await.unwrap(); // 6: no label
    take(label("never", 1, false)).await; // 7

    let first = (2, "first".to_owned(), Label::Integer(1));
    let early = (4, "early".to_owned(), Label::Integer(0));
    let of_row = (5, "row 1".to_owned(), Label::Integer(0));
    let all = [first.clone(), early.clone(), of_row.clone()];
    assert_eq!(pairs(&store, 0), all);
    assert_eq!(pairs(&store, 2), [early, of_row.clone()]);
    assert_eq!(pairs(&store, 4), std::slice::from_ref(&of_row));
    assert_eq!(pairs(&store, 7), []);
    // A correction completes no new pair. Reading the earlier events again gives the pairs that the events themselves define.
    take(label("first", 0, true)).await; // 8
    assert_eq!(pairs(&store, 7), []);
    assert_eq!(pairs(&store, 0)[0], first);
}

#[tokio::test]
async fn a_reading_ends_where_it_is_told_to() {
    let (store, _recorder) = start(&Disk::sound());
    for n in 0..5 {
        store.take(row(n)).await.unwrap();
    }
    let mut seen = Vec::new();
    let followed = store.follow(1, 4, |record| {
        seen.push(record.seq);
        seen.len() < 2
    });
    assert_eq!((followed.unwrap().seen, &*seen), (3, &[2, 3][..]));
    let followed = store.follow(1, 4, |_| true).unwrap();
    assert_eq!(followed.seen, 4);
    assert_eq!(store.follow(9, 9, |_| true).unwrap().seen, 9);
}
