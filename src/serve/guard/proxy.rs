//! What trusted proxies say of the requests that they pass on.

use std::net::{IpAddr, SocketAddr};

use actix_web::dev::RequestHead;
use actix_web::http::header::HeaderName;

use crate::serve::address::Listen;
use crate::serve::options::Proxy;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The header in which a proxy names the host that its client called.
pub const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The header in which a proxy names the scheme that its client used.
pub const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The proxies whose `X-Forwarded-…` headers are trusted.
#[derive(Clone, Debug)]
pub struct Proxies {
    trusted: Vec<Proxy>,
    /// Whether clients connect to a Unix socket, so that they have no address.
    over_unix: bool,
}

impl Proxies {
    /// The proxies that the settings name, of a server that listens at `listen`.
    pub fn new(listen: &Listen, trusted: &[Proxy]) -> Proxies {
        Proxies {
            trusted: trusted.to_vec(),
            over_unix: listen.ip().is_none(),
        }
    }

    /// A header of a request, if a trusted proxy sent it. In a list of values the first one is that of the client.
    pub fn forwarded<'r>(&self, head: &'r RequestHead, name: HeaderName) -> Option<&'r str> {
        let value = head.headers.get(name).filter(|_| self.trusts(peer(head)))?;
        let first = value.to_str().ok()?.split(',').next();
        first.map(str::trim)
    }

    /// The address of the client that sent a request: that of the peer, or, if that is a trusted proxy, the last address of
    /// `X-Forwarded-For` that no trusted proxy has. What stands before it may be the client's invention. `None` if it is not
    /// known.
    pub fn client(&self, head: &RequestHead) -> Option<IpAddr> {
        let mut client = peer(head);
        let values: Vec<&str> = head
            .headers
            .get_all(FOR)
            .filter_map(|value| value.to_str().ok())
            .collect();
        let mut hops = values.iter().rev().flat_map(|value| value.rsplit(','));
        while self.trusts(client) {
            let Some(hop) = hops.next() else { break };
            match address(hop.trim()) {
                Some(ip) => client = Some(ip),
                None => break,
            }
        }
        client
    }

    fn trusts(&self, peer: Option<IpAddr>) -> bool {
        let has_place = peer.is_some() || self.over_unix;
        has_place && self.trusted.iter().any(|proxy| proxy.is(peer))
    }
}

fn peer(head: &RequestHead) -> Option<IpAddr> {
    head.peer_addr.map(|peer| peer.ip().to_canonical())
}

/// The address of a hop, which some proxies write with its port.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let ip = bare.parse().ok();
    let ip = ip.or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()));
    ip.map(|ip: IpAddr| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn client(listen: &str, trusted: &[&str], peer: Option<&str>, hops: &[&str]) -> Option<String> {
        let trusted: Vec<Proxy> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        let proxies = Proxies::new(&listen.parse().unwrap(), &trusted);
        let mut request = TestRequest::default();
        if let Some(peer) = peer {
            request = request.peer_addr(peer.parse().unwrap());
        }
        for hop in hops {
            request = request.append_header((FOR, *hop));
        }
        let request = request.to_http_request();
        proxies.client(request.head()).map(|ip| ip.to_string())
    }

    #[test]
    fn the_client_is_the_last_hop_that_is_no_trusted_proxy() {
        let check = |trusted: &[&str], peer: &str, hops: &[&str], expected: &str| {
            let found = client("127.0.0.1:0", trusted, Some(peer), hops);
            assert_eq!(
                found.as_deref(),
                Some(expected),
                "{trusted:?} {peer} {hops:?}"
            );
        };
        let trusted = ["10.0.0.0/8", "::1"];
        check(&[], "10.0.0.1:9", &["203.0.113.9"], "10.0.0.1");
        check(&["unix"], "10.0.0.1:9", &["203.0.113.9"], "10.0.0.1");
        check(&trusted, "198.51.100.1:9", &["203.0.113.9"], "198.51.100.1");
        check(&trusted, "10.0.0.1:9", &[], "10.0.0.1");
        check(&trusted, "10.0.0.1:9", &["203.0.113.9"], "203.0.113.9");
        check(
            &trusted,
            "[::1]:9",
            &["1.1.1.1, 203.0.113.9, 10.7.7.7"],
            "203.0.113.9",
        );
        check(
            &trusted,
            "10.0.0.1:9",
            &["1.1.1.1", "203.0.113.9"],
            "203.0.113.9",
        );
        check(
            &trusted,
            "10.0.0.1:9",
            &["203.0.113.9:51000"],
            "203.0.113.9",
        );
        check(
            &trusted,
            "10.0.0.1:9",
            &["[2001:db8::9]:51000"],
            "2001:db8::9",
        );
        check(&trusted, "10.0.0.1:9", &["2001:db8::9"], "2001:db8::9");
        check(&trusted, "10.0.0.1:9", &["1.1.1.1, <script>"], "10.0.0.1");
        check(&trusted, "10.0.0.1:9", &["unix:"], "10.0.0.1");
    }

    #[test]
    fn a_peer_without_an_address_is_trusted_by_name_on_a_unix_socket_alone() {
        let found = |listen, trusted: &[&str]| client(listen, trusted, None, &["203.0.113.9"]);
        assert_eq!(
            found("unix:/run/a", &["unix"]).as_deref(),
            Some("203.0.113.9")
        );
        assert_eq!(found("unix:/run/a", &[]), None);
        assert_eq!(found("unix:/run/a", &["0.0.0.0/0", "::/0"]), None);
        assert_eq!(found("127.0.0.1:0", &["unix"]), None);
    }
}
