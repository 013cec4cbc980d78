//! One exchange to make, by HTTP or SMTP, and what may be shown of it.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use http::Method;
use outbound::{Endpoint, Request};
use vault::Secret;

use crate::{
    Body, Error, RequestRecord,
    address::Address,
    redact::{HIDDEN, Redaction},
    smtp::Mail,
};

/// Who calls.
const USER_AGENT: &str = concat!("Linchpin/", env!("CARGO_PKG_VERSION"));

/// What every call to a destination has in common, checked once.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    request: Request,
    pub(crate) shown: Arc<Shown>,
    redaction: Redaction,
}

/// What may be shown of the calls to a destination.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) method: Cow<'static, str>,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
}

/// One exchange to make.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) wire: Wire,
    pub(crate) shown: Arc<Shown>,
    /// The headers that this call alone has.
    pub(crate) own: Vec<(Cow<'static, str>, String)>,
    /// The secrets that this call alone has, such as its signature.
    pub(crate) hidden: Vec<Secret>,
    /// What is shown as its body; of a request, the body itself.
    pub(crate) body: Bytes,
}

/// What goes over the wire.
#[derive(Debug)]
pub(crate) enum Wire {
    Http(Box<Request>),
    Smtp(Box<Mail>),
}

/// Why a message cannot be sent as it is, and what to do.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Unsendable(pub(crate) String);

impl Draft {
    /// Calls of `method` to an address.
    pub(crate) fn new(method: Method, address: Address) -> Result<Self, Error> {
        let name = method.to_string();
        let request = Request::new(method, address.url.as_str())
            .map_err(|error| Error::config("url", format!("{error}.")))?;
        let mut redaction = Redaction::default();
        address.secrets.iter().for_each(|secret| redaction.add(secret));
        let shown = Shown { method: name.into(), url: address.shown, headers: Vec::new() };
        Self { request, shown: Arc::new(shown), redaction }.header("headers", "user-agent", USER_AGENT)
    }

    /// Calls that post JSON to an address.
    pub(crate) fn json(address: Address) -> Result<Self, Error> {
        Self::new(Method::POST, address)?.header("headers", "content-type", "application/json")
    }

    /// The same calls to another address.
    pub(crate) fn at(&self, address: &Address) -> Result<Self, Unsendable> {
        let request = self.request.clone().at(address.url.as_str());
        let mut draft =
            Self { request: request.map_err(|error| Unsendable(error.to_string()))?, ..self.clone() };
        Arc::make_mut(&mut draft.shown).url.clone_from(&address.shown);
        Ok(draft)
    }

    /// Adds a header to every call; `field` is where it was written.
    pub(crate) fn header(self, field: &str, name: &str, value: &str) -> Result<Self, Error> {
        let shown = value.to_owned();
        self.with(field, (name, value), shown)
    }

    /// Adds a header whose value is never shown.
    pub(crate) fn secret_header(mut self, field: &str, name: &str, value: &str) -> Result<Self, Error> {
        self.redaction.add(value);
        self.with(field, (name, value), HIDDEN.to_owned())
    }

    /// Hides another text that a receiver might echo.
    #[must_use]
    pub(crate) fn hiding(mut self, secret: &str) -> Self {
        self.redaction.add(secret);
        self
    }

    /// A header of every call as it is shown; the name in lower case.
    pub(crate) fn shown_header(&self, name: &str) -> Option<&str> {
        self.shown.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Where they connect to.
    pub(crate) fn endpoint(&self) -> Endpoint {
        self.request.endpoint()
    }

    /// What must not be recorded.
    pub(crate) fn redaction(&self) -> &Redaction {
        &self.redaction
    }

    /// The request with this body.
    pub(crate) fn request(&self, body: Bytes) -> Request {
        self.request.clone().body(body)
    }

    /// A call with this body.
    pub(crate) fn call(&self, body: Bytes) -> Call {
        let shown = Arc::clone(&self.shown);
        let request = self.request(body.clone());
        Call {
            wire: Wire::Http(Box::new(request)),
            shown,
            own: Vec::with_capacity(8),
            hidden: Vec::new(),
            body,
        }
    }

    fn with(mut self, field: &str, header: (&str, &str), shown: String) -> Result<Self, Error> {
        let (name, value) = header;
        let added = self.request.header(name, value);
        self.request = added.map_err(|error| Error::config(field, format!("{error}.")))?;
        Arc::make_mut(&mut self.shown).headers.push((name.to_ascii_lowercase(), shown));
        Ok(self)
    }
}

impl Call {
    /// A mail to hand over; `url` names its server, `body` is what is shown of it.
    pub(crate) fn mail(mail: Mail, url: String, headers: Vec<(String, String)>, body: String) -> Self {
        let shown = Arc::new(Shown { method: "SMTP".into(), url, headers });
        let wire = Wire::Smtp(Box::new(mail));
        Self { wire, shown, own: Vec::new(), hidden: Vec::new(), body: body.into() }
    }

    /// Adds a header to this call alone; its name is in lower case.
    pub(crate) fn header(
        self,
        name: impl Into<Cow<'static, str>>,
        value: String,
    ) -> Result<Self, Unsendable> {
        let name = name.into();
        let mut call = self.sending(&name, &value)?;
        call.own.push((name, value));
        Ok(call)
    }

    /// Adds a header to this call alone whose value is never shown.
    pub(crate) fn secret_header(self, name: &'static str, value: &str) -> Result<Self, Unsendable> {
        let mut call = self.hiding(value).sending(name, value)?;
        call.own.push((name.into(), HIDDEN.to_owned()));
        Ok(call)
    }

    /// Hides a text of this call alone.
    #[must_use]
    pub(crate) fn hiding(mut self, secret: &str) -> Self {
        self.hidden.push(secret.into());
        self
    }

    /// The request as it may be shown.
    pub(crate) fn record(&self, redaction: &Redaction) -> RequestRecord {
        let own = self.own.iter().map(|(name, value)| (name.clone().into_owned(), value.clone()));
        RequestRecord {
            method: self.shown.method.to_string(),
            url: self.shown.url.clone(),
            headers: self.shown.headers.iter().cloned().chain(own).collect(),
            body: Body::of(&self.body, false, redaction),
        }
    }

    fn sending(mut self, name: &str, value: &str) -> Result<Self, Unsendable> {
        // A mail holds its headers.
        if let Wire::Http(request) = self.wire {
            let added = request.header(name, value);
            let added = added.map_err(|error| Unsendable(error.to_string()))?;
            self.wire = Wire::Http(Box::new(added));
        }
        Ok(self)
    }
}
