//! Knowledge bases: documents go in, passages come out.

use std::collections::HashMap;

use ::knowledge::{Passage, Question, Settings};
use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Path, Query, State},
    http::{StatusCode, header},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{DocumentStatus, Job, NewDocument, Role};
use utoipa::{IntoParams, ToSchema};

use super::{auth::Caller, jobs::Progress, problem::Error, time::rfc3339};
use crate::app::App;

/// A knowledge base.
#[derive(Serialize, ToSchema)]
pub(crate) struct BaseView {
    id: String,
    /// How flows call it.
    name: String,
    /// Embedding model and chunking.
    #[schema(value_type = Object)]
    settings: Value,
}

/// A knowledge base's settings. `{}` takes the defaults.
#[derive(Deserialize, ToSchema)]
pub(crate) struct BaseInput {
    /// Embedding model and chunking.
    #[schema(value_type = Object)]
    #[serde(default)]
    settings: Settings,
}

/// A document as lists show it.
#[derive(Serialize, ToSchema)]
pub(crate) struct DocumentRow {
    id: String,
    name: String,
    media_type: String,
    size: i64,
    /// `queued`, `ready` or `failed`.
    #[schema(value_type = String)]
    status: DocumentStatus,
    /// Why it failed.
    error: Option<String>,
    chunks: u32,
    /// The job that makes it findable; absent when it is not queued.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<String>,
    /// How far that job is; absent while that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Progress>,
    updated_at: String,
}

/// A document that was taken in.
#[derive(Serialize, ToSchema)]
pub(crate) struct DocumentAdded {
    id: String,
    /// The job that makes it findable; absent when the same content is there already.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<String>,
}

/// A document's name.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Named {
    /// The file name; a document of this name is replaced.
    name: String,
}

/// A question to try.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SearchInput {
    query: String,
    /// At most so many passages, up to 50.
    #[serde(default = "SearchInput::default_top_k")]
    top_k: usize,
}

/// What a question finds.
#[derive(Serialize, ToSchema)]
pub(crate) struct SearchResult {
    #[schema(value_type = Vec<Object>)]
    passages: Vec<Passage>,
}

impl SearchInput {
    const fn default_top_k() -> usize {
        4
    }
}

/// The knowledge bases
#[utoipa::path(get, operation_id = "list_knowledge_bases", path = "/api/v1/knowledge-bases",
    tag = "knowledge", responses((status = 200, body = Vec<BaseView>)))]
pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<BaseView>>, Error> {
    let bases = app.store.base_list(caller.workspace).await?;
    let view =
        |base: store::Base| BaseView { id: base.id.to_string(), name: base.name, settings: base.config };
    Ok(Json(bases.into_iter().map(view).collect()))
}

/// Make or change a knowledge base
#[utoipa::path(put, operation_id = "put_knowledge_base", path = "/api/v1/knowledge-bases/{name}",
    tag = "knowledge", params(("name" = String, Path,)), request_body = BaseInput,
    responses((status = 204, description = "Stored")))]
pub(crate) async fn put(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Json(input): Json<BaseInput>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Editor)?;
    app.library.base_put(caller.workspace, &name, &input.settings).await.map_err(told)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The documents of a knowledge base
#[utoipa::path(get, operation_id = "list_documents", path = "/api/v1/knowledge-bases/{name}/documents",
    tag = "knowledge", params(("name" = String, Path,)), responses((status = 200, body = Vec<DocumentRow>)))]
pub(crate) async fn list_documents(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Vec<DocumentRow>>, Error> {
    let base = app.store.base_named(caller.workspace, &name).await?;
    let base = base.ok_or_else(|| Error::not_found(format!("There is no knowledge base `{name}`.")))?;
    let documents = app.store.document_list(caller.workspace, base.id).await?;
    let mut jobs: HashMap<String, Job> = HashMap::new();
    if documents.iter().any(|document| document.status == DocumentStatus::Queued) {
        for job in app.store.job_open(caller.workspace, Job::INGEST).await? {
            // Of several jobs for a document the first does the work.
            if let Some(document) = job.spec["document"].as_str() {
                jobs.entry(document.to_owned()).or_insert(job);
            }
        }
    }
    Ok(Json(documents.into_iter().map(|document| DocumentRow::of(document, &jobs)).collect()))
}

/// Add a document: its bytes as the body, its type in `Content-Type`
#[utoipa::path(post, operation_id = "add_document", path = "/api/v1/knowledge-bases/{name}/documents",
    tag = "knowledge", params(("name" = String, Path,), Named),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 202, body = DocumentAdded)))]
pub(crate) async fn add_document(
    State(app): State<App>,
    caller: Caller,
    Path(base): Path<String>,
    Query(named): Query<Named>,
    request: axum::extract::Request,
) -> Result<(StatusCode, Json<DocumentAdded>), Error> {
    caller.at_least(Role::Editor)?;
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or("application/octet-stream").to_owned();
    let body = Bytes::from_request(request, &()).await?;
    let document = NewDocument { name: named.name, media_type, content: body.to_vec() };
    let added = app.library.add(caller.workspace, &base, document).await.map_err(told)?;
    let job = added.job.map(|job| job.to_string());
    Ok((StatusCode::ACCEPTED, Json(DocumentAdded { id: added.document.to_string(), job })))
}

/// Delete a document
#[utoipa::path(delete, operation_id = "delete_document", path = "/api/v1/documents/{id}", tag = "knowledge",
    params(("id" = String, Path,)), responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_document(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Editor)?;
    let removed = app.library.remove(caller.workspace, id.parse()?).await.map_err(told)?;
    if removed { Ok(StatusCode::NO_CONTENT) } else { Err(Error::not_found("There is no such document.")) }
}

/// Try a question
#[utoipa::path(post, operation_id = "search_knowledge_base", path = "/api/v1/knowledge-bases/{name}/search",
    tag = "knowledge", params(("name" = String, Path,)), request_body = SearchInput,
    responses((status = 200, body = SearchResult)))]
pub(crate) async fn search(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Json(input): Json<SearchInput>,
) -> Result<Json<SearchResult>, Error> {
    let question = Question { top_k: input.top_k.clamp(1, 50), ..Question::new(vec![name], input.query) };
    let passages = app.library.search(caller.workspace, &question).await.map_err(told)?;
    Ok(Json(SearchResult { passages }))
}

impl DocumentRow {
    /// A row; `jobs` are those that have not ended, by the document's id.
    fn of(document: store::Document, jobs: &HashMap<String, Job>) -> Self {
        let id = document.id.to_string();
        let job = jobs.get(&id).filter(|_| document.status == DocumentStatus::Queued);
        Self {
            name: document.name,
            media_type: document.media_type,
            size: document.size,
            status: document.status,
            error: document.error,
            chunks: document.chunks,
            job: job.map(|job| job.id.to_string()),
            progress: job.and_then(Progress::of),
            updated_at: rfc3339(document.updated_at),
            id,
        }
    }
}

/// What the library says, to a caller.
fn told(error: ::knowledge::Error) -> Error {
    match error {
        ::knowledge::Error::Store(error) => error.into(),
        missing @ ::knowledge::Error::BaseMissing { .. } => Error::not_found(missing.to_string()),
        passing if passing.is_transient() => Error::unavailable(format!("{}; try again.", passing.chain())),
        lasting => Error::invalid(lasting.chain()),
    }
}
