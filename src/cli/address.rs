//! Addresses as the command line reads and shows them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Parses an address; `localhost` is the only name, because it needs no DNS lookup.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    let numeric = text
        .strip_prefix("localhost:")
        .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    numeric
        .parse()
        .map_err(|_| "write IP:PORT, such as 127.0.0.1:5000 or [::1]:0".into())
}

/// An address that a browser on this machine can open.
pub fn shown(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => {
            SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port())
        }
        IpAddr::V6(ip) if ip.is_unspecified() => {
            SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), address.port())
        }
        _ => address,
    }
}
