//! `POST /v1/rows`: ingests rows, labelled or unlabelled, and stores each row once even if it is sent again.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::admission::{Admission, Kind, Priced, Work};
use super::body::{self, Format, Intake, KEPT_ROWS};
use super::guard::Access;
use super::predict::{IDEMPOTENCY_KEY, PredictService};
use super::predictor::Predictor;
use super::problem::{Problem, kind};
use super::route::{Body, Parameter, Response, Route, Tag};
use super::row_reader::{RowReader, RowSink, unreadable};
use super::schemas::row;
use super::{query, reply, row_reader, stream};
use crate::clock::Clock;
use crate::pulls::intake;
use crate::schema::json;
use crate::schema::row::Purpose;
use crate::schema::{Rejected, Row, Schema};
use crate::store::Store;
use crate::store::row::{NewRow, Origin};
use crate::store::rows::{NewRows, Outcome, Quarantined, StoredRows};

/// The documented headers of the route. `X-Source-Identity` is omitted, because only the CLI sends it.
const HEADERS: &[Parameter] = &[
    Parameter::header(
        "X-Source",
        "where the rows come from, as the quarantine names it, percent-encoded",
        || json!({"type": "string", "default": SOURCE, "maxLength": LONGEST_SOURCE, "pattern": ENCODED}),
    ),
    Parameter::header(
        "X-First-Line",
        "the line of that source at which the body begins",
        || json!({"type": "integer", "minimum": 1, "maximum": LAST_LINE, "default": 1}),
    ),
    Parameter::header(
        "Idempotency-Key",
        "the same key again is the same request. Rows without an id are known by content and by how many equal rows came \
         before them in the request: without a key, an equal row sent alone later is the same row. Send a key each where \
         such rows are sent one by one",
        || json!({"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"}),
    ),
    Parameter::header(
        "X-Occurrences",
        "for a load in several requests: how many equal rows came before each row, such as 0,0,1",
        || json!({"type": "string", "pattern": "^[0-9]{1,9}(, ?[0-9]{1,9})*$"}),
    ),
];

/// Regular expression for percent-encoded text that is not blank.
const ENCODED: &str = "^([!-$&-~]|%[2-7][0-9A-Fa-f])*[!-$&-*,-~]([!-$&-~]|%[2-7][0-9A-Fa-f])*$";

pub static ROUTES: &[Route] = &[Route::post(
    "/v1/rows",
    Tag::Store,
    Access::LABEL,
    "Ingest rows, labelled or unlabelled",
    || web::to(take),
)
.parameters(HEADERS)
.body(Body {
    formats: KEPT_ROWS,
    is_required: true,
    schema: row::one_or_many,
    example: row::example,
})
.responses(&[Response::json::<StoredRows>(
    200,
    "They are on the disk, each once.",
)])
.problems(&[
    &kind::UNREADABLE,
    &kind::BAD_REQUEST,
    &kind::TIMEOUT,
    &kind::TOO_LARGE,
    &kind::MEDIA_TYPE,
    &kind::INVALID,
    &kind::NOT_STORED,
])];

/// Header of a client that splits a load into several requests: for each row, the number of equal rows before it in the load.
const OCCURRENCES: &str = "x-occurrences";

/// Maximum characters of an idempotency key.
const LONGEST_KEY: usize = 255;

/// Default source name of rows, shown in the quarantine.
const SOURCE: &str = "rest";

/// Header with the source name of the rows.
const ORIGIN: &str = "x-source";

/// Header with the line number of the source at which the body begins.
const FIRST_LINE: &str = "x-first-line";

/// Maximum bytes of a source name.
const LONGEST_SOURCE: usize = 4096;

/// Header with the identity of the source, by which repeated rows are recognised, if it differs from the source name.
const IDENTITY: &str = "x-source-identity";

/// Maximum line number at which a body may begin.
const LAST_LINE: u64 = u32::MAX as u64 - 1;

