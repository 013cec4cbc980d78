//! How far a call has come, and the times it took.
//!
//! The connector is called by hyper's client with an address and nothing else, so the call's record travels
//! beside it in a task-local. A connection that is made for one call and used by another (the pool gives a
//! waiting call whichever comes first) is told apart by its serial number.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use serde::Serialize;

use crate::error::Phase;

/// What the attempt log keeps of a call, whether it succeeded or not. Times are in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// The address that was called, once connected.
    pub remote: Option<SocketAddr>,
    /// Whether an idle connection served; the three times below are then `None`.
    pub reused: bool,
    /// How long resolving took; `None` also for a literal address.
    pub dns_ms: Option<u64>,
    /// How long connecting took.
    pub connect_ms: Option<u64>,
    /// How long the TLS handshake took.
    pub tls_ms: Option<u64>,
    /// From the start of the call to the answer's head.
    pub first_byte_ms: Option<u64>,
    /// From the start of the call to its end.
    pub total_ms: u64,
}

/// The record of one call, shared with the connector.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    started: Instant,
    pub(crate) connect_limit: Duration,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    dns: Option<Duration>,
    connect: Option<Duration>,
    tls: Option<Duration>,
    first_byte: Option<Duration>,
    /// The connection that was made for this call, whoever uses it.
    made: Option<Made>,
}

/// A connection's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) serial: u64,
    pub(crate) remote: SocketAddr,
}

tokio::task_local! {
    static CURRENT: Progress;
}

impl Progress {
    pub(crate) fn new(connect_limit: Duration) -> Self {
        let state =
            State { phase: Phase::Queue, dns: None, connect: None, tls: None, first_byte: None, made: None };
        Self { started: Instant::now(), connect_limit, state: Arc::new(Mutex::new(state)) }
    }

    /// Runs `future` with this record as the current one.
    pub(crate) fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self.clone(), future)
    }

    /// The record of the call under way; a fresh one outside any.
    pub(crate) fn current(default_limit: Duration) -> Self {
        CURRENT.try_with(Self::clone).unwrap_or_else(|_| Self::new(default_limit))
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.state.lock().phase = phase;
    }

    pub(crate) fn phase(&self) -> Phase {
        self.state.lock().phase
    }

    /// Awaits `step` as `phase` and keeps its time if it succeeds.
    pub(crate) async fn timed<T, E>(
        &self,
        phase: Phase,
        step: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.enter(phase);
        let begun = Instant::now();
        let done = step.await?;
        let took = Some(begun.elapsed());
        let mut state = self.state.lock();
        match phase {
            Phase::Dns => state.dns = took,
            Phase::Connect => state.connect = took,
            Phase::Tls => state.tls = took,
            Phase::Queue | Phase::FirstByte | Phase::Body => {}
        }
        Ok(done)
    }

    /// Notes that the answer's head is there, the first time.
    pub(crate) fn answered(&self) {
        self.state.lock().first_byte.get_or_insert_with(|| self.started.elapsed());
    }

    /// Notes the connection that was made for this call.
    pub(crate) fn made(&self, made: Made) {
        self.state.lock().made = Some(made);
    }

    /// The record so far; `used` is the connection that carried the call, once one did.
    pub(crate) fn trace(&self, used: Option<Made>) -> Trace {
        let state = self.state.lock();
        let reused = used.is_some() && used != state.made;
        let own = |time: Option<Duration>| time.filter(|_| !reused).map(millis);
        Trace {
            remote: used.or(state.made).map(|made| made.remote),
            reused,
            dns_ms: own(state.dns),
            connect_ms: own(state.connect),
            tls_ms: own(state.tls),
            first_byte_ms: state.first_byte.map(millis),
            total_ms: millis(self.started.elapsed()),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
