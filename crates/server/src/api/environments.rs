//! Environments, their variables and secrets.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use store::{Place, RETENTION_DAYS, Role};
use utoipa::ToSchema;
use vault::Secret;

use super::{auth::Caller, problem::Error, time::rfc3339};
use crate::{
    app::App,
    changes::{Changed, changed},
};

/// An environment.
#[derive(Serialize, ToSchema)]
pub(crate) struct Environment {
    id: String,
    /// `test`, `production` or another.
    name: String,
    /// For how many days history is kept.
    retention_days: u32,
}

impl From<store::Environment> for Environment {
    fn from(known: store::Environment) -> Self {
        Self { id: known.id.to_string(), name: known.name, retention_days: known.retention_days }
    }
}

/// What can be set of an environment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnvironmentSettings {
    /// For how many days history is kept: an event with its runs, deliveries and attempts, from the end of the last of
    /// them; refused requests from when they came. What is unfinished, dead letters too, is kept besides.
    #[schema(minimum = 1, maximum = 3650)]
    retention_days: u32,
}

/// A variable.
#[derive(Serialize, ToSchema)]
pub(crate) struct Variable {
    /// How expressions call it: `env.NAME`.
    name: String,
    value: String,
}

/// A variable's value.
#[derive(Deserialize, ToSchema)]
pub(crate) struct VariableValue {
    value: String,
}

/// A secret, without its value.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecretName {
    /// How expressions call it: `secret.NAME`.
    name: String,
    updated_at: String,
}

/// A secret's value. It is stored sealed and never shown again.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SecretValue {
    #[schema(value_type = String, format = Password)]
    value: Secret,
}

/// The place of an environment's name.
pub(crate) fn place(app: &App, environment: &str) -> Result<Place, Error> {
    app.world.environment_named(environment).ok_or_else(|| {
        Error::not_found(format!(
            "There is no environment `{environment}`; a fresh install has `test` and `production`."
        ))
    })
}

/// The environments
#[utoipa::path(get, operation_id = "list_environments", path = "/api/v1/environments", tag = "environments",
    responses((status = 200, body = Vec<Environment>)))]
pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<Environment>>, Error> {
    let environments = app.store.environment_list(caller.workspace).await?;
    Ok(Json(environments.into_iter().map(Environment::from).collect()))
}

/// Set how long an environment keeps its history
#[utoipa::path(put, operation_id = "set_environment", path = "/api/v1/environments/{environment}",
    tag = "environments", params(("environment" = String, Path,)), request_body = EnvironmentSettings,
    responses((status = 200, body = Environment)))]
pub(crate) async fn set(
    State(app): State<App>,
    caller: Caller,
    Path(environment): Path<String>,
    Json(settings): Json<EnvironmentSettings>,
) -> Result<Json<Environment>, Error> {
    caller.at_least(Role::Admin)?;
    let (place, days) = (place(&app, &environment)?, settings.retention_days);
    if !RETENTION_DAYS.contains(&days) {
        let (least, most) = RETENTION_DAYS.into_inner();
        return Err(Error::invalid(format!(
            "History cannot be kept for {days} days; give a number from {least} to {most}."
        )));
    }
    app.store.environment_retain(place, days).await?;
    Ok(Json(Environment { id: place.environment.to_string(), name: environment, retention_days: days }))
}

/// The variables of an environment
#[utoipa::path(get, operation_id = "list_variables", path = "/api/v1/environments/{environment}/variables",
    tag = "environments", params(("environment" = String, Path,)),
    responses((status = 200, body = Vec<Variable>)))]
pub(crate) async fn list_variables(
    State(app): State<App>,
    _: Caller,
    Path(environment): Path<String>,
) -> Result<Json<Vec<Variable>>, Error> {
    let variables = app.store.variable_list(place(&app, &environment)?).await?;
    let shown = |known: store::Variable| Variable { name: known.name, value: known.value };
    Ok(Json(variables.into_iter().map(shown).collect()))
}

/// Set a variable
#[utoipa::path(put, operation_id = "set_variable",
    path = "/api/v1/environments/{environment}/variables/{name}", tag = "environments",
    params(("environment" = String, Path,), ("name" = String, Path,)), request_body = VariableValue,
    responses((status = 204, description = "Set")))]
pub(crate) async fn set_variable(
    State(app): State<App>,
    caller: Caller,
    Path((environment, name)): Path<(String, String)>,
    Json(body): Json<VariableValue>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Editor)?;
    let place = place(&app, &environment)?;
    app.store.variable_set(place, &checked(name)?, &body.value).await?;
    changed(&app, Changed::Environment(place.environment)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The names of an environment's secrets
#[utoipa::path(get, operation_id = "list_secrets", path = "/api/v1/environments/{environment}/secrets",
    tag = "environments", params(("environment" = String, Path,)),
    responses((status = 200, body = Vec<SecretName>)))]
pub(crate) async fn list_secrets(
    State(app): State<App>,
    caller: Caller,
    Path(environment): Path<String>,
) -> Result<Json<Vec<SecretName>>, Error> {
    caller.at_least(Role::Editor)?;
    let names = app.store.secret_names(place(&app, &environment)?).await?;
    Ok(Json(names.into_iter().map(|(name, at)| SecretName { name, updated_at: rfc3339(at) }).collect()))
}

/// Set a secret
#[utoipa::path(put, operation_id = "set_secret", path = "/api/v1/environments/{environment}/secrets/{name}",
    tag = "environments", params(("environment" = String, Path,), ("name" = String, Path,)),
    request_body = SecretValue, responses((status = 204, description = "Set")))]
pub(crate) async fn set_secret(
    State(app): State<App>,
    caller: Caller,
    Path((environment, name)): Path<(String, String)>,
    Json(body): Json<SecretValue>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Editor)?;
    app.store.secret_set(place(&app, &environment)?, &checked(name)?, &body.value).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete a secret
#[utoipa::path(delete, operation_id = "delete_secret",
    path = "/api/v1/environments/{environment}/secrets/{name}", tag = "environments",
    params(("environment" = String, Path,), ("name" = String, Path,)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_secret(
    State(app): State<App>,
    caller: Caller,
    Path((environment, name)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Editor)?;
    let deleted = app.store.secret_delete(place(&app, &environment)?, &name).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(Error::not_found("There is no such secret.")) }
}

/// A name that can follow `env.` and `secret.` in an expression.
fn checked(name: String) -> Result<String, Error> {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let goes_on = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if begins && goes_on && name.len() <= 64 {
        return Ok(name);
    }
    Err(Error::invalid(format!(
        "`{name}` cannot be a name: it has letters, digits and `_`, begins with a letter, and has at most 64 \
         characters."
    )))
}
