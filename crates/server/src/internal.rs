//! The port that other nodes of the installation speak to.

use std::net::{IpAddr, SocketAddr};

use anyhow::Context;
use clock::Random;
use cluster::{Exchange, Local, Mesh, Nats, Surroundings};
use engine::Engine;
use store::Store;
use tokio::{net::TcpListener, sync::broadcast};

use crate::{config::Config, serve::host_name};

/// Where this node listens to the others.
pub(crate) struct Internal {
    listener: TcpListener,
    /// How they reach it: host and port.
    pub(crate) address: String,
}

impl Internal {
    /// Listens, unless no other node can work on the database.
    pub(crate) async fn bind(config: &Config, ip: IpAddr, store: &Store) -> anyhow::Result<Option<Self>> {
        if store.is_alone() {
            return Ok(None);
        }
        let wanted = config.cluster.listen.unwrap_or(SocketAddr::new(ip, 0));
        let listener = TcpListener::bind(wanted).await;
        let listener =
            listener.with_context(|| format!("`cluster.listen`: {wanted} cannot be listened on"))?;
        let bound = listener.local_addr()?;
        let address = match &config.cluster.address {
            Some(address) => address.clone(),
            // Others find this machine by its name, if they find it at all.
            None if bound.ip().is_unspecified() => format!("{}:{}", host_name(), bound.port()),
            None => bound.to_string(),
        };
        Ok(Some(Self { listener, address }))
    }

    /// Begins to exchange what happens with the other nodes.
    pub(crate) fn exchange(
        self,
        (store, random): (&Store, &Random),
        (engine, nats): (&Engine, Option<Nats>),
        settled: broadcast::Receiver<delivery::Settled>,
    ) -> Exchange {
        let surroundings = Surroundings {
            store: store.clone(),
            // Who has a key that was given up does not speak as a node.
            keys: store.keys().without_older(),
            random: random.clone(),
            node: engine.node(),
            address: self.address,
            nats,
        };
        let mesh = Mesh::start(surroundings, self.listener);
        Exchange::start(Local { engine: engine.clone(), settled }, mesh)
    }
}
