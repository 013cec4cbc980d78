//! The OpenAPI 3.1 document: what the routes do not say by themselves.

use axum::http::StatusCode;
use utoipa::{
    OpenApi,
    openapi::{
        Content, Ref, RefOr, Response, ResponseBuilder,
        path::{Operation, PathItem},
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};

use super::{auth, problem};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Linchpin",
        description = "Webhook in, AI flow, webhook out. Errors are problem documents (RFC 9457); ids are typed; \
                       lists go from the newest back, by `before`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(problem::ProblemDocument)),
    security(("api_key" = []), ("session" = [])),
    modifiers(&Security)
)]
pub(super) struct Document;

struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("api_key", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(auth::COOKIE)));
        components.add_security_scheme("session", cookie);
    }
}

/// Completes the document once it has every route.
pub(super) fn complete(document: &mut utoipa::openapi::OpenApi) {
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        let responses = &mut operation.responses.responses;
        for (status, response) in responses.iter_mut() {
            describe(status, response);
        }
        responses.entry("default".to_owned()).or_insert_with(|| problem().into());
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, .. } = item;
    [get, put, post, delete].into_iter().flatten()
}

/// OpenAPI wants a description of every response; an answer whose body says it all has none in the code.
fn describe(status: &str, response: &mut RefOr<Response>) {
    if let RefOr::T(response) = response
        && response.description.is_empty()
    {
        let known = status.parse().ok().and_then(|status| StatusCode::from_u16(status).ok());
        let reason = known.and_then(|status| status.canonical_reason()).unwrap_or("The answer");
        reason.clone_into(&mut response.description);
    }
}

/// What every operation answers when it could not do what it was asked.
fn problem() -> Response {
    let content = Content::new(Some(Ref::from_schema_name("ProblemDocument")));
    ResponseBuilder::new()
        .description("A problem document that says what happened and what to do")
        .content(problem::CONTENT_TYPE, content)
        .build()
}
