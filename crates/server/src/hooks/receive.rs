//! One request to a source: judge, commit, reply.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    body::{Body, HttpBody},
    extract::{ConnectInfo, State},
    http::Request,
    response::Response,
};
use bytes::Bytes;
use engine::{Submission, Submitted};
use gateway::{Accepted, Code, Head, Refused};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;
use store::SourceId;

use super::{
    client,
    refusals::KEPT,
    reply,
    sources::{Found, Known, Live},
};
use crate::app::App;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// How long it may take where it is only kept.
const KEEPING_TIME: Duration = Duration::from_secs(5);

/// When a sender may try again what the server could not take.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// A request that was refused, and the source that keeps it among its refused ones, if there is one.
pub(super) struct Refusal {
    by: Option<Known>,
    pub(super) refused: Refused,
}

/// Takes a request to a source.
pub(crate) async fn receive(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let (id, tail) = split(parts.uri.path());
    let head = Head {
        method: &parts.method,
        path_tail: tail,
        query: parts.uri.query(),
        headers: &parts.headers,
        peer: client::address(peer.ip(), &parts.headers, &app.config.trusted_proxies),
        received_at: app.clock.now(),
    };
    // Nobody knows what a body says that was not read.
    let mut kept = body.is_end_stream().then(Bytes::new);
    let refusal = match source(&app, id).await {
        Ok(live) => match take(&app, &live, head, body, &mut kept).await {
            Ok(response) => {
                metrics::counter!("linchpin_requests_total", "outcome" => "accepted").increment(1);
                return response;
            }
            Err(refused) => Refusal { by: Some(Known::Live(live)), refused },
        },
        Err(refusal) => {
            if refusal.by.is_some() && kept.is_none() {
                kept = whole(body).await;
            }
            refusal
        }
    };
    let Refusal { by, refused } = refusal;
    let outcome = match refused.code {
        Code::SourceNotFound => "unknown_source",
        code => code.as_str(),
    };
    metrics::counter!("linchpin_requests_total", "outcome" => outcome).increment(1);
    if let Some(by) = by {
        app.refusals.record(&by, &head, kept.as_deref(), &refused);
    }
    reply::refuse(&refused)
}

/// The source of an id, if it takes requests.
pub(super) async fn source(app: &App, id: &str) -> Result<Arc<Live>, Refusal> {
    let found = match id.parse::<SourceId>() {
        Ok(id) => app.sources.find(app, id).await,
        Err(_) => Ok(Found::Unknown),
    };
    let refused = |by, code, detail: &'static str| Refusal { by, refused: Refused::new(code, detail) };
    Err(match found {
        Ok(Found::Live(live)) => return Ok(live),
        Ok(Found::Unavailable(live)) => {
            let detail = if live.row.enabled {
                "No version of the flow is deployed."
            } else {
                "The source is switched off."
            };
            refused(Some(Known::Live(live)), Code::SourceUnavailable, detail)
        }
        Ok(Found::Broken(known)) => {
            refused(Some(known), Code::SourceUnavailable, "The source's configuration does not fit its flow.")
        }
        Ok(Found::Unknown) => refused(None, Code::SourceNotFound, "There is no source with this id."),
        Err(_) => Refusal { by: None, refused: unavailable("The source could not be read.") },
    })
}

/// Splits `/hooks/{id}/{tail}`.
fn split(path: &str) -> (&str, &str) {
    let rest = path.strip_prefix("/hooks/").unwrap_or_default();
    rest.split_once('/').unwrap_or((rest, ""))
}

async fn take(
    app: &App,
    live: &Live,
    head: Head<'_>,
    body: Body,
    kept: &mut Option<Bytes>,
) -> Result<Response, Refused> {
    let screened = live.judge.before_body(head, &live.limits)?;
    let limit = usize::try_from(screened.body_limit()).unwrap_or(usize::MAX);
    let read = tokio::time::timeout(BODY_TIME, Limited::new(body, limit).collect());
    let bytes = match read.await {
        Ok(Ok(collected)) => collected.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(screened.overrun()),
        Ok(Err(_)) => {
            return Err(Refused::new(Code::BodyMalformed, "The body ended before it was complete."));
        }
        Err(_) => return Err(Refused::new(Code::BodyLate, "The body took longer than 30 s to arrive.")),
    };
    *kept = Some(bytes.clone());
    let accepted = screened.judge(&bytes, app.clock.now())?;
    let reply = accepted.reply;
    let submitted = submit(app, live, accepted, head.received_at).await?;
    Ok(reply::accepted(app, &reply, submitted).await)
}

/// The body of a request to a source that cannot judge it now, so that it can be replayed when the source is mended.
async fn whole(body: Body) -> Option<Bytes> {
    let read = tokio::time::timeout(KEEPING_TIME, Limited::new(body, KEPT).collect());
    read.await.ok()?.ok().map(http_body_util::Collected::to_bytes)
}

/// Takes an accepted request in.
pub(super) async fn submit(
    app: &App,
    live: &Live,
    accepted: Accepted,
    received_at: clock::Timestamp,
) -> Result<Submitted, Refused> {
    let Some(program) = &live.program else { return Err(unavailable("No version of the flow is deployed.")) };
    let submission = Submission {
        place: live.row.place,
        program: program.clone(),
        source: Some((live.row.id, live.name.clone())),
        kind: "webhook",
        received_at,
        input: Value::Object(accepted.input),
        content: accepted.content,
        dedupe: accepted.dedupe,
        waits_for: reply::waits_for(&accepted.reply),
    };
    app.engine.submit(submission).await.map_err(|error| match error {
        engine::Error::Stopping => {
            let detail = "The server is stopping and takes no new events.";
            Refused::new(Code::Stopping, detail).retry_after(RETRY_AFTER)
        }
        error => {
            tracing::warn!(error = &error as &dyn std::error::Error, "an event was not accepted");
            unavailable("The event could not be put on stable storage.")
        }
    })
}

fn unavailable(detail: &'static str) -> Refused {
    Refused::new(Code::StorageUnavailable, detail).retry_after(RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_id_and_tail() {
        assert_eq!(split("/hooks/src_1"), ("src_1", ""));
        assert_eq!(split("/hooks/src_1/orders/7"), ("src_1", "orders/7"));
        assert_eq!(split("/hooks/"), ("", ""));
    }
}
