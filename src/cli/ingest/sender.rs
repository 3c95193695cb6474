//! Sends rows to a server that holds the store. Rows are read and checked here and sent batch by batch with
//! their source and line numbers.

use crate::cli::remote::Remote;
use crate::clock::{Clock, System};
use crate::ingest::{Batch, BatchCounts, ReadError, Sink, SinkError, Tally};
use crate::pulls::intake;
use crate::store::rows;

/// Maximum bytes of one request: a quarter of the smallest common body limit.
const MOST_BYTES: usize = 4 << 20;

/// Maximum bytes of one request of a strict load, which should be stored as a whole: the common body limit.
const MOST_STRICT_BYTES: usize = 16 << 20;

/// A sink that sends batches to the server.
pub(super) struct Sender<'r> {
    remote: &'r Remote,
    /// Batches of a strict load, held back until the whole source has been checked; `None` if each batch is sent at once.
    held: Option<Vec<Outgoing>>,
    fault: Option<anyhow::Error>,
}

/// A source: its display name and the identity by which its rows are recognized.
#[derive(PartialEq)]
struct Named {
    name: String,
    identity: String,
}

/// Encoded lines of one source.
struct Outgoing {
    source: Named,
    lines: Vec<Vec<u8>>,
}

impl<'r> Sender<'r> {
    pub(super) fn new(remote: &'r Remote, strict: bool) -> Sender<'r> {
        Sender {
            remote,
            held: strict.then(Vec::new),
            fault: None,
        }
    }

    /// Sends the batches that a strict load held back, and returns the totals. By then the whole source was checked; a load
    /// that fits into one request is stored as a whole or not at all.
    pub(super) fn finish(mut self, tally: Result<Tally, ReadError>) -> anyhow::Result<Tally> {
        let mut tally = match (self.fault.take(), tally) {
            (Some(fault), _) => return Err(fault),
            (None, tally) => tally?,
        };
        for outgoing in merged(self.held.take().unwrap_or_default()) {
            let mut taken = BatchCounts::default();
            self.send(
                &outgoing.source,
                &outgoing.lines,
                MOST_STRICT_BYTES,
                &mut taken,
            )
            .map_err(|fault| partly(fault, &tally, taken))?;
            tally.count(taken);
        }
        Ok(tally)
    }

    /// Sends lines in requests of at most `most` bytes; `sum` accumulates the server's results.
    fn send(
        &self,
        source: &Named,
        lines: &[Vec<u8>],
        most: usize,
        sum: &mut BatchCounts,
    ) -> anyhow::Result<()> {
        let mut begin = 0;
        while begin < lines.len() {
            let mut bytes = 0;
            let fits = |line: &&Vec<u8>| {
                bytes += line.len();
                bytes <= most
            };
            let fitting = lines[begin..].iter().take_while(fits).count().max(1);
            let end = begin + fitting;
            self.request(source, &lines[begin..end], sum)?;
            begin = end;
        }
        Ok(())
    }

    /// Sends one request, or two halves if the server rejects it as too large.
    fn request(
        &self,
        source: &Named,
        lines: &[Vec<u8>],
        sum: &mut BatchCounts,
    ) -> anyhow::Result<()> {
        let encoded = |text: &str| -> String {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
        };
        let (name, identity) = (encoded(&source.name), encoded(&source.identity));
        // With the same key, a retry after a lost response gets the same response.
        let key = System.id().to_string();
        let headers = [
            ("content-type", intake::MEDIA_TYPE),
            ("x-source", &*name),
            ("x-source-identity", &*identity),
            ("idempotency-key", &*key),
        ];
        let answer: Option<rows::StoredRows> = self.remote.rows(&headers, &lines.concat())?;
        match answer {
            Some(taken) => {
                *sum += intake::counts(&taken);
                Ok(())
            }
            None if lines.len() > 1 => {
                let (one, other) = lines.split_at(lines.len() / 2);
                self.request(source, one, sum)?;
                self.request(source, other, sum)
            }
            None => anyhow::bail!(
                "{}: a row is larger than the server's server.limits.body",
                source.name
            ),
        }
    }
}

/// Merges consecutive batches of the same source, because a request names one source.
fn merged(held: Vec<Outgoing>) -> Vec<Outgoing> {
    let mut all: Vec<Outgoing> = Vec::new();
    for next in held {
        match all.last_mut() {
            Some(last) if last.source == next.source => last.lines.extend(next.lines),
            _ => all.push(next),
        }
    }
    all
}

/// Adds to the error of a strict load that failed between two requests how many rows were stored before.
fn partly(fault: anyhow::Error, before: &Tally, taken: BatchCounts) -> anyhow::Error {
    let stored = before.stored + taken.stored;
    if stored == 0 {
        return fault;
    }
    fault.context(format!(
        "{stored} rows of this load were stored in earlier requests: it is larger than one request to the server \
         (server.limits.body, server.limits.rows); run the command again, which stores only those that are not there yet"
    ))
}

impl Sink for Sender<'_> {
    fn take(&mut self, batch: Batch) -> Result<BatchCounts, SinkError> {
        let source = Named {
            name: batch.source.to_string(),
            identity: batch.origin.to_string(),
        };
        let lines = intake::lines(&batch, &System);
        if let Some(held) = &mut self.held {
            held.push(Outgoing { source, lines });
            return Ok(BatchCounts::default());
        }
        // The error is stored in `self.fault`, because the conversion to a source error would lose its exit code.
        let mut taken = BatchCounts::default();
        match self.send(&source, &lines, MOST_BYTES, &mut taken) {
            Ok(()) => Ok(taken),
            Err(fault) => {
                let text = format!("{fault:#}");
                self.fault = Some(fault);
                Err(text.into())
            }
        }
    }
}
