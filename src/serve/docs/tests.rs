//! Tests of the documentation page, drawn from a small OpenAPI document that covers every feature.

use super::super::page::shell::LINKS;
use super::*;

fn drawn() -> String {
    render(
        &serde_json::from_str(include_str!("sample.json")).expect("the sample is JSON"),
        &LINKS,
    )
    .into_string()
}

#[test]
fn every_route_is_in_the_index_and_described() {
    let html = drawn();
    for (anchor, path) in [("post-v1-predict", "/v1/predict"), ("get-ws", "/ws")] {
        assert!(
            html.contains(&format!("href=\"#{anchor}\"")),
            "{anchor} in the index"
        );
        assert!(
            html.contains(&format!("<section id=\"{anchor}\">")),
            "{anchor} described"
        );
        assert!(html.contains(&format!("<code>{path}</code>")));
    }
    let (predict, promote) = (
        html.find("#post-v1-predict"),
        html.find("#post-v1-models--version--promote"),
    );
    assert!(
        predict < promote,
        "tags in the document's order, whatever that of the paths"
    );
    assert!(
        html.contains("The version is damaged."),
        "references are followed"
    );
    assert!(html.contains(
        "<code>application/json</code> <a href=\"#shape-Row\"><code>Row</code></a> or array of <a"
    ));
    assert!(html.contains("object of number or string or null"));
}

#[test]
fn commands_can_be_copied() {
    let html = drawn().replace("&quot;", "\"").replace("&gt;", ">");
    assert!(
        html.contains("curl -s -X POST http://localhost:5000/v1/models/titanic@7/promote</code>")
    );
    let predict = "curl -s -X POST http://localhost:5000/v1/predict \\\n  -H 'Content-Type: application/json' \\\n  --data-binary '";
    assert!(html.contains(predict));
    assert!(html.contains(r#""name":"O'\''Dwyer""#));
    assert!(html.contains("titanic-platform client --url ws://localhost:5000/ws</code>"));
}

#[test]
fn text_stays_text_and_works_without_script() {
    let html = render(&serde_json::json!({
        "info": {"title": "<i>", "description": "<script>alert(1)</script>"},
        "paths": {"/<b>": {"get": {"summary": "<u>", "tags": ["<s>"], "responses": {"2xx": {"description": "<em>"}, "é": {}}}}},
    }), &LINKS)
    .into_string();
    for raw in ["<i>", "<script", "<b>", "<u>", "<s>", "<em>", " style="] {
        assert!(!html.contains(raw), "{raw}");
    }
}

#[test]
fn a_poor_document_is_drawn_all_the_same() {
    for poor in [
        serde_json::json!(null),
        serde_json::json!({}),
        serde_json::json!({"paths": {"/a": {"get": {}}}}),
    ] {
        assert!(render(&poor, &LINKS).into_string().ends_with("</html>"));
    }
    let circle = serde_json::json!({"paths": {"/a": {"get": {"requestBody": {"$ref": "#/paths/~1a/get/requestBody"}}}}});
    assert!(render(&circle, &LINKS).into_string().contains("/a"));
}
