//! Settings of the server: address, authentication and limits.

use std::{fmt, net::IpAddr, num::NonZeroUsize, path::PathBuf, str::FromStr};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de};

use super::address::Listen;
use super::base_path::BasePath;
use crate::units::{Size, Span};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Address to listen on, or the path of a Unix socket; with port 0 the system picks a free port.
    pub listen: Listen,
    /// Prefix of all routes behind a reverse proxy that keeps it.
    pub base_path: BasePath,
    /// The IP address to listen on, with the port of `listen`; already part of `listen`.
    pub host: Option<String>,
    /// Accepted `Host` headers in addition to those of the listening address.
    pub hosts: Vec<String>,
    /// Accepted `Origin` headers of pages in addition to the server's own page.
    pub origins: Vec<String>,
    /// Peers whose `X-Forwarded-…` headers are trusted.
    pub trusted_proxies: Vec<Proxy>,
    /// Authentication of clients; may be null only if the server listens on a loopback address.
    pub auth: Option<Auth>,
    /// Number of threads that handle requests; null means one per core.
    pub workers: Option<NonZeroUsize>,
    pub limits: Limits,
    pub platform: Platform,
    /// Interval between two pings on a WebSocket; a client that misses two pings is disconnected.
    pub heartbeat: Span,
    /// Time after which an idle connection is closed.
    pub keep_alive: Span,
    /// Time for which a stopping server still accepts requests after it has reported that it is not ready.
    pub drain: Span,
    /// Maximum duration of the shutdown after that: open requests are finished and their predictions stored.
    pub shutdown: Span,
}

/// The names by which a hosting platform calls the server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// Name of the model on KServe; null means the name of the live model's spec.
    pub model_name: Option<String>,
    /// Another path at which the server says whether it is ready.
    pub health_route: Option<String>,
    /// Another path for rows to predict.
    pub predict_route: Option<String>,
}

impl Platform {
    /// What is wrong with the names, each with its key below `server.platform`.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let is_version =
            |name: &str| name.bytes().all(|byte| byte.is_ascii_digit()) || name.contains('@');
        if let Some(name) = self.model_name.as_ref().filter(|name| is_version(name)) {
            let problem = format!(
                "`{name}` would be read as a version; write a name with a letter and without @"
            );
            faults.push(("platform.model_name", problem));
        }
        for (key, path) in [
            ("platform.health_route", &self.health_route),
            ("platform.predict_route", &self.predict_route),
        ] {
            let is_path =
                |path: &str| path.starts_with('/') && !path.contains(['{', '}', '?', '#', ' ']);
            if let Some(path) = path.as_ref().filter(|path| !is_path(path)) {
                faults.push((key, format!("`{path}` is no path; write one like /predict")));
            }
        }
        faults
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub body: Size,
    /// Maximum rows in one request.
    pub rows: NonZeroUsize,
    pub message: Size,
    /// Maximum events that wait for one WebSocket client; a client with more is disconnected as too slow.
    pub queue: NonZeroUsize,
    /// Maximum requests handled at the same time; more are rejected with 503.
    pub inflight: NonZeroUsize,
    /// Maximum time that a request may wait for the work of other requests; one that would wait longer is rejected with 503
    /// immediately.
    pub wait: Span,
    /// Maximum bytes held for all clients together: bodies, fragmented messages and unread responses. Beyond it, requests are
    /// rejected with 503.
    pub memory: Size,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// Every client has full access, by explicit choice of the operator.
    None,
    /// A client needs one of these tokens.
    Tokens(Vec<Token>),
}

/// A token and its scopes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Name of the token in the ledger and in the log.
    pub name: String,
    pub scopes: Vec<Scope>,
    /// Name of the environment variable that holds the secret.
    #[serde(default)]
    pub secret_env: Option<String>,
    /// Path of the file that holds the secret.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
}

