//! API keys.

use std::time::Duration;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use store::{ApiKey, NewApiKey, Role};
use utoipa::ToSchema;

use super::{
    auth::{Caller, KEY_PREFIX, digest, new_token},
    problem::Error,
    time::rfc3339,
};
use crate::app::App;

/// A key that is wanted.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewKey {
    /// What it is for.
    name: String,
    /// What it may do, such as a member with this role.
    #[schema(example = "editor")]
    role: String,
    /// After how many days it ends by itself.
    expires_in_days: Option<u32>,
}

/// A key as lists show it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Key {
    id: String,
    name: String,
    /// Its last characters.
    hint: String,
    /// What it may do.
    roles: Vec<String>,
    created_at: String,
    expires_at: Option<String>,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeKey {
    id: String,
    /// The key itself. It is shown this once.
    key: String,
}

/// The living API keys
#[utoipa::path(get, operation_id = "list_api_keys", path = "/api/v1/api-keys", tag = "keys",
    responses((status = 200, body = Vec<Key>)))]
pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<Key>>, Error> {
    caller.at_least(Role::Admin)?;
    let keys = app.store.api_key_list(caller.workspace).await?;
    Ok(Json(keys.into_iter().map(Key::from).collect()))
}

/// Make an API key
#[utoipa::path(post, operation_id = "create_api_key", path = "/api/v1/api-keys", tag = "keys",
    request_body = NewKey, responses((status = 201, body = MadeKey)))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(new): Json<NewKey>,
) -> Result<(StatusCode, Json<MadeKey>), Error> {
    caller.at_least(Role::Admin)?;
    let role: Role = serde_json::from_value(new.role.clone().into()).map_err(|_| {
        Error::invalid("`role` is one of `viewer`, `reviewer`, `operator`, `editor`, `admin` and `owner`.")
    })?;
    caller.at_least(role)?;
    let key = format!("{KEY_PREFIX}{}", new_token(&app));
    let lifetime = new.expires_in_days.map(|days| Duration::from_secs(u64::from(days) * 86_400));
    let stored = NewApiKey {
        name: new.name,
        token: digest(&key),
        hint: key.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect(),
        scopes: vec![new.role],
        expires_at: lifetime.map(|lifetime| app.clock.now().after(lifetime)),
    };
    let id = app.store.api_key_add(caller.workspace, stored).await?;
    Ok((StatusCode::CREATED, Json(MadeKey { id: id.to_string(), key })))
}

/// End an API key
#[utoipa::path(delete, operation_id = "revoke_api_key", path = "/api/v1/api-keys/{id}", tag = "keys",
    params(("id" = String, Path,)), responses((status = 204, description = "Ended")))]
pub(crate) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Admin)?;
    let revoked = app.store.api_key_revoke(caller.workspace, id.parse()?).await?;
    if revoked { Ok(StatusCode::NO_CONTENT) } else { Err(Error::not_found("There is no such key.")) }
}

impl From<ApiKey> for Key {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name,
            hint: key.hint,
            roles: key.scopes,
            created_at: rfc3339(key.created_at),
            expires_at: key.expires_at.map(rfc3339),
        }
    }
}
