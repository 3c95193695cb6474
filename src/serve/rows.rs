//! `POST /v1/rows`: rows handed in to be kept, labelled or not, each counted once.

use std::collections::HashMap;
use std::ops::ControlFlow;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::admission::{Admission, Kind, Priced, Work};
use super::body::{self, Format, Intake, KEPT_ROWS};
use super::predict::Desk;
use super::predictor::Predictor;
use super::problem::{Problem, kind};
use super::{query, reply, shape, stream};
use crate::pulls::intake;
use crate::schema::csv::{self, Broken};
use crate::schema::json::{self, JsonFault};
use crate::schema::row::Purpose;
use crate::schema::{Dialect, Row, Schema};
use crate::store::Store;
use crate::store::rows::{Batch, NewRow, Origin, Outcome, Quarantined};

/// The header that names a request.
pub const KEY: &str = "idempotency-key";

/// The header of a client that sends a load in several requests: how many equal rows came before each row of this one.
const OCCURRENCES: &str = "x-occurrences";

/// Longest name of a request.
pub const LONGEST_KEY: usize = 255;

/// Where these rows come from, as the quarantine names it.
const SOURCE: &str = "rest";

/// The header that says otherwise.
const ORIGIN: &str = "x-source";

/// The header with the line of that source at which the body begins.
const FIRST_LINE: &str = "x-first-line";

/// Longest name of a source.
pub const LONGEST_SOURCE: usize = 4096;

/// The header with what rows of that source are known by, where it is not its name.
const IDENTITY: &str = "x-source-identity";

/// The last line at which a body may begin.
pub const LAST_LINE: u64 = u32::MAX as u64 - 1;

/// Who sends a request: where its rows come from.
struct Sender {
    /// As the quarantine names it.
    source: String,
    /// What rows without an id are known by; none where no source is named.
    identity: Option<String>,
    /// Added to the lines of the body.
    before: u64,
}

impl Sender {
    fn read(headers: &HeaderMap) -> Result<Sender, Problem> {
        let source = name(headers, ORIGIN)?;
        let before = match headers.get(FIRST_LINE) {
            None => 0,
            Some(value) => {
                let line = value.to_str().ok().and_then(|text| text.parse().ok());
                let line = line.filter(|line| (1..=LAST_LINE).contains(line));
                line.ok_or_else(|| bad_header("X-First-Line", "a whole number from 1"))? - 1
            }
        };
        Ok(Sender {
            identity: name(headers, IDENTITY)?.or_else(|| source.clone()),
            source: source.unwrap_or_else(|| SOURCE.to_owned()),
            before,
        })
    }
}

/// A header that names a source.
fn name(headers: &HeaderMap, header: &str) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(header) else {
        return Ok(None);
    };
    let text = query::decode(value.to_str().unwrap_or_default())?;
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST_SOURCE {
        let allowed = "the percent-encoded name of a file, address or database";
        return Err(bad_header(header, allowed));
    }
    Ok(Some(text.to_owned()))
}

fn bad_header(header: &str, allowed: &str) -> Problem {
    Problem::new(&kind::BAD_REQUEST, format!("{header} is {allowed}"))
}

