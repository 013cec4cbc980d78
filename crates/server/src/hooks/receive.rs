//! One request to a source: judge, commit, reply.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    body::{Body, HttpBody},
    extract::{ConnectInfo, State},
    http::Request,
    response::Response,
};
use bytes::{Bytes, BytesMut};
use engine::{Submission, Submitted};
use gateway::{Accepted, Code, Head, Judged, Refused, Screened};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;
use store::SourceId;

use super::{
    client,
    in_flight::{Full, Share},
    jwks::Renewed,
    refusals::KEPT,
    reply::{self, How},
    sources::{Found, Known, Live},
    stream,
};
use crate::app::App;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// How long it may take where it is only kept.
const KEEPING_TIME: Duration = Duration::from_secs(5);

/// A larger body keeps an async thread so long, with digests and files, that the others must not wait behind it.
const AT_ONCE: usize = 1 << 20;

/// When a sender may try again what the server could not take.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// When one may try again that came when the server had its hands full.
const RETRY_OVERLOADED: Duration = Duration::from_secs(2);

/// The word for the answer to a browser's preflight in metrics.
const PREFLIGHT: &str = "preflight";

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
        peer: client::address(
            peer.ip(),
            &parts.headers,
            &app.config.trusted_proxies,
            app.config.forwarded_by,
        ),
        received_at: app.clock.now(),
    };
    // Nobody knows what a body says that was not read.
    let mut kept = body.is_end_stream().then(Bytes::new);
    let (by, taken) = match source(&app, id).await {
        Ok(live) => {
            let taken = match preflight(&live, &head) {
                Some(answer) => Ok(answer),
                None => take(&app, &live, head, body, &mut kept).await,
            };
            (Some(Known::Live(live)), taken)
        }
        Err(Refusal { by, refused }) => {
            // The page shall be able to read why it is refused.
            let answer = by.as_ref().and_then(Known::live).and_then(|live| preflight(live, &head));
            if by.is_some() && answer.is_none() && kept.is_none() {
                kept = whole(&app, body).await;
            }
            (by, answer.ok_or(refused))
        }
    };
    let (outcome, mut response) = taken.unwrap_or_else(|refused| {
        // What is shed must cost nothing.
        if let Some(by) = by.as_ref().filter(|_| refused.code != Code::Overloaded) {
            app.refusals.record(by, &head, kept.as_deref(), &refused);
        }
        (outcome(refused.code), reply::refuse(&refused))
    });
    metrics::counter!("linchpin_requests_total", "outcome" => outcome).increment(1);
    if let Some(live) = by.as_ref().and_then(Known::live).filter(|_| outcome != PREFLIGHT) {
        live.requests.increment(1);
        live.judge.stamp(&parts.headers, response.headers_mut());
    }
    response
}

/// The answer to a browser that asks whether a page may call a source; `None` for any other request.
fn preflight(live: &Live, head: &Head<'_>) -> Option<(&'static str, Response)> {
    live.judge.preflight(head).map(|headers| (PREFLIGHT, reply::preflight(headers)))
}

/// The word for a refusal in metrics.
const fn outcome(code: Code) -> &'static str {
    match code {
        Code::SourceNotFound => "unknown_source",
        code => code.as_str(),
    }
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

/// Judges a request, has it committed, and gives the answer with the word for it in metrics.
async fn take(
    app: &App,
    live: &Live,
    head: Head<'_>,
    body: Body,
    kept: &mut Option<Bytes>,
) -> Result<(&'static str, Response), Refused> {
    let screened = live.judge.before_body(head, &live.limits)?;
    let mut share = app.in_flight.enter(body.size_hint().lower()).map_err(overloaded)?;
    let limit = usize::try_from(screened.body_limit()).unwrap_or(usize::MAX);
    let bytes = match tokio::time::timeout(BODY_TIME, read(body, limit, &mut share)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(Unread::TooLarge)) => return Err(screened.overrun()),
        Ok(Err(Unread::NoRoom(full))) => return Err(overloaded(full)),
        Ok(Err(Unread::Broken)) => {
            return Err(Refused::new(Code::BodyMalformed, "The body ended before it was complete."));
        }
        Err(_) => return Err(Refused::new(Code::BodyLate, "The body took longer than 30 s to arrive.")),
    };
    *kept = Some(bytes.clone());
    let (outcome, filtered, accepted) = match judge(app, live, &screened, &bytes).await? {
        Judged::Accepted(accepted) => ("accepted", false, accepted),
        Judged::Filtered(accepted) => ("filtered", true, accepted),
        Judged::Handshake(answer) => return Ok(("handshake", reply::answer(answer))),
        Judged::KeysWanted(wanted) => return Err(wanted.otherwise),
    };
    share.add(accepted.grown).and_then(|()| share.wait_for_commit()).map_err(overloaded)?;
    let how = How {
        reply: accepted.reply.clone(),
        acknowledgement: accepted.acknowledgement.clone(),
        last: head.headers.get(stream::LAST_EVENT_ID),
    };
    let submission = Submission { filtered, ..submission(live, accepted, head.received_at, share)? };
    let submitted = submit(app, submission).await?;
    // Whoever waits for a result may wait for long: the body is not kept for that.
    drop((bytes, kept.take()));
    Ok((outcome, reply::accepted(app, how, submitted).await))
}

