//! `POST /v1/labels`: submits one label or many for predictions made earlier.

mod csv;
pub mod given;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::admission::{Admission, Kind, Priced, Work};
use super::body::{self, Format, Intake};
use super::guard::Access;
use super::pairs::{Item, Pairs};
use super::predictor::Predictor;
use super::problem::{Entry, MOST_LISTED, Problem, kind};
use super::route::{Body, Parameter, Response, Route, Tag, flag};
use super::{query, reply, stream, views};
use crate::schema::column::Target;
use crate::schema::json::{JsonError, explained};
use crate::schema::own_id;
use crate::store::Store;
use crate::store::labels::{By, Done, Given, Status};
use given::{MOST, invalid};

/// Parameters of the route.
const PARAMETERS: &[Parameter] = &[Parameter::query(
    "partial",
    "takes the others where some contradict what is stored",
    flag,
)];

/// The access required to submit labels, over REST or WebSocket.
pub const ACCESS: Access = Access::LABEL;

pub static ROUTES: &[Route] = &[Route::post(
    "/v1/labels",
    Tag::Store,
    ACCESS,
    "Submit labels for predictions, at any time",
    || web::to(label),
)
.parameters(PARAMETERS)
.body(Body {
    formats: FORMATS,
    is_required: true,
    schema: |schemas| {
        let one = schemas.define("GivenLabel", |model| given::schema(model.schema().target()));
        json!({"oneOf": [one, {"type": "array", "items": one, "minItems": 1}]})
    },
    example: |model, format| {
        let positive = &model.schema().target().positive;
        match format {
            Format::Csv => format!("id,label\n{EXAMPLE},{positive}\n").into(),
            _ => json!({"id": EXAMPLE, "label": positive}),
        }
    },
})
.responses(&[
    Response::json::<views::Labelled>(200, "It is stored; a list for a list."),
    Response::json::<views::Label>(202, "It waits: the prediction is not known yet."),
])
.problems(kind::OF_STORED_BODIES)];

/// The prediction id in the documentation's example.
const EXAMPLE: &str = "01900000-0000-7000-8000-000000000000";

const FORMATS: &[Format] = &[Format::Json, Format::Csv];

/// Detail text for a label whose prediction is not known yet.
const WAITING: &str = "no prediction of this id is known yet";

pub async fn label(
    request: HttpRequest,
    mut payload: web::Payload,
    intake: web::Data<Intake>,
    predictor: web::Data<Predictor>,
    admission: web::Data<Admission>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    let format = body::format(request.headers(), FORMATS)?;
    let mut partial = false;
    for (name, value) in query::parameters(request.query_string(), PARAMETERS)? {
        partial = query::flag(&name, &value)?;
    }
    let body = intake.read(&request, &mut payload).await?;
    let champion = predictor.champion()?;
    let schema = champion.model.schema().clone();
    let work = Work {
        rows: body::about_rows(format, &body.bytes).min(MOST),
        kind: Kind::Label,
    };
    let is_large = body.bytes.len() > body::SMALL;
    let read = move || match format {
        Format::Csv => Ok((csv::read(&body.bytes, &schema)?, false)),
        _ => read(&body.bytes, schema.target()),
    };
    let (given, one) = if is_large {
        let model = Priced::from(&*champion);
        let run = admission.run(stream::of(&request), &model, work, move |_| read());
        run.await?
    } else {
        read()?
    };
    let done = store.label_by(given.clone(), partial).await?;
    if one {
        return alone(&given[0], &done[0]);
    }
    if !partial && let Some(problem) = contradictions(&given, &done) {
        return Err(problem);
    }
    let labels = given.iter().zip(&done);
    let labels = labels.map(|(given, done)| document(given, done));
    let document = views::Labelled::Many {
        labels: labels.collect(),
    };
    Ok(reply::json(StatusCode::OK, &document))
}

