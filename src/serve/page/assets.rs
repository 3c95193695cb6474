//! The page's own files, compiled in, and the policy that lets a browser load nothing else.

use sha2::{Digest, Sha256};

/// Content-Security-Policy for every HTML answer: own script, own style, own requests and sockets, no frames, no forms.
pub const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                       base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The same for the page with the form for a token.
pub const LOGIN_CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
                             base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A file of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Where it is served.
    pub path: &'static str,
    /// Its Content-Type.
    pub media: &'static str,
    /// Its content.
    pub body: &'static str,
}

/// All of them: one route each.
pub const ASSETS: [Asset; 3] = [
    Asset {
        path: "/assets/page.css",
        media: "text/css; charset=utf-8",
        body: include_str!("../../../assets/page.css"),
    },
    Asset {
        path: "/assets/page.js",
        media: "text/javascript; charset=utf-8",
        body: include_str!("../../../assets/page.js"),
    },
    Asset {
        path: "/assets/icon.svg",
        media: "image/svg+xml",
        body: include_str!("../../../assets/icon.svg"),
    },
];

impl Asset {
    /// A strong ETag: the quoted hash of the content. Worth keeping: it is computed on every call.
    pub fn etag(&self) -> String {
        let hash = Sha256::digest(self.body.as_bytes());
        // 64 bits tell two releases of a file apart; there is nobody to defend against.
        format!("\"{}\"", hex::encode(&hash[..8]))
    }
}
