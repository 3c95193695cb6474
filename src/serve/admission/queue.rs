//! Estimates how long work would wait: jobs are served in order by a fixed number of workers. The queue reads no clock; all
//! times are seconds of any one clock.

use std::collections::VecDeque;

/// Identifies a job in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u64);

/// Jobs that run or wait, in order of arrival.
#[derive(Debug)]
pub struct Queue {
    workers: usize,
    next: u64,
    /// Running jobs with the times at which they are expected to end.
    running: Vec<(Ticket, f64)>,
    /// Waiting jobs with their estimated costs in seconds.
    waiting: VecDeque<(Ticket, f64)>,
}

impl Queue {
    /// An empty queue that is served by `workers` workers, at least one.
    pub fn new(workers: usize) -> Queue {
        Queue {
            workers: workers.max(1),
            next: 0,
            running: Vec::new(),
            waiting: VecDeque::new(),
        }
    }

    /// Estimated wait, in seconds, of a job that enters now. A running job that is overdue is assumed to end now.
    pub fn wait(&self, now: f64) -> f64 {
        let mut free: Vec<f64> = self.running.iter().map(|(_, end)| end.max(now)).collect();
        free.resize(self.workers.max(free.len()), now);
        for (_, cost) in &self.waiting {
            *earliest(&mut free) += cost;
        }
        *earliest(&mut free) - now
    }

    /// Appends a job with an estimated cost in seconds.
    pub fn enter(&mut self, cost: f64) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        self.waiting.push_back((ticket, cost));
        ticket
    }

    /// Moves a job from waiting to running.
    pub fn begin(&mut self, ticket: Ticket, now: f64) {
        let at = self.waiting.iter().position(|(waits, _)| *waits == ticket);
        if let Some((ticket, cost)) = at.and_then(|at| self.waiting.remove(at)) {
            self.running.push((ticket, now + cost));
        }
    }

    /// Removes a job that is done or was cancelled.
    pub fn leave(&mut self, ticket: Ticket) {
        self.waiting.retain(|(waits, _)| *waits != ticket);
        self.running.retain(|(runs, _)| *runs != ticket);
    }
}

fn earliest(free: &mut [f64]) -> &mut f64 {
    let earliest = free.iter_mut().min_by(|a, b| a.total_cmp(b));
    earliest.expect("there is a worker")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_wait_for_those_before_them() {
        let mut queue = Queue::new(2);
        assert_eq!(queue.wait(10.0), 0.0);
        let first = queue.enter(3.0);
        assert_eq!(queue.wait(10.0), 0.0); // the other worker is free
        queue.begin(first, 10.0);
        let second = queue.enter(1.0);
        queue.begin(second, 10.0);
        assert_eq!(queue.wait(10.0), 1.0);
        queue.enter(0.5); // on the worker of the second: until 11.5
        queue.enter(4.0); // there too: until 15.5
        assert_eq!(queue.wait(10.0), 3.0); // on the worker of the first
        assert_eq!(queue.wait(10.25), 2.75);
        queue.leave(first);
        assert_eq!(queue.wait(10.25), 0.75); // by hand: 0.5 at once, 4.0 from 10.75, the next where the second ends, at 11
    }

    #[test]
    fn who_leaves_makes_room() {
        let mut queue = Queue::new(1);
        let jobs: Vec<Ticket> = (0..30).map(|_| queue.enter(0.5)).collect();
        assert_eq!(queue.wait(0.0), 15.0);
        jobs[..20].iter().for_each(|job| queue.leave(*job));
        assert_eq!(queue.wait(0.0), 5.0);
        queue.begin(jobs[25], 0.0); // whichever it is
        assert_eq!(queue.wait(0.0), 5.0);
        assert_eq!(queue.wait(0.25), 4.75);
        assert_eq!(queue.wait(2.0), 4.5); // it should be done: nothing is added for it
    }
}
