//! Who is asking: a session's cookie or an API key.

use std::{thread, time::Duration};

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, header, request::Parts},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use store::{Role, WorkspaceId};
use tokio::sync::oneshot;

use super::problem::Error;
use crate::app::App;

/// The cookie that carries a session.
pub(crate) const COOKIE: &str = "linchpin_session";

/// What API keys begin with, so that a scanner of leaked secrets knows them.
pub(crate) const KEY_PREFIX: &str = "lpk_";

/// How long the allocator keeps what was freed, and a little: mimalloc's `purge_delay` is a second.
const FREED: Duration = Duration::from_millis(1100);

/// Whoever sent a request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The workspace that it may see.
    pub(crate) workspace: WorkspaceId,
    /// What it may do.
    pub(crate) role: Role,
    /// How it is called in logs and histories.
    pub(crate) name: String,
    /// A member's address; a key has none.
    pub(crate) email: Option<String>,
}

impl Caller {
    /// Refuses a caller that may do less than this.
    pub(crate) fn at_least(&self, role: Role) -> Result<(), Error> {
        if self.role >= role {
            return Ok(());
        }
        let needed = serde_json::json!(role);
        let needed = needed.as_str().unwrap_or_default();
        Err(Error::forbidden(format!(
            "This needs the role `{needed}`; ask an admin of the workspace for it."
        )))
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        if let Some(key) = bearer(&parts.headers) {
            return by_key(app, key).await;
        }
        let token =
            cookie(&parts.headers).ok_or_else(|| Error::unauthenticated("Log in, or send an API key."))?;
        if !parts.method.is_safe() {
            same_origin(&parts.headers, &parts.method)?;
        }
        let member = app.store.session_member(digest(token)).await?;
        let member = member.ok_or_else(|| Error::unauthenticated("The session has ended; log in again."))?;
        let store::Member { workspace, role, name, email, .. } = member;
        Ok(Self { workspace, role, name, email: Some(email) })
    }
}

async fn by_key(app: &App, key: &str) -> Result<Caller, Error> {
    let known =
        if key.starts_with(KEY_PREFIX) { app.store.api_key_by_token(digest(key)).await? } else { None };
    let key = known
        .ok_or_else(|| Error::unauthenticated("The API key is not known, has expired or was revoked."))?;
    let role = key.scopes.iter().filter_map(|scope| serde_json::from_value(scope.as_str().into()).ok()).max();
    Ok(Caller {
        workspace: key.workspace,
        role: role.unwrap_or(Role::Viewer),
        name: format!("key {}", key.name),
        email: None,
    })
}

/// A browser says from which site a change comes; another site's page may not make one here.
fn same_origin(headers: &HeaderMap, method: &Method) -> Result<(), Error> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let from_here = match text(header::ORIGIN) {
        Some(origin) => origin.split_once("://").is_some_and(|(_, origin)| origin == host),
        None => headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none"),
    };
    if from_here {
        Ok(())
    } else {
        Err(Error::forbidden(format!("A {method} from another site is not taken.")))
    }
}

pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

/// What the store keeps of a token: nobody can log in with it.
pub(crate) fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// A token of 256 random bits.
pub(crate) fn new_token(app: &App) -> String {
    URL_SAFE_NO_PAD.encode(app.random.bytes::<32>())
}

/// Hashes a password (argon2id with the crate's defaults, which are OWASP's), off the async threads.
pub(crate) async fn hash_password(password: String) -> Result<String, Error> {
    let hashed = on_its_own_thread(move || {
        Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
    });
    hashed.await?.map_err(|_| Error::internal("The password could not be hashed."))
}

/// Whether a password belongs to a hash. Takes as long when there is no such member.
pub(crate) async fn is_password(hash: Option<String>, password: String) -> Result<bool, Error> {
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                          dGhpcyBpcyBub3QgYSBoYXNoIG9mIGFueXRoaW5nISE";
    let verified = on_its_own_thread(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let parsed = PasswordHash::new(&hash)
            .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
        parsed && known
    });
    verified.await
}

/// What comes of work with a password, whose 19 MiB the allocator gives back to the system when a thread ends, if they
/// were freed a second before: so the thread is one of its own, and ends later than it answers.
async fn on_its_own_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let failed = || Error::internal("There is no thread for the work that a password takes.");
    let (done, came) = oneshot::channel();
    let work = move || {
        // Whoever asked may be gone by then, and then nobody wants to know.
        drop(done.send(work()));
        thread::sleep(FREED);
    };
    thread::Builder::new().name("password".to_owned()).spawn(work).map_err(|_| failed())?;
    came.await.map_err(|_| failed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn another_sites_page_changes_nothing() {
        let judge = |pairs: &[_]| same_origin(&headers(pairs), &Method::POST).is_ok();
        assert!(judge(&[("host", "a.example"), ("origin", "https://a.example")]));
        assert!(judge(&[("host", "a.example")]));
        assert!(!judge(&[("host", "a.example"), ("origin", "https://b.example")]));
        assert!(!judge(&[("host", "a.example"), ("origin", "null")]));
        assert!(!judge(&[("host", "a.example"), ("sec-fetch-site", "cross-site")]));
    }

    #[test]
    fn finds_the_cookie_among_others() {
        assert_eq!(cookie(&headers(&[("cookie", "a=b; linchpin_session=xyz; c=d")])), Some("xyz"));
        assert_eq!(cookie(&headers(&[("cookie", "xlinchpin_session=xyz")])), None);
    }

    #[tokio::test]
    async fn passwords_are_checked_and_nobody_has_none() {
        let hash = hash_password("correct horse".into()).await.unwrap();
        assert!(is_password(Some(hash.clone()), "correct horse".into()).await.unwrap());
        assert!(!is_password(Some(hash), "wrong".into()).await.unwrap());
        assert!(!is_password(None, "wrong".into()).await.unwrap());
    }
}
