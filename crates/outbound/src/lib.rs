//! The only client for addresses that a member can set.
//!
//! Whatever a member types as an address (a destination, an HTTP node, a model provider, a document to
//! fetch, a mail server) is called through this crate, which keeps three promises:
//!
//! 1. **It goes nowhere the operator did not allow.** The [`Dialer`] resolves a name, lets the [`Guard`]
//!    judge every address, and dials only the survivors; nothing is resolved a second time between the
//!    check and the connect, so a name that changes its answer gains nothing. Redirects are returned, never
//!    followed.
//! 2. **It ends in time.** One deadline covers everything from waiting for a socket to the last byte of the
//!    body; a server that hangs or drips cannot hold a worker longer.
//! 3. **It costs bounded memory.** A body is read up to the request's [`Limit`], after decompression; sockets,
//!    idle connections and name look-ups under way are all counted.
//!
//! Of HTTP only 1.1 is spoken: one exchange a connection makes the remote address and the times of an attempt
//! exact, and keeps one slow answer from standing in another's way. For protocols of lines, such as SMTP, there is a
//! [`Line`], which is dialled, counted and secured the same way.
//!
//! ```no_run
//! # async fn example() -> Result<(), outbound::Error> {
//! use std::{sync::Arc, time::Duration};
//! use outbound::{Client, Limit, Policy, Request, SystemResolver, Timeouts};
//!
//! let client = Client::new(Policy::new("Linchpin/0.1"), Arc::new(SystemResolver::default()))?;
//! let request = Request::new(http::Method::POST, "https://example.com/hook")?
//!     .header("content-type", "application/json")?
//!     .body("{}")
//!     .timeouts(Timeouts::total(Duration::from_secs(10)))
//!     .limit(Limit::truncate(64 * 1024));
//! let (trace, outcome) = client.attempt(request).await;
//! # let _ = (trace, outcome); Ok(())
//! # }
//! ```

mod body;
mod client;
mod connector;
mod decode;
mod dial;
mod endpoint;
mod error;
mod guard;
mod line;
mod policy;
mod progress;
mod proxy;
mod ranges;
mod request;
mod resolver;
mod retry_after;
mod streaming;
mod tls;

pub use client::{Client, Response};
pub use dial::Dialer;
pub use endpoint::Endpoint;
pub use error::{Error, Kind, Phase};
pub use guard::{ALLOW_SETTING, Guard, Refusal};
pub use line::Line;
pub use policy::Policy;
pub use progress::Trace;
pub use proxy::{PROXY_SETTING, Proxy};
pub use ranges::Rule;
pub use request::{Limit, Request, Timeouts};
pub use resolver::{Resolve, Resolving, SystemResolver};
pub use retry_after::retry_after;
pub use streaming::Streaming;
pub use tls::certificates;
