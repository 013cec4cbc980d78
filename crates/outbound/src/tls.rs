//! The TLS settings of the client: ring, the web's public authorities, HTTP/1.1.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer};

use crate::error::Error;

/// The client's TLS settings, trusting `extra` besides the public authorities.
///
/// The provider is named here, so no process-wide default is needed and none can change it.
pub(crate) fn config(extra: &[CertificateDer<'static>]) -> Result<Arc<ClientConfig>, Error> {
    let setup = |error: rustls::Error| Error::Setup { source: Arc::new(error) };
    let mut roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    for certificate in extra {
        roots.add(certificate.clone()).map_err(setup)?;
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(setup)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