/// Takes rows in.
pub async fn take(
    request: HttpRequest,
    mut payload: web::Payload,
    intake: web::Data<Intake>,
    desk: web::Data<Desk>,
    predictor: web::Data<Predictor>,
    admission: web::Data<Admission>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    let format = body::format(request.headers(), KEPT_ROWS)?;
    query::pairs(request.query_string(), &[])?;
    let key = key(request.headers())?;
    let occurrences = occurrences(request.headers())?;
    let sender = Sender::read(request.headers())?;
    let body = intake.read(&request, &mut payload).await?;
    let predictor = predictor.into_inner();
    let most = desk.most_rows();
    let work = Work {
        rows: body::about_rows(format, &body.bytes).min(most),
        kind: Kind::Keep,
    };
    let model = Priced::from(&*predictor.champion()?);
    let is_large = body.bytes.len() > body::SMALL;
    let read = move || -> Result<Batch, Problem> {
        let champion = predictor.champion()?;
        let schema = champion.model.schema().clone();
        let mut reading = Reading::new(&schema, most, sender, key.as_deref());
        reading.given = occurrences;
        reading.read(format, &body.bytes)?;
        let digest = || format!("{:x?}", Sha256::digest(&body.bytes));
        reading.batch.request = key.map(|key| (key, digest()));
        Ok(reading.batch)
    };
    let batch = if is_large {
        let run = admission.run(stream::of(&request), &model, work, move |_| read());
        run.await?
    } else {
        web::block(read).await.map_err(Problem::internal)??
    };
    match store.take(batch).await? {
        Outcome::Taken(taken) => Ok(reply::json(StatusCode::OK, &taken)),
        Outcome::OtherBody => {
            let detail =
                "this Idempotency-Key came with another body before; give each request its own";
            Err(Problem::new(&kind::INVALID, detail))
        }
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(KEY) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    let is_visible = |byte: u8| byte.is_ascii_graphic();
    if text.is_empty() || text.len() > LONGEST_KEY || !text.bytes().all(is_visible) {
        let detail = format!("an Idempotency-Key has 1 to {LONGEST_KEY} visible characters");
        return Err(Problem::new(&kind::BAD_REQUEST, detail));
    }
    Ok(Some(text.to_owned()))
}

/// How many equal rows came before each row, in earlier requests of the same load, too; none where it is not said.
fn occurrences(headers: &HeaderMap) -> Result<Option<Vec<u32>>, Problem> {
    let Some(value) = headers.get(OCCURRENCES) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    let counts: Result<Vec<u32>, _> = text.split(',').map(|n| n.trim().parse()).collect();
    counts.map(Some).map_err(|_| {
        let detail = "X-Occurrences lists a whole number a row, such as 0,0,1";
        Problem::new(&kind::BAD_REQUEST, detail)
    })
}

/// Rows of a body on their way into a batch.
struct Reading<'s> {
    schema: &'s Schema,
    most: usize,
    sender: Sender,
    batch: Batch,
    read: usize,
    /// What rows without an id are known by beside their content.
    origin: Origin,
    /// Rows of each content so far.
    counts: HashMap<(Vec<u8>, Option<bool>), u32>,
    /// Occurrences as the caller counts them.
    given: Option<Vec<u32>>,
}

