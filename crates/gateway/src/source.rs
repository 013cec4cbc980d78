//! A compiled source, and what it says of a request before the body is read.

use std::{net::IpAddr, sync::Arc};

use clock::Timestamp;
use flow::Fields;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::{
    Code, Config, Error, Limits, Problem, Refused, RequestRecord, Screened,
    cidr::Allowed,
    content,
    cors::CrossOrigin,
    error::read_config,
    field::Mapping,
    judge::DedupeKey,
    keys::KeySet,
    redaction::Redaction,
    rotation::{Verifier, Verifiers},
    rules::Rules,
    tail::Template,
};

/// A request without its body.
#[derive(Clone, Copy, Debug)]
pub struct Head<'r> {
    /// The method.
    pub method: &'r Method,
    /// What follows the source's URL, undecoded, with or without its first slash.
    pub path_tail: &'r str,
    /// The query, undecoded and without the question mark.
    pub query: Option<&'r str>,
    /// The headers.
    pub headers: &'r HeaderMap,
    /// The client's address.
    pub peer: IpAddr,
    /// When it came.
    pub received_at: Timestamp,
}

/// A source that is ready to judge requests.
#[derive(Debug)]
pub struct Source {
    config: Config,
    allow: HeaderValue,
    clients: Allowed,
    cors: Option<CrossOrigin>,
    /// What every answer says.
    headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) template: Template,
    pub(crate) verifiers: Verifiers,
    pub(crate) redaction: Redaction,
    pub(crate) mapping: Mapping,
    pub(crate) rules: Option<Rules>,
}

impl Source {
    /// Compiles a source from its stored configuration and secrets, both JSON, for a flow with these
    /// inputs.
    ///
    /// # Errors
    /// The first thing that is wrong: its place, the reason and what to write instead. A source that
    /// does not compile must refuse every request, with [`Code::SourceUnavailable`].
    pub fn compile(config: &str, secrets: &[u8], inputs: &Fields) -> Result<Self, Error> {
        Self::assemble(config, secrets, (inputs, None))
    }

    /// Compiles a source that pins another version than the one that is deployed: it takes the inputs of the version
    /// that it serves and makes those of the deployed one of them.
    ///
    /// # Errors
    /// The same, and what the deployed version asks for that the served one does not give.
    pub fn compile_pinned(
        config: &str,
        secrets: &[u8],
        served: &Fields,
        deployed: &Fields,
    ) -> Result<Self, Error> {
        Self::assemble(config, secrets, (served, Some(deployed)))
    }

    fn assemble(
        config: &str,
        secrets: &[u8],
        (inputs, deployed): (&Fields, Option<&Fields>),
    ) -> Result<Self, Error> {
        let config: Config = read_config(config)?;
        config.check()?;
        let mut verifiers = Verifiers::compile(&config, secrets)?;
        let schemes = || verifiers.all().map(|verifier| &verifier.scheme);
        let redaction =
            Redaction::new(schemes().flat_map(|scheme| scheme.proofs()).collect(), &config.redact)
                .with_texts(schemes().flat_map(|scheme| scheme.proofs_in_body()).cloned().collect());
        let template = config.path.as_deref().map_or_else(|| Ok(Template::default()), Template::parse)?;
        let mut mapping = Mapping::compile(&config.fields, inputs, &template, &redaction)?;
        let said = config.contract.as_ref().map(crate::Contract::headers).transpose()?;
        let mut headers = Vec::new();
        if let (Some(contract), Some(deployed)) = (&config.contract, deployed) {
            mapping = mapping.onto(deployed, contract)?;
            headers = said.unwrap_or_default();
        }
        let rules = Rules::compile(&config, &mapping.names(), &template, &redaction)?;
        let clients = Allowed::compile(&config.allow_cidrs)?;
        let cors = config.cors.as_ref().map(|cors| cors.compile(&config.methods)).transpose()?;
        for verifier in verifiers.all_mut() {
            let dedupe = config.dedupe.as_ref();
            let compile = |dedupe| DedupeKey::compile(dedupe, &*verifier.scheme, &template, &redaction);
            verifier.dedupe = dedupe.map(compile).transpose()?;
        }
        let methods: Vec<_> = config.methods.iter().map(|method| method.as_str()).collect();
        let allow = HeaderValue::from_str(&methods.join(", ")).unwrap_or(HeaderValue::from_static("POST"));
        Ok(Self { config, allow, clients, cors, headers, template, verifiers, redaction, mapping, rules })
    }

