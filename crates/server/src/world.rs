//! What flows see of the server around them, kept in memory: environments, variables, destinations.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, OnceLock},
};

use clock::Timestamp;
use delivery::SignedBy;
use engine::Surroundings;
use parking_lot::RwLock;
use store::{Destination, DestinationId, EnvironmentId, Error, Place, Store, WorkspaceId};

/// Tells the outbox that deliveries to these destinations have been committed.
type Waker = Box<dyn Fn(&[DestinationId]) + Send + Sync>;

/// The server around the flows.
pub(crate) struct World {
    store: Store,
    workspace: WorkspaceId,
    environments: RwLock<HashMap<EnvironmentId, Known>>,
    /// Held over a reading, so that an older one does not overtake a newer one.
    reading: tokio::sync::Mutex<()>,
    waker: OnceLock<Waker>,
}

/// What is known of an environment.
#[derive(Clone)]
struct Known {
    surroundings: Arc<Surroundings>,
    destinations: Arc<HashMap<String, DestinationId>>,
    /// The field of a message that is HTML, of the destinations where one is.
    html: Arc<HashMap<DestinationId, &'static str>>,
    /// The keys that receivers may know.
    signing_keys: Arc<[SignedBy]>,
}

impl World {
    /// Reads what there is.
    pub(crate) async fn load(store: Store, workspace: WorkspaceId) -> Result<Self, Error> {
        let world = Self {
            store,
            workspace,
            environments: RwLock::default(),
            reading: tokio::sync::Mutex::default(),
            waker: OnceLock::new(),
        };
        for environment in world.store.environment_list(workspace).await? {
            world.reload(environment.id).await?;
        }
        Ok(world)
    }

    /// Reads one environment again, after a change.
    pub(crate) async fn reload(&self, environment: EnvironmentId) -> Result<(), Error> {
        let _reading = self.reading.lock().await;
        let place = Place { workspace: self.workspace, environment };
        let environments = self.store.environment_list(self.workspace).await?;
        let name = environments.into_iter().find(|known| known.id == environment).map(|known| known.name);
        let variables = self.store.variable_list(place).await?;
        let variables: BTreeMap<_, _> =
            variables.into_iter().map(|variable| (variable.name, variable.value)).collect();
        let destinations = self.store.destination_list(place).await?;
        let signing_keys = destinations.iter().flat_map(public_keys).collect();
        let html = |known: &Destination| Some((known.id, delivery::html_field(&known.config)?));
        let known = Known {
            signing_keys,
            html: Arc::new(destinations.iter().filter_map(html).collect()),
            surroundings: Arc::new(Surroundings {
                environment: name.unwrap_or_default().into(),
                variables: Arc::new(variables),
            }),
            destinations: Arc::new(destinations.into_iter().map(|known| (known.name, known.id)).collect()),
        };
        self.environments.write().insert(environment, known);
        Ok(())
    }

    /// Says who is to be told of committed deliveries. Only the first call counts.
    pub(crate) fn wake_with(&self, waker: Waker) {
        // A second outbox would be a programming error; the first one goes on.
        let _ = self.waker.set(waker);
    }

    /// The environments by name.
    pub(crate) fn environment_named(&self, name: &str) -> Option<Place> {
        let environments = self.environments.read();
        let found = environments.iter().find(|(_, known)| *known.surroundings.environment == *name);
        found.map(|(id, _)| Place { workspace: self.workspace, environment: *id })
    }

    /// The name of an environment.
    pub(crate) fn environment_name(&self, environment: EnvironmentId) -> Arc<str> {
        self.environments
            .read()
            .get(&environment)
            .map(|known| Arc::clone(&known.surroundings.environment))
            .unwrap_or_default()
    }

    /// The public keys of all destinations, those whose time is over too.
    pub(crate) fn signing_keys(&self) -> Vec<SignedBy> {
        self.environments.read().values().flat_map(|known| known.signing_keys.to_vec()).collect()
    }

    /// The environment of a destination, and its name, if it is known.
    pub(crate) fn destination_name(&self, place: Place, id: DestinationId) -> Option<(Arc<str>, String)> {
        let environments = self.environments.read();
        let known = environments.get(&place.environment)?;
        let (name, _) = known.destinations.iter().find(|(_, known)| **known == id)?;
        Some((Arc::clone(&known.surroundings.environment), name.clone()))
    }

    /// The environments.
    pub(crate) fn places(&self) -> Vec<Place> {
        let environments = self.environments.read();
        let place =
            |environment: &EnvironmentId| Place { workspace: self.workspace, environment: *environment };
        environments.keys().map(place).collect()
    }

    /// The destinations of an environment by name.
    pub(crate) fn destinations(&self, place: Place) -> Arc<HashMap<String, DestinationId>> {
        let environments = self.environments.read();
        environments.get(&place.environment).map(|known| Arc::clone(&known.destinations)).unwrap_or_default()
    }
}

/// The public keys of a destination, ended ones too.
fn public_keys(destination: &Destination) -> Vec<SignedBy> {
    // Settings that cannot be read sign nothing; what sends by them says so.
    let read = delivery::parse(&destination.config, &destination.secrets).ok();
    let keys = read.map(|read| read.signed_by(Timestamp::from_millis(i64::MIN))).unwrap_or_default();
    keys.into_iter().filter(|key| key.public_key.is_some()).collect()
}

impl engine::World for World {
    fn deliveries_made(&self, destinations: &[DestinationId]) {
        if let Some(waker) = self.waker.get() {
            waker(destinations);
        }
    }

    fn surroundings(&self, place: Place) -> Arc<Surroundings> {
        let environments = self.environments.read();
        environments.get(&place.environment).map(|known| Arc::clone(&known.surroundings)).unwrap_or_default()
    }
}

impl nodes::Directory for World {
    fn destination(&self, place: Place, name: &str) -> Option<DestinationId> {
        self.environments.read().get(&place.environment)?.destinations.get(name).copied()
    }

    fn html_field(&self, place: Place, destination: DestinationId) -> Option<&'static str> {
        self.environments.read().get(&place.environment)?.html.get(&destination).copied()
    }
}
