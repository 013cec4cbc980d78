//! Events: accepted requests, their dedupe keys and their original runs.

use bytes::Bytes;
use clock::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    EnvironmentId, Error, EventId, FlowId, NodeId, Page, PageRequest, Place, SourceId, Store, VersionId,
    WorkspaceId,
    blob::NewFile,
    delivery::NewDelivery,
    newest::{Newest, Ranges},
    origin::Scope,
    read::Reader,
    run::Ending,
    schedule::Tick,
    sql::{Fault, Row, values},
    write::{Outcome, Write},
};

/// How an event came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// It runs its flow.
    Accepted,
    /// The source's filter held it back; it runs nothing.
    Filtered,
}

/// An event that is about to be committed. Its id is drawn by the caller, whose original run has the same
/// and is under way before anything is written.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Its id.
    pub id: EventId,
    /// Where it belongs.
    pub place: Place,
    /// The flow it is for.
    pub flow: FlowId,
    /// The source it came by; `None` for an API call.
    pub source: Option<SourceId>,
    /// How it came: `webhook`, `schedule`, `alert` or `api`. A replay makes a run, not an event.
    pub kind: &'static str,
    /// When it came.
    pub received_at: Timestamp,
    /// Whether it runs its flow.
    pub status: EventStatus,
    /// Input and request as JSON; sealed before it is stored.
    pub content: Bytes,
}

/// A claim on a dedupe key. Keys belong to a source; of an event without one the key itself says where it belongs.
#[derive(Clone, Copy, Debug)]
pub struct DedupeClaim {
    /// The first 16 bytes of the key's SHA-256; for an event without a source, of what it belongs to as well.
    pub key: [u8; 16],
    /// When the key may be used again.
    pub expires_at: Timestamp,
}

/// One key for an event's source and a dedupe key of it. Both are as good as random and as long, so their exclusive or
/// is no more likely to meet another than they are themselves.
pub(crate) fn dedupe_key(event: &NewEvent, claim: &DedupeClaim) -> [u8; 16] {
    event.source.map_or(claim.key, |source| std::array::from_fn(|i| source.as_bytes()[i] ^ claim.key[i]))
}

/// A run that begins with its event, whose id is its own.
#[derive(Clone, Debug)]
pub struct OriginalRun {
    /// The version it runs.
    pub version: VersionId,
    /// How it begins.
    pub begin: Begin,
}

impl OriginalRun {
    /// The first record of its journal, if it has one before its event is committed. It is stored in the
    /// event's row: what is written and read together costs a row less.
    pub(crate) fn first_record(&self) -> Option<&[u8]> {
        match &self.begin {
            Begin::Queued => None,
            Begin::Held { record, .. } => record.as_deref(),
            Begin::Finished { record, .. } => Some(record),
        }
    }
}

/// How a run begins.
#[derive(Clone, Debug)]
pub enum Begin {
    /// Some node will claim it.
    Queued,
    /// This node holds it from the start, with fence 1.
    Held {
        /// The node.
        owner: NodeId,
        /// The journal of the pure steps that ran before the event was committed, JSON.
        record: Option<Vec<u8>>,
        /// The deliveries they made.
        deliveries: Vec<NewDelivery>,
    },
    /// It is finished already: its steps were pure and ran before the event was committed.
    Finished {
        /// How it ended.
        ending: Ending,
        /// The journal of the whole run, JSON.
        record: Vec<u8>,
        /// The deliveries it made.
        deliveries: Vec<NewDelivery>,
    },
}

/// Everything that an accepted request commits at once.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The event.
    pub event: NewEvent,
    /// Its dedupe key, if it has one.
    pub dedupe: Option<DedupeClaim>,
    /// The files that came with it.
    pub files: Vec<NewFile>,
    /// The tick of a schedule that it is, which moves the schedule on.
    pub tick: Option<Tick>,
    /// Its original run; `None` for a filtered event. Repeats come later, by [`Store::run_repeat`].
    pub run: Option<OriginalRun>,
}

/// What came of an admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// The event is on stable storage.
    New,
    /// Its dedupe key was claimed by this event before; nothing was stored.
    Duplicate(EventId),
    /// Its schedule has moved on, was changed or is gone: the tick was another's or nobody's. Nothing was stored.
    Passed,
}

/// An admission whose payloads are sealed.
pub(crate) struct SealedAdmission(pub(crate) Admission);