/// The result for one label, as REST and WebSocket return it.
pub fn document(given: &Given, done: &Done) -> views::Label {
    let names_a_row = match given.by {
        By::Id => false,
        By::Key => true,
        By::Either => done.id.as_ref() != Some(&given.id),
    };
    views::Label {
        id: done.id.clone(),
        status: done.status.name().to_owned(),
        key: names_a_row.then(|| json!(own_id::scalar(&given.id))),
        detail: (done.status == Status::Waiting).then(|| WAITING.to_owned()),
    }
}

fn alone(given: &Given, done: &Done) -> Result<HttpResponse, Problem> {
    let code = match &done.status {
        Status::Conflict(stored) => return Err(conflict(given, stored)),
        Status::Waiting => StatusCode::ACCEPTED,
        _ => StatusCode::OK,
    };
    Ok(reply::json(code, &document(given, done)))
}

/// The error for a label that contradicts the stored one.
pub fn conflict(given: &Given, stored: &crate::schema::column::Label) -> Problem {
    let detail = format!(
        "the label of {:?} is {stored}, not {}; it stays, unless the new one says \"correct\": true",
        given.id, given.label
    );
    Problem::new(&kind::CONFLICT, detail)
}

fn contradictions(given: &[Given], done: &[Done]) -> Option<Problem> {
    let all = given.iter().zip(done).enumerate();
    let mut entries = all.filter_map(|(n, (given, done))| match &done.status {
        Status::Conflict(stored) => Some(Entry::new(
            format!("/{n}/label"),
            "contradiction",
            json!(given.label),
            &stored.to_string(),
            "say \"correct\": true to replace what is stored",
        )),
        _ => None,
    });
    let listed: Vec<Entry> = entries.by_ref().take(MOST_LISTED).collect();
    if listed.is_empty() {
        return None;
    }
    let count = listed.len() + entries.count();
    let detail = format!("{count} labels contradict what is stored; none of the list was taken");
    Some(Problem::new(&kind::CONFLICT, detail).with(listed))
}

/// Parses the labels of a body, and says whether the body is a single label instead of a list.
fn read(body: &[u8], target: &Target) -> Result<(Vec<Given>, bool), Problem> {
    let unreadable = |fault: serde_json::Error| {
        let detail = match explained(fault, body) {
            JsonError::Syntax(fault) => {
                format!("not readable as a label or a list of labels: {fault}")
            }
            named => named.to_string(),
        };
        Problem::new(&kind::UNREADABLE, detail)
    };
    if body.trim_ascii_start().first() == Some(&b'[') {
        let items: Vec<Item> = serde_json::from_slice(body).map_err(unreadable)?;
        return Ok((read_list(&items, target)?, false));
    }
    let pairs: Pairs = serde_json::from_slice(body).map_err(unreadable)?;
    let given = check(&pairs, "", target).map_err(invalid)?;
    Ok((vec![given], true))
}

fn read_list(items: &[Item], target: &Target) -> Result<Vec<Given>, Problem> {
    if items.is_empty() {
        return Err(Problem::new(&kind::INVALID, "the list is empty"));
    }
    if items.len() > MOST {
        let detail = format!("more than {MOST} labels; send them in parts");
        return Err(Problem::new(&kind::TOO_LARGE, detail));
    }
    let (mut given, mut faults) = (Vec::with_capacity(items.len()), Vec::new());
    for (n, item) in items.iter().enumerate() {
        let path = format!("/{n}");
        match item {
            Item::Object(pairs) => match check(pairs, &path, target) {
                Ok(one) => given.push(one),
                Err(more) => faults.extend(more),
            },
            Item::Other(value) => {
                let allowed =
                    "an object like {\"id\": …, \"label\": …} or {\"key\": …, \"label\": …}";
                faults.push(Entry::new(path, "wrong_type", value.clone(), allowed, ""));
            }
        }
    }
    if faults.is_empty() {
        return Ok(given);
    }
    Err(invalid(faults))
}

fn check(pairs: &Pairs, path: &str, target: &Target) -> Result<Given, Vec<Entry>> {
    let pairs = pairs.0.iter().map(|(key, value)| (key.as_str(), value));
    given::check(pairs, path, target)
}
