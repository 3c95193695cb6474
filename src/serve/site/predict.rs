//! `GET /predict`, and the what-if curve of a row.

use actix_web::{HttpRequest, HttpResponse, web};

use super::page;
use crate::model::evaluation::{Dependence, DependencePoint};
use crate::model::{Model, Workspace};
use crate::schema::row::Purpose;
use crate::schema::{Cell, Row, RowView, json};
use crate::serve::body::Intake;
use crate::serve::guard::Access;
use crate::serve::page::{CSP, predict};
use crate::serve::predictor::Predictor;
use crate::serve::problem::{Faults, Problem, kind};
use crate::serve::route::{HTML, Parameter, Response, Route, Tag, text};
use crate::serve::{query, reply};

const COLUMN: &[Parameter] = &[Parameter::query("column", "the column that varies", text)];

pub static ROUTES: &[Route] = &[
    page("/predict", "The page of predictions", || web::to(show)).stateless(),
    Route::post(
        "/fragments/what-if",
        Tag::Server,
        Access::PREDICT,
        "Fragment of the page: the probability of a row over one column",
        || web::to(what_if),
    )
    .parameters(COLUMN)
    .body(crate::serve::predict::BODY)
    .responses(&[Response::text(200, "A part of a page.", HTML)])
    .problems(&[&kind::BAD_REQUEST, &kind::INVALID, &kind::NOT_READY])
    .stateless(),
];

async fn show(
    request: HttpRequest,
    predictor: web::Data<Predictor>,
) -> Result<HttpResponse, Problem> {
    let view = super::view(&predictor, &request)?;
    Ok(super::draw_live(&view, "/predict", predict::draw(&view)))
}

async fn what_if(
    request: HttpRequest,
    mut payload: web::Payload,
    predictor: web::Data<Predictor>,
    intake: web::Data<Intake>,
) -> Result<HttpResponse, Problem> {
    let pairs = query::parameters(request.query_string(), COLUMN)?;
    let wanted = pairs.first().map(|(_, value)| value.to_string());
    let body = intake.read_document(&request, &mut payload).await?;
    let champion = predictor.champion()?;
    let draw = move || {
        let model = &champion.model;
        let mut row = Row::new(model.schema(), Purpose::Predict);
        json::rows(model.schema(), &body, 1, &mut row, &mut |_, _| {})?;
        if !row.faults.is_empty() {
            let mut faults = Faults::default();
            faults.row(&row.faults, "", None);
            return Err(faults.into_problem(1));
        }
        let columns = model.schema().columns();
        let place = columns
            .iter()
            .position(|c| Some(&c.name) == wanted.as_ref());
        let place = place.ok_or_else(|| {
            let detail = "column=NAME must name a column of the live model".to_owned();
            Problem::new(&kind::BAD_REQUEST, detail)
        })?;
        let (points, own) = curve(model, &row, place);
        let column = &columns[place];
        let positive = format!(
            "{} = {}",
            model.schema().target().column,
            model.schema().target().positive
        );
        Ok(predict::curve(&column.name, &column.unit, &positive, &points, &own).into_string())
    };
    let drawn = web::block(draw).await.map_err(Problem::internal)??;
    Ok(reply::page(CSP, drawn))
}

/// The probability of a row over the values of one column, in order, and at its own value.
fn curve(model: &Model, row: &Row, column: usize) -> (Vec<DependencePoint>, DependencePoint) {
    let mut work = Workspace::default();
    let view = row.view();
    let (mut cells, mut text) = (view.cells.to_vec(), view.text.to_owned());
    let mut at = |cell: Cell, text: &str| {
        cells[column] = cell;
        let row = RowView {
            cells: &cells,
            text,
            by: view.by,
        };
        model.probability(row, &mut work)
    };
    let own_cell = view.cells[column];
    let schema_column = &model.schema().columns()[column];
    let level = |cell: Cell, text: &str| match cell {
        Cell::Level(level) => schema_column.levels().get(level as usize).cloned(),
        Cell::Text(span) => Some(span.get(text).to_owned()),
        _ => None,
    };
    let own = DependencePoint {
        number: own_cell.as_number(),
        level: level(own_cell, view.text),
        probability: at(own_cell, view.text),
    };
    let name = &schema_column.name;
    let of_card = model.card().evaluation.as_ref();
    let known: Vec<DependencePoint> = of_card
        .and_then(|evaluation| evaluation.dependence.iter().find(|d| d.column == *name))
        .map(|Dependence { points, .. }| points.clone())
        .unwrap_or_default();
    let points = known.into_iter().map(|point| {
        let cell = match (&point.number, &point.level) {
            (Some(number), _) => Cell::number(*number),
            (None, Some(level)) => match schema_column.levels().iter().position(|l| l == level) {
                Some(place) => Cell::Level(place as u32),
                None => {
                    text.truncate(view.text.len());
                    text.push_str(level);
                    Cell::Text(crate::schema::cell::Span::of(
                        &text[view.text.len()..],
                        &text,
                    ))
                }
            },
            (None, None) => Cell::Missing,
        };
        let probability = at(cell, &text);
        DependencePoint {
            probability,
            ..point
        }
    });
    let mut points: Vec<DependencePoint> = points.collect();
    if let Some(number) = own
        .number
        .filter(|_| points.iter().any(|p| p.number.is_some()))
    {
        points.push(own.clone());
        points.sort_by(|a, b| {
            let key = |p: &DependencePoint| p.number.unwrap_or(f64::INFINITY);
            key(a).total_cmp(&key(b))
        });
        points.dedup_by(|a, b| a.number == b.number && a.number == Some(number));
    }
    (points, own)
}
