//! `POST /v1/rows`: rows handed in to be kept, labelled or not, each counted once.

use std::ops::ControlFlow;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::body::{self, Format, Intake, ROWS};
use super::predict::Desk;
use super::predictor::Predictor;
use super::problem::{Problem, kind};
use super::{query, reply};
use crate::schema::csv::{self, Broken};
use crate::schema::json::{self, JsonFault};
use crate::schema::row::Purpose;
use crate::schema::{Row, Schema};
use crate::store::Store;
use crate::store::rows::{Batch, NewRow, Outcome, Quarantined};

/// The header that names a request.
pub const KEY: &str = "idempotency-key";

/// Longest name of a request.
const LONGEST_KEY: usize = 255;

/// Where these rows come from, as the quarantine names it.
const SOURCE: &str = "rest";

/// Takes rows in.
pub async fn take(
    request: HttpRequest,
    mut payload: web::Payload,
    intake: web::Data<Intake>,
    desk: web::Data<Desk>,
    predictor: web::Data<Predictor>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    let format = body::format(request.headers(), ROWS)?;
    query::pairs(request.query_string(), &[])?;
    let key = key(request.headers())?;
    let body = intake.read(request.headers(), &mut payload).await?;
    let predictor = predictor.into_inner();
    let most = desk.most_rows();
    let batch = web::block(move || -> Result<Batch, Problem> {
        let champion = predictor.champion()?;
        let schema = champion.model.schema().clone();
        let mut reading = Reading::new(&schema, most);
        reading.read(format, &body.bytes)?;
        let digest = || format!("{:x?}", Sha256::digest(&body.bytes));
        reading.batch.request = key.map(|key| (key, digest()));
        Ok(reading.batch)
    });
    let batch = batch.await.map_err(Problem::internal)??;
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
    if text.is_empty() || text.len() > LONGEST_KEY {
        let detail = format!("an Idempotency-Key has 1 to {LONGEST_KEY} visible characters");
        return Err(Problem::new(&kind::BAD_REQUEST, detail));
    }
    Ok(Some(text.to_owned()))
}

/// Rows of a body on their way into a batch.
struct Reading<'s> {
    schema: &'s Schema,
    most: usize,
    batch: Batch,
    read: usize,
}

impl Reading<'_> {
    fn new(schema: &Schema, most: usize) -> Reading<'_> {
        Reading {
            schema,
            most,
            batch: Batch::default(),
            read: 0,
        }
    }

    fn read(&mut self, format: Format, body: &[u8]) -> Result<(), Problem> {
        let mut row = Row::new(self.schema, Purpose::Keep);
        match format {
            Format::Json => self.json(body, &mut row)?,
            Format::JsonLines => self.lines(body, &mut row)?,
            Format::Csv => self.csv(body, &mut row)?,
        }
        if self.read == 0 {
            return Err(Problem::new(&kind::INVALID, "there is no row in it"));
        }
        Ok(())
    }

    fn json(&mut self, body: &[u8], row: &mut Row) -> Result<(), Problem> {
        json::rows(self.schema, body, self.most, row, &mut |_, row| {
            self.take(row, None);
        })?;
        Ok(())
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
                let detail = format!("line {number}: {}", JsonFault::from(fault));
                Problem::new(&kind::UNREADABLE, detail)
            })?;
            self.take(row, Some(number));
        }
        Ok(())
    }

    fn csv(&mut self, body: &[u8], row: &mut Row) -> Result<(), Problem> {
        let (schema, most) = (self.schema, self.most);
        let mut stopped: Option<Problem> = None;
        csv::rows(schema, body, b',', row, &mut |(line, row): (
            u64,
            Result<&mut Row, Broken>,
        )| {
            match row {
                _ if self.read == most => stopped = Some(JsonFault::TooMany(most).into()),
                Ok(row) => {
                    self.take(row, Some(line));
                }
                Err(broken) => stopped = Some(Problem::broken_line(line, broken)),
            }
            if stopped.is_some() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        stopped.map_or(Ok(()), Err)
    }

    /// Takes a row, or puts it aside.
    fn take(&mut self, row: &mut Row, line: Option<u64>) {
        let id = Uuid::now_v7().to_string(); // in their order, also within a millisecond
        self.read += 1;
        row.set_apart(self.schema);
        if let Some(aside) = Quarantined::of(self.schema, row, id.clone(), SOURCE, line) {
            self.batch.quarantined.push(aside);
            return;
        }
        let (own_id, target) = (row.id_text(), row.target());
        let row = NewRow::of(self.schema, row.view(), own_id, target, id);
        self.batch.rows.push(row);
    }
}

/// What the OpenAPI document says of the answer.
pub fn taken_schema() -> Value {
    let count = json!({"type": "integer", "minimum": 0});
    json!({"type": "object", "required": ["stored", "repeated", "quarantined", "ids"], "properties": {
        "stored": count, "repeated": count, "quarantined": count, "ids": {"type": "array", "items": {"type": "string"}},
    }})
}
