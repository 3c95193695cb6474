//! Addresses on which a server listens, and addresses at which it is reached.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

use super::base_path::BasePath;

/// What an address begins with that is the path of a Unix socket.
pub const UNIX: &str = "unix:";

/// Maximum length of the path of a Unix socket in bytes: `sun_path` of Linux without the zero at its end.
pub const LONGEST: usize = 107;

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// An IP address and a port.
    Ip(SocketAddr),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

/// A text is no address to listen on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error(
        "`{0}` is not an address; write IP:PORT, such as 127.0.0.1:5000 or [::1]:0, or unix:PATH"
    )]
    Unknown(String),
    #[error(
        "`{0}` is a Unix socket, on which servers cannot listen on this system; write IP:PORT, such as 127.0.0.1:5000"
    )]
    NoSockets(String),
    #[error("`{0}` names no socket; write unix: and a path, such as unix:/run/titanic/http.sock")]
    NoPath(String),
    #[error(
        "the path of `{0}` contains a colon, with which a base path would begin; choose another path"
    )]
    Colon(String),
    #[error(
        "the path of `{text}` has {length} bytes, and a Unix socket takes at most {LONGEST}; choose a shorter one"
    )]
    TooLong { text: String, length: usize },
}

impl FromStr for Listen {
    type Err = AddressError;

    /// Parses an address. `localhost` is the only host name accepted, because it needs no DNS lookup.
    fn from_str(text: &str) -> Result<Listen, AddressError> {
        if let Some(path) = text.strip_prefix(UNIX) {
            if cfg!(not(unix)) {
                return Err(AddressError::NoSockets(text.into()));
            }
            return match path.len() {
                _ if path.is_empty() || path.ends_with('/') || path.contains('\0') => {
                    Err(AddressError::NoPath(text.into()))
                }
                _ if path.contains(':') => Err(AddressError::Colon(text.into())),
                length if length > LONGEST => Err(AddressError::TooLong {
                    text: text.into(),
                    length,
                }),
                _ => Ok(Listen::Unix(path.into())),
            };
        }
        let numeric = text
            .strip_prefix("localhost:")
            .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
        let ip = numeric.parse();
        ip.map(Listen::Ip)
            .map_err(|_| AddressError::Unknown(text.into()))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listen::Ip(address) => address.fmt(f),
            Listen::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Listen {
        Listen::Ip(address)
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Listen, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl Listen {
    /// The IP address and port; `None` for a Unix socket.
    pub fn ip(&self) -> Option<SocketAddr> {
        match self {
            Listen::Ip(address) => Some(*address),
            Listen::Unix(_) => None,
        }
    }

    /// Whether only this machine can connect: to a loopback address, or to a Unix socket, which only its user can open.
    pub fn is_local(&self) -> bool {
        self.ip()
            .is_none_or(|address| address.ip().to_canonical().is_loopback())
    }

    /// The URL at which this machine reaches the server, with the base path of its routes.
    pub fn url(&self, base: &BasePath) -> ServerUrl {
        match self {
            Listen::Ip(address) => {
                let ip = match address.ip() {
                    IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
                    IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
                    ip => ip,
                };
                let reachable = SocketAddr::new(ip, address.port());
                ServerUrl::Http(format!("http://{reachable}{base}"))
            }
            Listen::Unix(path) => ServerUrl::Unix {
                path: std::path::absolute(path).unwrap_or_else(|_| path.clone()),
                base: base.clone(),
            },
        }
    }
}

/// The URL of a running server: `http://127.0.0.1:5000/ml`, or `unix:/run/titanic/http.sock:/ml` as nginx writes it. The ready
/// line of `serve` is one, the file beside the store holds one, and `--url` takes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerUrl {
    /// The URL, without a slash at its end.
    Http(String),
    Unix {
        path: PathBuf,
        base: BasePath,
    },
}

impl FromStr for ServerUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<ServerUrl, String> {
        if !text.starts_with(UNIX) {
            return Ok(ServerUrl::Http(text.trim_end_matches('/').to_owned()));
        }
        let (socket, base) = match text.rsplit_once(":/") {
            Some((socket, base)) if socket.len() >= UNIX.len() => (socket, format!("/{base}")),
            _ => (text, "/".to_owned()),
        };
        let base = base
            .parse::<BasePath>()
            .map_err(|error| error.to_string())?;
        match socket
            .parse()
            .map_err(|error: AddressError| error.to_string())?
        {
            Listen::Unix(path) => Ok(ServerUrl::Unix { path, base }),
            Listen::Ip(_) => unreachable!("it begins with unix:"),
        }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerUrl::Http(url) => f.write_str(url),
            ServerUrl::Unix { path, base } if base.is_root() => {
                write!(f, "{UNIX}{}", path.display())
            }
            ServerUrl::Unix { path, base } => write!(f, "{UNIX}{}:{base}", path.display()),
        }
    }
}

