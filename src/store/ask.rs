//! Requests to the writer: work to do inside its next commit, and a reply once the commit is on disk.

use tokio::sync::oneshot;

use super::commit::Commit;
use super::error::StoreError;

/// A request to the writer.
pub(super) trait Ask: Send {
    /// Does the work inside a transaction.
    fn apply(&mut self, commit: &mut Commit<'_>) -> Result<(), StoreError>;

    /// Sends the reply, once the transaction is on disk or has failed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// A request whose caller waits for the result.
struct Waiting<T, F> {
    work: Option<F>,
    done: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

/// Makes a request from a closure, and the channel on which its result arrives.
pub(super) fn ask<T, F>(work: F) -> (Box<dyn Ask>, oneshot::Receiver<Result<T, StoreError>>)
where
    T: Send + 'static,
    F: FnOnce(&mut Commit<'_>) -> Result<T, StoreError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    let waiting = Waiting {
        work: Some(work),
        done: None,
        reply,
    };
    (Box::new(waiting), answer)
}

impl<T, F> Ask for Waiting<T, F>
where
    T: Send,
    F: FnOnce(&mut Commit<'_>) -> Result<T, StoreError> + Send,
{
    fn apply(&mut self, commit: &mut Commit<'_>) -> Result<(), StoreError> {
        if let Some(work) = self.work.take() {
            self.done = Some(work(commit)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let Waiting { done, reply, .. } = *self;
        let answer = committed.and_then(|()| done.ok_or(StoreError::Closed));
        // The caller may be gone; the work is committed all the same.
        let _ = reply.send(answer);
    }
}
