//! What some receivers want to be shown and somebody must be asked for first: a token, kept until shortly before it
//! expires.

mod fetch;

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use outbound::{Endpoint, Response};
use parking_lot::Mutex;
use ring::digest::{Context, SHA256};
use store::DestinationId;
use tokio::{sync::Semaphore, time::Instant};
use vault::Secret;

use crate::{call::Draft, verdict::Verdict};

pub(crate) use fetch::Refused;

/// So much earlier than it expires a token is left, so that it does not expire on its way; of a short one a tenth.
const MARGIN: Duration = Duration::from_secs(60);

/// No token is kept for longer than this, whatever its giver says.
const LONGEST: Duration = Duration::from_secs(86_400);

/// How a token is come by, and when it is no good any more. Where it goes in a call is the kind's own matter: it gets the
/// token with the stamp.
pub(crate) struct Credential {
    /// The call that asks for a token.
    ask: Draft,
    body: Secret,
    /// What the answer to that call gives.
    read: fn(&Response) -> Result<Granted, Verdict>,
    /// Whether an answer to a call with the token says that it is no good any more.
    pub(crate) is_stale: fn(&Response) -> bool,
    /// What tells these settings from others, whose token would be another.
    mark: [u8; 32],
}

/// A token that was given.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) token: Secret,
    pub(crate) lasts: Duration,
}

/// The tokens of all destinations, in memory alone.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<HashMap<DestinationId, Arc<Slot>>>);

/// The token of one destination.
struct Slot {
    known: Mutex<Option<Known>>,
    /// Whoever has it fetches: one at a time.
    turn: Semaphore,
}

struct Known {
    token: Secret,
    until: Instant,
    mark: [u8; 32],
}

impl Credential {
    /// Asks by a call with a body; `parts` are the settings that a token stands for.
    pub(crate) fn new(
        (ask, body): (Draft, String),
        parts: &[&str],
        read: fn(&Response) -> Result<Granted, Verdict>,
        is_stale: fn(&Response) -> bool,
    ) -> Self {
        let mut context = Context::new(&SHA256);
        for part in parts {
            context.update(&part.len().to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut mark = [0; 32];
        mark.copy_from_slice(context.finish().as_ref());
        Self { ask, body: body.into(), read, is_stale, mark }
    }

    /// Where a token is asked for.
    pub(crate) fn endpoint(&self) -> Endpoint {
        self.ask.endpoint()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential")
    }
}

impl Tokens {
    /// Forgets a token that a receiver does not take, unless another has come since.
    pub(crate) fn forget(&self, destination: DestinationId, token: &Secret) {
        if let Some(slot) = self.0.lock().get(&destination) {
            slot.known.lock().take_if(|known| known.token.expose() == token.expose());
        }
    }

    /// A destination's place. Those whose token has expired go, so that there are no more than destinations in use.
    fn slot(&self, destination: DestinationId) -> Arc<Slot> {
        let mut slots = self.0.lock();
        if !slots.contains_key(&destination) {
            slots.retain(|_, slot| {
                Arc::strong_count(slot) > 1 || slot.known.lock().as_ref().is_some_and(Known::is_good)
            });
        }
        Arc::clone(slots.entry(destination).or_default())
    }
}

impl Default for Slot {
    fn default() -> Self {
        Self { known: Mutex::default(), turn: Semaphore::new(1) }
    }
}

impl Slot {
    fn token(&self, mark: &[u8; 32]) -> Option<Secret> {
        let known = self.known.lock();
        known.as_ref().filter(|known| known.is_good() && known.mark == *mark).map(|known| known.token.clone())
    }
}

impl Known {
    fn new(Granted { token, lasts }: Granted, mark: [u8; 32]) -> Self {
        let lasts = lasts.min(LONGEST);
        let until = Instant::now() + lasts.saturating_sub(MARGIN.min(lasts / 10));
        Self { token, until, mark }
    }

    fn is_good(&self) -> bool {
        self.until > Instant::now()
    }
}
