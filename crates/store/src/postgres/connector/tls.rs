//! TLS to the database in libpq's words, by rustls: what is verified, by which authorities, and who this client is.

use std::sync::Arc;

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};

use super::words::Words;

/// How much of TLS is wanted: libpq's `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    /// None.
    Disable,
    /// What the server has. Nothing is verified, as somebody in between could say that it has none.
    Prefer,
    /// Encrypted to whoever answers.
    Require,
    /// Encrypted to a server whose certificate comes from a trusted authority.
    VerifyCa,
    /// Encrypted to a server whose certificate, from a trusted authority, has the name that was connected to.
    VerifyFull,
}

impl Mode {
    /// The mode that is asked for. As in libpq, what names its authorities and requires TLS wants them asked.
    pub(super) fn of(words: &Words) -> Result<Self, String> {
        let mode = match words.mode.as_deref() {
            Some("disable") => Self::Disable,
            None | Some("prefer") => Self::Prefer,
            Some("require") if words.authorities.is_some() => Self::VerifyCa,
            Some("require") => Self::Require,
            Some("verify-ca") => Self::VerifyCa,
            Some("verify-full") => Self::VerifyFull,
            Some(_) => {
                return Err("`sslmode` must be disable, prefer, require, verify-ca or verify-full".to_owned());
            }
        };
        if mode == Self::Prefer && words.authorities.is_some() {
            return Err("`sslrootcert` is given, but `sslmode` is prefer, which verifies nothing; say \
                        `sslmode=verify-full`"
                .to_owned());
        }
        Ok(mode)
    }
}

/// The settings of TLS that the words ask for.
pub(super) fn settings(mode: Mode, words: &Words) -> Result<ClientConfig, String> {
    // The provider is named here, so that no default of the process is needed and none can change it.
    let provider = Arc::new(ring::default_provider());
    let chain = match mode {
        Mode::Disable | Mode::Prefer | Mode::Require => None,
        Mode::VerifyCa | Mode::VerifyFull => {
            let authorities = Arc::new(authorities(words.authorities.as_deref())?);
            let built =
                WebPkiServerVerifier::builder_with_provider(authorities, Arc::clone(&provider)).build();
            Some(built.map_err(|error| error.to_string())?)
        }
    };
    let verifier = Verifier { chain, mode, algorithms: provider.signature_verification_algorithms };
    let settings = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut settings = match (&words.certificate, &words.key) {
        (None, None) => settings.with_no_client_auth(),
        (Some(certificate), Some(key)) => {
            let wrong = |error: TlsError| format!("`sslcert` and `sslkey` do not fit each other: {error}");
            settings
                .with_client_auth_cert(certificates("sslcert", certificate)?, self::key(key)?)
                .map_err(wrong)?
        }
        _ => return Err("`sslcert` and `sslkey` go together; one of them is missing".to_owned()),
    };
    // Wanted by `sslnegotiation=direct`, and ignored by servers that do not know it.
    settings.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(settings)
}

/// What to do about a server that was not accepted.
pub(super) fn advice(refused: &CertificateError) -> &'static str {
    match refused {
        // The latter from an authority of the same name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate comes from no authority that is trusted here: name the file of its authority as \
             `sslrootcert`"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "connect by a name that its certificate has, or say `sslmode=verify-ca` if every server of that authority \
             may be trusted"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "renew its certificate",
        _ => {
            "give it a certificate of version 3 that an authority signed, with its host name as a subject \
              alternative name"
        }
    }
}

fn authorities(file: Option<&str>) -> Result<RootCertStore, String> {
    let mut trusted = RootCertStore::empty();
    if let Some(file) = file.filter(|file| *file != "system") {
        for certificate in certificates("sslrootcert", file)? {
            trusted.add(certificate).map_err(|error| format!("`sslrootcert`: {file}: {error}"))?;
        }
        return Ok(trusted);
    }
    // What the system has may be odd here and there; what can be read of it counts.
    trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if trusted.is_empty() {
        return Err("this system has no authorities to verify the server by: install them (Debian: \
                    ca-certificates), or name a file as `sslrootcert`"
            .to_owned());
    }
    Ok(trusted)
}

fn certificates(word: &str, file: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |error: rustls::pki_types::pem::Error| format!("`{word}`: {file} cannot be read: {error}");
    let read = CertificateDer::pem_file_iter(file).map_err(wrong)?;
    let certificates: Vec<_> = read.collect::<Result<_, _>>().map_err(wrong)?;
    if certificates.is_empty() {
        return Err(format!("`{word}`: there is no certificate in {file}; it must be in PEM form"));
    }
    Ok(certificates)
}

fn key(file: &str) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_file(file).map_err(|error| {
        format!("`sslkey`: {file} cannot be read: {error}; it must be in PEM form, without a passphrase")
    })
}

/// Judges the server's certificate as far as the mode asks.
#[derive(Debug)]
struct Verifier {
    /// Verifies chain and name; nothing is verified without it.
    chain: Option<Arc<WebPkiServerVerifier>>,
    mode: Mode,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            // The name is looked at last: the chain is good.
            Err(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.mode == Mode::VerifyCa => Ok(ServerCertVerified::assertion()),
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
