use super::*;
use Rule::{
    CarrierNat, Documentation, Ipv4InIpv6, LinkLocal, Loopback, Metadata, Multicast, Nat64, Private,
    Reserved, Tunnel, Unspecified,
};

/// Each range by its first and last address, its rule, and the rules of its neighbours below and above.
type Range = (&'static str, &'static str, Rule, Option<Rule>, Option<Rule>);

/// What there is no address below, or above.
const END: Option<Rule> = None;

/// Written down from IANA's registries by hand, and not made from the table that it tests.
const RANGES: &[Range] = &[
    ("0.0.0.0", "0.255.255.255", Unspecified, END, None),
    ("10.0.0.0", "10.255.255.255", Private, None, None),
    ("100.64.0.0", "100.127.255.255", CarrierNat, None, None),
    ("127.0.0.0", "127.255.255.255", Loopback, None, None),
    ("169.254.0.0", "169.254.255.255", LinkLocal, None, None),
    ("172.16.0.0", "172.31.255.255", Private, None, None),
    ("192.0.0.0", "192.0.0.255", Reserved, None, None),
    ("192.0.2.0", "192.0.2.255", Documentation, None, None),
    ("192.88.99.0", "192.88.99.255", Tunnel, None, None),
    ("192.168.0.0", "192.168.255.255", Private, None, None),
    ("198.18.0.0", "198.19.255.255", Reserved, None, None),
    ("198.51.100.0", "198.51.100.255", Documentation, None, None),
    ("203.0.113.0", "203.0.113.255", Documentation, None, None),
    ("224.0.0.0", "239.255.255.255", Multicast, None, Some(Reserved)),
    ("240.0.0.0", "255.255.255.255", Reserved, Some(Multicast), END),
    ("::", "::", Unspecified, END, Some(Loopback)),
    ("::1", "::1", Loopback, Some(Unspecified), Some(Ipv4InIpv6)),
    ("::2", "::255.255.255.255", Ipv4InIpv6, Some(Loopback), Some(Reserved)),
    ("::ffff:0.0.0.0", "::ffff:255.255.255.255", Ipv4InIpv6, Some(Reserved), Some(Reserved)),
    ("::ffff:0:0.0.0.0", "::ffff:0:255.255.255.255", Ipv4InIpv6, Some(Reserved), Some(Reserved)),
    ("64:ff9b::", "64:ff9b::255.255.255.255", Nat64, Some(Reserved), Some(Reserved)),
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", Nat64, Some(Reserved), Some(Reserved)),
    ("100::", "100::ffff:ffff:ffff:ffff", Reserved, Some(Reserved), Some(Reserved)),
    ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", Tunnel, None, Some(Reserved)),
    ("2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", Reserved, Some(Tunnel), None),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", Documentation, None, None),
    ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Tunnel, None, None),
    ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", Documentation, None, None),
    ("4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Reserved, None, Some(Private)),
    ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Reserved, Some(Reserved), Some(Reserved)),
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Private, Some(Reserved), Some(Reserved)),
    ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", LinkLocal, Some(Reserved), Some(Private)),
    ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Private, Some(LinkLocal), Some(Multicast)),
    ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Multicast, Some(Private), END),
];

/// Hosts of clouds that hand out credentials, and the rule around each.
const METADATA: &[(&str, Option<Rule>)] = &[
    ("169.254.169.254", Some(LinkLocal)),
    ("169.254.170.2", Some(LinkLocal)),
    ("169.254.170.23", Some(LinkLocal)),
    ("169.254.0.23", Some(LinkLocal)),
    ("100.100.100.200", Some(CarrierNat)),
    ("192.0.0.192", Some(Reserved)),
    ("168.63.129.16", None),
    ("fd00:ec2::254", Some(Private)),
    ("fd00:ec2::23", Some(Private)),
    ("fd20:ce::254", Some(Private)),
];

const PUBLIC: &[&str] = &[
    "1.0.0.0",
    "8.8.8.8",
    "93.184.216.34",
    "223.255.255.255",
    "2000::",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:2800:220:1::",
    "2a00::1",
];

fn judged(address: IpAddr) -> Option<Rule> {
    Guard::default().judge("host", address).err().map(|refusal| refusal.rule)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn below(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => u32::from(v4).checked_sub(1).map(|bits| IpAddr::V4(bits.into())),
        IpAddr::V6(v6) => u128::from(v6).checked_sub(1).map(|bits| IpAddr::V6(bits.into())),
    }
}

fn above(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => u32::from(v4).checked_add(1).map(|bits| IpAddr::V4(bits.into())),
        IpAddr::V6(v6) => u128::from(v6).checked_add(1).map(|bits| IpAddr::V6(bits.into())),
    }
}

