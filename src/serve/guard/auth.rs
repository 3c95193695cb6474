//! Tokens: who asks, and how far that goes.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderMap};
use sha2::{Digest, Sha256};

use crate::serve::options::{Auth, Scope, SecretError};
use crate::serve::problem::{Problem, kind};

/// What a route asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing: it tells nothing worth a token.
    Open,
    /// Any token, where there are tokens.
    Token,
    /// A token that goes that far, where there are tokens.
    Scope(Scope),
}

impl Access {
    /// Predicts and reads versions.
    pub const PREDICT: Access = Access::Scope(Scope::Predict);
    /// Hands in labels and rows.
    pub const LABEL: Access = Access::Scope(Scope::Label);
    /// Reads what is stored and observed.
    pub const READ: Access = Access::Scope(Scope::Read);
    /// Changes what the server does.
    pub const ADMIN: Access = Access::Scope(Scope::Admin);
}

/// The word of a scope.
pub fn word(scope: Scope) -> &'static str {
    match scope {
        Scope::Predict => "predict",
        Scope::Label => "label",
        Scope::Read => "read",
        Scope::Admin => "admin",
    }
}

/// The token a request came with.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Its name, as it stands in the ledger.
    pub name: Arc<str>,
    pub(super) scopes: Arc<[Scope]>,
}

impl Caller {
    /// Checks that the token's scopes cover what a route requires.
    ///
    /// # Errors
    /// 403 where it does not go that far.
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

/// The tokens of a server.
#[derive(Clone, Debug)]
pub struct Tokens(Vec<Known>);

#[derive(Clone, Debug)]
struct Known {
    caller: Caller,
    /// SHA-256 of the secret: comparing hashes tells nothing of it by the time it takes.
    hash: [u8; 32],
}

impl Tokens {
    /// The tokens of the settings, with their secrets; none where anybody may ask.
    ///
    /// # Errors
    /// When a secret is not where it should be.
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

    /// Who asks, if that goes as far as `access` asks. `session` gives the caller of a page's session; a token that is sent
    /// goes before it.
    ///
    /// # Errors
    /// 401 without a known token, 403 where it does not go that far.
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

    /// Whose token a secret is.
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

/// Looks at every byte, whatever they are.
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
