//! Webhook channel: posts the notification document unchanged, with a signature.
//!
//! A misbehaving receiver costs little: one connection, one timeout over the whole exchange, no redirects followed, and of
//! the response only the status is read (plus the first kilobyte of an error). A response after the timeout counts as none;
//! the retry has the same id, by which the receiver recognizes it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response, StatusCode, header};
use serde::Deserialize;
use url::{Host, Url};

use super::error::ChannelError;
use super::fence::Fence;
use super::keys::{self, Places};
use super::signature::Signer;
use super::{Channel, Failure, Parcel, Sending, World, cause, seconds};

/// Maximum number of bytes read from an error response.
const SAID: usize = 1 << 10;

/// Maximum number of characters of an error response that are reported.
const TOLD: usize = 200;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    pub url: String,
    /// Environment variables that hold the secrets.
    #[serde(default)]
    pub secret_env: Places,
    /// Files that hold the secrets.
    #[serde(default)]
    pub secret_file: Places,
    /// PEM file of a certificate authority that is trusted in addition to those of the system.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

impl Options {
    fn address(&self) -> Result<Url, String> {
        let url = Url::parse(&self.url);
        let url = url.map_err(|fault| format!("url is not a valid address: {fault}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err("url is not https://… or http://…".into());
        }
        Ok(url)
    }

    pub(super) fn fault(&self, fence: &Fence) -> Option<String> {
        self.address().and_then(|url| inside(fence, &url)).err()
    }

    pub(super) fn open(&self, world: &World<'_>) -> Result<Box<dyn Channel>, ChannelError> {
        let url = self.address().map_err(ChannelError::Settings)?;
        inside(&world.fence, &url).map_err(ChannelError::Settings)?;
        let secrets = keys::fetch(world.keys, &self.secret_env, &self.secret_file)?;
        // Another thread may have installed a provider first; that one works as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .user_agent(concat!("titanic-platform/", env!("CARGO_PKG_VERSION")))
            .timeout(world.timeout)
            .redirect(Policy::none())
            // A proxy would resolve the name itself, outside the egress policy.
            .no_proxy()
            .pool_max_idle_per_host(0)
            .dns_resolver(Arc::new(Fenced(world.fence.clone())));
        if let Some(pem) = keys::certificates(world.keys, &self.ca_file)? {
            let certificates = Certificate::from_pem_bundle(&pem);
            let certificates = certificates.map_err(|e| ChannelError::Authority(cause(&e)))?;
            client = client.tls_certs_merge(certificates);
        } else if url.scheme() == "http" {
            // Without TLS the system's certificates are not needed, so they are not loaded.
            client = client.tls_certs_only([]);
        }
        Ok(Box::new(Hook {
            client: client
                .build()
                .map_err(|e| ChannelError::Client(cause(&e)))?,
            url,
            signer: Signer::new(&secrets)?,
            timeout: world.timeout,
        }))
    }
}

/// Checks a literal IP address in the URL against the egress policy; names are checked when they are resolved.
fn inside(fence: &Fence, url: &Url) -> Result<(), String> {
    match url.host() {
        Some(Host::Ipv4(ip)) => fence.check(ip.into()),
        Some(Host::Ipv6(ip)) => fence.check(ip.into()),
        _ => Ok(()),
    }
}

/// DNS resolver that drops the addresses that the egress policy blocks.
struct Fenced(Fence);

impl Resolve for Fenced {
    fn resolve(&self, name: Name) -> Resolving {
        let fence = self.0.clone();
        Box::pin(async move {
            // The HTTP client replaces this port by that of the URL.
            let found = fence.resolve(name.as_str(), 0).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

struct Hook {
    client: Client,
    url: Url,
    signer: Signer,
    timeout: Duration,
}

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The path of the URL may be a secret.
        write!(f, "Hook({})", self.url.host_str().unwrap_or_default())
    }
}

impl Channel for Hook {
    fn send<'a>(&'a self, parcel: &'a Parcel, now: Timestamp) -> Sending<'a> {
        Box::pin(async move {
            let posted = tokio::time::timeout(self.timeout, self.post(parcel, now)).await;
            posted.unwrap_or_else(|_| Err(self.late()))
        })
    }
}

impl Hook {
    async fn post(&self, parcel: &Parcel, now: Timestamp) -> Result<(), Failure> {
        let second = now.as_second();
        let mut request = self
            .client
            .post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", &parcel.id)
            .header("webhook-timestamp", second);
        if let Some(signature) = self.signer.sign(&parcel.id, second, &parcel.body) {
            request = request.header("webhook-signature", signature);
        }
        let sent = request.body(parcel.body.clone()).send().await;
        let response = sent.map_err(|error| match error {
            e if e.is_timeout() => self.late(),
            e if e.is_connect() => Failure::new(format!("no connection: {}", cause(&e))),
            e => Failure::new(format!("the response is incomplete: {}", cause(&e))),
        })?;
        if response.status().is_success() {
            return Ok(()); // what else it has to say is not listened to
        }
        Err(refused(response).await)
    }

    fn late(&self) -> Failure {
        Failure::new(format!("no answer within {}", seconds(self.timeout)))
    }
}

async fn refused(mut response: Response) -> Failure {
    let status = response.status();
    if status.is_redirection() {
        return Failure::new(format!(
            "it responded with {status}; redirects are not followed: set the address it redirects to"
        ));
    }
    let after = response.headers().get(header::RETRY_AFTER);
    let after = after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let mut said = Vec::new();
    while said.len() < SAID
        && let Ok(Some(chunk)) = response.chunk().await
    {
        said.extend_from_slice(&chunk[..chunk.len().min(SAID)]);
    }
    let said = String::from_utf8_lossy(&said);
    let plain = said.chars().map(|c| if c.is_control() { ' ' } else { c });
    let said: String = plain.take(TOLD).collect();
    let said = match said.trim() {
        "" => String::new(),
        said => format!(": {said}"),
    };
    Failure {
        why: format!("it answered {status}{said}"),
        gone: status == StatusCode::GONE,
        after: after.map(Duration::from_secs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::channels::keys::tests::Pocket;

    #[test]
    fn addresses_that_make_no_sense_or_are_not_reached_are_told() {
        let check = |url: &str, part: &str| {
            let options = Options {
                url: url.into(),
                secret_env: Places::default(),
                secret_file: Places::default(),
                ca_file: None,
            };
            let fault = options.fault(&Fence::default()).unwrap_or_default();
            let fits = if part.is_empty() {
                fault.is_empty()
            } else {
                fault.contains(part)
            };
            assert!(fits, "{url}: {fault}");
        };
        check("https://hooks.example.org/a?b=c", "");
        check("http://127.0.0.1:9000/", "");
        check("http://[::1]:9000/", "");
        check("hooks.example.org", "not a valid address");
        check("ftp://hooks.example.org", "https://");
        check("http://169.254.169.254/latest/meta-data", "link-local");
        check("http://[::ffff:169.254.169.254]/", "link-local");
        check("http://2852039166/", "link-local"); // 169.254.169.254 as one number
        check("http://0xa9.0xfe.0xa9.0xfe/", "link-local");
        check("http://0.0.0.0:80/", "no address of anybody");
        check("http://[fd00:ec2::254]/", "metadata");
    }

    #[test]
    fn a_hook_shows_neither_its_path_nor_its_secret() {
        let options: Options = serde_json::from_str(
            r#"{"url": "https://hooks.example.org/T0/secret", "secret_env": ["ONE", "ONE"]}"#,
        )
        .unwrap();
        let world = World {
            keys: &Pocket,
            fence: Fence::default(),
            timeout: Duration::from_secs(1),
        };
        let hook = options.open(&world).unwrap();
        assert_eq!(format!("{hook:?}"), "Hook(hooks.example.org)");
    }
}
