//! Settings of the server: where it listens, who may ask, how much it takes.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    num::NonZeroUsize,
    path::PathBuf,
};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de};

use crate::units::{Size, Span};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The address; port 0 picks a free one.
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,
    /// `Host` headers that are answered beside those of the address itself.
    pub hosts: Vec<String>,
    /// `Origin` headers of pages that may ask, beside the server's own page.
    pub origins: Vec<String>,
    /// Peers whose `X-Forwarded-Host` and `X-Forwarded-Proto` are believed.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// Who may ask; null is allowed where only this machine can.
    pub auth: Option<Auth>,
    /// Threads that answer; null is one a core.
    pub workers: Option<NonZeroUsize>,
    /// How much is taken.
    pub limits: Limits,
    /// Between two pings on a WebSocket; who misses two is gone.
    pub heartbeat: Span,
    /// How long an idle connection is kept.
    pub keep_alive: Span,
    /// How long a stopping server, no longer ready, still responds.
    pub drain: Span,
    /// How long the stop after that may take: finishing open requests, storing what was answered.
    pub shutdown: Span,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub body: Size,
    /// Rows in one request.
    pub rows: NonZeroUsize,
    pub message: Size,
    /// Events that wait for one WebSocket reader before it is closed as too slow.
    pub queue: NonZeroUsize,
    /// Requests being answered at once; more get 503.
    pub inflight: NonZeroUsize,
    /// How long work may wait for others' work; what would wait longer gets 503 at once.
    pub wait: Span,
    /// Bytes kept for all clients together: bodies, messages in pieces, answers nobody has read; more get 503.
    pub memory: Size,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// Anybody, said on purpose.
    None,
    /// Whoever brings one of these.
    Tokens(Vec<Token>),
}

/// A token, and what it may do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Its name in the ledger and the log.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The environment variable that holds the secret.
    #[serde(default)]
    pub secret_env: Option<String>,
    /// The file that holds the secret.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    Predict,
    /// Give rows and labels.
    Label,
    /// Read what is stored: rows, quarantine, sources.
    Read,
    /// Everything: also what the others may.
    Admin,
}

/// A secret, which no message or log shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, to compare with.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A secret that is not where it should be.
#[derive(Debug, thiserror::Error)]
#[error("the secret of the token `{token}` {problem}")]
pub struct SecretError {
    pub token: String,
    /// What is wrong, and what to do.
    pub problem: String,
}

/// A server that everybody could reach.
#[derive(Debug, thiserror::Error)]
#[error(
    "server.listen is {listen}, which other machines can reach, and server.auth is not set: name tokens (server.auth: {{tokens: …}}), or write `server.auth: none` to let anybody in, or listen on 127.0.0.1"
)]
pub struct ExposedError {
    pub listen: SocketAddr,
}

impl Token {
    /// Fetches the secret from where it is kept; `variable` reads the environment.
    pub fn secret(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Secret, SecretError> {
        let fault = |problem: String| SecretError {
            token: self.name.clone(),
            problem,
        };
        let text = match (&self.secret_env, &self.secret_file) {
            (Some(name), None) => variable(name).ok_or_else(|| {
                fault(format!("belongs in the environment variable {name}, which is not set; set it, or use secret_file"))
            })?,
            (None, Some(path)) => std::fs::read_to_string(path).map_err(|source| {
                fault(format!("belongs in the file {}, which cannot be read: {source}; write it there", path.display()))
            })?,
            _ => return Err(fault("needs one of secret_env and secret_file, not both; name where it is kept".into())),
        };
        match text.trim() {
            "" => Err(fault("is empty; choose a long random one".into())),
            secret => Ok(Secret(secret.into())),
        }
    }
}

/// Whether the server may listen there: an address that other machines can reach wants tokens, or an explicit `none`.
pub fn check_exposure(listen: SocketAddr, auth: Option<&Auth>) -> Result<(), ExposedError> {
    let local = listen.ip().to_canonical().is_loopback();
    if local || auth.is_some() {
        Ok(())
    } else {
        Err(ExposedError { listen })
    }
}

impl Options {
    /// Secrets that are not where they should be; `variable` reads the environment.
    pub fn secret_faults(&self, variable: impl Fn(&str) -> Option<String>) -> Vec<SecretError> {
        let Some(Auth::Tokens(tokens)) = &self.auth else {
            return Vec::new();
        };
        // A token that names no place or two is a fault of the settings themselves.
        let named = tokens
            .iter()
            .filter(|token| token.secret_env.is_some() != token.secret_file.is_some());
        named
            .filter_map(|token| token.secret(&variable).err())
            .collect()
    }

