//! Admission of expensive work: explanations and large bodies run on a separate thread pool instead of the serving threads.
//! Work is admitted by its estimated cost, not by the number of requests. Work that would wait too long is rejected at once,
//! and work whose client has left is never started.

mod queue;
mod rates;

use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::header;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

pub use rates::{Kind, Priced, Work};

use super::problem::{Problem, kind};
use super::stream::Connection;
use crate::priority;
use queue::{Queue, Ticket};
use rates::Rates;

/// The actual wait may last up to this many times `limit`, because estimates may be too low.
const LONGER: u32 = 3;

/// Admits work and runs it on the pool. Clones share the pool, the queue and the rates.
#[derive(Clone)]
pub struct Admission(Arc<Shared>);

struct Shared {
    pool: rayon::ThreadPool,
    /// One permit per pool thread, so that a job is handed to the pool only when a thread is free.
    places: Arc<Semaphore>,
    queue: Mutex<Queue>,
    rates: Mutex<Rates>,
    /// Longest estimated wait with which work is still admitted.
    limit: Duration,
    begun: Instant,
}

/// Shows a job whether its client still waits for the response. Long jobs check it from time to time.
#[derive(Clone, Debug, Default)]
pub struct Client(Arc<AtomicBool>);

impl Client {
    /// Whether the client has left or its request has ended.
    pub fn has_left(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Marks the client as gone when it is dropped. The request future holds it, so it is dropped when the request has its
/// response or its connection ends.
struct Waits(Client);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// A job's place in the queue, released on drop.
struct Place {
    shared: Arc<Shared>,
    ticket: Ticket,
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.shared.queue).leave(self.ticket);
    }
}

impl Admission {
    /// Creates a pool of `workers` threads and rejects work whose estimated wait exceeds `limit`.
    ///
    /// # Errors
    /// When the threads cannot be started.
    pub fn new(workers: usize, limit: Duration) -> std::io::Result<Admission> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(workers)
            .thread_name(|n| format!("apart-{n}"))
            .start_handler(|_| priority::lower(priority::APART))
            // The panic hook has logged the panic, and the request gets a 500 response.
            .panic_handler(|_| ())
            .build()
            .map_err(std::io::Error::other)?;
        Ok(Admission(Arc::new(Shared {
            pool,
            places: Arc::new(Semaphore::new(workers)),
            queue: Mutex::new(Queue::new(workers)),
            rates: Mutex::new(Rates::new()),
            limit,
            begun: Instant::now(),
        })))
    }

    /// Runs `job` on the pool, for the request that came over `connection`. Its cost is estimated for `model`.
    ///
    /// # Errors
    /// 503 with `Retry-After` when the estimated wait exceeds `server.limits.wait`; and any error of the job.
    pub async fn run<T: Send + 'static>(
        &self,
        connection: Option<&Rc<Connection>>,
        model: &Priced,
        work: Work,
        job: impl FnOnce(&Client) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let shared = &self.0;
        let cost = lock(&shared.rates).estimate(model, work);
        let place = self.enter(cost)?;
        if connection.is_some_and(|connection| connection.has_ended()) {
            return Err(left());
        }
        // When the connection ends, this future is dropped and its place in the queue with it. The timeout bounds the wait
        // when the estimates were too low.
        let worker = shared.places.clone().acquire_owned();
        let longest = shared.limit.saturating_mul(LONGER);
        let Ok(worker) = timeout(longest, worker).await else {
            return Err(overloaded(longest.as_secs_f64(), 1.0));
        };
        let worker = worker.map_err(Problem::internal)?;
        if connection.is_some_and(|connection| connection.has_ended()) {
            return Err(left());
        }
        lock(&shared.queue).begin(place.ticket, shared.now());
        let (send, done) = oneshot::channel();
        let (model, runtime) = (model.name.clone(), Handle::current());
        let client = Client::default();
        let waits = Waits(client.clone());
        shared.pool.spawn(move || {
            let _inside = runtime.enter(); // as on a blocking thread: the job may wait for the store
            let begun = Instant::now();
            let result = job(&client);
            let seconds = begun.elapsed().as_secs_f64();
            // The duration of a cancelled job is a lower bound of its cost, so it counts only where it exceeds the estimate.
            if result.is_ok() || (client.has_left() && seconds > cost) {
                lock(&place.shared.rates).learn(&model, work, seconds);
            }
            drop((place, worker));
            let _ = send.send(result); // whoever has left reads no answer
        });
        let result = done.await;
        drop(waits);
        result.map_err(Problem::internal)?
    }

    fn enter(&self, cost: f64) -> Result<Place, Problem> {
        let shared = &self.0;
        let mut queue = lock(&shared.queue);
        let wait = queue.wait(shared.now());
        let beyond = wait - shared.limit.as_secs_f64();
        if beyond > 0.0 {
            return Err(overloaded(wait, beyond));
        }
        Ok(Place {
            shared: shared.clone(),
            ticket: queue.enter(cost),
        })
    }
}

