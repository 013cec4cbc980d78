//! One bucket for each client, in bounded memory.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    time::Duration,
};

use clock::Timestamp;
use parking_lot::Mutex;

use super::gcra::{Gcra, State};
use crate::Rate;

const SHARDS: usize = 256;
const CLIENTS_PER_SHARD: usize = 64;

/// The buckets of at most 16,384 clients, half a mebibyte. Beyond that the fullest bucket near the
/// new client's is forgotten: that client loses no request by it, and a stranger with many addresses
/// wins at most what new addresses win anyway.
#[derive(Debug)]
pub(crate) struct Clients {
    rate: Rate,
    gcra: Gcra,
    hasher: RandomState,
    shards: Box<[Mutex<Vec<Client>>]>,
}

#[derive(Debug)]
struct Client {
    key: u128,
    state: State,
}

impl Clients {
    pub(crate) fn new(rate: Rate) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::new(Vec::new())).collect();
        Self { rate, gcra: Gcra::new(rate), hasher: RandomState::new(), shards }
    }

    pub(crate) const fn rate(&self) -> Rate {
        self.rate
    }

    /// Takes one request out of a client's bucket.
    ///
    /// # Errors
    /// How long until one may come.
    pub(crate) fn take(&self, peer: IpAddr, now: Timestamp) -> Result<(), Duration> {
        let key = key(peer);
        let shard = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        let mut clients = self.shards[shard].lock();
        if let Some(client) = clients.iter_mut().find(|client| client.key == key) {
            return self.gcra.take(&mut client.state, now);
        }
        let mut client = Client { key, state: State::default() };
        self.gcra.take(&mut client.state, now)?;
        if clients.len() < CLIENTS_PER_SHARD {
            clients.push(client);
        } else if let Some(fullest) = clients.iter_mut().min_by_key(|client| client.state.emptiness()) {
            *fullest = client;
        }
        Ok(())
    }
}

/// One client: an IPv4 address, or the /64 that one subscriber of IPv6 holds.
fn key(peer: IpAddr) -> u128 {
    match peer.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits() >> 64 << 64,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use flow::Span;

    use super::*;

    fn clients() -> Clients {
        let one = 1.try_into().unwrap();
        Clients::new(Rate { requests: one, per: Span::from_secs(60), burst: Some(one) })
    }

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    #[test]
    fn one_client_does_not_drain_anothers_bucket() {
        let clients = clients();
        let take = |peer: &str| clients.take(peer.parse().unwrap(), NOW).is_ok();
        assert!(take("192.0.2.1") && !take("192.0.2.1") && take("192.0.2.2"));
        assert!(!take("::ffff:192.0.2.1"), "the same address, written as IPv6");
        assert!(take("2001:db8::1") && !take("2001:db8::ffff") && take("2001:db8:0:1::1"));
        assert!(clients.take(Ipv4Addr::new(192, 0, 2, 1).into(), NOW.after(Duration::from_secs(60))).is_ok());
    }

    #[test]
    fn any_number_of_clients_takes_bounded_memory() {
        let clients = clients();
        for number in 0..200_000_u32 {
            let address = Ipv6Addr::from_bits(u128::from(number) << 64);
            assert!(clients.take(address.into(), NOW.after(Duration::from_millis(number.into()))).is_ok());
        }
        let kept: usize = clients.shards.iter().map(|shard| shard.lock().len()).sum();
        assert_eq!(kept, SHARDS * CLIENTS_PER_SHARD);
        let last = Ipv6Addr::from_bits(199_999 << 64);
        assert!(clients.take(last.into(), NOW.after(Duration::from_secs(200))).is_err(), "still known");
    }
}