/// Judges a request, and once more when newer keys may be there that would verify it.
pub(super) async fn judge(
    app: &App,
    live: &Live,
    screened: &Screened<'_>,
    body: &Bytes,
) -> Result<Judged, Refused> {
    let judge = || screened.judge(body, app.clock.now());
    let judged = if body.len() > AT_ONCE { tokio::task::block_in_place(judge) } else { judge() };
    let wanted = match judged? {
        Judged::KeysWanted(wanted) => wanted,
        judged => return Ok(judged),
    };
    match live.renewal.renew(app, &wanted.keys).await {
        Renewed::Perhaps => judge(),
        Renewed::Not(cause) => Err(Refused { cause, ..wanted.otherwise }),
    }
}

/// Why a body was not read.
enum Unread {
    TooLarge,
    Broken,
    NoRoom(Full),
}

/// Reads a body of at most so many bytes, each of which takes its room.
async fn read(body: Body, limit: usize, share: &mut Share) -> Result<Bytes, Unread> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(limit).min(limit);
    let mut body = Limited::new(body, limit);
    let (mut whole, mut more) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(
                |error| {
                    if error.is::<LengthLimitError>() { Unread::TooLarge } else { Unread::Broken }
                },
            )?;
        // A frame that is no data is a trailer, which nothing is made of.
        let Ok(piece) = frame.into_data() else { continue };
        share.add(piece.len()).map_err(Unread::NoRoom)?;
        if whole.is_empty() {
            whole = piece;
        } else {
            // Pieces are joined as they come: many small ones would take more room than what is in them, and so would
            // a buffer that grows by doubling. What is only announced is set aside, not yet touched.
            if more.is_empty() {
                more.reserve(announced);
                more.extend_from_slice(&whole);
            }
            more.extend_from_slice(&piece);
        }
    }
    Ok(if more.is_empty() { whole } else { more.freeze() })
}

/// The body of a request to a source that cannot judge it now, so that it can be replayed when the source is mended.
async fn whole(app: &App, body: Body) -> Option<Bytes> {
    let mut share = app.in_flight.enter(body.size_hint().lower()).ok()?;
    tokio::time::timeout(KEEPING_TIME, read(body, KEPT, &mut share)).await.ok()?.ok()
}

pub(super) fn overloaded(full: Full) -> Refused {
    metrics::counter!("linchpin_requests_shed_total", "why" => full.word()).increment(1);
    let detail = match full {
        Full::Bytes => "The bodies that the server has in hand take all the room there is for them.",
        Full::Requests => "As many requests as the server takes at once wait to be stored.",
    };
    Refused::new(Code::Overloaded, detail).retry_after(RETRY_OVERLOADED)
}

/// What is submitted of an accepted request.
pub(super) fn submission(
    live: &Live,
    accepted: Accepted,
    received_at: clock::Timestamp,
    share: Share,
) -> Result<Submission, Refused> {
    let Some(program) = &live.program else { return Err(unavailable("No version of the flow is deployed.")) };
    Ok(Submission {
        place: live.row.place,
        program: program.clone(),
        source: Some((live.row.id, live.name.clone())),
        kind: "webhook",
        received_at,
        input: Value::Object(accepted.input),
        content: accepted.content,
        dedupe: accepted.dedupe,
        files: accepted.files,
        tick: None,
        waits_for: reply::waits_for(&accepted.reply),
        filtered: false,
        until_committed: Some(Box::new(share)),
    })
}

/// Takes an accepted request in.
pub(super) async fn submit(app: &App, submission: Submission) -> Result<Submitted, Refused> {
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
