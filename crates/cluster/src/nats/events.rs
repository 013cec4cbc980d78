//! What becomes of the connection: told to the log, the metrics, and whoever may have missed messages.

use async_nats::Event;
use metrics::{counter, gauge};
use tokio::sync::watch;

use crate::seldom::Seldom;

/// What has happened so far.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// How often a connection was made.
    connected: watch::Sender<u64>,
    /// How often messages may have been missed.
    missed: watch::Sender<u64>,
    failing: Seldom,
    refusing: Seldom,
}

impl Events {
    pub(super) fn saw(&self, event: &Event) {
        match event {
            Event::Connected => {
                gauge!("linchpin_bus_connected").set(1);
                tracing::info!("NATS is connected: nodes wake each other by it");
                self.connected.send_modify(|times| *times += 1);
            }
            Event::Disconnected => {
                gauge!("linchpin_bus_connected").set(0);
                tracing::warn!("NATS is gone: until it is back, nodes wake each other through the database");
            }
            Event::SlowConsumer(_) => {
                counter!("linchpin_bus_missed_total").increment(1);
                self.miss();
            }
            Event::ClientError(error) if self.failing.is_due() => {
                tracing::warn!(
                    %error,
                    "NATS cannot be connected to: nodes wake each other through the database. Check `bus.nats_url`"
                );
            }
            Event::ServerError(error) if self.refusing.is_due() => {
                tracing::warn!(
                    %error,
                    "NATS refuses something: its user must be allowed to publish and to subscribe to `linchpin.>`"
                );
            }
            _ => {}
        }
    }

    /// Messages may have been missed.
    pub(super) fn miss(&self) {
        self.missed.send_modify(|times| *times += 1);
    }

    /// Changes with each connection from now on.
    pub(super) fn connected(&self) -> watch::Receiver<u64> {
        self.connected.subscribe()
    }

    /// Changes whenever messages may have been missed from now on.
    pub(super) fn missed(&self) -> watch::Receiver<u64> {
        self.missed.subscribe()
    }
}
