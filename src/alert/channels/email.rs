//! E-mail over SMTP: one connection per message, encrypted as the settings say, with a login where one is configured.
//!
//! The SMTP server cannot block the sender or fill its memory: one timeout covers the whole conversation, and the number of
//! bytes read is limited.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, AsyncTokioStream, Certificate, TlsParameters,
};
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::bounded::Bounded;
use super::error::ChannelError;
use super::fence::Fence;
use super::keys::{self, Places, Secret};
use super::{Channel, Failure, Parcel, Sending, World, cause, letter, seconds};

/// Factor on the channel's timeout: an SMTP conversation waits for some ten replies, and some servers delay
/// each of them on purpose.
const ANSWERS: u32 = 3;

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// STARTTLS is required: a server that does not offer it gets no message.
    #[default]
    Starttls,
    /// TLS starts with the first byte of the connection.
    Tls,
    None,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Host name or IP address of the SMTP server.
    pub host: String,
    #[serde(default = "submission")]
    pub port: u16,
    #[serde(default)]
    pub tls: Tls,
    /// Sender: `Name <address>` or a bare address.
    pub from: String,
    /// Recipients, each `Name <address>` or a bare address.
    pub to: Vec<String>,
    /// User name for the SMTP login; without it the channel does not log in.
    #[serde(default)]
    pub user: Option<String>,
    /// Environment variable that holds the password.
    #[serde(default)]
    pub password_env: Option<String>,
    /// File that holds the password.
    #[serde(default)]
    pub password_file: Option<String>,
    /// PEM file of a certificate authority that is trusted in addition to those of the system.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

fn submission() -> u16 {
    587
}

impl Options {
    pub(super) fn fault(&self, fence: &Fence) -> Option<String> {
        self.faultless(fence).err()
    }

    fn faultless(&self, fence: &Fence) -> Result<(), String> {
        if let Ok(ip) = self.host.trim_matches(['[', ']']).parse() {
            fence.check(ip)?;
        }
        if self.host.is_empty() {
            return Err("host is empty; name the mail server".into());
        }
        self.people()?;
        let passwords = [&self.password_env, &self.password_file];
        let passwords = passwords.into_iter().flatten().count();
        match (&self.user, passwords, self.tls) {
            (None, 0, _) => Ok(()),
            (None, _, _) => Err("there is a password and no user; name the user".into()),
            (Some(_), 1, Tls::None) if !self.is_local() => {
                Err("a password is not sent unencrypted; write tls: starttls or tls: tls".into())
            }
            (Some(_), 1, _) => Ok(()),
            (Some(_), _, _) => Err("with user goes either password_env or password_file".into()),
        }
    }

    fn is_local(&self) -> bool {
        let ip = self
            .host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>();
        self.host == "localhost" || ip.is_ok_and(|ip| ip.to_canonical().is_loopback())
    }

    fn people(&self) -> Result<(Mailbox, Vec<Mailbox>), String> {
        let read = |text: &String| {
            let mailbox = text.parse::<Mailbox>();
            mailbox.map_err(|fault| {
                format!("`{text}` is not a mail address ({fault}); write name@example.org")
            })
        };
        if self.to.is_empty() {
            return Err("to is empty; name at least one recipient".into());
        }
        let to: Result<Vec<_>, _> = self.to.iter().map(read).collect();
        Ok((read(&self.from)?, to?))
    }

    pub(super) fn open(&self, world: &World<'_>) -> Result<Box<dyn Channel>, ChannelError> {
        let settings = ChannelError::Settings;
        self.faultless(&world.fence).map_err(settings)?;
        let (from, to) = self.people().map_err(settings)?;
        let place = |place: &Option<String>| Places(place.iter().cloned().collect());
        let (variable, file) = (place(&self.password_env), place(&self.password_file));
        let password = keys::fetch(world.keys, &variable, &file)?.pop();
        let authority = keys::certificates(world.keys, &self.ca_file)?;
        // Another thread may have installed a provider first; that one works as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let security = match self.tls {
            Tls::None => Security::None,
            Tls::Starttls => Security::Upgrade(upgrade(&self.host, authority)?),
            Tls::Tls => Security::Whole(whole(&self.host, authority)?),
        };
        Ok(Box::new(Mail {
            host: self.host.trim_matches(['[', ']']).to_owned(),
            port: self.port,
            security,
            login: self.user.clone().zip(password),
            from,
            to,
            fence: world.fence.clone(),
            timeout: world.timeout * ANSWERS,
        }))
    }
}