    /// What types cannot say: (key below `server`, problem).
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let Some(Auth::Tokens(tokens)) = &self.auth else {
            return Vec::new();
        };
        let mut faults = Vec::new();
        if tokens.is_empty() {
            faults.push((
                "auth.tokens",
                "no token: no client could call the server; name one, or write `auth: none`".into(),
            ));
        }
        for (at, token) in tokens.iter().enumerate() {
            if token.secret_env.is_some() == token.secret_file.is_some() {
                faults.push((
                    "auth.tokens",
                    format!("`{}` needs either secret_env or secret_file", token.name),
                ));
            }
            if tokens[..at].iter().any(|other| other.name == token.name) {
                faults.push((
                    "auth.tokens",
                    format!("two tokens are called `{}`; rename one", token.name),
                ));
            }
        }
        faults
    }
}

/// Addresses and ranges of them.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let network = |text: String| {
        let parsed = text
            .parse()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        parsed.map_err(|_| {
            de::Error::custom(format_args!(
                "{text:?} is no address; write one like 10.0.0.7, or a range like 10.0.0.0/8"
            ))
        })
    };
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.into_iter().map(network).collect()
}

/// `localhost` is the one name that needs no look-up.
fn address<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(from)?;
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.clone(),
    };
    numeric.parse().map_err(|_| {
        de::Error::custom(format!(
            "`{text}` is not an address; write IP:PORT, such as 127.0.0.1:5000 or [::1]:0"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_of_this_machine_goes_without_auth() {
        let check = |listen: &str, auth: Option<Auth>, fits: bool| {
            assert_eq!(
                check_exposure(listen.parse().unwrap(), auth.as_ref()).is_ok(),
                fits,
                "{listen} {auth:?}"
            );
        };
        for local in [
            "127.0.0.1:5000",
            "127.8.8.8:0",
            "[::1]:5000",
            "[::ffff:127.0.0.1]:0",
        ] {
            check(local, None, true);
        }
        for open in ["0.0.0.0:5000", "192.168.0.7:5000", "[::]:5000"] {
            check(open, None, false);
            check(open, Some(Auth::None), true);
            check(open, Some(Auth::Tokens(Vec::new())), true);
        }
        let fault = check_exposure("0.0.0.0:80".parse().unwrap(), None)
            .unwrap_err()
            .to_string();
        assert!(
            fault.contains("0.0.0.0:80") && fault.contains("auth: none"),
            "{fault}"
        );
    }

    #[test]
    fn a_secret_is_fetched_and_never_shown() {
        let token = |secret_env: Option<&str>, secret_file: Option<PathBuf>| Token {
            name: "ci".into(),
            scopes: vec![Scope::Predict],
            secret_env: secret_env.map(String::from),
            secret_file,
        };
        let variable = |name: &str| (name == "CI_TOKEN").then(|| "hush".to_string());
        let secret = token(Some("CI_TOKEN"), None).secret(variable).unwrap();
        assert_eq!(
            (secret.expose(), format!("{secret:?}").as_str()),
            ("hush", "***")
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "hush\n").unwrap();
        assert_eq!(
            token(None, Some(path.clone()))
                .secret(variable)
                .unwrap()
                .expose(),
            "hush"
        );
        std::fs::write(&path, "\n").unwrap();
        let fault = |token: Token| token.secret(variable).unwrap_err().to_string();
        assert!(fault(token(None, Some(path))).contains("is empty"));
        assert!(fault(token(Some("OTHER"), None)).contains("OTHER, which is not set"));
        assert!(fault(token(None, None)).contains("secret_env and secret_file"));
    }
}
