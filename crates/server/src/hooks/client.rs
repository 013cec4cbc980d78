//! The address of a client behind trusted proxies.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The client's address: the peer's own, or, when the peer is a trusted proxy, the nearest address in
/// `X-Forwarded-For` that is not one. Anything that a proxy did not write itself is not believed.
pub(crate) fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    if trusted.is_empty() || !is_trusted(&peer) {
        return peer;
    }
    let lines = headers.get_all("x-forwarded-for").into_iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    let mut client = peer;
    for hop in hops.into_iter().rev() {
        let Ok(address) = hop.parse::<IpAddr>() else { break };
        client = address.to_canonical();
        if !is_trusted(&client) {
            break;
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_trusted_proxies_wrote_is_believed() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let seen = |peer: &str, forwarded: &'static str| {
            let headers =
                [("x-forwarded-for".parse().unwrap(), forwarded.parse().unwrap())].into_iter().collect();
            address(peer.parse().unwrap(), &headers, &trusted).to_string()
        };
        assert_eq!(seen("203.0.113.9", "1.2.3.4"), "203.0.113.9", "the peer is no proxy");
        assert_eq!(seen("10.0.0.1", "6.6.6.6, 1.2.3.4"), "1.2.3.4", "the client may have written the first");
        assert_eq!(seen("10.0.0.1", "1.2.3.4, 10.0.0.2"), "1.2.3.4");
        assert_eq!(seen("::ffff:10.0.0.1", "1.2.3.4"), "1.2.3.4");
        assert_eq!(seen("10.0.0.1", "nonsense"), "10.0.0.1");
        assert_eq!(address("10.0.0.1".parse().unwrap(), &HeaderMap::new(), &[]).to_string(), "10.0.0.1");
    }
}
