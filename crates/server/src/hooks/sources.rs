//! The sources in memory. All of them are known, so a request to an unknown one costs no query; each
//! is compiled when it is first called.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use engine::Program;
use gateway::Limits;
use parking_lot::{Mutex, RwLock};
use store::{EnvironmentId, FlowId, Place, Source, SourceId, SourceKind, Store};
use tokio::sync::OnceCell;

use super::interface::{self, Version};
use super::jwks::Renewal;
use crate::{api::problem::Error, app::App};

/// The sources by id.
#[derive(Default)]
pub(crate) struct Sources {
    entries: RwLock<HashMap<SourceId, Arc<Entry>>>,
    /// Those that have labels of their own in the metrics.
    labelled: Mutex<HashSet<(EnvironmentId, String)>>,
    /// Held over a reading, so that an older one does not overtake a newer one.
    reading: tokio::sync::Mutex<()>,
}

/// Sources that have labels of their own in the metrics since the process began; all others share empty ones.
const LABELS: usize = 1_000;

/// A source, and what it was compiled to.
struct Entry {
    row: Source,
    live: OnceCell<Option<Arc<Live>>>,
    /// What it was before it changed: its limits go on.
    before: Option<Arc<Live>>,
}

/// A source that can judge requests.
pub(crate) struct Live {
    /// Its row.
    pub(crate) row: Source,
    /// Its name, as expressions see it.
    pub(crate) name: Arc<str>,
    /// Judges.
    pub(crate) judge: gateway::Source,
    /// How much it took lately.
    pub(crate) limits: Limits,
    /// Counts its requests, refused ones too.
    pub(crate) requests: metrics::Counter,
    /// Fetches the public keys that it verifies by.
    pub(super) renewal: Renewal,
    /// The version that serves its flow; `None` until one is deployed.
    pub(crate) program: Option<Arc<Program>>,
}

/// What is known of a source id.
pub(crate) enum Found {
    /// It can judge.
    Live(Arc<Live>),
    /// It is switched off, or its flow is not deployed.
    Unavailable(Arc<Live>),
    /// Its configuration is broken.
    Broken(Known),
    /// There is none.
    Unknown,
}

/// A source, as far as it can keep a request that it refused.
pub(crate) enum Known {
    /// It knows what is secret in a request.
    Live(Arc<Live>),
    /// It never worked since the server started: only who it is is known.
    Row(Place, SourceId),
}

impl Known {
    /// The source that knows what it says on every answer.
    pub(super) fn live(&self) -> Option<&Live> {
        match self {
            Self::Live(live) => Some(live),
            Self::Row(..) => None,
        }
    }
}

impl Sources {
    /// Reads all sources.
    pub(crate) async fn load(store: &Store, places: &[Place]) -> Result<Self, store::Error> {
        let sources = Self::default();
        for place in places {
            for row in store.source_list(*place).await? {
                sources.put(row);
            }
        }
        Ok(sources)
    }

    /// Reads a source again after a change: one that is new, changed or deleted.
    pub(crate) async fn reload(&self, store: &Store, id: SourceId) -> Result<(), store::Error> {
        let _reading = self.reading.lock().await;
        match store.source_get(id).await? {
            Some(row) => self.put(row),
            None => drop(self.entries.write().remove(&id)),
        }
        Ok(())
    }

    /// Reads all sources again, after changes that are not known one by one.
    pub(crate) async fn reload_all(&self, store: &Store, places: &[Place]) -> Result<(), store::Error> {
        let _reading = self.reading.lock().await;
        let mut rows = Vec::new();
        for place in places {
            rows.extend(store.source_list(*place).await?);
        }
        let known: HashSet<SourceId> = rows.iter().map(|row| row.id).collect();
        self.entries.write().retain(|id, _| known.contains(id));
        for row in rows {
            self.put(row);
        }
        Ok(())
    }

