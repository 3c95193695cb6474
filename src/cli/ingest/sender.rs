//! Rows of a source to a server that holds the store: read and checked here, batch by batch, with their source and lines.

use serde::Deserialize;
use uuid::Uuid;

use crate::cli::remote::Remote;
use crate::control::intake;
use crate::ingest::{Batch, ReadFault, Sink, SinkFault, Taken, Tally};

/// Bytes of one request: a quarter of the smallest usual limit.
const MOST_BYTES: usize = 4 << 20;

/// A sink that sends.
pub(super) struct Sender<'r> {
    remote: &'r Remote,
    /// Batches that are sent once the source has shown no fault; none where each is sent at once.
    held: Option<Vec<Outgoing>>,
    fault: Option<anyhow::Error>,
}

/// Lines of one source.
struct Outgoing {
    source: String,
    lines: Vec<Vec<u8>>,
}

/// What the server says of a request.
#[derive(Deserialize)]
struct Answer {
    stored: u64,
    repeated: u64,
}

impl<'r> Sender<'r> {
    pub(super) fn new(remote: &'r Remote, strict: bool) -> Sender<'r> {
        Sender {
            remote,
            held: strict.then(Vec::new),
            fault: None,
        }
    }

    /// Sends what a strict load has held back, and gives what the load came to.
    pub(super) fn finish(mut self, tally: Result<Tally, ReadFault>) -> anyhow::Result<Tally> {
        let mut tally = match (self.fault.take(), tally) {
            (Some(fault), _) => return Err(fault),
            (None, tally) => tally?,
        };
        for outgoing in self.held.take().unwrap_or_default() {
            let taken = self.send(&outgoing.source, &outgoing.lines)?;
            tally.stored += taken.stored;
            tally.repeated += taken.repeated;
        }
        Ok(tally)
    }

    fn send(&self, source: &str, lines: &[Vec<u8>]) -> anyhow::Result<Taken> {
        let mut sum = Taken::default();
        let mut begin = 0;
        while begin < lines.len() {
            let mut bytes = 0;
            let fits = |line: &&Vec<u8>| {
                bytes += line.len();
                bytes <= MOST_BYTES
            };
            let fitting = lines[begin..].iter().take_while(fits).count().max(1);
            let end = begin + fitting;
            let taken = self.request(source, &lines[begin..end])?;
            sum.stored += taken.stored;
            sum.repeated += taken.repeated;
            begin = end;
        }
        Ok(sum)
    }

    /// One request; in halves where the server takes less at once.
    fn request(&self, source: &str, lines: &[Vec<u8>]) -> anyhow::Result<Taken> {
        let source_name: String = url::form_urlencoded::byte_serialize(source.as_bytes()).collect();
        // The same request again, after an answer that was lost, is answered as before.
        let key = Uuid::now_v7().to_string();
        let headers = [
            ("content-type", intake::MEDIA_TYPE),
            ("x-source", &*source_name),
            ("idempotency-key", &*key),
        ];
        let answer: Option<Answer> = self.remote.rows(&headers, &lines.concat())?;
        match answer {
            Some(Answer { stored, repeated }) => Ok(Taken { stored, repeated }),
            None if lines.len() > 1 => {
                let (one, other) = lines.split_at(lines.len() / 2);
                let (one, other) = (self.request(source, one)?, self.request(source, other)?);
                Ok(Taken {
                    stored: one.stored + other.stored,
                    repeated: one.repeated + other.repeated,
                })
            }
            None => anyhow::bail!("{source}: a row is larger than the server's server.limits.body"),
        }
    }
}

impl Sink for Sender<'_> {
    fn take(&mut self, batch: Batch) -> Result<Taken, SinkFault> {
        let (source, lines) = (batch.source.to_string(), intake::lines(&batch));
        if let Some(held) = &mut self.held {
            held.push(Outgoing { source, lines });
            return Ok(Taken::default());
        }
        // Its exit code would be lost on the way through the source.
        self.send(&source, &lines).map_err(|fault| {
            let text = format!("{fault:#}");
            self.fault = Some(fault);
            text.into()
        })
    }
}
