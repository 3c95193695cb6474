//! Time limits for the phases of a connection that the HTTP service above this stream does not limit.
//!
//! actix limits the first head of a connection and the idle time between two requests. Once one byte of a second head has
//! arrived, it waits for the rest without limit, and it waits without limit for a client that does not read its response.
//! This stream enforces both limits where the bytes are read and written. [`super::body`] limits the time of bodies.

mod connection;

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

pub use connection::Connection;

/// Longest time for the head of a request, from its first byte.
pub const HEAD: Duration = Duration::from_secs(5);

/// Longest time in which a client may read nothing of a pending response.
pub const UNREAD: Duration = Duration::from_secs(30);

/// The connection of a request. None in tests that have no connection.
pub fn of(request: &HttpRequest) -> Option<&Rc<Connection>> {
    request.conn_data::<Rc<Connection>>()
}

/// A stream with time limits on request heads and on unread responses.
pub struct Timed<T = TcpStream> {
    inner: T,
    connection: Rc<Connection>,
    head: Timer,
    unread: Timer,
}

impl<T> Timed<T> {
    pub fn new(inner: T) -> Timed<T> {
        Timed {
            inner,
            connection: Rc::default(),
            head: Timer::default(),
            unread: Timer::default(),
        }
    }

    /// The shared state of the connection.
    pub fn connection(&self) -> &Rc<Connection> {
        &self.connection
    }
}

/// A timer for one deadline.
#[derive(Default)]
struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Ready once `deadline` has passed. The running sleep is reset only when it ends before the deadline, so that a busy
    /// connection resets it once per time limit, not once per request.
    fn poll(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        let sleep = self
            .0
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        while sleep.as_mut().poll(context).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
        Poll::Pending
    }

    fn clear(&mut self) {
        self.0 = None;
    }
}

fn timed_out(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl<T: AsyncRead + Unpin> AsyncRead for Timed<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = into.filled().len();
        if let Poll::Ready(done) = Pin::new(&mut this.inner).poll_read(context, into) {
            done?;
            this.connection.read(&into.filled()[before..]);
            return Poll::Ready(Ok(()));
        }
        let Some(since) = this.connection.head_since() else {
            return Poll::Pending;
        };
        match this.head.poll(since + HEAD, context) {
            Poll::Ready(()) => Poll::Ready(Err(timed_out(
                "the head of a request did not arrive in time",
            ))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: AsyncWrite + Unpin> Timed<T> {
    /// Passes on the outcome of a write, or fails with a timeout when the client has read nothing for [`UNREAD`].
    fn written<O>(
        &mut self,
        done: Poll<io::Result<O>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<O>> {
        if done.is_ready() {
            self.unread.clear();
            self.connection.written();
            return done;
        }
        let deadline = match &self.unread.0 {
            Some(running) => running.deadline(),
            None => Instant::now() + UNREAD,
        };
        match self.unread.poll(deadline, context) {
            Poll::Ready(()) => Poll::Ready(Err(timed_out("the client reads nothing"))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Timed<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.written(done, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests;
