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

/// A source: as it is called, and what its rows are known by.
struct Named {
    name: String,
    identity: String,
}

/// Lines of one source.
struct Outgoing {
    source: Named,
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

    fn send(&self, source: &Named, lines: &[Vec<u8>]) -> anyhow::Result<Taken> {
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
    fn request(&self, source: &Named, lines: &[Vec<u8>]) -> anyhow::Result<Taken> {
        let encoded = |text: &str| -> String {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
        };
        let (name, identity) = (encoded(&source.name), encoded(&source.identity));
        // The same request again, after an answer that was lost, is answered as before.
        let key = Uuid::now_v7().to_string();
        let headers = [
            ("content-type", intake::MEDIA_TYPE),
            ("x-source", &*name),
            ("x-source-identity", &*identity),
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
            None => anyhow::bail!(
                "{}: a row is larger than the server's server.limits.body",
                source.name
            ),
        }
    }
}

impl Sink for Sender<'_> {
    fn take(&mut self, batch: Batch) -> Result<Taken, SinkFault> {
        let source = Named {
            name: batch.source.to_string(),
            identity: batch.origin.to_string(),
        };
        let lines = intake::lines(&batch);
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
