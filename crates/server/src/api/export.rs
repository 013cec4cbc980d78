//! Deliveries as a file: one JSON object a line, however many they are.

use std::collections::HashMap;

use axum::{
    body::{Body, Bytes},
    extract::{Path, Query, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use store::{DeliveryFilter, DeliveryId, DestinationId, PageRequest, Place};

use super::{
    auth::Caller,
    deliveries::{DeliveryDetail, Which, Whole},
    environments::place,
    problem::Error,
    time::rfc3339,
};
use crate::app::App;

/// Deliveries that are in memory at once: each may have some hundred KiB.
const PORTION: usize = 20;

/// What is left of an export.
struct Export {
    app: App,
    filter: DeliveryFilter,
    names: HashMap<DestinationId, String>,
}

/// The deliveries that fit a filter as NDJSON, newest first: each with what it carries and its attempts
#[utoipa::path(get, operation_id = "export_deliveries", path = "/api/v1/environments/{environment}/deliveries/export",
    tag = "deliveries", params(("environment" = String, Path,), Which),
    responses((status = 200, content_type = "application/x-ndjson", body = String,
        description = "A line each, as `GET /api/v1/deliveries/{id}` shows it; broken off when it cannot be gone on with")))]
pub(crate) async fn export(
    State(app): State<App>,
    caller: Caller,
    Path(environment): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Error> {
    let place = place(&app, &environment)?;
    let mut filter = which.filter(&app, &caller, place).await?;
    // It has an end, whatever comes in meanwhile.
    let now = app.clock.now();
    filter.to = Some(filter.to.map_or(now, |to| to.min(now)));
    let export = Export { names: names(&app, place).await?, app, filter };
    let first = export.portion(None).await?;
    let name = format!("attachment; filename=\"deliveries-{environment}-{}.ndjson\"", rfc3339(now));
    let name = HeaderValue::try_from(name.replace(':', "-"));
    let mut response = Body::from_stream(export.lines(first)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    let unnamed = |_| HeaderValue::from_static("attachment; filename=\"deliveries.ndjson\"");
    headers.insert(header::CONTENT_DISPOSITION, name.unwrap_or_else(unnamed));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The names of an environment's destinations.
async fn names(app: &App, place: Place) -> Result<HashMap<DestinationId, String>, Error> {
    let destinations = app.store.destination_list(place).await?.into_iter();
    Ok(destinations.map(|destination| (destination.id, destination.name)).collect())
}

type Portion = (Vec<Whole>, Option<DeliveryId>);

impl Export {
    async fn portion(&self, before: Option<DeliveryId>) -> Result<Portion, store::Error> {
        self.app.store.delivery_export(self.filter.clone(), PageRequest { limit: PORTION, before }).await
    }

    /// The lines, portion by portion: the next is read when the reader has taken the one before.
    fn lines(self, first: Portion) -> impl stream::Stream<Item = Result<Bytes, store::Error>> {
        stream::try_unfold((self, Some(Next::Read(first))), async |(export, next)| {
            let Some(next) = next else { return Ok(None) };
            let (portion, next) = match next {
                Next::Read(portion) => portion,
                Next::Before(before) => export.portion(Some(before)).await.inspect_err(|error| {
                    tracing::warn!(%error, "an export of deliveries is broken off");
                })?,
            };
            let lines = portion.into_iter().flat_map(|whole| export.line(whole)).collect::<Vec<u8>>();
            Ok(Some((Bytes::from(lines), (export, next.map(Next::Before)))))
        })
    }

    fn line(&self, whole: Whole) -> Vec<u8> {
        let name = self.names.get(&whole.0.destination).cloned();
        let mut line = serde_json::json!(DeliveryDetail::of(&self.app, name, whole)).to_string().into_bytes();
        line.push(b'\n');
        line
    }
}

/// The next portion: read already, or to be read.
enum Next {
    Read(Portion),
    Before(DeliveryId),
}
