//! What the writer is asked to do: work inside its next commit, and an answer once that is on the disk.

use tokio::sync::oneshot;

use super::commit::Commit;
use super::error::StoreError;

/// Work for the writer.
pub(super) trait Ask: Send {
    /// Does it, inside a transaction.
    fn apply(&mut self, commit: &mut Commit<'_>) -> Result<(), StoreError>;

    /// Answers, once the transaction is on the disk or has failed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// Work with someone who waits for it.
struct Waiting<T, F> {
    work: Option<F>,
    done: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

/// Makes work of a function, and the place where its answer comes.
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
        // Who asked may have gone away; what was committed stays.
        let _ = reply.send(answer);
    }
}
