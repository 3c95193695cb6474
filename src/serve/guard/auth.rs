//! Bearer tokens: which client sends a request, and which scopes it has.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderMap};
use sha2::{Digest, Sha256};

use crate::serve::options::{Auth, Scope, SecretError};
use crate::serve::problem::{Problem, kind};

/// The authorization that a route requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// None: the route discloses nothing sensitive.
    Open,
    /// Any known token, if tokens are configured.
    Token,
    /// A token with this scope, if tokens are configured.
    Scope(Scope),
}

impl Access {
    /// Make predictions and read versions.
    pub const PREDICT: Access = Access::Scope(Scope::Predict);
    /// Submit labels and rows.
    pub const LABEL: Access = Access::Scope(Scope::Label);
    /// Read stored and monitored data.
    pub const READ: Access = Access::Scope(Scope::Read);
    /// Change the state of the server.
    pub const ADMIN: Access = Access::Scope(Scope::Admin);
}

/// The name of a scope, as used in settings and responses.
pub fn word(scope: Scope) -> &'static str {
    match scope {
        Scope::Predict => "predict",
        Scope::Label => "label",
        Scope::Read => "read",
        Scope::Admin => "admin",
    }
}

/// The token with which a request was sent.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The token's name, as recorded in the ledger.
    pub name: Arc<str>,
    pub(super) scopes: Arc<[Scope]>,
}

impl Caller {
    /// Checks that the token's scopes cover the access that a route requires.
    ///
    /// # Errors
    /// 403 when the scope is missing.
    pub fn may(&self, access: Access) -> Result<(), Problem> {
        let Access::Scope(scope) = access else {
            return Ok(());
        };
        if self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin) {
            return Ok(());
        }
        let scope = word(scope);
        let detail = format!(
            "the token {:?} lacks the scope {scope}; use another, or add it in server.auth",
            self.name
        );
        let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
        Err(Problem::new(&kind::SCOPE, detail).header(header::WWW_AUTHENTICATE, challenge))
    }
}

#[derive(Clone, Debug)]
pub struct Tokens(Vec<Known>);

#[derive(Clone, Debug)]
struct Known {
    caller: Caller,
    /// SHA-256 of the secret. Comparing hashes reveals nothing about the secret by the time it takes.
    hash: [u8; 32],
}

impl Tokens {
    /// Reads the secrets of the configured tokens. None where no tokens are configured and any client has access.
    ///
    /// # Errors
    /// When the secret of a token cannot be read.
    pub fn fetch(auth: Option<&Auth>) -> Result<Option<Tokens>, SecretError> {
        let Some(Auth::Tokens(tokens)) = auth else {
            return Ok(None);
        };
        let known = tokens.iter().map(|token| {
            let secret = token.secret(|name| std::env::var(name).ok())?;
            let hash = Sha256::digest(secret.expose().as_bytes()).into();
            let caller = Caller {
                name: token.name.as_str().into(),
                scopes: token.scopes.as_slice().into(),
            };
            Ok(Known { caller, hash })
        });
        Ok(Some(Tokens(known.collect::<Result<_, SecretError>>()?)))
    }

    /// The caller of a request, if its scopes cover `access`. `session` returns the caller of the page's session, which is
    /// used only if the request has no token.
    ///
    /// # Errors
    /// 401 without a known token or session, 403 when the scope is missing.
    pub fn admit(
        &self,
        headers: &HeaderMap,
        access: Access,
        session: impl FnOnce() -> Option<Caller>,
    ) -> Result<Option<Caller>, Problem> {
        if access == Access::Open {
            return Ok(None);
        }
        let caller = match bearer(headers) {
            Some(secret) => self.caller(secret).ok_or_else(|| {
                unauthorized(
                    "this token is not known; see server.auth",
                    ", error=\"invalid_token\"",
                )
            })?,
            None => {
                session().ok_or_else(|| unauthorized("send Authorization: Bearer SECRET", ""))?
            }
        };
        caller.may(access)?;
        Ok(Some(caller))
    }

    /// The caller to whom the token with this secret belongs.
    pub fn caller(&self, secret: &[u8]) -> Option<Caller> {
        let hash: [u8; 32] = Sha256::digest(secret).into();
        let known = self.0.iter().find(|token| same(&token.hash, &hash));
        known.map(|token| token.caller.clone())
    }
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, secret) = value.split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| secret.trim_ascii())
}

/// Compares all bytes, in constant time.
fn same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.iter()
        .zip(other)
        .fold(0, |difference, (a, b)| difference | (a ^ b))
        == 0
}

fn unauthorized(detail: &str, error: &str) -> Problem {
    let challenge = format!("Bearer realm=\"titanic-platform\"{error}");
    Problem::new(&kind::UNAUTHORIZED, detail).header(header::WWW_AUTHENTICATE, challenge)
}