#[test]
fn every_special_range_is_refused_at_both_ends_and_its_neighbours_are_not_of_it() {
    for (first, last, rule, under, over) in RANGES {
        let (first, last) = (ip(first), ip(last));
        assert_eq!(judged(first), Some(*rule), "the first, {first}");
        assert_eq!(judged(last), Some(*rule), "the last, {last}");
        assert_eq!(below(first).and_then(judged), *under, "below {first}");
        assert_eq!(above(last).and_then(judged), *over, "above {last}");
    }
}

#[test]
fn metadata_services_are_single_hosts_with_a_rule_of_their_own() {
    for (address, around) in METADATA {
        let address = ip(address);
        assert_eq!(judged(address), Some(Metadata), "{address}");
        assert_eq!(below(address).and_then(judged), *around, "below {address}");
        assert_eq!(above(address).and_then(judged), *around, "above {address}");
    }
}

#[test]
fn the_public_internet_passes() {
    for address in PUBLIC {
        assert_eq!(judged(ip(address)), None, "{address}");
    }
}

/// Whatever leads to an IPv4 address is refused, also when that one is public: it has a spelling that passes.
#[test]
fn no_ipv4_address_passes_in_the_clothes_of_ipv6() {
    for v4 in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "8.8.8.8"] {
        let v4: std::net::Ipv4Addr = v4.parse().unwrap();
        let [a, b, c, d] = v4.octets().map(u32::from);
        let (high, low) = (a << 8 | b, c << 8 | d);
        for (text, rule) in [
            (format!("::ffff:{v4}"), Ipv4InIpv6),
            (format!("::{v4}"), Ipv4InIpv6),
            (format!("::ffff:0:{v4}"), Ipv4InIpv6),
            (format!("64:ff9b::{v4}"), Nat64),
            (format!("64:ff9b:1::{v4}"), Nat64),
            (format!("64:ff9b:1:{high:x}:{:x}:{:x}::", low >> 8, (low & 0xff) << 8), Nat64),
            (format!("2002:{high:x}:{low:x}::1"), Tunnel),
            (format!("2001:0:{high:x}:{low:x}::"), Tunnel),
            (format!("2001::{:x}:{:x}", !high & 0xffff, !low & 0xffff), Tunnel),
        ] {
            assert_eq!(judged(ip(&text)), Some(rule), "{text}");
        }
    }
}

#[test]
fn an_allowed_network_passes_and_nothing_beside_it() {
    let guard = Guard::new(vec!["10.1.0.0/16".parse().unwrap(), "fd00:1::/32".parse().unwrap()]);
    let passes = |address: &str| guard.judge("erp", ip(address)).is_ok();
    assert!(passes("10.1.0.0") && passes("10.1.255.255"));
    assert!(passes("fd00:1::5"));
    assert!(passes("93.184.216.34"));
    assert!(!passes("10.0.255.255") && !passes("10.2.0.0"));
    assert!(!passes("fd00:2::5"));
    assert!(!passes("::ffff:10.1.2.3"), "an embedded address needs its own exception");
}

#[test]
fn survivors_keep_their_order_and_the_first_refusal_is_told() {
    let guard = Guard::default();
    let all = ["10.0.0.1", "8.8.8.8", "::1", "2a00::1", "1.1.1.1"].map(ip).to_vec();
    assert_eq!(guard.survivors("host", all).unwrap(), ["8.8.8.8", "2a00::1", "1.1.1.1"].map(ip));
    let none = guard.survivors("host", ["169.254.169.254", "10.0.0.1"].map(ip).to_vec()).unwrap_err();
    assert_eq!((none.address, none.rule), (ip("169.254.169.254"), Metadata));
    assert_eq!(guard.survivors("host", Vec::new()), Ok(Vec::new()));
}

#[test]
fn every_refusal_names_address_rule_and_setting() {
    let refused = |host: &str| Guard::default().judge(host, ip("10.0.0.5")).unwrap_err().to_string();
    assert_eq!(
        refused("erp.example"),
        "erp.example leads to 10.0.0.5, which is a private address (10.0.0.0/8) and is not called; \
         the operator can allow it in the setting outbound.allow_cidrs"
    );
    assert!(refused("10.0.0.5").starts_with("10.0.0.5 is a private address (10.0.0.0/8)"));
    for (first, _, rule, _, _) in RANGES {
        let said = Guard::default().judge("erp.example", ip(first)).unwrap_err().to_string();
        for part in ["erp.example", &ip(first).to_string(), rule.describe(), ALLOW_SETTING] {
            assert!(said.contains(part), "{part} in {said}");
        }
    }
}
