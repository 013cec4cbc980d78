//! What is asked: rendered, shown without secrets, and put together with them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use engine::{NodeError, StepContext};
use flow::ConfigProblem;
use outbound::Request;
use serde_json::{Map, Value, json};
use url::{Url, form_urlencoded};

use super::{
    Auth, Config, HttpMethod, Method,
    answer::failed,
    secrets::{Revealed, shown},
};

/// The header by which the server knows a call that it has had already.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A request with its templates rendered. Secrets are placeholders.
pub(super) struct Rendered {
    method: Method,
    url: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Value,
    auth: Option<Shown>,
}

enum Shown {
    Bearer(String),
    Basic(String, String),
}

/// What is wrong with a request that has the right form.
pub(super) fn check(config: &Config) -> Vec<ConfigProblem> {
    let problem = |field: String, reason: String| ConfigProblem { field, reason };
    let mut problems = Vec::new();
    let url = config.url.source();
    if !url.contains("{{")
        && !url.contains("{%")
        && let Err(error) = Request::new(HttpMethod::GET, url)
    {
        problems.push(problem("url".into(), error.to_string()));
    }
    for name in config.headers.keys() {
        let tried = Request::new(HttpMethod::GET, "https://localhost").and_then(|r| r.header(name, "x"));
        if let Err(error) = tried {
            problems.push(problem(format!("headers.{name}"), error.to_string()));
        }
    }
    if config.body.is_some() && !config.method.takes_body() {
        let reason = "a GET or HEAD request has no body; choose another method".to_owned();
        problems.push(problem("body".into(), reason));
    }
    problems.extend(config.success.problem().map(|reason| problem("success".into(), reason)));
    problems
}

impl Rendered {
    pub(super) fn of(config: &Config, context: &StepContext) -> Result<Self, NodeError> {
        let pairs = |texts: &indexmap::IndexMap<String, flow::Text>| {
            texts
                .iter()
                .map(|(name, text)| Ok((name.clone(), context.text(text)?)))
                .collect::<Result<_, NodeError>>()
        };
        let auth = match &config.auth {
            None => None,
            Some(Auth::Bearer(token)) => Some(Shown::Bearer(context.text(token)?)),
            Some(Auth::Basic(basic)) => {
                Some(Shown::Basic(context.text(&basic.username)?, context.text(&basic.password)?))
            }
        };
        Ok(Self {
            method: config.method,
            url: context.text(&config.url)?.trim().to_owned(),
            query: pairs(&config.query)?,
            headers: pairs(&config.headers)?,
            body: config.body.as_ref().map_or(Ok(Value::Null), |body| context.json(body))?,
            auth,
        })
    }

    /// The request for the trace: a secret shows as its name.
    pub(super) fn shown(&self, context: &StepContext) -> Value {
        let shown = |text: &str| shown(text, context);
        let pairs = |pairs: &[(String, String)]| {
            pairs.iter().map(|(name, text)| (name.clone(), shown(text).into())).collect::<Map<_, _>>()
        };
        let auth = self.auth.as_ref().map(|auth| match auth {
            Shown::Bearer(token) => json!({ "bearer": shown(token) }),
            Shown::Basic(name, password) => {
                json!({ "basic": { "username": shown(name), "password": shown(password) } })
            }
        });
        let entries = [
            ("method", json!(self.method)),
            ("url", json!(self.url)),
            ("query", Value::Object(pairs(&self.query))),
            ("headers", Value::Object(pairs(&self.headers))),
            ("body", self.body.clone()),
            ("auth", auth.unwrap_or_default()),
        ];
        let said = |value: &Value| !value.is_null() && value.as_object().is_none_or(|map| !map.is_empty());
        entries
            .into_iter()
            .filter(|(_, value)| said(value))
            .map(|(key, value)| (key.to_owned(), value))
            .collect()
    }

    /// The request as it is dialled.
    pub(super) fn request(
        &self,
        context: &StepContext,
        secrets: &mut Revealed,
    ) -> Result<Request, NodeError> {
        let mut query = Vec::with_capacity(self.query.len());
        for (name, value) in &self.query {
            let resolved = secrets.resolve(value)?;
            if resolved != *value {
                // As a server that echoes its address writes it.
                secrets.hide(&form_urlencoded::byte_serialize(resolved.as_bytes()).collect::<String>());
            }
            query.push((name.as_str(), resolved));
        }
        let mut request =
            Request::new(self.method.into(), &address(&self.url, &query)).map_err(|error| failed(&error))?;
        let mut names: Vec<String> = Vec::new();
        for (name, value) in &self.headers {
            request = request.header(name, &secrets.resolve(value)?).map_err(|error| failed(&error))?;
            names.push(name.to_ascii_lowercase());
        }
        let is_set = |name: &str| names.iter().any(|known| known == name);
        if let Some(authorization) = self.authorization(secrets)? {
            request = request.header("authorization", &authorization).map_err(|error| failed(&error))?;
        }
        if !is_set(IDEMPOTENCY_KEY) {
            request = request
                .header(IDEMPOTENCY_KEY, &context.idempotency_key(0))
                .map_err(|error| failed(&error))?;
        }
        let (content_type, body) = match &self.body {
            Value::Null => return Ok(request),
            Value::String(text) => ("text/plain; charset=utf-8", text.clone()),
            json => ("application/json", json.to_string()),
        };
        if !is_set("content-type") {
            request = request.header("content-type", content_type).map_err(|error| failed(&error))?;
        }
        Ok(request.body(body))
    }

    fn authorization(&self, secrets: &mut Revealed) -> Result<Option<String>, NodeError> {
        Ok(match &self.auth {
            None => None,
            Some(Shown::Bearer(token)) => Some(format!("Bearer {}", secrets.resolve(token)?)),
            Some(Shown::Basic(name, password)) => {
                let pair = format!("{}:{}", secrets.resolve(name)?, secrets.resolve(password)?);
                let encoded = STANDARD.encode(pair);
                secrets.hide(&encoded);
                Some(format!("Basic {encoded}"))
            }
        })
    }
}

/// The address with the parameters added. One that cannot be read stays as it is: the client says why.
fn address(url: &str, query: &[(&str, String)]) -> String {
    match Url::parse(url) {
        Ok(mut parsed) if !query.is_empty() => {
            parsed.query_pairs_mut().extend_pairs(query);
            parsed.into()
        }
        _ => url.to_owned(),
    }
}
