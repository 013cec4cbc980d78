//! What the API says when it cannot do what it was asked: problem documents (RFC 9457).

use axum::{
    Json,
    extract::rejection::BytesRejection,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A problem document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemDocument {
    /// Where the code is explained.
    pub(crate) r#type: String,
    /// The problem in a few words, the same each time.
    pub(crate) title: &'static str,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What happened and what to do.
    pub(crate) detail: String,
    /// A stable code.
    pub(crate) code: &'static str,
    /// What is wrong in a flow, for `flow_invalid`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) problems: Vec<FlowProblem>,
    /// Which parts of the body are wrong, for `invalid`, where that is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<BodyProblem>,
}

/// One part of a request's body that is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BodyProblem {
    /// Where in the body: `config.limits.body`, `secrets.tokens`, `name`.
    pub(crate) field: String,
    /// A stable code.
    pub(crate) code: String,
    /// What is wrong.
    pub(crate) reason: String,
    /// What to write instead.
    pub(crate) suggestion: Option<String>,
}

/// One thing that is wrong in a flow.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FlowProblem {
    /// The node, or null for the flow itself.
    pub(crate) node: Option<String>,
    /// Where in it.
    pub(crate) field: String,
    /// A stable code.
    pub(crate) code: String,
    /// What is wrong.
    pub(crate) reason: String,
    /// What to write instead.
    pub(crate) suggestion: Option<String>,
}

/// An error of the API.
#[derive(Debug)]
pub(crate) struct Error(Box<ProblemDocument>);

/// The codes of the API's own errors: code, status, title.
macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident $code:literal $status:ident $title:literal;)*) => {
        impl Error {$(
            $(#[$doc])*
            pub(crate) fn $name(detail: impl Into<String>) -> Self {
                Self::new($code, StatusCode::$status, $title, detail.into())
            }
        )*}

        /// Every code of the API, with its status and title, for the documentation.
        pub(crate) const CODES: &[(&str, u16, &str)] = &[$(($code, StatusCode::$status.as_u16(), $title)),*];
    };
}

errors! {
    /// The request itself is wrong.
    bad_request "bad_request" BAD_REQUEST "The request is wrong";
    /// Nobody is logged in.
    unauthenticated "unauthenticated" UNAUTHORIZED "Log in first";
    /// The caller may not do this.
    forbidden "forbidden" FORBIDDEN "Not allowed";
    /// There is no such thing here.
    not_found "not_found" NOT_FOUND "Not found";
    /// The route takes other methods.
    wrong_method "method_not_allowed" METHOD_NOT_ALLOWED "Method not allowed";
    /// The body is larger than the API takes.
    too_large "body_too_large" PAYLOAD_TOO_LARGE "Body too large";
    /// The body is of a type that the API does not take.
    unsupported "content_type_unsupported" UNSUPPORTED_MEDIA_TYPE "Content type not supported";
    /// A name is taken, or something changed in between.
    conflict "conflict" CONFLICT "Conflict";
    /// It has been changed since the caller read it.
    stale "stale" CONFLICT "Changed meanwhile";
    /// A flow does not validate.
    flow_invalid "flow_invalid" UNPROCESSABLE_ENTITY "The flow has problems";
    /// A value is not allowed.
    invalid "invalid" UNPROCESSABLE_ENTITY "A value is not allowed";
    /// Too many tries.
    too_many "too_many_requests" TOO_MANY_REQUESTS "Too many tries";
    /// The server failed; its log says why.
    internal "internal" INTERNAL_SERVER_ERROR "The server failed";
    /// The server cannot take writes now.
    unavailable "unavailable" SERVICE_UNAVAILABLE "Not available now";
    /// The server takes no new work.
    stopping "stopping" SERVICE_UNAVAILABLE "The server is stopping";
}

impl Error {
    fn new(code: &'static str, status: StatusCode, title: &'static str, detail: String) -> Self {
        Self(Box::new(ProblemDocument {
            r#type: format!("/errors/{code}"),
            title,
            status: status.as_u16(),
            detail,
            code,
            problems: Vec::new(),
            errors: Vec::new(),
        }))
    }

    /// A value that is not allowed, and the place in the body that it is in, so that a form can say so there.
    pub(crate) fn invalid_at(place: BodyProblem) -> Self {
        let BodyProblem { field, reason, suggestion, .. } = &place;
        let advice = suggestion.as_deref().unwrap_or_default();
        let mut error = Self::invalid(format!("`{field}`: {reason} {advice}").trim_end());
        error.0.errors.push(place);
        error
    }

