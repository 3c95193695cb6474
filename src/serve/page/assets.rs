//! The static files of the page, compiled into the binary, and the Content-Security-Policy that allows no others.

use sha2::{Digest, Sha256};

/// Content-Security-Policy of every HTML response except the login page: scripts, styles, requests and sockets of this
/// server only; forms that are sent to this server; no frames.
pub const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                       base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Content-Security-Policy of the login page: no scripts, and a form that may only be submitted to this server.
pub const LOGIN_CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
                             base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A static file of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// URL path of the file.
    pub path: &'static str,
    /// Value of the `Content-Type` header.
    pub media: &'static str,
    pub body: &'static str,
}

/// All static files. Each has its own route.
pub const ASSETS: [Asset; 3] = [
    Asset {
        path: "/assets/page.css",
        media: "text/css; charset=utf-8",
        body: concat!(
            include_str!("../../../assets/page.css"),
            include_str!("../../report/chart/chart.css")
        ),
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
    /// A strong ETag: the quoted hash of the content. It is computed on every call, so callers should cache it.
    pub fn etag(&self) -> String {
        let hash = Sha256::digest(self.body.as_bytes());
        // 64 bits are enough to distinguish two releases of a file; the ETag is no protection against an attacker.
        format!("\"{}\"", hex::encode(&hash[..8]))
    }
}
