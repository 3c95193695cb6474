//! Sessions of the web page: the scopes of a token submitted at `/login`, identified by a cookie.
//!
//! Sessions live in memory. A session ends after twelve hours, at logout, or with the process. The cookie holds a random
//! secret of its own, never the token; the server stores only the hash of that secret.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::header::{self, HeaderMap};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::auth::Caller;
use crate::serve::base_path::BasePath;

const COOKIE: &str = "titanic_session";

/// Lifetime of a session.
pub const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// Maximum number of sessions; beyond it, the oldest ends.
const MOST: usize = 1000;

/// The sessions of one server, oldest first.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<VecDeque<Session>>);

#[derive(Debug)]
struct Session {
    hash: [u8; 32],
    caller: Caller,
    begun: Instant,
}

impl Sessions {
    /// Starts a session and returns the secret for its cookie.
    pub fn begin(&self, caller: Caller, now: Instant) -> String {
        // Two UUIDv4 hold 244 bits from a cryptographically secure generator.
        let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        self.lock(now, |sessions| {
            if sessions.len() == MOST {
                sessions.pop_front();
            }
            sessions.push_back(Session {
                hash: Sha256::digest(&secret).into(),
                caller,
                begun: now,
            });
        });
        secret
    }

    /// The caller whose session the request's cookie identifies.
    pub fn find(&self, headers: &HeaderMap, now: Instant) -> Option<Caller> {
        let hash = hash(headers)?;
        self.lock(now, |sessions| {
            let found = sessions.iter().find(|session| session.hash == hash);
            found.map(|session| session.caller.clone())
        })
    }

    /// Ends the session that the request's cookie identifies.
    pub fn end(&self, headers: &HeaderMap, now: Instant) {
        if let Some(hash) = hash(headers) {
            self.lock(now, |sessions| {
                sessions.retain(|session| session.hash != hash)
            });
        }
    }

    fn lock<T>(&self, now: Instant, work: impl FnOnce(&mut VecDeque<Session>) -> T) -> T {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |session: &Session| now.duration_since(session.begun) >= LIFETIME;
        while sessions.front().is_some_and(is_over) {
            sessions.pop_front();
        }
        work(&mut sessions)
    }
}

/// The hash of the secret in the request's cookie.
fn hash(headers: &HeaderMap) -> Option<[u8; 32]> {
    let cookies = headers.get_all(header::COOKIE);
    let pairs = cookies.filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split(';'));
    let secret = pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))?;
    Some(Sha256::digest(secret).into())
}

/// The `Set-Cookie` value for a session, or one that deletes the cookie when there is no secret. Scripts cannot read the
/// cookie, other sites cannot send it, other services of the same host do not get it, and where the page came over TLS it is sent over TLS only.
pub fn cookie(secret: Option<&str>, base: &BasePath, is_tls: bool) -> String {
    let seconds = secret.map_or(0, |_| LIFETIME.as_secs());
    let secure = if is_tls { "; Secure" } else { "" };
    let secret = secret.unwrap_or_default();
    let path = base.of_cookies();
    format!("{COOKIE}={secret}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn caller(name: &str) -> Caller {
        Caller {
            name: name.into(),
            scopes: [].into(),
        }
    }

    fn with(secret: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let value = format!("theme=dark; {COOKIE}={secret}");
        headers.insert(header::COOKIE, HeaderValue::from_str(&value).unwrap());
        headers
    }

    #[test]
    fn a_session_ends_after_its_time_and_when_it_is_ended() {
        let (sessions, begin) = (Sessions::default(), Instant::now());
        let (one, two) = (
            sessions.begin(caller("one"), begin),
            sessions.begin(caller("two"), begin + LIFETIME / 2),
        );
        let name = |secret: &str, now| {
            let found = sessions.find(&with(secret), now);
            found.map(|caller| caller.name.to_string())
        };
        let late = begin + LIFETIME - Duration::from_secs(1);
        assert_eq!(name(&one, late).as_deref(), Some("one"));
        assert_eq!(name(&two, late).as_deref(), Some("two"));
        assert_eq!(name(&one, begin + LIFETIME), None);
        assert_eq!(name(&two, begin + LIFETIME).as_deref(), Some("two"));
        assert_eq!(name(&two[1..], begin + LIFETIME), None);
        assert_eq!(name("", begin), None);
        sessions.end(&with(&two), begin + LIFETIME);
        assert_eq!(name(&two, begin + LIFETIME), None);
    }

    #[test]
    fn sessions_are_bounded() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let secrets: Vec<String> = (0..=MOST)
            .map(|_| sessions.begin(caller("a"), now))
            .collect();
        assert!(sessions.find(&with(&secrets[0]), now).is_none());
        assert!(sessions.find(&with(&secrets[1]), now).is_some());
    }
}
