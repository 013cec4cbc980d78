//! The address of a client behind trusted proxies.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The header in which trusted proxies write whose request they pass on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ForwardedBy {
    /// `X-Forwarded-For: 203.0.113.7, 10.0.0.2`, which nearly all write.
    #[default]
    XForwardedFor,
    /// `Forwarded: for=203.0.113.7, for=10.0.0.2` (RFC 7239).
    Forwarded,
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address: the peer's own, or, when the peer is a trusted proxy, the nearest address in the proxies'
/// header that is not one. Anything that a proxy did not write itself is not believed: what stands before that address
/// may be the client's own words. Where the header ends in something that is no address, the nearest hop is all that is
/// known.
pub(crate) fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet], by: ForwardedBy) -> IpAddr {
    let mut client = peer.to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    if trusted.is_empty() || !is_trusted(&client) {
        return client;
    }
    let name = match by {
        ForwardedBy::XForwardedFor => X_FORWARDED_FOR,
        ForwardedBy::Forwarded => header::FORWARDED,
    };
    // Lines are bytes: one that holds what is no text still ends in what the proxy wrote.
    let lines: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b',')) {
        let hop = std::str::from_utf8(hop).ok().map(str::trim);
        let hop = hop.and_then(|hop| match by {
            ForwardedBy::XForwardedFor => node(hop),
            ForwardedBy::Forwarded => node(pair(hop, "for")?),
        });
        let Some(address) = hop else { break };
        client = address.to_canonical();
        if !is_trusted(&client) {
            break;
        }
    }
    client
}

/// The value of a name in `for=192.0.2.1;proto=https`.
fn pair<'h>(hop: &'h str, name: &str) -> Option<&'h str> {
    let mut pairs = hop.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(name))?;
    Some(value.trim().trim_matches('"'))
}

/// The address of a hop, which may have a port: `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn node(text: &str) -> Option<IpAddr> {
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    text.parse().ok().or_else(in_brackets).or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The client's address behind proxies of 10.0.0.0/8 that wrote these lines.
    fn seen(peer: &str, by: ForwardedBy, lines: &[&[u8]]) -> String {
        let name = if by == ForwardedBy::Forwarded { "forwarded" } else { "x-forwarded-for" };
        let mut headers = HeaderMap::new();
        // What the other header says is never believed.
        headers.insert(
            if by == ForwardedBy::Forwarded { "x-forwarded-for" } else { "forwarded" },
            HeaderValue::from_static("for=9.9.9.9"),
        );
        for line in lines {
            headers.append(name, HeaderValue::from_bytes(line).unwrap());
        }
        address(peer.parse().unwrap(), &headers, &["10.0.0.0/8".parse().unwrap()], by).to_string()
    }

    #[test]
    fn only_what_trusted_proxies_wrote_is_believed() {
        let seen = |peer: &str, lines: &[&[u8]]| seen(peer, ForwardedBy::XForwardedFor, lines);
        assert_eq!(seen("203.0.113.9", &[b"1.2.3.4"]), "203.0.113.9", "the peer is no proxy");
        assert_eq!(
            seen("10.0.0.1", &[b"6.6.6.6, 1.2.3.4"]),
            "1.2.3.4",
            "the client may have written the first"
        );
        assert_eq!(seen("10.0.0.1", &[b"1.2.3.4, 10.0.0.2"]), "1.2.3.4");
        assert_eq!(seen("10.0.0.1", &[b"6.6.6.6", b"1.2.3.4", b"10.0.0.2"]), "1.2.3.4", "lines are one list");
        assert_eq!(seen("::ffff:10.0.0.1", &[b"1.2.3.4"]), "1.2.3.4");
        assert_eq!(seen("10.0.0.1", &[b"::ffff:1.2.3.4"]), "1.2.3.4");
        assert_eq!(seen("10.0.0.1", &[b"1.2.3.4:5678"]), "1.2.3.4");
        assert_eq!(seen("10.0.0.1", &[b"[2001:db8::1]:80, [2001:db8::2]"]), "2001:db8::2");
        assert_eq!(seen("10.0.0.1", &[b"nonsense"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[b"10.0.0.3, 10.0.0.2"]), "10.0.0.3", "nobody else was there");
        assert_eq!(
            address("10.0.0.1".parse().unwrap(), &HeaderMap::new(), &[], ForwardedBy::Forwarded).to_string(),
            "10.0.0.1"
        );
    }

    #[test]
    fn what_is_no_text_does_not_hide_what_the_proxy_wrote_behind_it() {
        let seen = |lines: &[&[u8]]| seen("10.0.0.1", ForwardedBy::XForwardedFor, lines);
        assert_eq!(seen(&[b"\xff\xfe, 1.2.3.4"]), "1.2.3.4");
        assert_eq!(seen(&[b"7.7.7.7", b"\xff, 1.2.3.4"]), "1.2.3.4");
        assert_eq!(
            seen(&[b"7.7.7.7, \xff"]),
            "10.0.0.1",
            "what stands before something else is not looked at"
        );
        assert_eq!(seen(&[b"7.7.7.7, "]), "10.0.0.1");
    }

    #[test]
    fn the_standard_header_says_the_same() {
        let seen = |line: &str| seen("10.0.0.1", ForwardedBy::Forwarded, &[line.as_bytes()]);
        assert_eq!(seen("for=6.6.6.6, for=1.2.3.4;proto=https;by=10.0.0.1"), "1.2.3.4");
        assert_eq!(seen("For=\"[2001:db8:cafe::17]:4711\""), "2001:db8:cafe::17");
        assert_eq!(seen("for=1.2.3.4, For=10.0.0.2"), "1.2.3.4");
        assert_eq!(seen("for=_hidden"), "10.0.0.1");
        assert_eq!(seen("proto=https"), "10.0.0.1");
        assert_eq!(seen("for=unknown, for=10.0.0.3"), "10.0.0.3");
    }
}
