use super::*;
use Rule::{
    CarrierNat, Documentation, Ipv4InIpv6, LinkLocal, Loopback, Metadata, Multicast, Nat64, Private,
    Reserved, Tunnel, Unspecified,
};

const TABLE: &[(&str, Option<Rule>)] = &[
    ("0.0.0.0", Some(Unspecified)),
    ("0.255.255.255", Some(Unspecified)),
    ("1.0.0.0", None),
    ("9.255.255.255", None),
    ("10.0.0.0", Some(Private)),
    ("10.255.255.255", Some(Private)),
    ("11.0.0.0", None),
    ("100.63.255.255", None),
    ("100.64.0.0", Some(CarrierNat)),
    ("100.127.255.255", Some(CarrierNat)),
    ("100.100.100.200", Some(Metadata)),
    ("100.128.0.0", None),
    ("126.255.255.255", None),
    ("127.0.0.0", Some(Loopback)),
    ("127.0.0.1", Some(Loopback)),
    ("127.255.255.255", Some(Loopback)),
    ("128.0.0.0", None),
    ("168.63.129.16", Some(Metadata)),
    ("168.63.129.17", None),
    ("169.253.255.255", None),
    ("169.254.0.0", Some(LinkLocal)),
    ("169.254.0.23", Some(Metadata)),
    ("169.254.169.254", Some(Metadata)),
    ("169.254.170.2", Some(Metadata)),
    ("169.254.170.23", Some(Metadata)),
    ("169.254.255.255", Some(LinkLocal)),
    ("169.255.0.0", None),
    ("172.15.255.255", None),
    ("172.16.0.0", Some(Private)),
    ("172.31.255.255", Some(Private)),
    ("172.32.0.0", None),
    ("192.0.0.0", Some(Reserved)),
    ("192.0.0.192", Some(Metadata)),
    ("192.0.1.0", None),
    ("192.0.2.255", Some(Documentation)),
    ("192.88.99.1", Some(Tunnel)),
    ("192.167.255.255", None),
    ("192.168.0.0", Some(Private)),
    ("192.168.255.255", Some(Private)),
    ("192.169.0.0", None),
    ("198.17.255.255", None),
    ("198.18.0.0", Some(Reserved)),
    ("198.19.255.255", Some(Reserved)),
    ("198.20.0.0", None),
    ("198.51.100.7", Some(Documentation)),
    ("203.0.113.7", Some(Documentation)),
    ("223.255.255.255", None),
    ("224.0.0.0", Some(Multicast)),
    ("239.255.255.255", Some(Multicast)),
    ("240.0.0.0", Some(Reserved)),
    ("255.255.255.255", Some(Reserved)),
    ("::", Some(Unspecified)),
    ("::1", Some(Loopback)),
    ("::2", Some(Ipv4InIpv6)),
    ("::127.0.0.1", Some(Ipv4InIpv6)),
    ("::ffff:127.0.0.1", Some(Ipv4InIpv6)),
    ("::ffff:8.8.8.8", Some(Ipv4InIpv6)),
    ("::ffff:0:10.0.0.1", Some(Ipv4InIpv6)),
    ("64:ff9b::10.0.0.1", Some(Nat64)),
    ("64:ff9b::8.8.8.8", Some(Nat64)),
    ("64:ff9b:1::1", Some(Nat64)),
    ("64:ff9b:1:ffff:ffff:ffff:ffff:ffff", Some(Nat64)),
    ("64:ff9b:2::1", Some(Reserved)),
    ("100::1", Some(Reserved)),
    ("1fff:ffff::", Some(Reserved)),
    ("2000::1", None),
    ("2001::1", Some(Tunnel)),
    ("2001:0:ffff::1", Some(Tunnel)),
    ("2001:2::1", Some(Reserved)),
    ("2001:10::1", Some(Reserved)),
    ("2001:1ff:ffff::1", Some(Reserved)),
    ("2001:200::1", None),
    ("2001:db8::1", Some(Documentation)),
    ("2001:4860:4860::8888", None),
    ("2002:7f00:1::1", Some(Tunnel)),
    ("2003::1", None),
    ("3fff::1", Some(Documentation)),
    ("3fff:1000::1", None),
    ("4000::1", Some(Reserved)),
    ("5f00::1", Some(Reserved)),
    ("fbff::1", Some(Reserved)),
    ("fc00::1", Some(Private)),
    ("fdff::1", Some(Private)),
    ("fd00:ec2::254", Some(Metadata)),
    ("fd20:ce::254", Some(Metadata)),
    ("fe80::1", Some(LinkLocal)),
    ("febf::1", Some(LinkLocal)),
    ("fec0::1", Some(Private)),
    ("ff02::1", Some(Multicast)),
    ("ffff::1", Some(Multicast)),
];

fn judged(address: &str) -> Option<Rule> {
    let address = address.parse().unwrap();
    Guard::default().judge("host", address).err().map(|refusal| refusal.rule)
}

#[test]
fn every_special_range_is_refused_at_both_ends_and_its_neighbours_pass() {
    let wrong: Vec<_> = TABLE.iter().filter(|(address, rule)| judged(address) != *rule).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn an_allowed_network_passes_and_nothing_beside_it() {
    let guard = Guard::new(vec!["10.1.0.0/16".parse().unwrap(), "fd00:1::/32".parse().unwrap()]);
    let passes = |address: &str| guard.judge("erp", address.parse().unwrap()).is_ok();
    assert!(passes("10.1.2.3"));
    assert!(passes("fd00:1::5"));
    assert!(passes("93.184.216.34"));
    assert!(!passes("10.2.0.1"));
    assert!(!passes("fd00:2::5"));
    assert!(!passes("::ffff:10.1.2.3"), "an embedded address needs its own exception");
}

#[test]
fn a_refusal_names_address_rule_and_setting() {
    let refused =
        |host: &str| Guard::default().judge(host, "10.0.0.5".parse().unwrap()).unwrap_err().to_string();
    assert_eq!(
        refused("erp.example"),
        "erp.example leads to 10.0.0.5, which is a private address (10.0.0.0/8) and is not called; \
         the operator can allow it in the setting outbound.allow_cidrs"
    );
    assert!(refused("10.0.0.5").starts_with("10.0.0.5 is a private address (10.0.0.0/8)"));
}
