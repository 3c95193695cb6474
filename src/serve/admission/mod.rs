//! Work that is done apart from the threads that serve: explanations and large bodies. It is admitted by what it costs, not
//! by how many requests there are; who would wait too long is refused at once, and what nobody waits for is not begun.

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

/// How many times longer than estimated work may wait after all.
const LONGER: u32 = 3;

/// Admits work and has it done. Clones share everything.
#[derive(Clone)]
pub struct Admission(Arc<Shared>);

struct Shared {
    pool: rayon::ThreadPool,
    /// One a thread of the pool: what is begun is not queued once more.
    places: Arc<Semaphore>,
    queue: Mutex<Queue>,
    rates: Mutex<Rates>,
    /// How long work may wait.
    limit: Duration,
    begun: Instant,
}

/// Whether somebody still waits for the work. Long work looks at it now and then.
#[derive(Clone, Debug, Default)]
pub struct Client(Arc<AtomicBool>);

impl Client {
    /// Whether nobody waits any more.
    pub fn has_left(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Held by the request; dropped with it, because it is answered or its client has left.
struct Waits(Client);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// A job's place in the queue, given up when it is dropped.
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
    /// Work on so many threads, none of which waits longer than `limit`.
    ///
    /// # Errors
    /// When the threads cannot be started.
    pub fn new(workers: usize, limit: Duration) -> std::io::Result<Admission> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(workers)
            .thread_name(|n| format!("apart-{n}"))
            .start_handler(|_| priority::lower(priority::APART))
            // It is in the log already, and its request is answered 500.
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

    /// Has work done apart with the live model, for the request that came over `connection`.
    ///
    /// # Errors
    /// 503 when it would wait longer than `server.limits.wait`, with the time to retry after; and any error of the work.
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
        // A connection that ends drops this future, and with it the place. Where estimates were too low, the wait ends.
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
            // Work that was given up shows what it takes at least.
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
    /// The queue's clock.
    fn now(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Refuses work that would wait, with the time after which it would not wait too long.
fn overloaded(wait: f64, beyond: f64) -> Problem {
    let again = beyond.ceil().max(1.0);
    let detail = format!(
        "the work before it takes {wait:.1} s, more than server.limits.wait; send it again in {again} s"
    );
    Problem::new(&kind::OVERLOADED, detail).header(header::RETRY_AFTER, again.to_string())
}

/// The error of a request whose client has left: no client reads it.
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

    /// Work of so many rows that goes on until the sender is used or dropped, begun.
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
