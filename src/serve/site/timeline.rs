//! `GET /timeline`.

use actix_web::{HttpRequest, HttpResponse, web};

use super::page;
use crate::serve::events;
use crate::serve::page::{overview, timeline as drawing};
use crate::serve::predictor::Predictor;
use crate::serve::problem::Problem;
use crate::serve::query;
use crate::serve::route::{Parameter, Route, count};
use crate::store::kind as kinds;
use crate::timeline::{Notable, Timeline};

const PARAMETERS: &[Parameter] = &[
    Parameter::query("kind", "only of this kind", events::kind_names),
    Parameter::query("before", "only events before this number", count),
];

pub static ROUTES: &[Route] =
    &[page("/timeline", "The page of what happened", || web::to(show)).parameters(PARAMETERS)];

/// Maximum number of entries on a page.
const SHOWN: usize = 100;

/// Maximum size of the evidence on a page, in bytes of JSON; markup about doubles it. A verdict has a few thousand.
const EVIDENCE: usize = 24_000;

async fn show(
    request: HttpRequest,
    predictor: web::Data<Predictor>,
    timeline: web::Data<Timeline>,
) -> Result<HttpResponse, Problem> {
    let view = super::view(&predictor, &request)?;
    let mut filter = drawing::Filter::default();
    for (name, value) in query::parameters(request.query_string(), PARAMETERS)? {
        match &*name {
            "kind" => {
                filter.kind = Some(kinds::named(&value).ok_or_else(|| events::no_kind(&value))?);
            }
            _ => filter.before = Some(events::number(&name, &value)?),
        }
    }
    let main = timeline.look(|story| {
        let is_wanted = |entry: &&Notable| {
            filter.kind.is_none_or(|kind| kind == entry.kind)
                && filter.before.is_none_or(|before| entry.seq < before)
        };
        let (entries, older) = first_page(story.notable.iter().rev().filter(is_wanted));
        let traffic = overview::traffic(story, &view.target.positive_is());
        drawing::draw(&traffic, &entries, &filter, older)
    });
    Ok(super::draw(&request, "Timeline", "/timeline", main))
}

/// The entries of a page, at least one if there are any, and the number before which there are more.
fn first_page<'n>(newest_first: impl Iterator<Item = &'n Notable>) -> (Vec<Notable>, Option<u64>) {
    let (mut entries, mut bytes) = (Vec::<Notable>::new(), 0);
    for entry in newest_first {
        bytes += entry.json.len();
        if let Some(last) = entries.last()
            && (entries.len() == SHOWN || bytes > EVIDENCE)
        {
            let older = last.seq;
            return (entries, Some(older));
        }
        entries.push(entry.clone());
    }
    (entries, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::kind::Kind;

    #[test]
    fn a_page_is_bounded_in_entries_and_in_bytes() {
        let entry = |seq: u64, bytes: usize| Notable {
            seq,
            time: jiff::Timestamp::UNIX_EPOCH,
            kind: Kind::Verdict,
            id: String::new(),
            json: "x".repeat(bytes).into(),
        };
        let page = |sizes: &[usize]| {
            let entries = sizes.iter().zip((1..=sizes.len() as u64).rev());
            let entries: Vec<Notable> = entries.map(|(bytes, seq)| entry(seq, *bytes)).collect();
            let (shown, older) = first_page(entries.iter());
            (shown.len(), older)
        };
        assert_eq!(page(&[]), (0, None));
        assert_eq!(page(&[10; 100]), (100, None));
        assert_eq!(page(&[10; 101]), (100, Some(2)));
        assert_eq!(page(&[4_000; 97]), (6, Some(92)));
        // One that is too large for a page is on a page of its own.
        assert_eq!(page(&[90_000, 10]), (1, Some(2)));
    }
}
