//! The sources in memory. All of them are known, so a request to an unknown one costs no query; each
//! is compiled when it is first called.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, LazyLock},
};

use engine::Program;
use flow::Fields;
use gateway::Limits;
use parking_lot::RwLock;
use store::{FlowId, Place, Source, SourceId, SourceKind, Store};
use tokio::sync::OnceCell;

use crate::{api::problem::Error, app::App};

/// The sources by id.
#[derive(Default)]
pub(crate) struct Sources {
    entries: RwLock<HashMap<SourceId, Arc<Entry>>>,
    /// Held over a reading, so that an older one does not overtake a newer one.
    reading: tokio::sync::Mutex<()>,
}

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

    fn put(&self, row: Source) {
        // Nobody can call a schedule.
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
        static NONE: LazyLock<Fields> = LazyLock::new(Fields::default);
        let program = match crate::api::serving(app, self.row.place, self.row.flow).await {
            Ok(program) => program,
            Err(error @ engine::Error::Store(_)) => return Err(error.into()),
            Err(error) => {
                tracing::error!(source = %self.row.id, error = &error as &dyn std::error::Error, "a source's flow cannot run");
                return Ok(None);
            }
        };
        let inputs = program.as_ref().map_or(&*NONE, |program| &program.flow.definition().inputs);
        match gateway::Source::compile(&self.row.config, &self.row.secrets, inputs) {
            Ok(judge) => {
                let limits = self
                    .before
                    .as_ref()
                    .map_or_else(|| Limits::of(&judge), |before| before.limits.carried_to(&judge));
                let (row, name) = (self.row.clone(), self.row.name.as_str().into());
                Ok(Some(Arc::new(Live { row, name, judge, limits, program })))
            }
            Err(error) => {
                tracing::error!(source = %self.row.id, %error, "a source's configuration does not fit its flow");
                Ok(None)
            }
        }
    }
}
