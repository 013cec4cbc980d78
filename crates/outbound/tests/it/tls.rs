//! Secured connections.

use std::sync::Arc;

use http::Method;
use outbound::{Client, Kind, Policy, Request, SystemResolver};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::server::{hang, policy, start};

/// A server with a certificate of its own making for `names`, and that certificate.
async fn secured(names: &[&str]) -> (u16, CertificateDer<'static>) {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    let certificate = cert.der().clone();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.clone()],
            PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let address = start(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let mut request = [0; 2048];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
            let _ = stream.shutdown().await;
        }
    })
    .await;
    (address.port(), certificate)
}

fn trusting(trust: Vec<CertificateDer<'static>>) -> Client {
    Client::new(Policy { trust, ..policy() }, Arc::new(SystemResolver::default())).unwrap()
}

fn get(host: &str, port: u16) -> Request {
    Request::new(Method::GET, &format!("https://{host}:{port}/")).unwrap()
}

#[tokio::test]
async fn a_certificate_the_operator_trusts_is_accepted() {
    let (port, certificate) = secured(&["127.0.0.1"]).await;
    let (trace, outcome) = trusting(vec![certificate]).attempt(get("127.0.0.1", port)).await;
    assert_eq!(&outcome.unwrap().body[..], b"ok");
    assert!(trace.tls_ms.is_some());
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_a_tls_error() {
    let (port, _) = secured(&["127.0.0.1"]).await;
    let error = trusting(Vec::new()).send(get("127.0.0.1", port)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Tls);
    assert!(error.is_transient());
    assert!(error.chain().contains("UnknownIssuer"), "{}", error.chain());
}

#[tokio::test]
async fn a_certificate_for_another_name_is_a_tls_error() {
    let (port, certificate) = secured(&["shop.example"]).await;
    let error = trusting(vec![certificate]).send(get("127.0.0.1", port)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Tls);
    assert!(error.chain().contains("not valid for"), "{}", error.chain());
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_a_tls_error() {
    let address = start(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        hang(stream).await;
    })
    .await;
    let error = trusting(Vec::new()).send(get("127.0.0.1", address.port())).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Tls);
}

#[test]
fn a_certificate_that_is_none_is_an_error_when_the_client_is_made() {
    let policy = Policy { trust: vec![CertificateDer::from(vec![1, 2, 3])], ..policy() };
    let error = Client::new(policy, Arc::new(SystemResolver::default())).unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidRequest);
}
