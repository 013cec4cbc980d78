//! The documentation that each source has of its own: a page and an OpenAPI document.

mod render;

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use clock::Timestamp;
use flow::{Definition, Fields};
use gateway::{Docs, FieldChanges, Visibility};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{SourceId, VersionId};

use crate::{
    api::{auth::Caller, problem::Error},
    app::App,
    hooks::{Found, Live},
};

/// In which language a page is wanted.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    lang: Option<String>,
}

/// What a page shows.
#[derive(Serialize)]
struct Book {
    docs: Docs,
    /// The versions that changed the fields, newest first.
    history: Vec<Chapter>,
}

/// A version that changed the fields.
#[derive(Serialize)]
struct Chapter {
    version: u32,
    note: String,
    at: String,
    changes: FieldChanges,
}

/// Of what a book was made: it is made anew when one of these is another.
type Edition = (VersionId, Timestamp);

/// Books that were made. Anybody may ask for a public one, so it is not made each time.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<HashMap<SourceId, (Edition, Arc<Book>)>>);

/// Books that are kept; with more the shelf begins anew.
const KEPT: usize = 256;

/// Versions that are looked at for what they changed.
const HISTORY: u32 = 50;

/// The page of a source.
pub(crate) async fn page(
    State(app): State<App>,
    caller: Result<Caller, Error>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let book = book(&app, caller, &id).await?;
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|said| said.to_str().ok());
    let is_chinese = is_chinese(wanted.lang.as_deref().or(accepted).unwrap_or_default());
    render::page(&book, &id, is_chinese).map_err(|error| {
        tracing::error!(source = id, error = &error as &dyn std::error::Error, "a page cannot be rendered");
        Error::internal("The page cannot be shown; the server's log says why.")
    })
}

/// The OpenAPI document of a source.
pub(crate) async fn openapi(
    State(app): State<App>,
    caller: Result<Caller, Error>,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let book = book(&app, caller, &id).await?;
    let document: &Value = book.docs.openapi();
    Ok(([(header::CACHE_CONTROL, "no-cache")], Json(document)).into_response())
}

/// What may be shown to a caller.
async fn book(app: &App, caller: Result<Caller, Error>, id: &str) -> Result<Arc<Book>, Error> {
    let live = match app.sources.find(app, id.parse::<SourceId>()?).await? {
        Found::Live(live) | Found::Unavailable(live) => live,
        Found::Broken(_) => {
            caller?;
            return Err(Error::conflict("The source's configuration does not fit its flow."));
        }
        Found::Unknown => return Err(Error::not_found("There is no such source.")),
    };
    if live.judge.config().docs == Visibility::Private && caller?.workspace != live.row.place.workspace {
        return Err(Error::not_found("There is no such source."));
    }
    let program = live.program.as_ref();
    let program =
        program.ok_or_else(|| Error::conflict("No version of the source's flow is deployed yet."))?;
    let edition = (program.version, live.row.updated_at);
    if let Some((known, book)) = app.docs.0.lock().get(&live.row.id)
        && *known == edition
    {
        return Ok(Arc::clone(book));
    }
    let inputs = &program.flow.definition().inputs;
    let url = format!("{}/hooks/{}", app.public_url, live.row.id);
    let docs = Docs::of(&live.judge, (inputs, program.number), &live.name, &url);
    let book = Arc::new(Book { docs, history: history(app, &live, program.number).await? });
    let mut shelf = app.docs.0.lock();
    if shelf.len() >= KEPT {
        shelf.clear();
    }
    shelf.insert(live.row.id, (edition, Arc::clone(&book)));
    Ok(book)
}

/// The versions up to this one that changed the fields.
async fn history(app: &App, live: &Live, number: u32) -> Result<Vec<Chapter>, Error> {
    let store::Source { place, flow, .. } = live.row;
    let versions = app.store.version_texts(place.workspace, flow, (number, HISTORY)).await?;
    let inputs = |text: &str| Definition::parse(text).map(|definition| definition.inputs).ok();
    let texts: Vec<Option<Fields>> = versions.iter().map(|(_, text)| inputs(text)).collect();
    let none = Fields::default();
    let chapters = versions.iter().enumerate().filter_map(|(at, (version, _))| {
        // Behind the oldest that was looked at nothing is known, unless it is the first of all.
        let before = match texts.get(at + 1) {
            Some(before) => before.as_ref()?,
            None if version.number == 1 => &none,
            None => return None,
        };
        let changes = gateway::changes(before, texts.get(at)?.as_ref()?);
        let at = crate::api::rfc3339(Timestamp::from_millis(version.created_at));
        (!changes.is_empty()).then(|| Chapter {
            version: version.number,
            note: version.note.clone(),
            at,
            changes,
        })
    });
    Ok(chapters.collect())
}

/// Whether Chinese stands before English among the languages that a browser accepts, most wanted first.
fn is_chinese(accepted: &str) -> bool {
    let known = accepted.split(',').find_map(|language| {
        let language = language.trim().to_ascii_lowercase();
        [("zh", true), ("en", false)].into_iter().find(|(name, _)| language.starts_with(name))
    });
    known.is_some_and(|(_, is_chinese)| is_chinese)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_first_that_there_is() {
        for chinese in ["zh", "zh-CN,zh;q=0.9,en;q=0.8", "fr, zh-TW, en"] {
            assert!(is_chinese(chinese), "{chinese}");
        }
        for english in ["", "en", "en-GB,zh;q=0.8", "fr", "de,en,zh"] {
            assert!(!is_chinese(english), "{english}");
        }
    }
}
