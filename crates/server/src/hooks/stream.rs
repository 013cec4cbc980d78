//! An answer that goes on as the run does: server-sent events, to the request itself and at the event's stream URL.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use engine::{Cursor, Given, Outcome, Read, Reader, Told};
use flow::run::Status;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use store::{EventId, EventStatus};
use tokio::time::Instant;
use vault::Context;

use super::{
    reply::{RunFailed, status_url},
    status::{Capability, unknown},
};
use crate::{api::problem::Error, app::App};

/// What a client that comes back has read so far.
pub(super) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What a stream URL is good for.
const CAPABILITY: &str = "stream";

/// The longest that a stream is gone on with at its URL.
const LONGEST: Duration = Duration::from_secs(3600);

/// How soon a client whose stream has ended early comes back.
const RETRY: Duration = Duration::from_secs(1);

/// How often a stream without news shows that it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What is told to one client.
struct Telling {
    event: EventId,
    reader: Reader,
    /// Names the event, as the first and perhaps the last thing that is told.
    names: Value,
    part: Part,
}

enum Part {
    Names,
    Run,
    Over,
}

/// The answer to a request; none when the run cannot be read.
pub(super) async fn answer(
    app: &App,
    (event, last): (EventId, Option<&HeaderValue>),
    given: Given,
    deadline: Duration,
) -> Option<Response> {
    match open(app, (event, last), given, deadline).await {
        Ok(response) => Some(response),
        Err(error) => {
            tracing::warn!(%event, error = &error as &dyn std::error::Error, "a run cannot be streamed");
            None
        }
    }
}

/// Goes on with the stream of an event: `/status/{event}/stream`.
pub(crate) async fn resume(
    State(app): State<App>,
    Path(event): Path<String>,
    Query(capability): Query<Capability>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let event = capability.event(&app, (CAPABILITY, &event))?;
    let row = app.store.event_get(app.workspace, event).await?.ok_or_else(unknown)?;
    if row.status == EventStatus::Filtered {
        return Err(Error::not_found("The source's filter held the event back: there is no run to follow."));
    }
    let last = headers.get(LAST_EVENT_ID);
    if known(event, last).is_some_and(|known| known.has_ended()) {
        // That is what keeps an EventSource from coming back.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let mut response = open(&app, (event, last), Given::default(), LONGEST).await?;
    // The URL is all that is needed, so any page that has it may read.
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(response)
}

async fn open(
    app: &App,
    (event, last): (EventId, Option<&HeaderValue>),
    given: Given,
    deadline: Duration,
) -> Result<Response, engine::Error> {
    let known = known(event, last);
    // A client that comes back has been told the names.
    let part = if known.is_some() { Part::Run } else { Part::Names };
    let cursor = known.unwrap_or_else(|| Cursor::new(event.original_run()));
    let names = json!({
        "event_id": event.to_string(),
        "run_id": cursor.run().to_string(),
        "status_url": status_url(app, event),
        "stream_url": stream_url(app, event),
    });
    let reader = app.engine.reader(app.workspace, cursor, given, Instant::now() + deadline).await?;
    let told = stream::unfold(Telling { event, reader, names, part }, |mut telling| async {
        telling.next().await.map(|event| (Ok::<_, Infallible>(event), telling))
    });
    let closing = app.clone();
    let told = told.take_until(async move { closing.closing().await });
    let mut response = Sse::new(told).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies of the kind of nginx would collect it otherwise.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// Where a client stands that comes back with this; `None` when it does not.
fn known(event: EventId, last: Option<&HeaderValue>) -> Option<Cursor> {
    Cursor::parse(event.original_run(), last?.to_str().ok()?)
}

/// The URL at which an event's stream is gone on with, by whoever has it. Not by who has but the status URL: that tells
/// less of a run.
fn stream_url(app: &App, event: EventId) -> String {
    let tag = app.store.keys().tag(Context { kind: CAPABILITY, id: event.as_bytes() });
    format!("{}/status/{event}/stream?token={}", app.public_url, URL_SAFE_NO_PAD.encode(tag))
}

impl Telling {
    async fn next(&mut self) -> Option<Event> {
        match self.part {
            Part::Over => return None,
            Part::Names => {
                self.part = Part::Run;
                return Some(self.event("run", &self.names).retry(RETRY));
            }
            Part::Run => {}
        }
        match self.reader.next().await {
            Ok(Some(Read::Told(told))) => Some(self.told(told)),
            Ok(Some(Read::Ended(outcome))) => {
                self.part = Part::Over;
                Some(self.ended(&outcome))
            }
            Ok(Some(Read::Late)) => {
                self.part = Part::Over;
                Some(self.event("pending", &self.names))
            }
            Ok(None) => None,
            Err(error) => {
                // The client comes back, and finds it mended or the reason.
                tracing::warn!(event = %self.event, error = &error as &dyn std::error::Error, "a stream was broken off");
                None
            }
        }
    }

    fn told(&self, told: Told) -> Event {
        match told {
            Told::Step { step, state } => self.event("step", &json!({ "step": step, "state": state })),
            Told::Token { step, text } => self.event("token", &json!({ "step": step, "text": text })),
            Told::Reset { step } => self.event("reset", &json!({ "step": step })),
        }
    }

    /// The same as a caller that waits is told.
    fn ended(&self, outcome: &Outcome) -> Event {
        match outcome.status {
            Status::Failed | Status::Cancelled | Status::Parked => {
                self.event("error", &json!(RunFailed::of(outcome, self.event)))
            }
            _ => self.event("result", outcome.outputs.as_deref().unwrap_or(&Value::Null)),
        }
    }

    fn event(&self, name: &str, data: &Value) -> Event {
        Event::default().event(name).id(self.reader.cursor().to_string()).data(data.to_string())
    }
}