    /// The configuration it was compiled from.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The headers of the answer, 204, to a browser that asks whether a page may call the source; `None` for any other
    /// request, and for a page that may not.
    pub fn preflight(&self, head: &Head) -> Option<HeaderMap> {
        if head.method != Method::OPTIONS {
            return None;
        }
        self.cors.as_ref()?.preflight(head.headers)
    }

    /// Puts on an answer what the source says on each, to a request with these headers.
    pub fn stamp(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        for (name, value) in &self.headers {
            answer.append(name, value.clone());
        }
        if let Some(cors) = &self.cors {
            cors.stamp(request, answer);
        }
    }

    /// Judges what can be judged before the body is read: method, address, path, announced size, client rate.
    ///
    /// # Errors
    /// [`Code::MethodNotAllowed`], [`Code::AddressNotAllowed`], [`Code::PathNotFound`], [`Code::BodyTooLarge`] or
    /// [`Code::ClientRateLimited`].
    pub fn before_body<'r>(&'r self, head: Head<'r>, limits: &'r Limits) -> Result<Screened<'r>, Refused> {
        let shakes_hands = |verifier: &Verifier| verifier.scheme.handshake_method() == Some(head.method);
        if !self.verifiers.all().any(shakes_hands) {
            self.check_method(head.method)?;
        }
        self.clients.check(head.peer)?;
        let parameters = self.template.read(head.path_tail).ok_or_else(|| {
            Refused::new(Code::PathNotFound, "The path behind the source's URL is not the one it takes.")
        })?;
        self.check_size(announced_size(head.headers).unwrap_or(0))?;
        limits.take_client(head.peer, head.received_at)?;
        Ok(Screened::new(self, head, parameters, limits))
    }

    /// The public keys that its verification needs, and that must be fetched.
    pub fn keys(&self) -> impl Iterator<Item = &Arc<KeySet>> {
        self.verifiers.keys()
    }

    /// Takes the public keys that a source knew which this one replaces, so that saving a source does not forget
    /// them.
    pub fn take_keys(&self, before: &Self) {
        for (ours, theirs) in self.keys().flat_map(|ours| before.keys().map(move |theirs| (ours, theirs))) {
            ours.take_over(theirs);
        }
    }

    /// Refuses a method that the source does not take.
    pub(crate) fn check_method(&self, method: &Method) -> Result<(), Refused> {
        if self.config.methods.iter().any(|taken| taken.as_str() == method.as_str()) {
            return Ok(());
        }
        let refused = Refused::new(Code::MethodNotAllowed, "This source does not take the request's method.");
        Err(refused.with_header(header::ALLOW, self.allow.clone()))
    }

    /// What is recorded of a refused request, as JSON: the request with at most `keep` bytes of its
    /// body, and the answer.
    pub fn refusal_content(&self, head: &Head, body: &[u8], keep: usize, refused: &Refused) -> Vec<u8> {
        let body = self.redaction.body(body);
        refusal_content(RequestRecord::capped(head, &body, keep, &self.redaction), refused)
    }

    /// Refuses a body that is larger than the source takes.
    pub(crate) fn check_size(&self, bytes: u64) -> Result<(), Refused> {
        let limit = self.config.limits.body;
        if bytes <= limit.0 { Ok(()) } else { Err(self.too_large()) }
    }

    pub(crate) fn too_large(&self) -> Refused {
        let detail =
            format!("The body is larger than {}, the most that this source takes.", self.config.limits.body);
        Refused::new(Code::BodyTooLarge, detail)
    }
}

/// What is recorded of a request to a source whose configuration is broken: no body and no header's value,
/// for what is secret in them only the configuration could say.
pub fn refusal_of_broken_source(head: &Head, refused: &Refused) -> Vec<u8> {
    refusal_content(RequestRecord::capped(head, &[], 0, &Redaction::everything()), refused)
}

fn refusal_content(request: RequestRecord<'_>, refused: &Refused) -> Vec<u8> {
    #[derive(serde::Serialize)]
    struct Refusal<'a> {
        request: RequestRecord<'a>,
        answer: Problem<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<&'a str>,
    }
    let mut json = Vec::with_capacity(2048);
    content::write(
        &Refusal { request, answer: refused.problem(), cause: refused.cause.as_deref() },
        &mut json,
    );
    json
}

/// The size that `Content-Length` announces; `None` for a body in chunks.
fn announced_size(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}
