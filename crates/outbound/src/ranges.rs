//! The address ranges that are not the public internet.
//!
//! Source: IANA's special-purpose address registries for IPv4 and IPv6 (RFC 6890 and its updates), and the
//! clouds' documentation for their metadata services.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use serde::Serialize;

/// Why an address is not dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A cloud's metadata service, which hands out credentials.
    Metadata,
    /// This very machine.
    Loopback,
    /// A private network (RFC 1918, IPv6 unique local and the former site local).
    Private,
    /// The local link only.
    LinkLocal,
    /// A provider's shared network (carrier-grade NAT, RFC 6598).
    CarrierNat,
    /// No host in particular (`0.0.0.0/8`, `::`).
    Unspecified,
    /// A group of hosts.
    Multicast,
    /// Set aside for documentation.
    Documentation,
    /// Set aside for protocols, benchmarks or the future.
    Reserved,
    /// An IPv4 address in the clothes of IPv6 (`::ffff:…`, and the former `::a.b.c.d`).
    Ipv4InIpv6,
    /// A translator's prefix, which leads to any IPv4 address (NAT64).
    Nat64,
    /// A tunnel's prefix, which leads to any IPv4 address (6to4, Teredo).
    Tunnel,
}

impl Rule {
    /// The rule in words that end the sentence "the address is …".
    pub fn describe(self) -> &'static str {
        match self {
            Self::Metadata => "a cloud metadata service",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::LinkLocal => "a link-local address",
            Self::CarrierNat => "a carrier-grade NAT address",
            Self::Unspecified => "an unspecified address",
            Self::Multicast => "a multicast address",
            Self::Documentation => "a documentation address",
            Self::Reserved => "a reserved address",
            Self::Ipv4InIpv6 => "an IPv4 address embedded in IPv6",
            Self::Nat64 => "a NAT64 address",
            Self::Tunnel => "a tunnel address",
        }
    }
}

/// The range and the rule that an address falls under; `None` for the public internet.
pub(crate) fn special(address: IpAddr) -> Option<(IpNet, Rule)> {
    SPECIAL.iter().find(|(net, _)| net.contains(&address)).copied().or_else(|| {
        (address.is_ipv6() && !GLOBAL_UNICAST.contains(&address)).then_some((ALL_V6, Rule::Reserved))
    })
}

const GLOBAL_UNICAST: IpNet = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
const ALL_V6: IpNet = v6([0; 8], 0);

/// The first match names the rule, so a single host comes before the range around it.
const SPECIAL: &[(IpNet, Rule)] = &[
    // AWS, Azure, Google, Oracle, OpenStack; ECS tasks; EKS pods; Tencent; Alibaba; Oracle's former; Azure's
    // platform channel, which looks public.
    (v4([169, 254, 169, 254], 32), Rule::Metadata),
    (v4([169, 254, 170, 2], 32), Rule::Metadata),
    (v4([169, 254, 170, 23], 32), Rule::Metadata),
    (v4([169, 254, 0, 23], 32), Rule::Metadata),
    (v4([100, 100, 100, 200], 32), Rule::Metadata),
    (v4([192, 0, 0, 192], 32), Rule::Metadata),
    (v4([168, 63, 129, 16], 32), Rule::Metadata),
    (v4([0, 0, 0, 0], 8), Rule::Unspecified),
    (v4([10, 0, 0, 0], 8), Rule::Private),
    (v4([100, 64, 0, 0], 10), Rule::CarrierNat),
    (v4([127, 0, 0, 0], 8), Rule::Loopback),
    (v4([169, 254, 0, 0], 16), Rule::LinkLocal),
    (v4([172, 16, 0, 0], 12), Rule::Private),
    (v4([192, 0, 0, 0], 24), Rule::Reserved),
    (v4([192, 0, 2, 0], 24), Rule::Documentation),
    (v4([192, 88, 99, 0], 24), Rule::Tunnel),
    (v4([192, 168, 0, 0], 16), Rule::Private),
    (v4([198, 18, 0, 0], 15), Rule::Reserved),
    (v4([198, 51, 100, 0], 24), Rule::Documentation),
    (v4([203, 0, 113, 0], 24), Rule::Documentation),
    (v4([224, 0, 0, 0], 4), Rule::Multicast),
    (v4([240, 0, 0, 0], 4), Rule::Reserved),
    // AWS (Nitro), EKS pods, Google.
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128), Rule::Metadata),
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23], 128), Rule::Metadata),
    (v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128), Rule::Metadata),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), Rule::Unspecified),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), Rule::Loopback),
    (v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96), Rule::Ipv4InIpv6),
    (v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96), Rule::Ipv4InIpv6),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 96), Rule::Ipv4InIpv6),
    (v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96), Rule::Nat64),
    (v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), Rule::Nat64),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), Rule::Tunnel),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), Rule::Documentation),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), Rule::Reserved),
    (v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), Rule::Tunnel),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), Rule::Documentation),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), Rule::Private),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), Rule::LinkLocal),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), Rule::Private),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), Rule::Multicast),
];

const fn v4(octets: [u8; 4], prefix: u8) -> IpNet {
    let [a, b, c, d] = octets;
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix)
}

const fn v6(segments: [u16; 8], prefix: u8) -> IpNet {
    let s = segments;
    IpNet::new_assert(IpAddr::V6(Ipv6Addr::new(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7])), prefix)
}
