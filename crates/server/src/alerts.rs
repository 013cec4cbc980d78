//! Tells the engine when something has befallen a destination, so that an alert of it is raised at once.
//!
//! What befell is stored before it is told of, and looked for besides: what is lost here is raised some seconds later.

use delivery::{Settled, Tripped};
use engine::Engine;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Follows the drain of this node as long as that goes on.
pub(crate) async fn follow(
    engine: Engine,
    (mut tripped, mut settled): (Receiver<Tripped>, Receiver<Settled>),
) {
    loop {
        let has_befallen = tokio::select! {
            told = tripped.recv() => told.map(|_| true),
            told = settled.recv() => told.map(|settled| settled.outcome.is_dead()),
        };
        match has_befallen {
            Ok(true) | Err(RecvError::Lagged(_)) => engine.raise_alerts(),
            Ok(false) => {}
            Err(RecvError::Closed) => return,
        }
    }
}
