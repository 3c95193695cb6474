//! Properties of the page that hold for every spec: it names the model, complies with its own Content-Security-Policy, and
//! labels its form fields.

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::serve::views::ServiceLevel;
use crate::telemetry::answers::Answers;
use crate::timeline::Story;

fn view() -> PageView {
    let field = |name: &str, kind, required, example: &str| Field {
        name: name.into(),
        kind,
        unit: "mm".into(),
        about: "<of the left wing>".into(),
        required,
        example: example.into(),
    };
    let levels = |n: usize| FieldKind::Category {
        levels: (0..n).map(|i| format!("l{i}")).collect(),
    };
    let figure = |name: &str, doc: &str, estimate| Figure {
        name: name.into(),
        title: name.to_uppercase(),
        doc: doc.into(),
        lower: false,
        estimate,
    };
    PageView {
        model: "moths@12".into(),
        trained: "2026-03-02T14:05:09Z".into(),
        learner: "blend".into(),
        rows: 1234,
        evaluation: "10-fold × 5".into(),
        figures: vec![
            figure("auc", "Chance of <it>.", Some((0.8961, Some(0.0122)))),
            figure("once", "", Some((0.5, None))),
            figure("novel", "", None),
        ],
        figures_without_companions: None,
        warnings: Vec::new(),
        fields: vec![
            field(
                "wing's \"span\"",
                FieldKind::Number {
                    min: 0.0,
                    max: f64::INFINITY,
                },
                false,
                "12.5",
            ),
            field("few", levels(3), true, "l1"),
            field("many", levels(30), false, ""),
            field("note", FieldKind::Text, false, "it's <b>here</b>"),
        ],
        target: TargetView {
            column: "rare".into(),
            positive: "yes".into(),
            negative: "no".into(),
        },
        threshold: 0.25,
        calibration: "[]".into(),
        watch: Default::default(),
        cycle: Default::default(),
        reader: Default::default(),
    }
}

