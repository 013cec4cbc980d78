//! Listening to a source: its next requests, accepted or refused, as they come.

use std::{collections::HashSet, convert::Infallible, time::Duration};

use axum::{
    extract::{Path, State},
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use store::{EventFilter, EventId, PageRequest, RefusalId, Role, Source};
use tokio::time::Instant;

use super::{auth::Caller, problem::Error, refusals::RefusalRow, sources::find, time::rfc3339};
use crate::app::App;

/// How long somebody may listen.
const LONGEST: Duration = Duration::from_secs(600);

/// How soon it is looked again. What comes is in the database of all nodes, whichever took it.
const LOOK: Duration = Duration::from_millis(300);

/// Requests that are looked at at once; of a flood more than these some are not shown.
const NEWEST: usize = 20;

/// A listener, and what it was shown.
struct Listener {
    app: App,
    source: Source,
    /// Everything later is news.
    since: EventId,
    shown: HashSet<String>,
    /// When it ends.
    until: Instant,
    /// What is to be shown next, last first.
    ready: Vec<Event>,
    begun: bool,
}

/// A source's next requests, accepted or refused, as they come, for ten minutes at most: `listening` at first, then
/// `request` for each, `end` when the time is over
#[utoipa::path(get, operation_id = "listen_to_source", path = "/api/v1/sources/{id}/listen", tag = "sources",
    params(("id" = String, Path,)),
    responses((status = 200, description = "Server-sent events", content_type = "text/event-stream", body = String)))]
pub(crate) async fn listen(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Error> {
    caller.at_least(Role::Operator)?;
    let source = find(&app, &caller, &id).await?;
    let listener = Listener {
        since: app.store.ids().next(),
        app: app.clone(),
        source,
        shown: HashSet::new(),
        until: Instant::now() + LONGEST,
        ready: Vec::new(),
        begun: false,
    };
    let heard = stream::unfold(Some(listener), |listener| async move { Some(listener?.next().await) });
    // Who listens must not keep the server from ending.
    let heard = heard.map(Ok).take_until(async move { app.closing().await });
    Ok(Sse::new(heard).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

impl Listener {
    /// What is shown next, and the listener that goes on.
    async fn next(mut self) -> (Event, Option<Self>) {
        if !self.begun {
            self.begun = true;
            return (Event::default().event("listening").data("{}"), Some(self));
        }
        loop {
            if let Some(event) = self.ready.pop() {
                return (event, Some(self));
            }
            if Instant::now() >= self.until {
                return (Event::default().event("end").data("{}"), None);
            }
            if let Err(error) = self.look().await {
                tracing::warn!(source = %self.source.id, ?error, "a listener cannot look for requests now");
            }
            if self.ready.is_empty() {
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    /// Looks for what came and was not shown.
    async fn look(&mut self) -> Result<(), Error> {
        let (place, source) = (self.source.place, self.source.id);
        let filter = EventFilter { source: Some(source), ..EventFilter::default() };
        let events = self.app.store.event_list(place, filter, newest::<EventId>()).await?;
        let mut found = Vec::new();
        for event in events.items.into_iter().filter(|event| event.id > self.since) {
            if self.shown.insert(event.id.to_string()) {
                found.push((event.received_at, self.accepted(event).await?));
            }
        }
        let since = RefusalId::from_bytes(*self.since.as_bytes());
        let refusals = self.app.store.refusal_list(place, Some(source), newest::<RefusalId>()).await?;
        for refusal in refusals.items.into_iter().filter(|refusal| refusal.id > since) {
            if self.shown.insert(refusal.id.to_string()) {
                found.push((refusal.received_at, refused(refusal)));
            }
        }
        found.sort_by_key(|(received_at, _)| std::cmp::Reverse(*received_at));
        self.ready = found
            .into_iter()
            .map(|(_, data)| Event::default().event("request").data(data.to_string()))
            .collect();
        Ok(())
    }

    async fn accepted(&self, event: store::EventView) -> Result<Value, Error> {
        let content = self.app.store.event_content(self.source.place.workspace, event.id).await?;
        let mut content: Value = serde_json::from_slice(&content.unwrap_or_default()).unwrap_or_default();
        let outcome = if event.status == store::EventStatus::Filtered { "filtered" } else { "accepted" };
        Ok(json!({
            "outcome": outcome,
            "id": event.id,
            "received_at": rfc3339(event.received_at),
            "request": content["request"].take(),
            "input": content["input"].take(),
        }))
    }
}

fn refused(refusal: store::Refusal) -> Value {
    let mut row = json!(RefusalRow::from(refusal));
    json!({
        "outcome": "refused",
        "id": row["id"],
        "received_at": row["received_at"],
        "request": row["record"]["request"].take(),
        "answer": row["record"]["answer"].take(),
    })
}

const fn newest<Id>() -> PageRequest<Id> {
    PageRequest { limit: NEWEST, before: None }
}
