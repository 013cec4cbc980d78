//! Journal records: the events since the last commit, as JSON.

use std::sync::Arc;

use flow::run::{Event, State};
use serde::Deserialize;
use serde_json::Value;
use store::{EventId, RunId, WorkspaceId};

use crate::{Error, Program, Shared, error::JournalError};

/// Writes a record. The run's input lies with its event and is not written again.
pub(crate) fn encode(events: &[Event]) -> Result<Vec<u8>, JournalError> {
    Ok(serde_json::to_vec(events)?)
}

/// The event that begins a run, as the journal keeps it: without the input.
pub(crate) fn started(at: i64) -> Event {
    Event::Started { input: Arc::new(Value::Null), at }
}

/// Reads a record.
///
/// # Errors
/// When it is not in the form of this build.
pub fn decode(record: &[u8]) -> Result<Vec<Event>, serde_json::Error> {
    serde_json::from_slice(record)
}

#[derive(Deserialize)]
struct Content {
    input: Value,
}

/// A run as its journal tells it.
pub(crate) struct Told {
    pub(crate) state: State,
    pub(crate) events: Vec<Event>,
    pub(crate) records: u32,
    pub(crate) input: Arc<Value>,
}

impl Shared {
    /// Reads a run's journal and folds it.
    pub(crate) async fn told(
        &self,
        program: &Program,
        run: RunId,
        (workspace, event): (WorkspaceId, EventId),
    ) -> Result<Told, Error> {
        let content = self.store.event_content(workspace, event).await?;
        let records = self.store.run_journal(run).await?;
        fold(program, content.as_deref(), &records).map_err(|source| Error::Journal { run, source })
    }
}

fn fold(program: &Program, content: Option<&[u8]>, records: &[Vec<u8>]) -> Result<Told, JournalError> {
    let content: Content = serde_json::from_slice(content.ok_or(JournalError::NoContent)?)?;
    let input = Arc::new(content.input);
    let mut state = State::new(&program.flow);
    let mut events = Vec::new();
    let mut commands = Vec::new();
    for record in records {
        for mut event in decode(record)? {
            if let Event::Started { input: begun, .. } = &mut event {
                *begun = Arc::clone(&input);
            }
            state.apply(&program.flow, &event, &mut commands)?;
            events.push(event);
        }
    }
    Ok(Told { state, events, records: u32::try_from(records.len()).unwrap_or(u32::MAX), input })
}
