//! Rate limits: a token bucket for the source and one for each client.

mod clients;
mod gcra;

use std::{net::IpAddr, sync::Arc, time::Duration};

use clock::Timestamp;
use http::{HeaderName, HeaderValue};
use parking_lot::Mutex;

use self::{
    clients::Clients,
    gcra::{Gcra, State},
};
use crate::{Code, Rate, Refused, Source, refused::whole_seconds};

/// The state of a source's rate limits, kept beside the compiled source. Cheap to clone; clones share
/// their state.
#[derive(Clone, Debug)]
pub struct Limits {
    source: Option<Arc<Bucket>>,
    clients: Option<Arc<Clients>>,
}

#[derive(Debug)]
struct Bucket {
    rate: Rate,
    gcra: Gcra,
    state: Mutex<State>,
}

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

impl Limits {
    /// Full buckets, as a source's configuration says.
    pub fn of(source: &Source) -> Self {
        let limits = &source.config().limits;
        Self {
            source: limits.source_rate.map(|rate| Arc::new(Bucket::full(rate))),
            clients: limits.client_rate.map(|rate| Arc::new(Clients::new(rate))),
        }
    }

    /// No limits, for a request that was let in before and is judged again.
    pub const fn none() -> Self {
        Self { source: None, clients: None }
    }

    /// The limits of a source that was compiled anew: what has the rate it had keeps its state, so that
    /// saving a source does not fill its buckets.
    #[must_use]
    pub fn carried_to(&self, source: &Source) -> Self {
        let limits = &source.config().limits;
        let mut carried = Self::of(source);
        if let Some(bucket) = self.source.as_ref().filter(|bucket| limits.source_rate == Some(bucket.rate)) {
            carried.source = Some(Arc::clone(bucket));
        }
        if let Some(clients) =
            self.clients.as_ref().filter(|clients| limits.client_rate == Some(clients.rate()))
        {
            carried.clients = Some(Arc::clone(clients));
        }
        carried
    }

    /// Takes one request out of the client's bucket.
    pub(crate) fn take_client(&self, peer: IpAddr, now: Timestamp) -> Result<(), Refused> {
        self.clients.as_ref().map_or(Ok(()), |clients| {
            clients.take(peer, now).map_err(|wait| limited(Code::ClientRateLimited, clients.rate(), wait))
        })
    }

    /// Takes one request out of the source's bucket.
    pub(crate) fn take_source(&self, now: Timestamp) -> Result<(), Refused> {
        self.source.as_ref().map_or(Ok(()), |bucket| {
            bucket.take(now).map_err(|wait| limited(Code::SourceRateLimited, bucket.rate, wait))
        })
    }
}

impl Bucket {
    fn full(rate: Rate) -> Self {
        Self { rate, gcra: Gcra::new(rate), state: Mutex::default() }
    }

    fn take(&self, now: Timestamp) -> Result<(), Duration> {
        self.gcra.take(&mut self.state.lock(), now)
    }
}

/// 429 with the headers of `draft-ietf-httpapi-ratelimit-headers` in the form that clients read.
fn limited(code: Code, rate: Rate, wait: Duration) -> Refused {
    let who = if code == Code::ClientRateLimited { "One client" } else { "This source" };
    let detail = format!(
        "{who} may send {} requests in {}; the next may come in {} s.",
        rate.requests,
        rate.per,
        whole_seconds(wait)
    );
    Refused::new(code, detail)
        .retry_after(wait)
        .with_header(LIMIT, rate.requests.get().into())
        .with_header(REMAINING, HeaderValue::from_static("0"))
        .with_header(RESET, whole_seconds(wait).into())
}
