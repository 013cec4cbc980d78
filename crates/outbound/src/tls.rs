//! The TLS of connections: ring, the web's public authorities and the operator's own.

use std::{io, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::{
    error::{Error, Phase},
    progress::Progress,
};

/// A connection that is secured: the certificate is the host's, by an authority that is trusted.
pub(crate) type SecureStream = tokio_rustls::client::TlsStream<TcpStream>;

/// The certificates of a PEM file, for [`Policy::trust`](crate::Policy::trust).
///
/// # Errors
/// [`Error::Setup`] when it holds none, or one that is broken.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let setup = |reason: String| Error::Setup { source: Arc::new(rustls::Error::General(reason)) };
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|error| setup(error.to_string()))?;
    if found.is_empty() {
        return Err(setup("it holds no certificate in PEM".to_owned()));
    }
    Ok(found)
}

/// Secures connections.
#[derive(Clone)]
pub(crate) struct Tls {
    http: TlsConnector,
    any: TlsConnector,
}

/// What a secured connection will speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http,
    /// Nothing is offered by ALPN: a mail server that knows the extension would refuse HTTP.
    Any,
}

impl Tls {
    /// Trusts `extra` besides the public authorities.
    ///
    /// The provider is named here, so no process-wide default is needed and none can change it.
    pub(crate) fn new(extra: &[CertificateDer<'static>]) -> Result<Self, Error> {
        let setup = |error: rustls::Error| Error::Setup { source: Arc::new(error) };
        let mut roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        for certificate in extra {
            roots.add(certificate.clone()).map_err(setup)?;
        }
        let any = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(setup)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut http = any.clone();
        http.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { http: Arc::new(http).into(), any: Arc::new(any).into() })
    }

    /// Shakes hands with `host`, whose name or address the certificate must bear.
    pub(crate) async fn secure(
        &self,
        protocol: Protocol,
        host: &str,
        stream: TcpStream,
        progress: &Progress,
    ) -> Result<SecureStream, Error> {
        let failed = |source| Error::Tls { host: host.to_owned(), source: Arc::new(source) };
        // A name's root dot is of the DNS; no certificate has it.
        let name = host.trim_matches(['[', ']']);
        let name = ServerName::try_from(name.strip_suffix('.').unwrap_or(name))
            .map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidInput, error)))?
            .to_owned();
        let connector = match protocol {
            Protocol::Http => &self.http,
            Protocol::Any => &self.any,
        };
        progress.timed(Phase::Tls, connector.connect(name, stream)).await.map_err(failed)
    }
}