/// A permission of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    Predict,
    /// Submit rows and labels.
    Label,
    /// Read stored data: rows, quarantine, sources.
    Read,
    /// Do everything, including what the other scopes permit.
    Admin,
}

/// A secret. Its `Debug` output is masked, so that no message or log shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret in plain text, for comparison.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The secret of a token cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the secret of the token `{token}` {problem}")]
pub struct SecretError {
    pub token: String,
    /// What is wrong and how to fix it.
    pub problem: String,
}

/// The server would be reachable from other machines without authentication.
#[derive(Debug, thiserror::Error)]
#[error(
    "server.listen is {listen}, which other machines can reach, and server.auth is not set: name tokens (server.auth: {{tokens: …}}), or write `server.auth: none` to let anybody in, or listen on 127.0.0.1 or a Unix socket"
)]
pub struct ExposedError {
    pub listen: Listen,
}

impl Token {
    /// Reads the secret from its environment variable or file. `variable` reads an environment variable.
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

/// Checks that the server may listen on `listen`: an address that other machines can reach requires tokens or an explicit
/// `none`.
pub fn check_exposure(listen: &Listen, auth: Option<&Auth>) -> Result<(), ExposedError> {
    if listen.is_local() || auth.is_some() {
        Ok(())
    } else {
        Err(ExposedError {
            listen: listen.clone(),
        })
    }
}

impl Options {
    /// The tokens whose secrets cannot be read. `variable` reads an environment variable.
    pub fn secret_faults(&self, variable: impl Fn(&str) -> Option<String>) -> Vec<SecretError> {
        let Some(Auth::Tokens(tokens)) = &self.auth else {
            return Vec::new();
        };
        // A token with neither `secret_env` nor `secret_file`, or with both, is reported by `faults`.
        let named = tokens
            .iter()
            .filter(|token| token.secret_env.is_some() != token.secret_file.is_some());
        named
            .filter_map(|token| token.secret(&variable).err())
            .collect()
    }

    /// Checks what the types cannot express. Each fault is a pair of the key below `server` and the message.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = self.platform.faults();
        let Some(Auth::Tokens(tokens)) = &self.auth else {
            return faults;
        };
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

/// Peers that a setting names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// Those with an address of this range.
    Network(IpNet),
    /// Those that connect to the server's Unix socket, which have no address.
    Unix,
}

impl Proxy {
    /// Whether a peer is one of these; the peer of a Unix socket has no address.
    pub fn is(&self, peer: Option<IpAddr>) -> bool {
        match (self, peer) {
            (Proxy::Network(network), Some(ip)) => network.contains(&ip),
            (Proxy::Unix, None) => true,
            _ => false,
        }
    }
}

impl FromStr for Proxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Proxy, String> {
        if text == "unix" {
            return Ok(Proxy::Unix);
        }
        let network = text
            .parse()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Proxy::Network).map_err(|_| {
            format!(
                "{text:?} is not an address; write one like 10.0.0.7, a range like 10.0.0.0/8, or unix"
            )
        })
    }
}

impl<'de> Deserialize<'de> for Proxy {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Proxy, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_of_this_machine_goes_without_auth() {
        let check = |listen: &str, auth: Option<Auth>, fits: bool| {
            assert_eq!(
                check_exposure(&listen.parse().unwrap(), auth.as_ref()).is_ok(),
                fits,
                "{listen} {auth:?}"
            );
        };
        for local in [
            "127.0.0.1:5000",
            "127.8.8.8:0",
            "[::1]:5000",
            "[::ffff:127.0.0.1]:0",
            "unix:/run/titanic/http.sock",
        ] {
            check(local, None, true);
        }
        for open in ["0.0.0.0:5000", "192.168.0.7:5000", "[::]:5000"] {
            check(open, None, false);
            check(open, Some(Auth::None), true);
            check(open, Some(Auth::Tokens(Vec::new())), true);
        }
        let fault = check_exposure(&"0.0.0.0:80".parse().unwrap(), None)
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
