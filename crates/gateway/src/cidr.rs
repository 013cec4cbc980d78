//! The client addresses that a source takes requests from.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use crate::{Code, Error, Refused};

/// Networks; none means that every address is taken.
#[derive(Debug, Default)]
pub(crate) struct Allowed(Vec<IpNet>);

/// The most networks of a source.
const MOST: usize = 1_000;

impl Allowed {
    /// Reads networks in CIDR notation, or single addresses.
    pub(crate) fn compile(written: &[String]) -> Result<Self, Error> {
        if written.len() > MOST {
            let reason = format!("there are more than {MOST} networks");
            return Err(Error::config(
                "allow_cidrs",
                "too_many",
                reason,
                "Join neighbours into larger ones.",
            ));
        }
        let read = |(at, text): (usize, &String)| {
            let net = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
            net.map(canonical).ok_or_else(|| {
                let reason = format!("`{text}` is neither a network nor an address.");
                let suggestion = "Write it like `203.0.113.0/24`, `2001:db8::/32` or `203.0.113.7`.";
                Error::config(format!("allow_cidrs[{at}]"), "wrong_form", reason, suggestion)
            })
        };
        written.iter().enumerate().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Refuses a client outside of the networks.
    pub(crate) fn check(&self, peer: IpAddr) -> Result<(), Refused> {
        let peer = peer.to_canonical();
        if self.0.is_empty() || self.0.iter().any(|net| net.contains(&peer)) {
            return Ok(());
        }
        let detail = "The source does not take requests from the client's address.";
        Err(Refused::new(Code::AddressNotAllowed, detail))
    }
}

/// A network of IPv4 addresses written as IPv6 ones, as the IPv4 network that it is.
fn canonical(net: IpNet) -> IpNet {
    let IpNet::V6(v6) = net else { return net };
    let mapped = v6.network().to_ipv4_mapped();
    let v4 =
        mapped.zip(v6.prefix_len().checked_sub(96)).and_then(|(ip, prefix)| Ipv4Net::new(ip, prefix).ok());
    v4.map_or(net, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn takes(written: &[&str], peer: &str) -> bool {
        let written: Vec<_> = written.iter().map(ToString::to_string).collect();
        Allowed::compile(&written).unwrap().check(peer.parse().unwrap()).is_ok()
    }

    #[test]
    fn networks_of_both_families_and_single_addresses() {
        let some = ["203.0.113.0/24", "2001:db8::/32", "192.0.2.7", "::ffff:198.51.100.0/120", "::1"];
        for peer in [
            "203.0.113.255",
            "::ffff:203.0.113.1",
            "2001:db8:1::1",
            "192.0.2.7",
            "198.51.100.9",
            "::ffff:198.51.100.9",
            "::1",
        ] {
            assert!(takes(&some, peer), "{peer}");
        }
        for peer in ["203.0.114.0", "2001:db9::1", "192.0.2.8", "198.51.101.1", "::ffff:198.51.101.1", "::2"]
        {
            assert!(!takes(&some, peer), "{peer}");
        }
        assert!(takes(&[], "192.0.2.1"), "no network, no bound");
        assert!(!takes(&["::/0"], "192.0.2.1"), "IPv6 does not mean IPv4");
        assert!(!takes(&["::/0"], "::ffff:192.0.2.1"));
    }

    #[test]
    fn what_is_no_network_is_named() {
        for wrong in ["10.0.0.0/33", "10.0.0", "", "example.com", "::/129"] {
            let error = Allowed::compile(&["10.0.0.0/8".to_owned(), wrong.to_owned()]).unwrap_err();
            assert_eq!(error.problem().field, "allow_cidrs[1]");
        }
    }

    proptest! {
        #[test]
        fn an_address_and_its_mapped_form_are_the_same(net: u32, prefix in 0_u8..=32, peer: u32) {
            let (net, peer) = (std::net::Ipv4Addr::from(net), std::net::Ipv4Addr::from(peer));
            let plain = format!("{net}/{prefix}");
            let mapped = format!("{}/{}", net.to_ipv6_mapped(), prefix + 96);
            let inside = plain.parse::<Ipv4Net>().unwrap().contains(&peer);
            for written in [plain, mapped] {
                for peer in [peer.to_string(), peer.to_ipv6_mapped().to_string()] {
                    prop_assert_eq!(takes(&[&written], &peer), inside, "{} in {}", peer, written);
                }
            }
        }
    }
}
