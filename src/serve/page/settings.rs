//! The settings page: every effective setting with its origin.

use maud::{Markup, html};

use crate::serve::views::Setting;

/// Draws the settings; secrets are masked already.
pub fn draw(settings: &[Setting]) -> Markup {
    html! {
        section aria-labelledby="settings-title" {
            h2 #settings-title { "Settings" }
            p.muted { "As this server runs with them; those in bold differ from the built-in ones. They are set in a file (" code { "--config" } "), in \
                the environment or by a flag, and take effect at a start; secrets are masked. " code { "null" } " is not set." }
            div.scroll tabindex="0" role="region" aria-label="settings, table" { table.facts {
                thead { tr { th scope="col" { "setting" } th scope="col" { "value" } th scope="col" { "from" } } }
                tbody { @for setting in settings { tr .changed[setting.origin != "built in"] {
                    th scope="row" { code { (setting.key) } } td { code { (setting.value) } } td.muted { (setting.origin) }
                } } }
            } }
        }
    }
}
