//! The queue, without its thread.

use super::*;
use crate::control::promotion::Promote;

fn asked() -> Asked {
    let (learner, by) = (None, "a test".into());
    Asked {
        learner,
        folds: 5,
        repeats: 1,
        seed: 0,
        promote: Promote::Auto,
        by,
    }
}

fn jobs() -> Jobs {
    Jobs::new(Arc::new(Metrics::new([])))
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
    assert_eq!(jobs.submit(asked()), Err(QueueFull));
    assert_eq!(jobs.cancel(&first.id).unwrap().state, State::Cancelled);
    assert_eq!(
        jobs.cancel(&first.id).unwrap().state,
        State::Cancelled,
        "once more changes nothing"
    );
    assert!(jobs.submit(asked()).is_ok());
    assert_eq!(
        jobs.cancel("none"),
        Err(CancelFault::Unknown("none".into()))
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
        Err(CancelFault::Over {
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
    assert_eq!(jobs.submit(asked()), Err(QueueFull));
}
