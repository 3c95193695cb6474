//! Tests of a whole spool, over disks and sources that stall.

use std::io;
use std::sync::mpsc as channel;

use tokio::io::AsyncReadExt;

use super::queue::{Change, Line};
use super::*;
use crate::clock::Manual;
use crate::follow::Source;
use crate::store::feed::{Options, PredictionId, Subscription, Topics};
use crate::units::Size;

/// A disk whose first write waits until the test lets it go.
struct Stalled(channel::Receiver<()>);

impl Storage for Stalled {
    fn append(&mut self, _: &Change) -> io::Result<()> {
        let _ = self.0.recv(); // an error: the test is over
        Ok(())
    }

    fn clear(&mut self, _: &Change) -> io::Result<()> {
        Ok(())
    }

    fn replace(&mut self, _: &Change) -> io::Result<()> {
        Ok(())
    }

    fn is_large_for(&self, _: u64) -> bool {
        false
    }

    fn is_torn(&self) -> bool {
        false
    }
}

fn prediction(id: &str) -> Arc<Prediction> {
    Arc::new(Prediction {
        id: PredictionId::Named(id.into()),
        label: crate::schema::column::Label::Integer(1),
        probability: 0.5,
        model: "wine@3".into(),
        warnings: Vec::new(),
        batch: None,
        time: jiff::Timestamp::UNIX_EPOCH,
        row: Default::default(),
        transport: Default::default(),
        own_id: None,
    })
}

/// A source that accepts connections and never responds.
async fn silent() -> (tokio::task::JoinHandle<()>, Server) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 64]).await;
            open.push(stream);
        }
    });
    match Source::new(&url, None).unwrap() {
        Source::Server(server) => (task, server),
        Source::Files(_) => unreachable!("it is the address of a server"),
    }
}

fn spool(server: Server, limit: u64, folder: Option<&std::path::Path>) -> (Spool, Subscription) {
    let metrics = Arc::new(Metrics::new([]));
    let clock = Arc::new(Manual::new(jiff::Timestamp::UNIX_EPOCH));
    let feed = Feed::new(
        Options {
            keep: 100,
            queue: 100,
        },
        clock,
        metrics.clone(),
    );
    let mut reader = feed.open();
    reader.add(Topics::all(), None).unwrap();
    let spool = Spool {
        server: Some(server),
        options: options::Spool {
            folder: folder.map(Into::into),
            size: Size(limit),
        },
        feed,
        view: View::default(),
        metrics,
        random: || 1.0,
    };
    (spool, reader)
}

async fn until(mut holds: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if holds() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("it does not come to hold");
}

#[tokio::test]
async fn a_disk_that_stalls_holds_up_neither_feed_nor_queue_and_what_is_lost_counts() {
    let (_source, server) = silent().await;
    let (spool, mut reader) = spool(server, 1 << 20, None);
    let view = spool.view.clone();
    let (_release, stall) = channel::channel();
    let disk: Box<dyn Storage> = Box::new(Stalled(stall));
    let (made, predictions) = mpsc::channel(100);
    let handle = spool.over(Some((disk, Found::default())), predictions);
    for n in 0..10 {
        made.send(prediction(&n.to_string())).await.unwrap();
        let event = reader.next().await.unwrap();
        assert_eq!(event.seq(), n + 1);
        until(|| view.state().spooled == n as usize + 1).await;
    }
    drop(made);
    handle.end(Instant::now()).await;
    assert_eq!(view.state().dropped, 10, "none of them is in the file");
}

#[tokio::test]
async fn what_does_not_fit_beside_a_stalled_disk_counts_as_dropped() {
    let (_source, server) = silent().await;
    let line = prediction("0").line().len() as u64;
    let (spool, _reader) = spool(server, 3 * line, None);
    let view = spool.view.clone();
    let (_release, stall) = channel::channel();
    let disk: Box<dyn Storage> = Box::new(Stalled(stall));
    let (made, predictions) = mpsc::channel(100);
    let handle = spool.over(Some((disk, Found::default())), predictions);
    for n in 0..9 {
        made.send(prediction(&n.to_string())).await.unwrap();
    }
    until(|| view.state().dropped == 6 && view.state().spooled == 3).await;
    drop(made);
    handle.end(Instant::now()).await;
    assert_eq!(view.state().dropped, 9);
}

#[tokio::test]
async fn predictions_that_were_not_taken_yet_count_when_the_time_is_over() {
    let (_source, server) = silent().await;
    let (spool, _reader) = spool(server, 1 << 20, None);
    let view = spool.view.clone();
    let (made, predictions) = mpsc::channel(100);
    let handle = spool.over(None, predictions);
    // The task has not run yet, and a request that goes on keeps a sender.
    for n in 0..7 {
        made.try_send(prediction(&n.to_string())).unwrap();
    }
    handle.end(Instant::now()).await;
    assert_eq!(view.state().dropped, 7);
    drop(made);
}

#[tokio::test]
async fn what_a_killed_run_left_is_sent_and_not_dropped_although_it_is_more_than_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let line = |number: u64| Line {
        number,
        text: prediction(&number.to_string()).line().into(),
    };
    let (mut file, _) = SpoolFile::open(folder.path()).unwrap();
    let lines: Vec<Line> = (0..10).map(line).collect();
    file.append(&Change::of(&lines)).unwrap();
    // The source has acknowledged four.
    let acknowledged = Change {
        front: 4,
        next: 10,
        ..Change::default()
    };
    file.append(&acknowledged).unwrap();
    drop(file);
    let (_source, server) = silent().await;
    let (spool, _reader) = spool(server, 1, Some(folder.path()));
    let view = spool.view.clone();
    let (made, predictions) = mpsc::channel(100);
    let handle = spool.start(predictions).unwrap();
    assert_eq!((view.state().spooled, view.state().dropped), (6, 0));
    // A new one does not fit.
    made.send(prediction("new")).await.unwrap();
    until(|| view.state().dropped == 1).await;
    drop(made);
    handle.end(Instant::now()).await;
    assert_eq!((view.state().spooled, view.state().dropped), (6, 1));
}
