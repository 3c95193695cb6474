//! Messages to the client.

use super::message::Reference;
use crate::serve::problem::Problem;
use crate::store::feed::Prediction;

/// Writing into memory cannot fail, and every key is text.
const MEMORY: &str = "JSON with text keys into memory";

/// `{"type": …, "ref": …` without its end.
fn head(kind: &str, reference: Option<&Reference>) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\",\"ref\":");
    serde_json::to_writer(&mut out, &reference).expect(MEMORY);
    out
}

fn text(mut out: Vec<u8>) -> String {
    out.push(b'}');
    String::from_utf8(out).expect("JSON is UTF-8")
}

/// A prediction, the same fields as over REST; `more` may append further ones, each with a comma before it.
pub(super) fn prediction(reference: Option<&Reference>, prediction: &Prediction, more: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = head("prediction", reference);
    let fields = out.len();
    serde_json::to_writer(&mut out, prediction).expect(MEMORY);
    out[fields] = b','; // in place of the object's own brace
    out.pop();
    more(&mut out);
    text(out)
}

/// A fault; `reference` is none where the message could not be read that far.
pub(super) fn error(reference: Option<&Reference>, problem: &Problem) -> String {
    let mut out = head("error", reference);
    out.extend_from_slice(b",\"problem\":");
    out.extend_from_slice(problem.to_json().as_bytes());
    text(out)
}

/// What a subscription came to.
pub(super) fn subscribed(reference: Option<&Reference>, kind: &str, seq: u64, epoch: &str) -> String {
    let mut out = head(kind, reference);
    out.extend_from_slice(format!(",\"seq\":{seq},\"epoch\":\"{epoch}\"").as_bytes());
    text(out)
}
