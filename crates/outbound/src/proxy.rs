//! The operator's proxy, which a company's network may force every call to the outside through.

use std::{fmt, io, net::IpAddr};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::StatusCode;
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;

use crate::error::Error;

/// The operator's setting that names the proxy.
pub const PROXY_SETTING: &str = "outbound.proxy";

/// The most that the head of a proxy's answer may hold, in bytes.
const HEAD: usize = 8 * 1024;

/// A proxy that calls are tunnelled through, by `CONNECT` for `http` and `https` alike.
///
/// The guard judges before anything is handed over. The proxy is given the judged address and not the name, so that
/// nothing is resolved again in between; [`Proxy::by_name`] is for proxies that decide by names, and for networks in
/// which only the proxy can resolve them.
#[derive(Clone)]
pub struct Proxy {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) by_name: bool,
    authorization: Option<String>,
    bypass: Vec<IpNet>,
}

impl Proxy {
    /// The proxy at `url`: `http://host:port`, with `user:password@` before the host if it asks for them.
    ///
    /// # Errors
    /// [`Error::InvalidUrl`], which repeats nothing of it.
    pub fn new(url: &str) -> Result<Self, Error> {
        let invalid = |reason: &str| Error::InvalidUrl { reason: reason.to_owned() };
        let url = Url::parse(url).map_err(|error| invalid(&error.to_string()))?;
        if url.scheme() != "http" {
            return Err(invalid("a proxy is spoken to by http, as in http://proxy.example:3128"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("nothing stands behind the port of a proxy"));
        }
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(invalid("it has no host"));
        };
        let (user, password) = (url.username(), url.password().unwrap_or_default());
        let authorization = (!user.is_empty() || !password.is_empty()).then(|| {
            let mut credentials: Vec<u8> = percent_decode_str(user).collect();
            credentials.push(b':');
            credentials.extend(percent_decode_str(password));
            format!("Basic {}", BASE64_STANDARD.encode(credentials))
        });
        Ok(Self { host: host.to_owned(), port, by_name: false, authorization, bypass: Vec::new() })
    }

    /// Whether the proxy is given names and resolves them. A name is still resolved and judged here, by all of its
    /// addresses, if it can be; one that cannot be is left to the rules of the proxy.
    #[must_use]
    pub fn by_name(self, by_name: bool) -> Self {
        Self { by_name, ..self }
    }

    /// What lies in these networks is dialled directly.
    #[must_use]
    pub fn bypass(self, bypass: Vec<IpNet>) -> Self {
        Self { bypass, ..self }
    }

    /// Its host and port, without credentials.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Whether these addresses, all of them, are dialled directly.
    pub(crate) fn is_passed_by(&self, addresses: &[IpAddr]) -> bool {
        addresses.iter().all(|address| self.bypass.iter().any(|net| net.contains(address)))
    }

    /// Asks for a tunnel to `target`, over a connection to the proxy.
    pub(crate) async fn tunnel(&self, stream: &mut TcpStream, target: &str) -> Result<(), Error> {
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n");
        if let Some(authorization) = &self.authorization {
            request.extend(["proxy-authorization: ", authorization, "\r\n"]);
        }
        request.push_str("\r\n");
        let broken = |error: io::Error| self.failed(target, format!("the connection broke: {error}"));
        stream.write_all(request.as_bytes()).await.map_err(broken)?;
        let head = head(stream).await.map_err(broken)?;
        match status(&head) {
            Some(status) if status.is_success() => Ok(()),
            Some(status) => Err(self.failed(target, self.explain(status))),
            None => Err(self.failed(target, "it does not speak HTTP".to_owned())),
        }
    }

    /// The failure to reach `target`.
    pub(crate) fn failed(&self, target: &str, reason: String) -> Error {
        Error::Proxy { proxy: self.address(), target: target.to_owned(), reason }
    }

    fn explain(&self, status: StatusCode) -> String {
        let hint = match status {
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                format!("; the operator sets the user and the password in {PROXY_SETTING}")
            }
            StatusCode::FORBIDDEN if !self.by_name => format!(
                "; its rules decide, and if they go by names, the operator sets {PROXY_SETTING}_by_name"
            ),
            StatusCode::FORBIDDEN => "; its rules decide".to_owned(),
            _ => String::new(),
        };
        format!("it answered {status}{hint}")
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, by_name, bypass, authorization: _ } = self;
        f.debug_struct("Proxy")
            .field("host", host)
            .field("port", port)
            .field("by_name", by_name)
            .field("bypass", bypass)
            .finish_non_exhaustive()
    }
}

/// The head of the proxy's answer, byte by byte: what follows it belongs to whoever is behind the tunnel.
async fn head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its answer is too long"));
        }
        head.push(stream.read_u8().await?);
    }
    Ok(head)
}

fn status(head: &[u8]) -> Option<StatusCode> {
    let rest = head.strip_prefix(b"HTTP/1.")?;
    StatusCode::from_bytes(rest.get(2..5)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_host_and_a_port_and_shows_no_password() {
        let proxy = Proxy::new("http://ann:p%40ss@proxy.example:3128").unwrap();
        assert_eq!((proxy.host.as_str(), proxy.port), ("proxy.example", 3128));
        assert_eq!(proxy.authorization.as_deref(), Some("Basic YW5uOnBAc3M="));
        let shown = format!("{proxy:?} {}", proxy.failed("x:1", proxy.explain(StatusCode::FORBIDDEN)));
        assert!(!shown.contains("p@ss") && !shown.contains("YW5u"), "{shown}");
        assert_eq!(Proxy::new("http://[::1]").unwrap().port, 80);
        for wrong in [
            "proxy.example:3128",
            "https://proxy.example",
            "socks5://hunter2@proxy.example",
            "http://proxy.example/hunter2",
            "http://proxy.example?hunter2",
            "http://hunter2@",
        ] {
            let said = Proxy::new(wrong).unwrap_err().to_string();
            assert!(!said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn only_what_lies_in_a_bypass_whole_passes_by() {
        let proxy = Proxy::new("http://proxy.example").unwrap().bypass(vec!["10.0.0.0/8".parse().unwrap()]);
        let passes = |addresses: &[&str]| {
            proxy.is_passed_by(&addresses.iter().map(|ip| ip.parse().unwrap()).collect::<Vec<_>>())
        };
        assert!(passes(&["10.1.2.3", "10.0.0.1"]));
        assert!(!passes(&["10.1.2.3", "93.184.216.34"]));
    }
}
