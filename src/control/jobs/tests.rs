//! Tests of the queue without its thread.

use super::*;
use crate::backup;
use crate::promotion::policy::Promote;
use crate::store::check::Report;
use crate::store::feed;
use crate::store::upkeep::Compacted;
use crate::train::work::Limits;

const COMPACTED: Compacted = Compacted {
    before: 2,
    after: 1,
};

fn asked() -> Asked {
    let (learner, by) = (None, "a test".into());
    Asked {
        learner,
        folds: 5,
        repeats: 1,
        seed: 0,
        limits: Limits::default(),
        promote: Promote::Auto,
        max_bad: 0.05,
        by,
    }
}

fn jobs() -> Jobs {
    let metrics = Arc::new(Metrics::new([]));
    let options = feed::Options {
        keep: 10_000,
        queue: 10_000,
    };
    let clock = Arc::new(crate::clock::System);
    let feed = Feed::new(options, clock.clone(), metrics.clone());
    Jobs::new(feed, clock, metrics)
}

/// Every step is counted, but only a few are published; all states are published, the last one last.
#[test]
fn subscribers_hear_every_state_and_now_and_then_how_far_it_is() {
    use crate::train::Progress;
    use futures_util::FutureExt;

    let jobs = jobs();
    let mut reader = jobs.0.feed.open();
    reader.add(feed::Topics::all(), None).unwrap();
    let id = jobs.submit(asked()).unwrap().id;
    let job = jobs.take().unwrap();
    let begun = std::time::Instant::now();
    job.begin(5000);
    (0..5000).for_each(|_| job.advance("a fit"));
    let most = 1 + begun.elapsed().as_millis() / 250;
    job.end(State::Failed, None, Some("a reason".into()));
    let told: Vec<serde_json::Value> =
        std::iter::from_fn(|| reader.next().now_or_never().flatten())
            .map(|event| serde_json::from_str(event.message()).unwrap())
            .collect();
    assert!(told.iter().all(|event| event["topic"] == "jobs"));
    let state = |n: usize| told[n]["data"]["state"].clone();
    assert_eq!((state(0), state(1)), ("queued".into(), "running".into()));
    assert!((told.len() - 3) as u128 <= most, "{}", told.len());
    let last = &told[told.len() - 1]["data"];
    let shown = serde_json::to_value(jobs.get(&id).unwrap()).unwrap();
    assert_eq!(*last, shown, "as GET shows it");
    assert_eq!(
        (&last["state"], &last["progress"]),
        (&"failed".into(), &1.0.into())
    );
}

#[test]
fn a_job_is_shown_with_all_keys() {
    let view = jobs().submit(asked()).unwrap();
    let json = serde_json::to_value(&view).unwrap();
    let expected = serde_json::json!({
        "id": view.id, "kind": "train", "state": "queued", "progress": 0.0, "result": null, "error": null,
    });
    assert_eq!(json, expected);
}

#[test]
fn the_queue_is_bounded_and_a_waiting_job_can_be_called_off() {
    let jobs = jobs();
    let first = jobs.submit(asked()).unwrap();
    (1..MOST_QUEUED).for_each(|_| drop(jobs.submit(asked()).unwrap()));
    assert_eq!(jobs.submit(asked()), Err(QueueError::Waiting));
    assert_eq!(jobs.cancel(&first.id).unwrap().state, State::Cancelled);
    assert_eq!(
        jobs.cancel(&first.id).unwrap().state,
        State::Cancelled,
        "once more changes nothing"
    );
    assert!(jobs.submit(asked()).is_ok());
    assert_eq!(
        jobs.cancel("none"),
        Err(CancelError::Unknown("none".into()))
    );
}

#[test]
fn a_running_job_is_asked_to_stop_and_a_finished_one_is_over() {
    let jobs = jobs();
    let id = jobs.submit(asked()).unwrap().id;
    let job = jobs.take().unwrap();
    assert_eq!(jobs.cancel(&id).unwrap().state, State::Running);
    assert!(crate::train::Progress::stopped(&*job));
    job.end(State::Done, None, None);
    assert_eq!(
        jobs.cancel(&id),
        Err(CancelError::Over {
            id,
            state: State::Done
        })
    );
}

