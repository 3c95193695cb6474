//! The host names that the server accepts. This stops DNS rebinding: a page whose own name resolves to this machine sends
//! requests with that name as `Host`, and they are rejected.

use std::net::{IpAddr, SocketAddr};

/// The accepted names of one server.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// `None` for a Unix socket.
    listen: Option<IpAddr>,
    named: Vec<String>,
}

impl Hosts {
    /// The names of a server that listens at `listen`, or at a Unix socket, together with the configured names.
    pub fn new(listen: Option<SocketAddr>, named: &[String]) -> Hosts {
        Hosts {
            listen: listen.map(|address| address.ip().to_canonical()),
            named: named.iter().map(|name| plain(name)).collect(),
        }
    }

    /// Whether the `Host` header value `host` is an accepted name. The port is not compared unless a configured name includes
    /// it, because it may have been forwarded.
    pub fn know(&self, host: &str) -> bool {
        let name = without_port(host);
        let address = name.trim_start_matches('[').trim_end_matches(']');
        if let Ok(ip) = address.parse::<IpAddr>() {
            let ip = ip.to_canonical();
            let is_own = |listen: IpAddr| listen.is_unspecified() || ip == listen;
            return ip.is_loopback()
                || self.listen.is_some_and(is_own)
                || self.is_named(host, name);
        }
        let name = name.trim_end_matches('.');
        let last = name.rsplit('.').next().unwrap_or_default();
        last.eq_ignore_ascii_case("localhost") || self.is_named(host, name)
    }

    fn is_named(&self, host: &str, name: &str) -> bool {
        let host = host.trim_end_matches('.');
        self.named
            .iter()
            .any(|named| named.eq_ignore_ascii_case(name) || named.eq_ignore_ascii_case(host))
    }
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit()) && !is_bare_v6(host) =>
        {
            name
        }
        _ => host,
    }
}

fn is_bare_v6(host: &str) -> bool {
    !host.starts_with('[') && host.matches(':').count() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        let check = |listen: &str, host: &str, expected: bool| {
            let hosts = Hosts::new(
                listen.parse().ok(),
                &["models.example.org".into(), "other:8080".into()],
            );
            assert_eq!(hosts.know(host), expected, "{host} at {listen}");
        };
        let local = "127.0.0.1:5000";
        for known in [
            "127.0.0.1:5000",
            "localhost:5000",
            "LOCALHOST",
            "127.9.9.9",
            "[::1]:80",
            "[::1]",
            "a.localhost:1",
            "models.example.org",
            "Models.Example.org.:443",
            "other:8080",
        ] {
            check(local, known, true);
        }
        for foreign in [
            "evil.example",
            "192.168.0.7:5000",
            "localhost.evil.example",
            "",
            "other:81",
            "127.0.0.1.evil.example",
        ] {
            check(local, foreign, false);
        }
        let unix = "unix:/run/a.sock";
        check(unix, "localhost", true);
        check(unix, "models.example.org", true);
        check(unix, "192.168.0.7", false);
        check(unix, "evil.example", false);
        check("192.168.0.7:5000", "192.168.0.7:5000", true);
        check("192.168.0.7:5000", "192.168.0.8:5000", false);
        check("0.0.0.0:5000", "10.1.2.3:5000", true);
        check("[::]:5000", "[fe80::1]:5000", true);
        check("0.0.0.0:5000", "evil.example:5000", false);
    }
}
