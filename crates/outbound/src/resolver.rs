//! Names to addresses, behind a trait so that a test can change its answers.

use std::{
    io,
    net::{IpAddr, ToSocketAddrs},
    sync::Arc,
};

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

/// Look-ups of [`SystemResolver`] under way at once. The system's resolver blocks a thread for as long as the
/// name server is silent, so without a bound a dead zone would take the whole blocking pool.
const LOOKUPS: usize = 64;

/// The addresses of a name, in the order in which to try them.
pub type Resolving = BoxFuture<'static, io::Result<Vec<IpAddr>>>;

/// Resolves names. Answers are used once and not cached here.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of `host`, which is not an IP address.
    fn resolve(&self, host: &str) -> Resolving;
}

/// The operating system's resolver, with a bound on the look-ups under way.
#[derive(Debug, Clone)]
pub struct SystemResolver {
    lookups: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self { lookups: Arc::new(Semaphore::new(LOOKUPS)) }
    }
}

impl Resolve for SystemResolver {
    fn resolve(&self, host: &str) -> Resolving {
        let host = host.to_owned();
        let lookups = Arc::clone(&self.lookups);
        Box::pin(async move {
            let permit = lookups.acquire_owned().await.map_err(io::Error::other)?;
            let lookup = move || {
                // The permit goes with the thread: a caller that gave up does not free the thread.
                let _permit = permit;
                (host.as_str(), 0).to_socket_addrs().map(|found| found.map(|address| address.ip()).collect())
            };
            tokio::task::spawn_blocking(lookup).await.map_err(io::Error::other)?
        })
    }
}
