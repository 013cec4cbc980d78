//! `/status/{event}`: an event's whole fate, for whoever has the signed URL.

use axum::{
    Json,
    extract::{Path, Query, State},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use store::EventId;
use vault::Context;

use crate::{
    api::{Fate, fate, problem::Error},
    app::App,
};

/// The capability in the URL.
#[derive(Deserialize)]
pub(crate) struct Capability {
    #[serde(default)]
    token: String,
}

impl Capability {
    /// The event that a URL of this kind is of, if it is a whole one.
    pub(super) fn event(&self, app: &App, (kind, event): (&'static str, &str)) -> Result<EventId, Error> {
        let event: EventId = event.parse().map_err(|_| unknown())?;
        let token = URL_SAFE_NO_PAD.decode(&self.token).map_err(|_| unknown())?;
        let is_whole = app.store.keys().is_tag(Context { kind, id: event.as_bytes() }, &token);
        if is_whole { Ok(event) } else { Err(unknown()) }
    }
}

/// One answer for every wrong URL: it tells nobody which events exist.
pub(super) fn unknown() -> Error {
    Error::not_found("There is no such event, or the URL is not complete.")
}

/// What the URL tells.
#[derive(Serialize)]
pub(crate) struct Status {
    event_id: EventId,
    #[serde(flatten)]
    fate: Fate,
}

/// Tells an event's fate.
pub(crate) async fn status(
    State(app): State<App>,
    Path(event): Path<String>,
    Query(capability): Query<Capability>,
) -> Result<Json<Status>, Error> {
    let event_id = capability.event(&app, ("status", &event))?;
    let fate = fate(&app, event_id).await?.ok_or_else(unknown)?;
    Ok(Json(Status { event_id, fate }))
}