#[test]
fn finished_jobs_are_forgotten_oldest_first() {
    let jobs = jobs();
    let first = jobs.submit(asked()).unwrap().id;
    for _ in 0..=MOST_KEPT {
        jobs.submit(asked()).unwrap();
        jobs.take().unwrap().end(State::Failed, None, None);
    }
    jobs.submit(asked()).unwrap();
    assert!(jobs.get(&first).is_none());
    assert_eq!(
        jobs.list()
            .iter()
            .filter(|job| job.state.is_final())
            .count(),
        MOST_KEPT
    );
}

#[test]
fn a_closed_queue_ends_the_thread() {
    let jobs = jobs();
    let id = jobs.submit(asked()).unwrap().id;
    jobs.close();
    assert_eq!(jobs.get(&id).unwrap().state, State::Cancelled);
    assert!(jobs.take().is_none());
    // While the server stops, the message does not advise to wait for a job to end, or to cancel one.
    let upkeep = Upkeep {
        name: "store_check",
        whole: None,
    };
    let said = [
        jobs.submit(asked()).unwrap_err().to_string(),
        jobs.work(upkeep, |_| Ok::<_, String>(None))
            .unwrap_err()
            .to_string(),
    ];
    assert_eq!(said[0], said[1]);
    assert!(said[0].starts_with("the server is stopping"), "{said:?}");
}

#[test]
fn work_on_the_store_is_cancelled_or_says_why_it_cannot_be() {
    let jobs = jobs();
    let upkeep = |whole| Upkeep {
        name: "store_check",
        whole,
    };
    let until_cancelled = |job: &Running<'_>| {
        job.report(0.25);
        while !job.stopped() {
            std::thread::yield_now();
        }
        Ok::<_, String>(None)
    };
    let job = jobs.work(upkeep(None), until_cancelled).unwrap();
    assert!(!jobs.cancel(&job.id).unwrap().state.is_final());
    while !jobs.get(&job.id).unwrap().state.is_final() {
        std::thread::yield_now();
    }
    let over = jobs.get(&job.id).unwrap();
    assert_eq!(
        (over.state, over.result, over.error),
        (State::Cancelled, None, None)
    );
    assert_eq!(over.progress, 0.25);

    let (go, wait) = std::sync::mpsc::channel::<()>();
    let whole = move |_: &Running<'_>| {
        wait.recv().map_err(|e| e.to_string())?;
        Ok::<_, String>(Some(Product::Compacted(COMPACTED)))
    };
    let job = jobs.work(upkeep(Some("it is one piece")), whole).unwrap();
    let fault = jobs.cancel(&job.id).unwrap_err().to_string();
    assert_eq!(
        fault,
        format!("the job {} cannot be cancelled: it is one piece", job.id)
    );
    go.send(()).unwrap();
    while !jobs.get(&job.id).unwrap().state.is_final() {
        std::thread::yield_now();
    }
    let over = jobs.get(&job.id).unwrap();
    let result = Some(Product::Compacted(COMPACTED));
    assert_eq!((over.state, over.result), (State::Done, result));
}

/// Nothing in a job's document names the kind of its result: each is known by its members.
#[test]
fn a_result_is_read_as_it_was_written() {
    let made = Made {
        model: "moths@2".into(),
        promoted: false,
        reason: "no better".into(),
        gate: None,
        warnings: Vec::new(),
    };
    let report = Report {
        events: 3,
        findings: vec!["a gap".into()],
        untold: 0,
    };
    let backup = backup::Made {
        file: "s3://shop/backups/a.tar.zst".into(),
        bytes: 7,
        verified: true,
        contents: Default::default(),
        removed: Vec::new(),
    };
    for product in [
        Product::Version(made),
        Product::Checked(report.into()),
        Product::Compacted(COMPACTED),
        Product::Backup(backup),
    ] {
        let text = serde_json::to_string(&product).unwrap();
        assert_eq!(serde_json::from_str::<Product>(&text).unwrap(), product);
    }
}
