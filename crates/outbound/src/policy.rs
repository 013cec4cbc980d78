//! What the operator sets for every call.

use ipnet::IpNet;
use rustls::pki_types::{CertificateDer, pem::PemObject};

use crate::Error;

/// What the operator sets for every call of a [`Client`](crate::Client).
#[derive(Debug, Clone)]
pub struct Policy {
    /// Networks that may be called although they are not the public internet.
    pub allow: Vec<IpNet>,
    /// `User-Agent`, unless a request sets its own.
    pub user_agent: String,
    /// Certificates to trust besides the web's public authorities, such as a company's own.
    pub trust: Vec<CertificateDer<'static>>,
    /// Sockets open at once, idle ones counted; a call past that waits within its deadline.
    pub sockets: usize,
    /// Idle connections kept for a host.
    pub idle_per_host: usize,
}

impl Policy {
    /// Nothing but the public internet, with up to 1,024 sockets and 128 idle connections a host. With fewer, the
    /// calls of a burst connect anew each time, which costs more than the calls; with more, a few quiet hosts would
    /// hold every socket.
    pub fn new(user_agent: impl Into<String>) -> Self {
        Self {
            allow: Vec::new(),
            user_agent: user_agent.into(),
            trust: Vec::new(),
            sockets: 1024,
            idle_per_host: 128,
        }
    }

    /// The same policy with these networks allowed.
    #[must_use]
    pub fn allow(mut self, allow: Vec<IpNet>) -> Self {
        self.allow = allow;
        self
    }

    /// The same policy that trusts the certificates of a PEM file as well.
    ///
    /// # Errors
    /// [`Error::InvalidPem`] when it holds none, or one that cannot be read.
    pub fn trust_pem(mut self, pem: &[u8]) -> Result<Self, Error> {
        let before = self.trust.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            self.trust.push(certificate.map_err(|error| Error::InvalidPem { reason: error.to_string() })?);
        }
        if self.trust.len() == before {
            return Err(Error::InvalidPem { reason: "it holds no certificate".to_owned() });
        }
        Ok(self)
    }
}
