//! The files that came with events.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use gateway::{Content, File};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use store::EventId;
use utoipa::ToSchema;

use super::{auth::Caller, problem::Error};
use crate::app::App;

/// A file that came with a request.
#[derive(Serialize, ToSchema)]
pub(super) struct FileTrace {
    /// Its name, without folders.
    name: String,
    /// Its media type, as the sender says.
    media_type: String,
    /// How many bytes it has.
    size: u64,
    /// The SHA-256 of its content in hex, by which it is downloaded.
    sha256: String,
}

/// What may stand as it is in the parameter of a header (RFC 8187).
const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

/// Download a file that came with an event
///
/// Whatever it is, it comes as bytes to be saved: nobody looks into what strangers send.
#[utoipa::path(get, operation_id = "get_event_file", path = "/api/v1/events/{id}/files/{sha256}", tag = "events",
    params(("id" = String, Path,), ("sha256" = String, Path,)),
    responses((status = 200, description = "The file", content_type = "application/octet-stream")))]
pub(crate) async fn get(
    State(app): State<App>,
    caller: Caller,
    Path((id, sha256)): Path<(String, String)>,
) -> Result<Response, Error> {
    let missing = || Error::not_found("There is no such file.");
    let id: EventId = id.parse()?;
    app.store.event_get(caller.workspace, id).await?.ok_or_else(missing)?;
    let content = app.store.event_content(caller.workspace, id).await?.unwrap_or_default();
    let file = files(&content).into_iter().find(|file| file.sha256 == sha256).ok_or_else(missing)?;
    let digest: [u8; 32] = hex::decode(&sha256).ok().and_then(|d| d.try_into().ok()).ok_or_else(missing)?;
    let bytes = app.store.event_file(caller.workspace, id, digest).await?.ok_or_else(missing)?;
    Ok((headers(&file), Body::from(bytes)).into_response())
}

/// The files of an event, by its content.
pub(super) fn of_content(content: &[u8]) -> Vec<FileTrace> {
    let shown = |File { name, media_type, size, sha256 }| FileTrace { name, media_type, size, sha256 };
    files(content).into_iter().map(shown).collect()
}

/// What is kept of an event that the API started.
#[derive(Default, Deserialize)]
struct Started {
    #[serde(default)]
    files: Vec<File>,
}

fn files(content: &[u8]) -> Vec<File> {
    let request = serde_json::from_slice::<Content<'_>>(content).ok().and_then(|content| content.request);
    match request {
        Some(request) => request.body.files().cloned().collect(),
        None => serde_json::from_slice::<Started>(content).unwrap_or_default().files,
    }
}

fn headers(file: &File) -> HeaderMap {
    let name = utf8_percent_encode(&file.name, NAME);
    let disposition = HeaderValue::try_from(format!("attachment; filename*=UTF-8''{name}"));
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, disposition),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ])
}