    /// The counter of a source's requests. It goes by names: an id lets whoever reads the metrics post to the source.
    /// Labels stay for as long as the process lives, so there is a bound on them.
    fn counter(&self, app: &App, row: &Source) -> metrics::Counter {
        let own = (row.place.environment, row.name.clone());
        let mut labelled = self.labelled.lock();
        let is_labelled = labelled.contains(&own) || (labelled.len() < LABELS && labelled.insert(own));
        if !is_labelled {
            return metrics::counter!("linchpin_source_requests_total", "environment" => "", "source" => "");
        }
        let environment = app.world.environment_name(row.place.environment).to_string();
        let source = row.name.clone();
        metrics::counter!("linchpin_source_requests_total", "environment" => environment, "source" => source)
    }

    fn put(&self, row: Source) {
        // Nobody can call a schedule, or what alerts go to.
        if row.kind != SourceKind::Webhook {
            return;
        }
        let mut sources = self.entries.write();
        let before = sources.get(&row.id).and_then(|entry| entry.last_live());
        sources.insert(row.id, Arc::new(Entry { row, live: OnceCell::new(), before }));
    }

    /// Compiles the sources of a flow anew when they are called next, after a deployment.
    pub(crate) fn forget(&self, flow: FlowId) {
        let mut sources = self.entries.write();
        for entry in sources.values_mut().filter(|entry| entry.row.flow == flow) {
            let (row, before) = (entry.row.clone(), entry.last_live());
            *entry = Arc::new(Entry { row, live: OnceCell::new(), before });
        }
    }

    /// The sources that were called since they were read, as they judge now.
    pub(crate) fn live(&self) -> Vec<Arc<Live>> {
        let sources = self.entries.read();
        sources.values().filter_map(|entry| entry.live.get()?.clone()).collect()
    }

    /// The source of an id.
    pub(crate) async fn find(&self, app: &App, id: SourceId) -> Result<Found, Error> {
        let entry = self.entries.read().get(&id).map(Arc::clone);
        let Some(entry) = entry else { return Ok(Found::Unknown) };
        let live = entry.live.get_or_try_init(|| entry.compile(app)).await?;
        Ok(match live {
            Some(live) if live.row.enabled && live.program.is_some() => Found::Live(Arc::clone(live)),
            Some(live) => Found::Unavailable(Arc::clone(live)),
            None => Found::Broken(
                entry.before.clone().map_or_else(|| Known::Row(entry.row.place, entry.row.id), Known::Live),
            ),
        })
    }
}

impl Entry {
    fn last_live(&self) -> Option<Arc<Live>> {
        self.live.get().and_then(Option::as_ref).or(self.before.as_ref()).map(Arc::clone)
    }

    /// An error of the store is tried again at the next request; a broken source stays broken until it changes.
    async fn compile(&self, app: &App) -> Result<Option<Arc<Live>>, Error> {
        let program = match crate::api::serving(app, self.row.place, self.row.flow).await {
            Ok(program) => program,
            Err(error @ engine::Error::Store(_)) => return Err(error.into()),
            Err(error) => {
                tracing::error!(source = %self.row.id, error = &error as &dyn std::error::Error, "a source's flow cannot run");
                return Ok(None);
            }
        };
        let running = program.as_ref().map(|program| Version::of(program));
        match interface::compile(app, &self.row, running).await? {
            Ok(judge) => {
                let limits = self
                    .before
                    .as_ref()
                    .map_or_else(|| Limits::of(&judge), |before| before.limits.carried_to(&judge));
                if let Some(before) = &self.before {
                    judge.take_keys(&before.judge);
                }
                let (row, name) = (self.row.clone(), self.row.name.as_str().into());
                let (requests, renewal) = (app.sources.counter(app, &row), Renewal::default());
                Ok(Some(Arc::new(Live { row, name, judge, limits, requests, renewal, program })))
            }
            Err(error) => {
                tracing::error!(source = %self.row.id, %error, "a source's configuration does not fit its flow");
                Ok(None)
            }
        }
    }
}