impl Reading<'_> {
    fn new<'s>(schema: &'s Schema, most: usize, sender: Sender, key: Option<&str>) -> Reading<'s> {
        let is_named = key.is_some() && sender.identity.is_none();
        let source = match (&sender.identity, key) {
            (Some(identity), _) => identity.clone(),
            (None, Some(key)) => format!("{SOURCE} {key}"),
            (None, None) => SOURCE.to_owned(),
        };
        Reading {
            schema,
            most,
            sender,
            batch: Batch::default(),
            read: 0,
            origin: Origin {
                is_named,
                ..Origin::of(source.into(), 0)
            },
            counts: HashMap::new(),
            given: None,
        }
    }

    fn read(&mut self, format: Format, body: &[u8]) -> Result<(), Problem> {
        let mut row = Row::new(self.schema, Purpose::Keep);
        match format {
            Format::Json => self.json(body, &mut row)?,
            Format::JsonLines => self.lines(body, &mut row)?,
            Format::Csv => self.csv(body, &mut row)?,
            Format::Batch => self.batch(body, &mut row)?,
        }
        if self.read == 0 {
            return Err(Problem::new(&kind::INVALID, "there is no row in it"));
        }
        match &self.given {
            Some(given) if given.len() != self.read => {
                let (counts, rows) = (given.len(), self.read);
                let detail = format!("X-Occurrences has {counts} numbers for {rows} rows");
                Err(Problem::new(&kind::BAD_REQUEST, detail))
            }
            _ => Ok(()),
        }
    }

    fn json(&mut self, body: &[u8], row: &mut Row) -> Result<(), Problem> {
        let mut other = None;
        let is_object = body.trim_ascii_start().first() == Some(&b'{');
        json::rows(self.schema, body, self.most, row, &mut |_, row| {
            other = is_object
                .then(|| shape::other_than_a_row(body, row, self.schema))
                .flatten();
            if other.is_none() {
                self.take(row, None, None);
            }
        })?;
        other.map_or(Ok(()), Err)
    }

    fn lines(&mut self, body: &[u8], row: &mut Row) -> Result<(), Problem> {
        for (number, line) in (1..).zip(body.split(|byte| *byte == b'\n')) {
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            if self.read == self.most {
                return Err(JsonFault::TooMany(self.most).into());
            }
            json::line(self.schema, line, row).map_err(|fault| {
                let detail = format!("line {number}: {fault}");
                Problem::new(&kind::UNREADABLE, detail)
            })?;
            self.take(row, Some(number), None);
        }
        Ok(())
    }

    /// A batch of a source that a command has read and checked: its good rows are checked again, its bad ones are kept with
    /// the faults that were found where they were read.
    fn batch(&mut self, body: &[u8], row: &mut Row) -> Result<(), Problem> {
        for (number, line) in (1..).zip(body.split(|byte| *byte == b'\n')) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            if self.read == self.most {
                return Err(JsonFault::TooMany(self.most).into());
            }
            let unreadable =
                |why: String| Problem::new(&kind::UNREADABLE, format!("line {number}: {why}"));
            let item = intake::Item::parse(line).map_err(unreadable)?;
            match item {
                intake::Item::Row(kept) => {
                    json::line(self.schema, kept.row.get().as_bytes(), row)
                        .map_err(|fault| unreadable(fault.to_string()))?;
                    self.take(row, Some(kept.line), kept.occurrence);
                }
                intake::Item::Bad(bad) => {
                    self.read += 1;
                    let id = Uuid::now_v7().to_string();
                    self.batch
                        .quarantined
                        .push(bad.with(id, &self.sender.source));
                }
            }
        }
        Ok(())
    }

    fn csv(&mut self, body: &[u8], row: &mut Row) -> Result<(), Problem> {
        let (schema, most) = (self.schema, self.most);
        let mut stopped: Option<Problem> = None;
        csv::rows(
            schema,
            body,
            &Dialect::default(),
            row,
            &mut |(line, row): (u64, Result<&mut Row, Broken>)| {
                match row {
                    _ if self.read == most => stopped = Some(JsonFault::TooMany(most).into()),
                    Ok(row) => {
                        self.take(row, Some(line), None);
                    }
                    Err(broken) => stopped = Some(Problem::broken_line(line, broken)),
                }
                if stopped.is_some() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
            &mut |_| (),
        )?;
        stopped.map_or(Ok(()), Err)
    }

    /// Takes a row, or puts it aside.
    fn take(&mut self, row: &mut Row, line: Option<u64>, occurrence: Option<u32>) {
        let id = Uuid::now_v7().to_string(); // in their order, also within a millisecond
        self.read += 1;
        row.set_apart(self.schema);
        let line = line.map(|line| line + self.sender.before);
        let source = &self.sender.source;
        if let Some(aside) = Quarantined::of(self.schema, row, id.clone(), source, line) {
            self.batch.quarantined.push(aside);
            return;
        }
        let (own_id, target) = (row.id_text(), row.target());
        let origin = self.origin.clone();
        let mut row = NewRow::of(self.schema, row.view(), own_id, target, id, origin);
        if row.own_id.is_none() {
            let counted = || self.occurrence(row.row.cells(), target);
            row.origin.occurrence = occurrence.unwrap_or_else(counted);
        }
        self.batch.rows.push(row);
    }

    fn occurrence(&mut self, row: &[u8], target: Option<bool>) -> u32 {
        if let Some(given) = &self.given {
            return given.get(self.read - 1).copied().unwrap_or(0);
        }
        let next = self.counts.entry((row.to_owned(), target)).or_default();
        *next += 1;
        *next - 1
    }
}

/// What the OpenAPI document says of the answer.
pub fn taken_schema() -> Value {
    let count = json!({"type": "integer", "minimum": 0});
    json!({"type": "object", "required": ["stored", "repeated", "quarantined", "ids"], "properties": {
        "stored": count, "repeated": count, "quarantined": count, "ids": {"type": "array", "items": {"type": "string"}},
    }})
}
