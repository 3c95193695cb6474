//! The prediction section: predicted label, probability, warnings and contributions, all filled in by the page's script.

use maud::{Markup, html};

use super::view::PageView;

/// Draws empty elements for a prediction, with the decision threshold already marked.
pub fn draw(view: &PageView) -> Markup {
    html! {
        div.answers {
            section #answer .answer aria-labelledby="answer-title" {
                h2 #answer-title .unseen { "Answer" }
                p.verdict aria-live="polite" aria-atomic="true" {
                    strong #decision { "–" }
                    span #chance {}
                }
                (scale(view))
                p.muted #meaning {}
                ul #general .note aria-live="polite" hidden {}
            }
            section aria-labelledby="why-title" {
                h2 #why-title { "Why" }
                p.muted #why-empty { "What each column adds to the probability stands here once there is an answer." }
                table #contributions hidden {
                    thead {
                        tr {
                            th scope="col" { "column" }
                            th scope="col" { "value" }
                            th scope="col" { span.unseen { "direction" } }
                            th scope="col" .number { "adds" }
                        }
                    }
                    tbody {}
                    tfoot {}
                }
                p.muted #source {}
            }
        }
    }
}

/// Draws the probability as a bar from 0 to 1 with the threshold marked on it. Widths are SVG attributes, because the
/// Content-Security-Policy forbids inline styles.
fn scale(view: &PageView) -> Markup {
    let at = 100.0 * view.threshold;
    let target = &view.target;
    html! {
        div #scale data-swap {
            svg.scale viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
                rect.track width="100" height="10" {}
                rect.fill #probability width="0" height="10" {}
                line.threshold x1=(at) x2=(at) y1="0" y2="10" {}
            }
            p.ends.muted {
                span { (target.column) " = " (target.negative) }
                span { "decides at " (view.threshold) }
                span { (target.column) " = " (target.positive) }
            }
        }
    }
}
