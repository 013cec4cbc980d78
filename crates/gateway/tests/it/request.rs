//! A source under test and a request to it.

use std::net::IpAddr;

use clock::Timestamp;
use flow::Fields;
use gateway::{Accepted, Answer, Content, Head, Judged, Limits, Refused, Source};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
pub(crate) const TOKEN: &str = "0123456789abcdef";

/// A source with its limits.
pub(crate) struct Tested {
    pub(crate) source: Source,
    pub(crate) limits: Limits,
}

/// A request: POST of JSON by 192.0.2.1 unless something else is said.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) tail: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) peer: IpAddr,
    pub(crate) at: Timestamp,
}

/// The inputs of the flow behind every source here.
pub(crate) fn inputs() -> Fields {
    serde_json::from_value(json!({
        "query": {"type": "string", "required": true, "max_length": 100},
        "count": {"type": "integer"},
    }))
    .unwrap()
}

pub(crate) fn compile(config: &Value, secrets: &Value) -> Result<Source, gateway::Error> {
    Source::compile(&config.to_string(), secrets.to_string().as_bytes(), &inputs())
}

/// A source that takes anyone, with more configuration.
pub(crate) fn open(more: Value) -> Tested {
    tested("none", json!({"scheme": "none"}), more)
}

/// A source that takes [`TOKEN`], with more configuration.
pub(crate) fn guarded(more: Value) -> Tested {
    tested("token", json!({"scheme": "token", "tokens": [TOKEN]}), more)
}

pub(crate) fn tested(scheme: &str, secrets: Value, more: Value) -> Tested {
    let mut config = json!({"verification": {"scheme": scheme}});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let source = compile(&config, &secrets).unwrap();
    let limits = Limits::of(&source);
    Tested { source, limits }
}

impl Tested {
    /// Judges a request that brings an event, filtered or not, or none.
    pub(crate) fn judge(&self, request: &Request) -> Result<Accepted, Refused> {
        match self.judged(request)? {
            Judged::Accepted(accepted) | Judged::Filtered(accepted) => Ok(accepted),
            Judged::KeysWanted(wanted) => Err(wanted.otherwise),
            Judged::Handshake(answer) => panic!("a handshake: {answer:?}"),
        }
    }

    /// The answer to a request that only asks whether the address is right.
    pub(crate) fn handshake(&self, request: &Request) -> Answer {
        match self.judged(request) {
            Ok(Judged::Handshake(answer)) => answer,
            other => panic!("no handshake: {other:?}"),
        }
    }

    /// Judges a request as the server does.
    pub(crate) fn judged(&self, request: &Request) -> Result<Judged, Refused> {
        let screened = self.source.before_body(request.head(), &self.limits)?;
        if request.body.len() as u64 > screened.body_limit() {
            return Err(screened.overrun());
        }
        screened.judge(&request.body.clone().into(), request.at)
    }

    /// The code with which a request is refused, or `accepted`, `filtered`, `handshake` or `keys_wanted`.
    pub(crate) fn code(&self, request: &Request) -> &'static str {
        match self.judged(request) {
            Ok(Judged::Accepted(_)) => "accepted",
            Ok(Judged::Filtered(_)) => "filtered",
            Ok(Judged::Handshake(_)) => "handshake",
            Ok(Judged::KeysWanted(_)) => "keys_wanted",
            Err(refused) => refused.code.as_str(),
        }
    }

    /// The input that a request becomes.
    pub(crate) fn input(&self, request: &Request) -> Value {
        Value::Object(self.judge(request).unwrap().input)
    }
}

impl Request {
    pub(crate) fn json(body: &Value) -> Self {
        Self::of("application/json", body.to_string())
    }

    pub(crate) fn of(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = HeaderMap::new();
        let (method, tail, body) = (Method::POST, String::new(), body.into());
        let peer = "192.0.2.1".parse().unwrap();
        Self { method, tail, query: None, headers, body, peer, at: NOW }.header("content-type", content_type)
    }

    /// A request that fits the flow's inputs.
    pub(crate) fn good() -> Self {
        Self::json(&json!({"query": "E3"}))
    }

    /// The same with [`TOKEN`].
    pub(crate) fn with_token(self) -> Self {
        self.header("authorization", &format!("Bearer {TOKEN}"))
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    pub(crate) fn query(self, query: &str) -> Self {
        Self { query: Some(query.to_owned()), ..self }
    }

    pub(crate) fn head(&self) -> Head<'_> {
        Head {
            method: &self.method,
            path_tail: &self.tail,
            query: self.query.as_deref(),
            headers: &self.headers,
            peer: self.peer,
            received_at: self.at,
        }
    }
}

/// The content of an accepted request.
pub(crate) fn content(accepted: &Accepted) -> Content<'_> {
    serde_json::from_slice(&accepted.content).unwrap()
}
