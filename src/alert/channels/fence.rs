//! Egress policy: addresses that outgoing requests never reach, which are cloud metadata services (they serve credentials)
//! and addresses that belong to no host.
//!
//! The check applies to the address that is connected to, not to the name that was resolved. Loopback and private networks
//! are allowed, because receivers run there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The egress policy with the exceptions from the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fence {
    /// Addresses that may be reached although the policy blocks them.
    pub allow: Vec<IpAddr>,
}

impl Fence {
    /// Checks whether an address may be reached; if not, the error says why and what to do about it.
    pub fn check(&self, ip: IpAddr) -> Result<(), String> {
        let allowed = self
            .allow
            .iter()
            .any(|a| a.to_canonical() == ip.to_canonical());
        match what(ip).filter(|_| !allowed) {
            None => Ok(()),
            Some(what) => Err(format!(
                "{ip} is {what}, which alerts never reach; if it is meant, name it in alerts.allow"
            )),
        }
    }

    /// Resolves a name to those of its addresses that may be reached; none is an error.
    pub async fn resolve(&self, name: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
        let found = tokio::net::lookup_host((name, port)).await;
        let found = found.map_err(|error| format!("{name} is not found: {error}"))?;
        self.among(name, found)
    }

    fn among(
        &self,
        name: &str,
        found: impl Iterator<Item = SocketAddr>,
    ) -> Result<Vec<SocketAddr>, String> {
        let (mut open, mut refused) = (Vec::new(), None);
        for address in found {
            match self.check(address.ip()) {
                Ok(()) => open.push(address),
                Err(why) => refused = Some(why),
            }
        }
        match (open.is_empty(), refused) {
            (false, _) => Ok(open),
            (true, Some(why)) => Err(format!("{name} leads nowhere else than to {why}")),
            (true, None) => Err(format!("{name} has no address")),
        }
    }
}

/// Kind of a blocked address, for the error message; `None` for an address that may be reached.
fn what(ip: IpAddr) -> Option<&'static str> {
    match ip.to_canonical() {
        IpAddr::V4(ip) => what_v4(ip),
        IpAddr::V6(ip) => what_v6(ip),
    }
}

fn what_v4(ip: Ipv4Addr) -> Option<&'static str> {
    /// Metadata services of Alibaba Cloud, Oracle Cloud and Azure; those of other clouds are link-local.
    const METADATA: [Ipv4Addr; 3] = [
        Ipv4Addr::new(100, 100, 100, 200),
        Ipv4Addr::new(192, 0, 0, 192),
        Ipv4Addr::new(168, 63, 129, 16),
    ];
    match ip {
        ip if ip.is_link_local() => Some("a link-local address"),
        ip if METADATA.contains(&ip) => Some("a cloud's metadata address"),
        ip if ip.octets()[0] == 0 => Some("no address of anybody"),
        ip if ip.is_multicast() || ip.is_broadcast() => Some("an address of many"),
        _ => None,
    }
}

fn what_v6(ip: Ipv6Addr) -> Option<&'static str> {
    const METADATA: [Ipv6Addr; 2] = [
        Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
        Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    ];
    match ip {
        Ipv6Addr::LOCALHOST => None,
        ip if METADATA.contains(&ip) => Some("a cloud's metadata address"),
        ip if ip.is_unicast_link_local() => Some("a link-local address"),
        ip if ip.is_unspecified() => Some("no address of anybody"),
        ip if ip.is_multicast() => Some("an address of many"),
        ip => embedded(ip).and_then(what_v4),
    }
}

/// The IPv4 address embedded in an IPv6 address, which a router would forward to: RFC 4291 (compatible), RFC
/// 6052 (NAT64), RFC 3056 (6to4).
fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn metadata_and_link_local_addresses_are_not_reached() {
        let fence = Fence::default();
        for text in [
            "169.254.169.254",
            "169.254.0.1",
            "169.254.255.255",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::169.254.169.254",
            "2002:a9fe:a9fe::1",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "0.0.0.0",
            "0.1.2.3",
            "::",
            "::ffff:0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "ff02::1",
        ] {
            let fault = fence.check(ip(text)).unwrap_err();
            assert!(fault.contains("alerts.allow"), "{fault}");
        }
        for text in [
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "::ffff:127.0.0.1",
            "10.0.0.1",
            "192.168.0.7",
            "172.16.0.1",
            "fd00::1",
            "fec0::1",
            "93.184.216.34",
            "2606:2800:220:1::1",
            "64:ff9b::10.0.0.1",
            "168.254.169.254",
        ] {
            assert_eq!(fence.check(ip(text)), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_named_is_reached_in_every_spelling() {
        let allow = vec![ip("169.254.1.2")];
        let fence = Fence { allow };
        for text in ["169.254.1.2", "::ffff:169.254.1.2"] {
            assert_eq!(fence.check(ip(text)), Ok(()));
        }
        assert!(fence.check(ip("169.254.1.3")).is_err());
    }

    #[test]
    fn of_a_name_only_open_addresses_are_taken() {
        let fence = Fence::default();
        let check = |found: &[&str], expected: Result<&[&str], &str>| {
            let addresses = |texts: &[&str]| -> Vec<SocketAddr> {
                texts.iter().map(|t| SocketAddr::new(ip(t), 80)).collect()
            };
            let open = fence.among("evil.example", addresses(found).into_iter());
            match expected {
                Ok(texts) => assert_eq!(open, Ok(addresses(texts))),
                Err(part) => assert!(open.unwrap_err().contains(part), "{found:?}"),
            }
        };
        check(&["10.0.0.1"], Ok(&["10.0.0.1"]));
        check(&["169.254.169.254", "10.0.0.1"], Ok(&["10.0.0.1"]));
        check(&["169.254.169.254", "fe80::1"], Err("link-local"));
        check(&["::ffff:169.254.169.254"], Err("evil.example leads"));
        check(&[], Err("no address"));
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_found() {
        let found = Fence::default().resolve("localhost", 80).await.unwrap();
        assert!(found.iter().all(|address| address.ip().is_loopback()));
    }
}