/// For a connection that begins in plain text.
fn upgrade(host: &str, authority: Option<Vec<u8>>) -> Result<TlsParameters, ChannelError> {
    let mut tls = TlsParameters::builder(host.trim_matches(['[', ']']).to_owned());
    if let Some(pem) = authority {
        let certificate = Certificate::from_pem(&pem);
        let certificate = certificate.map_err(|e| ChannelError::Authority(cause(&e)))?;
        tls = tls.add_root_certificate(certificate);
    }
    tls.build_rustls()
        .map_err(|e| ChannelError::Client(cause(&e)))
}

/// For one that is encrypted from the first byte on, with the same trust.
fn whole(host: &str, authority: Option<Vec<u8>>) -> Result<Whole, ChannelError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let pem = authority.unwrap_or_default();
    let roots: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let roots = roots.map_err(|e| ChannelError::Authority(cause(&e)))?;
    let verifier = Verifier::new_with_extra_roots(roots, provider.clone());
    let verifier = verifier.map_err(|e| ChannelError::Client(cause(&e)))?;
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| ChannelError::Client(cause(&e)))?
        .dangerous() // what rustls calls any verifier but its own
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
    Ok(Whole {
        tls: TlsConnector::from(Arc::new(config)),
        name: name.map_err(|e| ChannelError::Client(format!("host: {}", cause(&e))))?,
    })
}

struct Whole {
    tls: TlsConnector,
    name: ServerName<'static>,
}

enum Security {
    None,
    Upgrade(TlsParameters),
    Whole(Whole),
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mail({}:{})", self.host, self.port)
    }
}

struct Mail {
    host: String,
    port: u16,
    security: Security,
    login: Option<(String, Secret)>,
    from: Mailbox,
    to: Vec<Mailbox>,
    fence: Fence,
    timeout: Duration,
}

impl Channel for Mail {
    fn send<'a>(&'a self, parcel: &'a Parcel, _: Timestamp) -> Sending<'a> {
        Box::pin(async move {
            let late = || Failure::new(format!("not taken within {}", seconds(self.timeout)));
            let done = tokio::time::timeout(self.timeout, self.hand_over(parcel)).await;
            done.unwrap_or_else(|_| Err(late()))
        })
    }
}

impl Mail {
    /// Sends one message to all recipients. When a recipient is rejected permanently, sends to each recipient separately, so
    /// that one wrong address does not block the others.
    async fn hand_over(&self, parcel: &Parcel) -> Result<(), Failure> {
        let letter = letter::write(parcel, &self.from, &self.to).map_err(Failure::new)?;
        let letter = letter.formatted();
        let to: Vec<Address> = self.to.iter().map(|to| to.email.clone()).collect();
        let refused = match self.post(&letter, to.clone()).await {
            Err(refused) if refused.for_good && to.len() > 1 => refused,
            done => return done.map_err(|refused| refused.failure),
        };
        let mut is_taken = false;
        for one in to {
            match self.post(&letter, vec![one.clone()]).await {
                Ok(()) => is_taken = true,
                Err(refused) if refused.for_good => {
                    tracing::warn!(to = %one, why = refused.failure.why, "alerts: the mail server rejected a recipient");
                }
                Err(later) => return Err(later.failure), // again, also to those who have it: their copies bear one id
            }
        }
        is_taken.then_some(()).ok_or(refused.failure)
    }

