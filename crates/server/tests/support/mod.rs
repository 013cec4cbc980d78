//! What the tests stand on: the real binary in a folder of its own, a client, a receiver.

mod api;
mod http;
mod receiver;
mod rude;
mod server;

use std::time::Duration;

use tokio::time::Instant;

pub(crate) use self::{
    api::{Api, PASSWORD, Source, flow},
    http::{Answer, Body, Http, Lost, chunked, request, whole},
    receiver::{Receiver, Reply, Seen},
    rude::rude,
    server::{Home, Launch, Server},
};

/// How long a condition may take to come true. It is generous: the cores are shared, and a condition that
/// holds is seen at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until the probe gives something, and gives that.
pub(crate) async fn eventually<T>(what: &str, probe: impl AsyncFnMut() -> Option<T>) -> T {
    within(PATIENCE, what, probe).await
}

/// The same with another limit.
pub(crate) async fn within<T>(limit: Duration, what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < deadline, "this did not happen within {limit:?}: {what}");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}
