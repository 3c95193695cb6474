//! The login page, with a form for a token.

use maud::{Markup, html};

use super::shell::{Frame, LINKS};

/// Draws the login page. `why` is the reason why the last submitted token was rejected, if there was one.
pub fn draw(why: Option<&str>) -> Markup {
    let header = html! {
        div {
            h1 { "Sign in" }
            p.muted { "This server needs a token." }
        }
    };
    let main = html! {
            section aria-labelledby="login-title" {
                h2 #login-title { "Token" }
                form #login method="post" action="/login" {
                    div.field {
                        label for="token" { "The secret of a token in the settings, under " code { "server.auth" } }
                        input #token type="password" name="token" required autofocus autocomplete="current-password"
                            aria-invalid=[why.map(|_| "true")] aria-describedby=[why.map(|_| "why")];
                    }
                    @if let Some(why) = why { p #why role="alert" { (why) } }
                    div.buttons { button type="submit" { "Sign in" } }
                }
                p.muted { "The session lasts twelve hours and may do what the token may. It ends when the server restarts." }
            }
    };
    Frame {
        title: "Sign in",
        here: "/login",
        links: &LINKS,
        may_act: true,
        topics: None,
    }
    .draw(header, main)
}