    async fn post(&self, letter: &[u8], to: Vec<Address>) -> Result<(), Refused> {
        let envelope = Envelope::new(Some(self.from.email.clone()), to);
        let envelope = envelope.map_err(|e| Failure::new(e.to_string()))?;
        let mut connection = self.connect().await?;
        if let Some((user, password)) = &self.login {
            let login = Credentials::new(user.clone(), password.0.clone());
            let done = connection.auth(DEFAULT_MECHANISMS, &login).await;
            if let Err(error) = done {
                connection.abort().await;
                let why = format!("the login is rejected: {}", told(&error));
                return Err(Failure::new(why).into());
            }
        }
        let sent = connection.send(&envelope, letter).await;
        sent.map_err(|error| Refused {
            for_good: error.is_permanent(),
            failure: refused(&error),
        })?;
        // The server has accepted the message; an error in QUIT does not matter.
        let _ = connection.quit().await;
        Ok(())
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let addresses = self.fence.resolve(&self.host, self.port).await;
        let addresses = addresses.map_err(Failure::new)?;
        let me = ClientId::default();
        // The timeout is divided among the addresses, so that one that never responds leaves time for the others.
        let each = self.timeout / u32::try_from(addresses.len() + 1).unwrap_or(u32::MAX);
        let stream = connect(&addresses, each).await.map_err(Failure::new)?;
        let stream: Box<dyn AsyncTokioStream> = match &self.security {
            Security::Whole(Whole { tls, name }) => {
                let secured = tls.connect(name.clone(), stream).await;
                Box::new(Bounded::new(
                    secured.map_err(|e| Failure::new(plain(&cause(&e))))?,
                ))
            }
            Security::Upgrade(_) | Security::None => Box::new(Bounded::new(stream)),
        };
        let open = AsyncSmtpConnection::connect_with_transport(stream, &me).await;
        let mut open = open.map_err(|error| refused(&error))?;
        if let Security::Upgrade(tls) = &self.security {
            let upgraded = open.starttls(tls.clone(), &me).await;
            upgraded.map_err(|error| refused(&error))?;
        }
        Ok(open)
    }
}

/// A message that the server did not accept, and whether the rejection is permanent.
struct Refused {
    failure: Failure,
    for_good: bool,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Refused {
        Refused {
            failure,
            for_good: false,
        }
    }
}

/// Connects to the first address that accepts a connection within `each`.
async fn connect(addresses: &[SocketAddr], each: Duration) -> Result<TcpStream, String> {
    let mut why = String::new();
    for address in addresses {
        match tokio::time::timeout(each, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => why = format!("no connection: {error}"),
            Err(_) => why = format!("no connection: {address} does not answer"),
        }
    }
    Err(why)
}

fn refused(error: &lettre::transport::smtp::Error) -> Failure {
    Failure::new(match error.status() {
        Some(_) => format!("it answered {}", told(error)),
        None => told(error),
    })
}

/// Text of an SMTP error without characters that could break a log line.
fn told(error: &lettre::transport::smtp::Error) -> String {
    let text = match error.status() {
        Some(code) => format!("{code} {}", cause(error)),
        None => cause(error),
    };
    plain(&text)
}

fn plain(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(200).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_make_no_sense_are_told() {
        let check = |more: &str, part: &str| {
            let json = format!(r#"{{"host": "mail.example.org", "from": "a@example.org"{more}}}"#);
            let options: Options = serde_json::from_str(&json).unwrap();
            let fault = options.fault(&Fence::default()).unwrap_or_default();
            let fits = if part.is_empty() {
                fault.is_empty()
            } else {
                fault.contains(part)
            };
            assert!(fits, "{json}: {fault}");
        };
        let to = r#", "to": ["Ops <b@example.org>"]"#;
        check(to, "");
        check(r#", "to": []"#, "to is empty");
        check(r#", "to": ["nobody"]"#, "`nobody` is not a mail address");
        check(&format!(r#"{to}, "user": "a""#), "either password_env");
        check(&format!(r#"{to}, "user": "a", "password_env": "A""#), "");
        check(&format!(r#"{to}, "password_env": "A""#), "no user");
        check(
            &format!(r#"{to}, "user": "a", "password_env": "A", "tls": "none""#),
            "not sent unencrypted",
        );
    }
}
