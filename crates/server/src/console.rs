//! The console: files that are built into the binary.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

use crate::api::problem::Error;

/// What `npm run build` left; a build without it serves the API alone.
#[derive(RustEmbed)]
#[folder = "../../console/dist"]
#[allow_missing = true]
struct Files;

/// The page that every route of the console begins with.
const PAGE: &str = "index.html";

/// What the page may load, and from where: only what this server sends.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// Answers what no other route took: a file of the console, or its page.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let is_reading = method == Method::GET || method == Method::HEAD;
    if is_reading && let Some(file) = Files::get(path).filter(|_| !path.is_empty()) {
        return send(path, file.data.into_owned());
    }
    let wants_page = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if is_reading
        && !path.starts_with("api/")
        && wants_page.is_some_and(|accept| accept.contains("text/html"))
    {
        return match Files::get(PAGE) {
            Some(page) => send(PAGE, page.data.into_owned()),
            None => {
                Error::not_found("This build has no console in it; build console/ first.").into_response()
            }
        };
    }
    Error::not_found(format!("There is nothing at {}.", uri.path())).into_response()
}

fn send(path: &str, data: Vec<u8>) -> Response {
    let media_type = mime_guess::from_path(path).first_or_octet_stream();
    // A built file's name carries its hash: it never changes. The page names the newest files.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = Response::new(Body::from(data));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    if let Ok(media_type) = HeaderValue::from_str(media_type.as_ref()) {
        headers.insert(header::CONTENT_TYPE, media_type);
    }
    let fixed: [(HeaderName, &'static str); 4] = [
        (header::CACHE_CONTROL, cache),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