/// An event as lists show it.
#[derive(Clone, Debug)]
pub struct EventView {
    /// Its id.
    pub id: EventId,
    /// The environment it belongs to.
    pub environment: EnvironmentId,
    /// The flow it is for.
    pub flow: FlowId,
    /// The source it came by.
    pub source: Option<SourceId>,
    /// `webhook`, `schedule`, `alert` or `api`.
    pub kind: String,
    /// Whether it ran its flow.
    pub status: EventStatus,
    /// When it came.
    pub received_at: Timestamp,
}

/// Which events a list shows.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only those of this flow.
    pub flow: Option<FlowId>,
    /// Only those of this source.
    pub source: Option<SourceId>,
}

impl Store {
    /// Commits an accepted request: event, dedupe key and run, all or nothing; its files before that.
    ///
    /// # Errors
    /// When it cannot be put on stable storage; then nothing of it is kept.
    pub async fn event_admit(&self, mut admission: Admission) -> Result<Admitted, Error> {
        let event = &mut admission.event;
        event.content = self.seal("event", event.id.as_bytes(), &event.content).into();
        let run = event.id.original_run();
        if let Some(OriginalRun { begin, .. }) = &mut admission.run {
            match begin {
                Begin::Queued => {}
                Begin::Held { record, deliveries, .. } => {
                    *record = record.take().map(|record| self.seal_record(run, 0, &record));
                    self.seal_deliveries(deliveries);
                }
                Begin::Finished { record, deliveries, .. } => {
                    *record = self.seal_record(run, 0, record);
                    self.seal_deliveries(deliveries);
                }
            }
        }
        faults::hit(faults::CrashPoint::BeforeAdmission);
        if !admission.files.is_empty() {
            Box::pin(self.blobs_put(admission.event.place.workspace, &admission.files)).await?;
            faults::hit(faults::CrashPoint::AfterFiles);
        }
        match self.write(Write::Admit(Box::new(SealedAdmission(admission)))).await? {
            Outcome::Admitted(admitted) => {
                faults::hit(faults::CrashPoint::AfterAdmission);
                Ok(admitted)
            }
            _ => Err(Error::Conflict("the event was not admitted")),
        }
    }

    /// An event of a workspace.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn event_get(&self, workspace: WorkspaceId, id: EventId) -> Result<Option<EventView>, Error> {
        self.read(move |c| Ok(row(c, workspace, id.number())?.filter(|event| event.id == id))).await
    }

    /// An event's content: input and request as JSON.
    ///
    /// # Errors
    /// When the database cannot be read or the content does not open.
    pub async fn event_content(&self, workspace: WorkspaceId, id: EventId) -> Result<Option<Vec<u8>>, Error> {
        let sql = "SELECT e.sealed FROM event e JOIN origin o ON o.number = e.origin
                   WHERE e.number = ?1 AND e.id = ?2 AND o.workspace = ?3";
        let event = values![id.number(), id, workspace];
        let sealed: Option<Vec<u8>> = self.row(sql, event, |row| row.get(0)).await?;
        sealed.map(|sealed| self.unseal("event", id.as_bytes(), &sealed)).transpose()
    }

    /// The newest events of an environment.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn event_list(
        &self,
        place: Place,
        filter: EventFilter,
        page: PageRequest<EventId>,
    ) -> Result<Page<EventView>, Error> {
        let (now, scope) = (self.now(), Scope { place, flow: filter.flow, source: filter.source });
        self.read(move |c| {
            let mut newest = Newest::new(c, scope, now, &page, EventId::number);
            newest.add(c, &EVENTS, None, ())?;
            newest.page(c, |()| ROW, view)
        })
        .await
    }
}

/// The events of each origin.
pub(crate) const EVENTS: Ranges = Ranges { table: "event", by_status: false, only: "" };

/// The event of the number `?1`, if it is of the workspace `?2`.
const ROW: &str = "SELECT e.id, o.environment, o.flow, o.source, o.kind, e.filtered, e.received_at
     FROM event e JOIN origin o ON o.number = e.origin WHERE e.number = ?1 AND o.workspace = ?2";

/// The event of a number, if it is of this workspace.
fn row(c: &Reader<'_>, workspace: WorkspaceId, number: i64) -> Result<Option<EventView>, Fault> {
    c.row(ROW, values![number, workspace], view)
}

pub(crate) fn view(row: &Row<'_>) -> Result<EventView, Fault> {
    let filtered: bool = row.get(5)?;
    Ok(EventView {
        id: row.get(0)?,
        environment: row.get(1)?,
        flow: row.get(2)?,
        source: row.get(3)?,
        kind: row.get(4)?,
        status: if filtered { EventStatus::Filtered } else { EventStatus::Accepted },
        received_at: row.time(6)?,
    })
}
