//! The API as a member, an API key or nobody uses it, and what tests build by it.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::Method;
use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    Answer, Body, Http, Lost, Server, eventually,
    http::{request, whole},
};

/// The password of the owner that [`Api::set_up`] makes.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Numbers the sources, whose names must differ.
static NAMES: AtomicU32 = AtomicU32::new(1);

/// A caller of a server's API.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) http: Http,
    pub(crate) url: String,
    /// The header that says who calls.
    pub(crate) credentials: Option<(&'static str, String)>,
}

/// A source, as its senders call it.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) id: String,
    pub(crate) url: String,
    http: Http,
}

impl Api {
    /// Nobody.
    pub(crate) fn nobody(server: &Server) -> Self {
        Self { http: Http::new(), url: server.url.clone(), credentials: None }
    }

    /// Makes the owner by the link of a fresh install, and logs in.
    pub(crate) async fn set_up(server: &Server) -> Self {
        let nobody = Self::nobody(server);
        let token = server.link_token().await;
        let owner =
            json!({ "token": token, "email": "owner@example.com", "name": "Owner", "password": PASSWORD });
        let answer = nobody.post("/setup", &owner).await;
        answer.ok();
        nobody.with_session(&answer)
    }

    /// The same caller with the session that an answer began.
    pub(crate) fn with_session(&self, answer: &Answer) -> Self {
        let cookie = answer.header("set-cookie").unwrap_or_else(|| panic!("no session: {answer:?}"));
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self { credentials: Some(("cookie", cookie)), ..self.clone() }
    }

    /// The caller with an API key.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self { credentials: Some(("authorization", format!("Bearer {key}"))), ..self.clone() }
    }

    /// The same caller at another start of the server.
    pub(crate) fn at(&self, server: &Server) -> Self {
        Self { http: Http::new(), url: server.url.clone(), credentials: self.credentials.clone() }
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let url = format!("{}/api/v1{path}", self.url);
        let mut headers = headers.to_vec();
        headers.extend(self.credentials.iter().map(|(name, value)| (*name, value.as_str())));
        headers.extend(body.map(|_| ("content-type", "application/json")));
        let body = body.map(Value::to_string).unwrap_or_default();
        self.http.call(method, &url, &headers, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, &[], Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// Makes an API key with a role, and gives a caller with it.
    pub(crate) async fn key(&self, role: &str) -> Self {
        let made = self.post("/api-keys", &json!({ "name": role, "role": role })).await.ok();
        self.with_key(made["key"].as_str().unwrap())
    }

    /// Publishes a flow and lets the new version serve production; gives its number.
    pub(crate) async fn deploy(&self, name: &str, definition: &str) -> u64 {
        let checked = self.put(&format!("/flows/{name}"), &json!({ "definition": definition })).await.ok();
        assert_eq!(checked["valid"], true, "{checked}");
        let version = self.post(&format!("/flows/{name}/versions"), &json!({})).await.ok();
        let number = version["number"].as_u64().unwrap();
        let deployment = json!({ "environment": "production", "version": number });
        self.post(&format!("/flows/{name}/deployments"), &deployment).await.ok();
        number
    }

    /// Makes a source in production that anybody may post to.
    pub(crate) async fn open_source(&self, flow: &str, reply: &str) -> Source {
        let config = json!({ "verification": { "scheme": "none" }, "reply": { "mode": reply } });
        self.source(flow, config, Value::Null).await
    }

    /// Makes a source in production.
    pub(crate) async fn source(&self, flow: &str, config: Value, secrets: Value) -> Source {
        let name = format!("source {}", NAMES.fetch_add(1, Ordering::Relaxed));
        let source = json!({ "name": name, "flow": flow, "config": config, "secrets": secrets });
        let made = self.post("/environments/production/sources", &source).await.ok();
        self.source_of(&made)
    }

    /// A source as the API shows it.
    pub(crate) fn source_of(&self, view: &Value) -> Source {
        let text = |field: &str| view[field].as_str().unwrap().to_owned();
        Source { id: text("id"), url: text("url"), http: self.http.clone() }
    }

    /// Makes a destination in production; gives its id.
    pub(crate) async fn destination(&self, name: &str, config: Value, secrets: Value) -> String {
        let destination = json!({ "name": name, "config": config, "secrets": secrets });
        let made = self.post("/environments/production/destinations", &destination).await.ok();
        made["id"].as_str().unwrap().to_owned()
    }

    /// The newest items of a list of production.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let listed = self.get(&format!("/environments/production/{path}")).await.ok();
        listed["items"].as_array().unwrap().clone()
    }

    /// All items of a list of production, page by page.
    pub(crate) async fn list_all(&self, what: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut before = String::new();
        loop {
            let page = self.get(&format!("/environments/production/{what}?limit=200{before}")).await.ok();
            all.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else { return all };
            before = format!("&before={next}");
        }
    }

    pub(crate) async fn trace(&self, event: &str) -> Value {
        self.get(&format!("/events/{event}")).await.ok()
    }

    /// Waits until every delivery of an event's original run has arrived or is dead; gives the trace.
    pub(crate) async fn settled(&self, event: &str, deliveries: usize) -> Value {
        eventually("the deliveries are settled", async || {
            let trace = self.trace(event).await;
            let made = trace["runs"][0]["deliveries"].as_array()?;
            let settled = made.iter().all(|delivery| delivery["state"] != "pending");
            (settled && made.len() == deliveries).then_some(trace)
        })
        .await
    }

    /// Waits until a source's refusal with this code is recorded.
    pub(crate) async fn refusal(&self, source: &Source, code: &str) -> Value {
        let path = format!("refusals?source={}", source.id);
        let listed = eventually(&format!("the refusal {code} is recorded"), async || {
            self.list(&path).await.into_iter().find(|refusal| refusal["code"] == code)
        })
        .await;
        let id = listed["id"].as_str().unwrap();
        self.get(&format!("/refusals/{id}")).await.ok()
    }
}

impl Source {
    /// Posts JSON.
    pub(crate) async fn post(&self, body: &Value) -> Answer {
        self.post_with(&[], body).await
    }

    /// Posts JSON with further headers.
    pub(crate) async fn post_with(&self, headers: &[(&str, &str)], body: &Value) -> Answer {
        self.try_post(headers, body).await.unwrap_or_else(|lost| panic!("{lost:?}"))
    }

    /// The same, which may fail.
    pub(crate) async fn try_post(&self, headers: &[(&str, &str)], body: &Value) -> Result<Answer, Lost> {
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/json"));
        self.send_body(Method::POST, &headers, whole(body.to_string())).await
    }

    /// The same source at another address.
    pub(crate) fn at(&self, url: String) -> Self {
        Self { url, ..self.clone() }
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        self.send_body(method, headers, whole(body)).await.unwrap_or_else(|lost| panic!("{lost:?}"))
    }

    /// One exchange, which may fail.
    pub(crate) async fn send_body(
        &self,
        method: Method,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Result<Answer, Lost> {
        self.http.send(request(method, &self.url, headers, body)).await
    }
}

/// A flow's text: its nodes, edges and outputs in YAML, behind what every flow begins with.
pub(crate) fn flow(name: &str, rest: &str) -> String {
    format!("linchpin: flow/v1\nname: {name}\ninputs:\n  query: {{ type: string, required: true }}\n{rest}")
}