impl Shared {
    /// Seconds since start, the time base of the queue.
    fn now(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The 503 response to work that would wait `wait` seconds, which is `beyond` seconds above the limit.
fn overloaded(wait: f64, beyond: f64) -> Problem {
    let again = beyond.ceil().max(1.0);
    let detail = format!(
        "the work before it takes {wait:.1} s, more than server.limits.wait; send it again in {again} s"
    );
    Problem::new(&kind::OVERLOADED, detail).header(header::RETRY_AFTER, again.to_string())
}

/// The error of a request whose client has left. It is never sent.
pub fn left() -> Problem {
    Problem::new(
        &kind::TIMEOUT,
        "the client has closed its side of the connection",
    )
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use actix_web::ResponseError;
    use actix_web::http::StatusCode;

    use super::*;
    use crate::live::cost::Cost;

    fn model() -> Priced {
        Priced {
            name: "wine@1".into(),
            cost: Cost {
                probability: 0.0,
                explanation: 1.0,
            },
        }
    }

    fn rows(rows: usize) -> Work {
        Work {
            rows,
            kind: Kind::Explain,
        }
    }

    fn retry_after(problem: &Problem) -> f64 {
        let response = problem.error_response();
        let header = response.headers().get(header::RETRY_AFTER);
        header.unwrap().to_str().unwrap().parse().unwrap()
    }

    /// Starts a job with the estimated cost of `seconds` seconds, which runs until the returned sender is used or dropped.
    /// Returns once the job runs.
    async fn busy(admission: &Admission, seconds: usize) -> mpsc::Sender<()> {
        let (end, ended) = mpsc::channel::<()>();
        let (begin, begun) = oneshot::channel();
        let admission = admission.clone();
        actix_web::rt::spawn(async move {
            let job = move |_: &Client| {
                let _ = begin.send(());
                let _ = ended.recv();
                Err::<(), _>(left())
            };
            admission.run(None, &model(), rows(seconds), job).await
        });
        begun.await.unwrap();
        end
    }

    #[actix_web::test]
    async fn b2_work_that_would_wait_too_long_is_refused_at_once_and_told_when_to_come() {
        let admission = Admission::new(1, Duration::from_secs(10)).unwrap();
        let end = busy(&admission, 30).await;
        let refused = admission.run(None, &model(), rows(1), |_| Ok(())).await;
        let problem = refused.unwrap_err();
        assert_eq!(problem.status_code(), StatusCode::SERVICE_UNAVAILABLE);
        let again = retry_after(&problem); // 30 s of work, 10 of which it may wait
        assert!((15.0..=21.0).contains(&again), "{again}");
        end.send(()).unwrap();
        while admission
            .run(None, &model(), rows(1), |_| Ok(()))
            .await
            .is_err()
        {
            tokio::task::yield_now().await;
        }
    }

    #[actix_web::test]
    async fn a_panic_is_an_error_of_its_request_alone() {
        let admission = Admission::new(1, Duration::from_secs(10)).unwrap();
        let job = |_: &Client| -> Result<(), Problem> { panic!("a defect") };
        let failed = admission
            .run(None, &model(), rows(100), job)
            .await
            .unwrap_err();
        assert_eq!(failed.status_code(), StatusCode::INTERNAL_SERVER_ERROR);
        admission
            .run(None, &model(), rows(1), |_| Ok(()))
            .await
            .unwrap();
    }

    #[actix_web::test]
    async fn b2_work_that_waits_is_not_begun_once_its_client_has_left() {
        let admission = Admission::new(1, Duration::from_secs(100)).unwrap();
        let end = busy(&admission, 1).await;
        let (told, begun) = mpsc::channel();
        let mut requests: Vec<_> = (0..30)
            .map(|n| {
                let (admission, told) = (admission.clone(), told.clone());
                actix_web::rt::spawn(async move {
                    let job = move |_: &Client| {
                        told.send(n).unwrap();
                        Ok(())
                    };
                    admission.run(None, &model(), rows(1), job).await
                })
            })
            .collect();
        drop(told);
        while lock(&admission.0.queue).wait(admission.0.now()) < 29.0 {
            tokio::task::yield_now().await;
        }
        for left in requests.drain(..29) {
            left.abort();
            assert!(left.await.unwrap_err().is_cancelled());
        }
        end.send(()).unwrap();
        requests.pop().unwrap().await.unwrap().unwrap();
        assert_eq!(begun.iter().collect::<Vec<_>>(), [29]);
    }

    #[actix_web::test]
    async fn b2_nothing_is_begun_for_a_closed_side_and_long_work_ends_with_its_client() {
        let admission = Admission::new(1, Duration::from_secs(100)).unwrap();
        let connection = Rc::<Connection>::default();
        connection.read(&[]);
        let ran = admission
            .run(Some(&connection), &model(), rows(1), |_| Ok(()))
            .await;
        assert_eq!(ran.unwrap_err().status_code(), StatusCode::REQUEST_TIMEOUT);

        let (begin, begun) = oneshot::channel();
        let (told, ended) = oneshot::channel();
        let worker = admission.clone();
        let request = actix_web::rt::spawn(async move {
            let job = move |client: &Client| {
                let _ = begin.send(());
                while !client.has_left() {
                    std::thread::yield_now();
                }
                told.send(()).unwrap();
                Ok(())
            };
            worker.run(None, &model(), rows(1), job).await
        });
        begun.await.unwrap();
        request.abort();
        ended.await.unwrap();
    }
}