impl ServerUrl {
    /// The URL of a path of the route table, as it stands in a request. The host of a request over a Unix socket is
    /// `localhost`, which every server accepts.
    pub fn of(&self, path: &str) -> String {
        match self {
            ServerUrl::Http(url) => format!("{url}{path}"),
            ServerUrl::Unix { base, .. } => format!("http://localhost{}", base.public(path)),
        }
    }

    /// The path of the Unix socket; `None` for an IP address.
    pub fn socket(&self) -> Option<&Path> {
        match self {
            ServerUrl::Http(_) => None,
            ServerUrl::Unix { path, .. } => Some(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_to_listen_on() {
        for (text, shown, is_local) in [
            ("127.0.0.1:5000", "127.0.0.1:5000", true),
            ("localhost:1", "127.0.0.1:1", true),
            ("[::1]:0", "[::1]:0", true),
            ("[::ffff:127.0.0.1]:0", "[::ffff:127.0.0.1]:0", true),
            ("[::]:5000", "[::]:5000", false),
            ("192.168.0.7:5000", "192.168.0.7:5000", false),
            ("unix:/run/a.sock", "unix:/run/a.sock", true),
            ("unix:a.sock", "unix:a.sock", true),
        ] {
            let listen: Listen = text.parse().unwrap();
            assert_eq!(
                (listen.to_string().as_str(), listen.is_local()),
                (shown, is_local)
            );
        }
        let fault = |text: &str| text.parse::<Listen>().unwrap_err().to_string();
        for wrong in ["example.org:5000", "5000", "", "/run/a.sock", "UNIX:/run/a"] {
            assert!(fault(wrong).contains("write IP:PORT"), "{wrong}");
        }
        assert!(fault("unix:").contains("names no socket"));
        assert!(fault("unix:/run/").contains("names no socket"));
        assert!(fault("unix:/run/a:/b").contains("colon"));
        let path = format!("/{}", "x".repeat(LONGEST - 1));
        assert!(format!("unix:{path}").parse::<Listen>().is_ok());
        assert!(fault(&format!("unix:{path}x")).contains("has 108 bytes"));
    }

    #[test]
    fn urls_of_servers() {
        let check = |listen: &str, base: &str, url: &str, of: &str| {
            let listen: Listen = listen.parse().unwrap();
            let found = listen.url(&base.parse().unwrap());
            assert_eq!(found.to_string(), url);
            assert_eq!(found.of("/healthz"), of);
            assert_eq!(url.parse(), Ok(found));
        };
        check(
            "0.0.0.0:1",
            "/",
            "http://127.0.0.1:1",
            "http://127.0.0.1:1/healthz",
        );
        check(
            "[::]:1",
            "/ml",
            "http://[::1]:1/ml",
            "http://[::1]:1/ml/healthz",
        );
        check("unix:/r/s", "/", "unix:/r/s", "http://localhost/healthz");
        check(
            "unix:/r/s",
            "/a/b",
            "unix:/r/s:/a/b",
            "http://localhost/a/b/healthz",
        );
        assert_eq!(
            "http://h:1/".parse(),
            Ok(ServerUrl::Http("http://h:1".into()))
        );
        for wrong in ["unix:", "unix:/r/s:/a/", "unix:/r/s:ml", "unix:/r/s:/../a"] {
            assert!(wrong.parse::<ServerUrl>().is_err(), "{wrong}");
        }
    }
}