/// The source of a request's rows, as the headers describe it.
struct Sender {
    /// Source name that the quarantine shows.
    source: String,
    /// Identity of the source, which is part of the key of rows without an id; `None` if the headers name no source.
    identity: Option<String>,
    /// Number of lines of the source before the body, which is added to the body's line numbers.
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

/// The decoded value of a header that names a source.
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

/// Handles `POST /v1/rows`: stores the valid rows and quarantines the others.
pub async fn take(
    request: HttpRequest,
    mut payload: web::Payload,
    intake: web::Data<Intake>,
    service: web::Data<PredictService>,
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
    let most = service.most_rows();
    let work = Work {
        rows: body::about_rows(format, &body.bytes).min(most),
        kind: Kind::Keep,
    };
    let model = Priced::from(&*predictor.champion()?);
    let is_large = body.bytes.len() > body::SMALL;
    let read = move || -> Result<NewRows, Problem> {
        let champion = predictor.champion()?;
        let schema = champion.model.schema().clone();
        let clock = &*predictor.clock;
        let mut reading = Reading::new(&schema, clock, most, sender, key.as_deref());
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
        Outcome::Stored(taken) => Ok(reply::json(StatusCode::OK, &taken)),
        Outcome::OtherBody => {
            let detail =
                "this Idempotency-Key came with another body before; give each request its own";
            Err(Problem::new(&kind::INVALID, detail))
        }
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
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

/// The value of `X-Occurrences`: for each row, the number of equal rows before it in the load, including earlier requests of
/// the same load; `None` without the header.
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

/// Collects the rows of a body into a batch for the store.
struct Reading<'s> {
    schema: &'s Schema,
    /// Creates the ids of rows.
    clock: &'s dyn Clock,
    most: usize,
    sender: Sender,
    batch: NewRows,
    read: usize,
    /// Origin of the rows, which together with the content identifies a row without an id.
    origin: Origin,
    /// Number of rows read so far, by content and target.
    counts: HashMap<(Vec<u8>, Option<bool>), u32>,
    /// Value of `X-Occurrences`, if the client sent it.
    given: Option<Vec<u32>>,
}

impl RowSink for Reading<'_> {
    fn row(&mut self, row: &mut Row, line: Option<u64>) {
        self.take(row, line, None);
    }
}

impl Reading<'_> {
    fn new<'s>(
        schema: &'s Schema,
        clock: &'s dyn Clock,
        most: usize,
        sender: Sender,
        key: Option<&str>,
    ) -> Reading<'s> {
        let is_named = key.is_some() && sender.identity.is_none();
        let source = match (&sender.identity, key) {
            (Some(identity), _) => identity.clone(),
            (None, Some(key)) => format!("{SOURCE} {key}"),
            (None, None) => SOURCE.to_owned(),
        };
        Reading {
            schema,
            clock,
            most,
            sender,
            batch: NewRows::default(),
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
        let reader = RowReader {
            schema: self.schema,
            purpose: Purpose::Keep,
            most: self.most,
        };
        match format {
            Format::Batch => self.batch(body)?,
            _ => reader.read(format, body, self)?,
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

    /// Reads a batch, which a CLI command has already checked. Its valid rows are checked again; its invalid rows are
    /// quarantined with the faults that the command found.
    fn batch(&mut self, body: &[u8]) -> Result<(), Problem> {
        let mut row = Row::new(self.schema, Purpose::Keep);
        row_reader::lines(body, self.most, |number, line| {
            let item = intake::Item::parse(line).map_err(|e| unreadable(number, &e.to_string()))?;
            match item {
                intake::Item::Row(kept) => {
                    json::line(self.schema, kept.row.get().as_bytes(), &mut row)
                        .map_err(|fault| unreadable(number, &fault.to_string()))?;
                    self.take(&mut row, Some(kept.line), kept.occurrence);
                }
                intake::Item::Bad(bad) => {
                    self.read += 1;
                    let id = self.clock.id().to_string();
                    let source = self.sender.source.clone();
                    let rejected = Rejected { source, ..bad };
                    self.batch.quarantined.push(Quarantined { id, rejected });
                }
            }
            Ok(())
        })
    }

    /// Adds a row to the batch, as a row to store or, if it is invalid, to quarantine.
    fn take(&mut self, row: &mut Row, line: Option<u64>, occurrence: Option<u32>) {
        let id = self.clock.id().to_string(); // in their order, also within a millisecond
        self.read += 1;
        row.set_apart(self.schema);
        let line = line.map(|line| line + self.sender.before);
        let as_it_came = || row.as_it_came(self.schema);
        let rejected = Rejected::of(&row.faults, &self.sender.source, line, as_it_came);
        if let Some(rejected) = rejected {
            return self.batch.quarantined.push(Quarantined { id, rejected });
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