/// The overview and the prediction page.
fn render(view: &PageView) -> (String, String) {
    let draw = |main: Markup, here| {
        let frame = shell::Frame {
            title: &view.model,
            here,
            links: &view.reader.links,
            may_act: view.reader.may_administer,
            topics: Some(&view.reader.topics),
        };
        frame.draw(header::draw(view), main).into_string()
    };
    let traffic = overview::traffic(&Story::default(), "rare = yes");
    let answers = Answers::within(Duration::from_secs(1));
    answers.record(200, Duration::from_millis(3));
    let level = ServiceLevel::of(&answers, Timestamp::UNIX_EPOCH);
    (
        draw(overview::draw(view, &traffic, &level), "/"),
        draw(predict::draw(view), "/predict"),
    )
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn the_html_as_served_names_the_live_model_and_its_figures() {
    let (html, form) = render(&view());
    assert!(html.starts_with("<!DOCTYPE html><html lang=\"en\">"));
    assert!(html.contains("<title>moths@12 · titanic-platform</title>"));
    assert!(html.contains("<h1>moths@12</h1>"));
    assert!(html.contains("blend · trained on 1,234 rows"));
    assert!(html.contains("0.896<span class=\"muted\"> ± 0.012</span>"));
    assert!(html.contains("<abbr title=\"Chance of &lt;it&gt;.\">AUC</abbr>"));
    assert!(
        html.contains("<td class=\"number\">0.500</td>"),
        "one fold has no standard error"
    );
    assert!(
        !html.contains("no companions"),
        "no column for figures that do not exist"
    );
    assert!(
        form.contains("x1=\"25\" x2=\"25\""),
        "the threshold is marked at a quarter"
    );
}

#[test]
fn the_form_follows_the_spec() {
    let (_, html) = render(&view());
    assert_eq!(
        count(&html, "type=\"radio\""),
        3,
        "three levels of a required column, and no way to leave it out"
    );
    assert_eq!(count(&html, "checked"), 1);
    assert_eq!(
        count(&html, "<option"),
        31 + 3,
        "thirty levels and missing; three columns to vary"
    );
    assert!(html.contains("data-column=\"wing's &quot;span&quot;\" data-kind=\"number\""));
    assert!(html.contains("0 or more"));
    for i in 0..4 {
        assert_eq!(count(&html, &format!("id=\"note-{i}\"")), 1);
        assert!(html.contains(&format!("aria-describedby=\"hint-{i} note-{i}\"")));
    }
}

#[test]
fn the_command_asks_for_the_example() {
    let (_, html) = render(&view());
    let row = r#"{"wing'\''s \"span\"":12.5,"few":"l1","note":"it'\''s <b>here</b>"}"#;
    let shown = row
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    assert!(
        html.contains(&format!("-d '{shown}'</code>")),
        "in the table's order, numbers as numbers, quotes for a shell"
    );
}

#[test]
fn nothing_inline_and_nothing_foreign() {
    let (overview, form) = render(&view());
    for html in [overview, form] {
        nothing_inline(&html);
    }
}

fn nothing_inline(html: &str) {
    for forbidden in [
        " style=",
        "<style",
        " onclick=",
        " oninput=",
        "javascript:",
        "<b>",
        "<of",
        "//cdn",
    ] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert_eq!(count(html, "<script"), 1);
    assert!(html.contains("<script src=\"/assets/page.js\" defer></script>"));
    for asset in ASSETS {
        assert!(html.contains(asset.path), "{} is used", asset.path);
    }
    let script = ASSETS
        .iter()
        .find(|a| a.path.ends_with(".js"))
        .expect("listed")
        .body;
    for sink in [
        "innerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
    ] {
        assert!(
            !script.contains(sink),
            "{sink}: data reach the document as text only"
        );
    }
}

#[test]
fn what_the_script_looks_for_is_there() {
    let (overview, form) = render(&view());
    let both = overview + &form;
    let script = ASSETS
        .iter()
        .find(|a| a.path.ends_with(".js"))
        .expect("listed")
        .body;
    let mut found = 0;
    for after in script.split("$('").skip(1) {
        let (id, _) = after.split_once('\'').expect("a quote closes it");
        // The button of a session, what other pages have, and a section that is handed in.
        if !["logout", "said", "alerts"].contains(&id) {
            assert!(both.contains(&format!("id=\"{id}\"")), "{id}");
            found += 1;
        }
    }
    assert!(found > 10);
    assert_eq!(
        count(&both, "data-swap"),
        5,
        "model twice, figures, fields, scale"
    );
}

#[test]
fn the_stores_trouble_is_told_where_there_is_any() {
    let mut view = view();
    assert_eq!(count(&render(&view).0, "alarm"), 0);
    view.cycle.trouble.lost = 12_345;
    let (html, _) = render(&view);
    assert!(
        html.contains("<p class=\"alarm\">12,345 predictions were made and could not be stored")
    );
    view.cycle.trouble.failing = Some("no <room>".into());
    let (html, _) = render(&view);
    assert_eq!(count(&html, "class=\"alarm\""), 2);
    assert!(
        html.contains("The store cannot write: no &lt;room&gt;. "),
        "{html}"
    );
    for asset in ASSETS.iter().filter(|a| a.path.ends_with(".css")) {
        assert!(asset.body.contains(".alarm"), "it has its colour");
    }
}

#[test]
fn an_etag_is_that_of_the_content() {
    let [css, js, _] = ASSETS;
    assert_eq!(css.etag(), css.etag());
    assert_ne!(css.etag(), js.etag());
    assert_eq!((css.etag().len(), css.etag().matches('"').count()), (18, 2));
}

#[test]
fn values_of_strangers_do_no_harm() {
    let odd = "<b>\u{202e}x\u{0}";
    let event = serde_json::json!({
        "seq": 1, "time": "2026-03-02T14:05:09Z", "kind": "prediction", "id": odd,
        "model": "moths@1", "probability": 0.5, "label": "yes", "row": {odd: odd, "none": null},
    });
    let why = serde_json::from_value(serde_json::json!({
        "about": "prediction", "id": odd, "event": event, "truth": null, "model": null, "features": [], "explanation": null,
        "windows": [], "versions": [], "notes": [],
    }));
    let drawn = prediction::draw(&why.unwrap()).into_string();
    assert_eq!(count(&drawn, "&lt;b&gt;[U+202E]x[U+0000]"), 3, "{drawn}");
    for harmful in ["<b>", "\u{202e}", "\u{0}"] {
        assert!(!drawn.contains(harmful), "{harmful:?}");
    }
}
