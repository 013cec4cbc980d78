//! Providers, and the models that flows call by name.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Model, Role};
use utoipa::ToSchema;

use super::{auth::Caller, problem::Error};
use crate::{
    app::App,
    changes::{Changed, changed},
    models::{LOCAL, ModelConfig, ProviderConfig, ProviderSecrets},
};

/// A provider of models.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProviderView {
    name: String,
    /// Its address and how it is called.
    #[schema(value_type = Object)]
    config: Value,
    /// Whether a key is set.
    has_key: bool,
}

/// A provider that is to be made or changed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ProviderInput {
    /// Its address and how it is called: `base_url`, `key_header`, `concurrency`, …
    #[schema(value_type = Object)]
    config: Value,
    /// `api_key`. On a change, absent keeps what there is.
    #[schema(value_type = Option<Object>)]
    secrets: Option<Value>,
}

/// A model.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelView {
    /// How flows call it.
    name: String,
    /// The provider's name; `local` for the models inside the process.
    provider: String,
    /// `chat`, `embedding` or `rerank`.
    purpose: String,
    /// What the provider calls it.
    model: Option<String>,
    /// Whether it is there without anybody adding it.
    built_in: bool,
}

/// A model that is to be made or changed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ModelInput {
    /// The provider's name; `local` for the models inside the process.
    provider: String,
    /// `chat`, `embedding` or `rerank`.
    purpose: String,
    /// What the provider calls it; the model's own name when it is absent.
    model: Option<String>,
}

/// The providers
#[utoipa::path(get, operation_id = "list_providers", path = "/api/v1/providers", tag = "models",
    responses((status = 200, body = Vec<ProviderView>)))]
pub(crate) async fn list_providers(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Vec<ProviderView>>, Error> {
    let rows = app.store.provider_list(caller.workspace).await?;
    let view = |row: store::Provider| ProviderView {
        name: row.name,
        config: serde_json::from_str(&row.config).unwrap_or_default(),
        has_key: serde_json::from_slice::<ProviderSecrets>(&row.secrets)
            .is_ok_and(|secrets| secrets.api_key.is_some()),
    };
    Ok(Json(rows.into_iter().map(view).collect()))
}

/// Make or change a provider
#[utoipa::path(put, operation_id = "put_provider", path = "/api/v1/providers/{name}", tag = "models",
    params(("name" = String, Path,)), request_body = ProviderInput,
    responses((status = 204, description = "Stored")))]
pub(crate) async fn put_provider(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Json(input): Json<ProviderInput>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Admin)?;
    if name == LOCAL || !is_name(&name) {
        return Err(Error::invalid(
            "A provider's name has a–z, 0–9 and hyphens; `local` is the process itself.",
        ));
    }
    let config: ProviderConfig = serde_json::from_value(input.config)
        .map_err(|error| Error::invalid(format!("`config`: {error}.")))?;
    outbound::Request::new(http::Method::POST, &config.base_url).map_err(|error| {
        let example = "write a whole address such as https://api.example.com/v1";
        Error::invalid(format!("`config.base_url`: {error}; {example}."))
    })?;
    let secrets = if let Some(secrets) = input.secrets {
        // What serde says may repeat a key.
        serde_json::from_value::<ProviderSecrets>(secrets.clone())
            .map_err(|_| Error::invalid("`secrets` has `api_key`, a text, and nothing else."))?;
        secrets.to_string().into_bytes()
    } else {
        let rows = app.store.provider_list(caller.workspace).await?;
        rows.into_iter().find(|row| row.name == name).map_or_else(|| b"{}".to_vec(), |row| row.secrets)
    };
    let config = serde_json::json!(config).to_string();
    app.store.provider_put(caller.workspace, &name, &config, &secrets).await?;
    changed(&app, Changed::Models).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The models, those that are always there among them
#[utoipa::path(get, operation_id = "list_models", path = "/api/v1/models", tag = "models",
    responses((status = 200, body = Vec<ModelView>)))]
pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<ModelView>>, Error> {
    let rows = app.store.model_list(caller.workspace).await?;
    let built_in =
        app.models.built_in().into_iter().filter(|(name, _)| !rows.iter().any(|row| row.name == *name));
    let mut models: Vec<ModelView> = built_in
        .map(|(name, purpose)| ModelView {
            name: name.to_owned(),
            provider: LOCAL.to_owned(),
            purpose: purpose.to_owned(),
            model: None,
            built_in: true,
        })
        .collect();
    models.extend(rows.iter().map(|row| ModelView {
        name: row.name.clone(),
        provider: row.provider.clone(),
        purpose: row.purpose.clone(),
        model: serde_json::from_str::<ModelConfig>(&row.config).ok().and_then(|config| config.model),
        built_in: false,
    }));
    Ok(Json(models))
}

/// Make or change a model
#[utoipa::path(put, operation_id = "put_model", path = "/api/v1/models/{name}", tag = "models",
    params(("name" = String, Path,)), request_body = ModelInput,
    responses((status = 204, description = "Stored")))]
pub(crate) async fn put(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Json(input): Json<ModelInput>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Admin)?;
    if !is_name(&name) {
        return Err(Error::invalid("A model's name has a–z, 0–9 and hyphens, at most 64 characters."));
    }
    if !["chat", "embedding", "rerank"].contains(&input.purpose.as_str()) {
        return Err(Error::invalid("`purpose` is `chat`, `embedding` or `rerank`."));
    }
    let providers = app.store.provider_list(caller.workspace).await?;
    if input.provider != LOCAL && !providers.iter().any(|row| row.name == input.provider) {
        return Err(Error::invalid(format!(
            "`provider`: there is no provider `{}`; add it first.",
            input.provider
        )));
    }
    let config = serde_json::json!(ModelConfig { model: input.model }).to_string();
    let model = Model { name, provider: input.provider, purpose: input.purpose, config };
    app.store.model_put(caller.workspace, &model).await?;
    changed(&app, Changed::Models).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn is_name(name: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !name.is_empty() && name.len() <= 64 && name.bytes().all(is_allowed)
}
