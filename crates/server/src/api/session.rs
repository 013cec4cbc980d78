//! The first start, logging in and out.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use store::{LinkPurpose, Member, NewMember, Role};
use utoipa::ToSchema;

use super::{
    auth::{COOKIE, Caller, cookie, digest, hash_password, is_password, new_token},
    problem::Error,
};
use crate::app::App;

/// How long a session lasts.
const SESSION: Duration = Duration::from_secs(14 * 86_400);

/// How long a login link works.
const LINK: Duration = Duration::from_secs(3_600);

/// The shortest password.
const PASSWORD: usize = 12;

/// The first member of a fresh install.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Setup {
    /// The token of the link that the server printed at its first start.
    token: String,
    /// The address to log in with.
    #[schema(format = Email)]
    email: String,
    /// The name that others see.
    name: String,
    /// At least 12 characters.
    #[schema(format = Password)]
    password: String,
}

/// An address and a password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Login {
    /// The address.
    email: String,
    /// The password.
    #[schema(format = Password)]
    password: String,
}

/// A login link's token.
#[derive(Deserialize, ToSchema)]
pub(crate) struct LinkLogin {
    /// The token.
    token: String,
}

/// A link that logs the owner in, once.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoginLink {
    /// Where it leads.
    url: String,
    /// For how many seconds it works.
    expires_in_s: u64,
}

/// Whoever is logged in.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    /// The name.
    name: String,
    /// A member's address; null for an API key.
    email: Option<String>,
    /// The role.
    role: String,
    /// The workspace's name.
    workspace: String,
    /// The server's version.
    version: &'static str,
}

/// Make the first member, who owns the workspace, by the link that the server printed
#[utoipa::path(post, operation_id = "set_up", path = "/api/v1/setup", tag = "session", request_body = Setup,
    security(()), responses((status = 204, description = "Made and logged in; the session is in the cookie")))]
pub(crate) async fn setup(State(app): State<App>, body: Json<Setup>) -> Result<Response, Error> {
    let Json(Setup { token, email, name, password }) = body;
    let email = email.trim().to_lowercase();
    if !email.contains('@') || email.len() > 254 {
        return Err(Error::invalid("`email` is no mail address; write one such as ann@example.com."));
    }
    if password.chars().count() < PASSWORD {
        return Err(Error::invalid(format!(
            "`password` needs at least {PASSWORD} characters; take a longer one."
        )));
    }
    let token = digest(&token);
    if app.store.login_link_peek(token).await? != Some(LinkPurpose::Owner) {
        return Err(link_gone());
    }
    let password = hash_password(password).await?;
    let new = NewMember { email, name: name.trim().to_owned(), password };
    let owner = app.store.owner_add(app.workspace, token, new).await?;
    begin(&app, &owner.ok_or_else(link_gone)?).await
}

/// Log in with address and password
#[utoipa::path(post, operation_id = "log_in", path = "/api/v1/session", tag = "session", request_body = Login,
    security(()), responses((status = 204, description = "Logged in; the session is in the cookie")))]
pub(crate) async fn log_in(State(app): State<App>, body: Json<Login>) -> Result<Response, Error> {
    let Json(Login { email, password }) = body;
    // Hashing is slow on purpose; a few at a time keep a guesser from taking every core.
    let Ok(_slot) = app.logins.try_acquire() else {
        return Err(Error::too_many("Too many people log in at this moment; try again in a second."));
    };
    let member = app.store.member_by_email(app.workspace, &email.trim().to_lowercase()).await?;
    let hash = member.as_ref().map(|member| member.password.clone());
    match (is_password(hash, password).await?, member) {
        (true, Some(member)) => begin(&app, &member).await,
        _ => Err(Error::unauthenticated("Address or password are wrong.")),
    }
}

/// Log in by a link
#[utoipa::path(post, operation_id = "log_in_by_link", path = "/api/v1/session/link", tag = "session",
    request_body = LinkLogin, security(()),
    responses((status = 204, description = "Logged in; the session is in the cookie")))]
pub(crate) async fn log_in_by_link(
    State(app): State<App>,
    Json(body): Json<LinkLogin>,
) -> Result<Response, Error> {
    if !app.store.login_link_use(digest(&body.token)).await? {
        return Err(link_gone());
    }
    let owner = app.store.member_first(app.workspace).await?;
    begin(&app, &owner.ok_or_else(link_gone)?).await
}

/// Make a link that logs the owner in, once
#[utoipa::path(post, operation_id = "create_login_link", path = "/api/v1/login-links", tag = "session",
    responses((status = 200, body = LoginLink)))]
pub(crate) async fn make_link(State(app): State<App>, caller: Caller) -> Result<Json<LoginLink>, Error> {
    caller.at_least(Role::Owner)?;
    let url = login_link(&app, LinkPurpose::Login).await?;
    Ok(Json(LoginLink { url, expires_in_s: LINK.as_secs() }))
}

/// Log out
#[utoipa::path(delete, operation_id = "log_out", path = "/api/v1/session", tag = "session",
    responses((status = 204, description = "Logged out")))]
pub(crate) async fn log_out(
    State(app): State<App>,
    _: Caller,
    headers: axum::http::HeaderMap,
) -> Result<Response, Error> {
    if let Some(token) = cookie(&headers) {
        app.store.session_end(digest(token)).await?;
    }
    Ok(with_cookie(&format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")))
}

/// Who is logged in
#[utoipa::path(get, operation_id = "get_me", path = "/api/v1/me", tag = "session",
    responses((status = 200, body = Me)))]
pub(crate) async fn me(State(app): State<App>, caller: Caller) -> Result<Json<Me>, Error> {
    let role = serde_json::json!(caller.role);
    let role = role.as_str().unwrap_or_default().to_owned();
    let workspace = app.store.workspace_name(caller.workspace).await?.unwrap_or_default();
    let (name, email) = (caller.name, caller.email);
    Ok(Json(Me { name, email, role, workspace, version: env!("CARGO_PKG_VERSION") }))
}

/// Makes a link of either purpose.
pub(crate) async fn login_link(app: &App, purpose: LinkPurpose) -> Result<String, store::Error> {
    let token = new_token(app);
    let expires_at = app.clock.now().after(LINK);
    app.store.login_link_add(app.workspace, digest(&token), purpose, expires_at).await?;
    let path = if purpose == LinkPurpose::Owner { "setup" } else { "login" };
    // Behind the `#` the token is not sent to any server, and so is in no log.
    Ok(format!("{}/{path}#token={token}", app.public_url))
}

async fn begin(app: &App, member: &Member) -> Result<Response, Error> {
    let token = new_token(app);
    app.store.session_add(member, digest(&token), app.clock.now().after(SESSION)).await?;
    let secure = if app.public_url.starts_with("https:") { "; Secure" } else { "" };
    let age = SESSION.as_secs();
    Ok(with_cookie(&format!("{COOKIE}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}")))
}

fn with_cookie(cookie: &str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

fn link_gone() -> Error {
    Error::unauthenticated(
        "The link was used, or has expired; get a new one (a fresh install prints one when it starts).",
    )
}
