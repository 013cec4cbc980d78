//! What happens now, as server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{Path, State},
    response::sse::{Event, KeepAlive, Sse},
};
use cluster::Watch;
use engine::{Change, Update};
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;
use store::Place;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{auth::Caller, environments::place, events::word, problem::Error};
use crate::app::App;

/// What happens in an environment, as it happens: `run`, `step`, `token`, `delivery`, and `lost` when a
/// slow reader has missed some
#[utoipa::path(get, operation_id = "stream_updates", path = "/api/v1/environments/{environment}/live",
    tag = "events", params(("environment" = String, Path,)),
    responses((status = 200, description = "Server-sent events", content_type = "text/event-stream", body = String)))]
pub(crate) async fn stream(
    State(app): State<App>,
    _: Caller,
    Path(environment): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Error> {
    let place = place(&app, &environment)?;
    let here = happening(place, app.engine.updates().subscribe(), app.settled.resubscribe());
    let elsewhere = app.exchange.as_ref().map(|exchange| {
        let Watch { updates, settled, guard } = exchange.watch(place);
        happening(place, updates, settled).inspect(move |_| {
            let _watched = &guard;
        })
    });
    let elsewhere = stream::iter(elsewhere).flatten();
    // A view that is open must not keep the server from ending.
    let live = stream::select(here, elsewhere).map(Ok).take_until(async move { app.closing().await });
    Ok(Sse::new(live).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

/// What happens in a place.
fn happening(
    place: Place,
    updates: Receiver<Update>,
    settled: Receiver<delivery::Settled>,
) -> impl Stream<Item = Event> + Send {
    let runs = told(updates, move |update: Update| run_event(place, update));
    let deliveries = told(settled, move |settled: delivery::Settled| delivery_event(place, &settled));
    stream::select(runs, deliveries)
}

/// What a channel brings, as far as it concerns the listener.
fn told<T: Clone + Send + 'static>(
    receiver: Receiver<T>,
    tell: impl Fn(T) -> Option<Event> + Send + 'static,
) -> impl Stream<Item = Event> + Send {
    stream::unfold((receiver, tell), |(mut receiver, tell)| async move {
        loop {
            let event = match receiver.recv().await {
                Ok(update) => tell(update),
                Err(RecvError::Lagged(_)) => Some(Event::default().event("lost").data("{}")),
                Err(RecvError::Closed) => return None,
            };
            if let Some(event) = event {
                return Some((event, (receiver, tell)));
            }
        }
    })
}

fn run_event(place: Place, update: Update) -> Option<Event> {
    if update.place != place {
        return None;
    }
    let (run, event) = (update.run.to_string(), update.event.to_string());
    let (name, data) = match update.change {
        Change::Begun => ("run", json!({ "run": run, "event": event, "status": "running" })),
        Change::Committed(status) => ("run", json!({ "run": run, "event": event, "status": word(status) })),
        Change::Step { step, state } => {
            ("step", json!({ "run": run, "event": event, "step": step, "state": state }))
        }
        Change::Token { step, text } => {
            ("token", json!({ "run": run, "event": event, "step": step, "text": text }))
        }
    };
    Some(Event::default().event(name).data(data.to_string()))
}

fn delivery_event(place: Place, settled: &delivery::Settled) -> Option<Event> {
    (settled.place == place).then(|| {
        let data = json!({
            "delivery": settled.delivery, "destination": settled.destination, "run": settled.run, "outcome": settled.outcome,
        });
        Event::default().event("delivery").data(data.to_string())
    })
}