    /// Somebody else has changed what the caller read before.
    pub(crate) fn changed_meanwhile() -> Self {
        Self::stale(
            "Somebody else has changed it since it was read. Read it again, and send the change anew.",
        )
    }

    /// A flow with problems.
    pub(crate) fn flow_problems(problems: Vec<flow::Problem>) -> Self {
        let detail = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        let mut error = Self::flow_invalid(detail);
        error.0.problems = problems.into_iter().map(FlowProblem::from).collect();
        error
    }

    /// What the framework refused by itself, with what it said.
    fn refused(status: StatusCode, said: String) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::not_found("There is nothing at this address."),
            StatusCode::METHOD_NOT_ALLOWED => Self::wrong_method("Use one of the methods in `Allow`."),
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large("The body is larger than the API takes."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::unsupported(said),
            StatusCode::UNPROCESSABLE_ENTITY => Self::invalid(said),
            _ => Self::bad_request(said),
        }
    }

    /// An error whose cause goes to the log, not to the caller.
    fn hidden(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "a request failed");
        Self::internal("The server could not do this; its log says why.")
    }
}

impl From<flow::Problem> for FlowProblem {
    fn from(problem: flow::Problem) -> Self {
        let flow::Problem { node, field, code, reason, suggestion } = problem;
        Self { node, field, code, reason, suggestion }
    }
}

impl From<flow::Problem> for BodyProblem {
    fn from(problem: flow::Problem) -> Self {
        let flow::Problem { field, code, reason, suggestion, .. } = problem;
        Self { field, code, reason, suggestion }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Conflict(store::STALE) => Self::changed_meanwhile(),
            store::Error::Conflict(said) => Self::conflict(said),
            store::Error::Unavailable { reason } => {
                Self::unavailable(format!("The database cannot be used now: {reason}."))
            }
            other => Self::hidden(&other),
        }
    }
}

impl From<engine::Error> for Error {
    fn from(error: engine::Error) -> Self {
        match error {
            engine::Error::Store(error) => error.into(),
            engine::Error::NoRun(_) | engine::Error::NoVersion(_) => Self::not_found(error.to_string()),
            engine::Error::Lacks { .. } | engine::Error::Passed => Self::conflict(error.to_string()),
            engine::Error::Source { problem, .. } => Self::invalid(problem.to_string()),
            engine::Error::Program { problems, .. } => Self::flow_problems(problems),
            engine::Error::Stopping => Self::stopping(error.to_string()),
            other @ (engine::Error::Journal { .. } | engine::Error::Order { .. }) => Self::hidden(&other),
        }
    }
}

impl From<store::MalformedId> for Error {
    fn from(error: store::MalformedId) -> Self {
        Self::not_found(error.to_string())
    }
}

impl From<BytesRejection> for Error {
    fn from(rejection: BytesRejection) -> Self {
        Self::refused(rejection.status(), rejection.body_text())
    }
}

/// How much of what the framework says is passed on, in bytes.
const SAID: usize = 4096;

/// Gives a refusal that the framework made by itself (a body that is no JSON, a wrong query, a method
/// that there is not) the form that all others have.
pub(crate) async fn in_form(response: Response) -> Response {
    let is_text = response.headers().get(header::CONTENT_TYPE).is_none_or(|kind| kind != PROBLEM);
    if !response.status().is_client_error() || !is_text {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let said = axum::body::to_bytes(body, SAID).await.unwrap_or_default();
    let said = plain(&String::from_utf8_lossy(&said));
    let mut response = Error::refused(head.status, said).into_response();
    head.headers.remove(header::CONTENT_TYPE);
    head.headers.remove(header::CONTENT_LENGTH);
    response.headers_mut().extend(head.headers);
    response
}

/// What the framework says, without its own words for it.
fn plain(said: &str) -> String {
    const FOR: [(&str, &str); 3] = [
        ("Failed to deserialize the JSON body into the target type: ", "The body does not fit: "),
        ("Failed to parse the request body as JSON: ", "The body is no JSON: "),
        ("Failed to deserialize query string: ", "The query does not fit: "),
    ];
    let known = FOR.iter().find_map(|(theirs, ours)| Some(format!("{ours}{}", said.strip_prefix(theirs)?)));
    known.unwrap_or_else(|| said.to_owned())
}

/// The media type of a problem document.
pub(crate) const CONTENT_TYPE: &str = "application/problem+json";

const PROBLEM: HeaderValue = HeaderValue::from_static(CONTENT_TYPE);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}
