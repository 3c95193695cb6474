//! Rows of a source to a server that holds the store: read and checked here, batch by batch, with their source and lines.

use crate::cli::remote::Remote;
use crate::clock::{Clock, System};
use crate::ingest::{Batch, ReadFault, Sink, SinkFault, Taken, Tally};
use crate::pulls::intake;
use crate::store::rows;

/// Bytes of one request: a quarter of the smallest usual limit.
const MOST_BYTES: usize = 4 << 20;

/// Bytes of one request of a strict load, which is to be stored as a whole: the usual limit.
const MOST_STRICT_BYTES: usize = 16 << 20;

/// A sink that sends.
pub(super) struct Sender<'r> {
    remote: &'r Remote,
    /// Batches that are sent once the source has shown no fault; none where each is sent at once.
    held: Option<Vec<Outgoing>>,
    fault: Option<anyhow::Error>,
}

/// A source: as it is called, and what its rows are known by.
#[derive(PartialEq)]
struct Named {
    name: String,
    identity: String,
}

/// Lines of one source.
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

    /// Sends what a strict load has held back, and gives what the load came to. By then the whole source was checked; what
    /// fits into one request is stored as a whole or not at all.
    pub(super) fn finish(mut self, tally: Result<Tally, ReadFault>) -> anyhow::Result<Tally> {
        let mut tally = match (self.fault.take(), tally) {
            (Some(fault), _) => return Err(fault),
            (None, tally) => tally?,
        };
        for outgoing in merged(self.held.take().unwrap_or_default()) {
            let mut taken = Taken::default();
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

    /// Sends lines in requests of so many bytes; `sum` holds what became of those that arrived.
    fn send(
        &self,
        source: &Named,
        lines: &[Vec<u8>],
        most: usize,
        sum: &mut Taken,
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

    /// One request; in halves where the server takes less at once.
    fn request(&self, source: &Named, lines: &[Vec<u8>], sum: &mut Taken) -> anyhow::Result<()> {
        let encoded = |text: &str| -> String {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
        };
        let (name, identity) = (encoded(&source.name), encoded(&source.identity));
        // The same request again, after an answer that was lost, is answered as before.
        let key = System.id().to_string();
        let headers = [
            ("content-type", intake::MEDIA_TYPE),
            ("x-source", &*name),
            ("x-source-identity", &*identity),
            ("idempotency-key", &*key),
        ];
        let answer: Option<rows::Taken> = self.remote.rows(&headers, &lines.concat())?;
        match answer {
            Some(taken) => {
                *sum += Taken {
                    stored: taken.stored as u64,
                    repeated: taken.repeated as u64,
                    quarantined: taken.quarantined as u64,
                };
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

/// Batches of one source behind each other as one: a request names one source.
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

/// The error of a strict load that broke off between two requests.
fn partly(fault: anyhow::Error, before: &Tally, taken: Taken) -> anyhow::Error {
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
    fn take(&mut self, batch: Batch) -> Result<Taken, SinkFault> {
        let source = Named {
            name: batch.source.to_string(),
            identity: batch.origin.to_string(),
        };
        let lines = intake::lines(&batch, &System);
        if let Some(held) = &mut self.held {
            held.push(Outgoing { source, lines });
            return Ok(Taken::default());
        }
        // Its exit code would be lost on the way through the source.
        let mut taken = Taken::default();
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
