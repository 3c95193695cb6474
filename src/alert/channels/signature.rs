//! Webhook signatures as defined by Standard Webhooks (standard-webhooks 1.0.0, "Symmetric signatures"): HMAC-SHA256 of
//! `id.timestamp.body` under each secret, so that during a rotation a receiver that has only one of two secrets can verify.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use super::error::ChannelError;
use super::keys::Secret;

/// Prefix of secrets in their text form.
const PREFIX: &str = "whsec_";

/// HMAC keys of the secrets.
pub(super) struct Signer(Vec<hmac::Key>);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({} secrets)", self.0.len())
    }
}

impl Signer {
    /// Reads secrets: base64, with or without the prefix.
    pub(super) fn new(secrets: &[Secret]) -> Result<Signer, ChannelError> {
        let key = |secret: &Secret| {
            let text = secret.0.strip_prefix(PREFIX).unwrap_or(&secret.0);
            match STANDARD.decode(text) {
                Ok(bytes) if !bytes.is_empty() => Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes)),
                _ => Err(ChannelError::NotASecret { prefix: PREFIX }),
            }
        };
        secrets
            .iter()
            .map(key)
            .collect::<Result<_, _>>()
            .map(Signer)
    }

    /// Value of the header `webhook-signature`; `None` without secrets.
    pub(super) fn sign(&self, id: &str, second: i64, body: &str) -> Option<String> {
        let signed = format!("{id}.{second}.{body}");
        let each = self.0.iter().map(|key| {
            let tag = hmac::sign(key, signed.as_bytes());
            format!("v1,{}", STANDARD.encode(tag))
        });
        let all: Vec<String> = each.collect();
        (!all.is_empty()).then(|| all.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(secrets: &[&str]) -> Result<Signer, ChannelError> {
        let secrets: Vec<_> = secrets.iter().map(|s| Secret((*s).into())).collect();
        Signer::new(&secrets)
    }

    /// Test vector from the official Standard Webhooks libraries.
    #[test]
    fn the_golden_signature() {
        const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let sign = |secrets: &[&str]| {
            let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
            let signer = signer(secrets).unwrap();
            signer.sign(id, 1_614_265_330, r#"{"test": 2432232314}"#)
        };
        assert_eq!(sign(&[SECRET]).unwrap(), SIGNATURE);
        assert_eq!(sign(&[&SECRET[6..]]).unwrap(), SIGNATURE);
        let two = sign(&["whsec_c2Vjb25k", SECRET]).unwrap();
        let (first, second) = two.split_once(' ').unwrap();
        assert!(first.starts_with("v1,") && first != SIGNATURE);
        assert_eq!(second, SIGNATURE);
        assert_eq!(sign(&[]), None);
    }

    #[test]
    fn a_secret_that_is_none_is_told_and_not_shown() {
        for secret in ["whsec_not base64!", "whsec_", "hush?"] {
            let fault = signer(&[secret]).unwrap_err().to_string();
            assert!(fault.contains("base64") && !fault.contains("hush"));
        }
        let shown = format!("{:?}", signer(&["whsec_c2Vjb25k"]).unwrap());
        assert_eq!(shown, "Signer(1 secrets)");
    }
}
