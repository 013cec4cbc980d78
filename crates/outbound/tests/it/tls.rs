//! Secured connections.

use std::sync::Arc;

use http::Method;
use outbound::{Client, Endpoint, Kind, Policy, Request, SystemResolver};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::server::{LONG, hang, policy, start};

/// A server with a certificate of its own making for `names`, and that certificate.
pub(crate) async fn secured(names: &[&str]) -> (u16, CertificateDer<'static>) {
    let (acceptor, certificate) = acceptor(names, &[]);
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

/// What makes a secured connection of one, with a certificate for `names`, and that certificate.
fn acceptor(names: &[&str], protocols: &[&str]) -> (TlsAcceptor, CertificateDer<'static>) {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    let certificate = cert.der().clone();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.clone()],
            PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    (TlsAcceptor::from(Arc::new(config)), certificate)
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
fn certificates_come_from_a_pem_file() {
    let made = generate_simple_self_signed(vec!["a.example".to_owned()]).unwrap().cert;
    let two = format!("a company's own\n{0}{0}", made.pem());
    assert_eq!(outbound::certificates(two.as_bytes()).unwrap(), [made.der().clone(), made.der().clone()]);
    for none in ["", "no certificate", "-----BEGIN CERTIFICATE-----\n%%\n-----END CERTIFICATE-----\n"] {
        assert_eq!(
            outbound::certificates(none.as_bytes()).unwrap_err().kind(),
            Kind::InvalidRequest,
            "{none}"
        );
    }
}

#[test]
fn a_certificate_that_is_none_is_an_error_when_the_client_is_made() {
    let policy = Policy { trust: vec![CertificateDer::from(vec![1, 2, 3])], ..policy() };
    let error = Client::new(policy, Arc::new(SystemResolver::default())).unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidRequest);
}

/// A mail server that speaks in the clear until it is asked to be secured, and one that is so from the first byte on.
#[derive(Clone, Copy)]
enum Mail {
    Begins,
    Secured,
}

async fn mail(kind: Mail) -> (u16, CertificateDer<'static>) {
    // A server that knows ALPN refuses a caller who wants to speak only what it does not.
    let (acceptor, certificate) = acceptor(&["127.0.0.1", "localhost"], &["smtp"]);
    let address = start(move |mut stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Mail::Begins = kind {
                stream.write_all(b"220 mail\r\n").await.unwrap();
                stream.read_exact(&mut [0; 10]).await.unwrap();
                stream.write_all(b"220 go\r\n").await.unwrap();
            }
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let _ = stream.write_all(b"250 secured\r\n").await;
            let _ = stream.shutdown().await;
        }
    })
    .await;
    (address.port(), certificate)
}

#[tokio::test]
async fn a_line_is_secured_from_the_first_byte_on() {
    let (port, certificate) = mail(Mail::Secured).await;
    let client = trusting(vec![certificate]);
    for host in ["127.0.0.1", "localhost", "localhost."] {
        let mut line = client.line(host, port, LONG);
        line.dial(true).await.unwrap();
        assert_eq!(line.read().await.unwrap(), b"250 secured", "{host}");
    }
    let error = trusting(Vec::new()).line("127.0.0.1", port, LONG).dial(true).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Tls);
    let error = client.line("[::1]", port, LONG).dial(true).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
}

#[tokio::test]
async fn a_line_that_began_in_the_clear_is_secured() {
    let (port, certificate) = mail(Mail::Begins).await;
    for (trusted, secured) in [(vec![certificate], true), (Vec::new(), false)] {
        let client = trusting(trusted);
        let mut line = client.line("127.0.0.1", port, LONG);
        line.dial(false).await.unwrap();
        assert_eq!(line.read().await.unwrap(), b"220 mail");
        line.write(b"STARTTLS\r\n").await.unwrap();
        assert_eq!(line.read().await.unwrap(), b"220 go");
        assert_eq!(
            line.secure().await.map_err(|error| error.kind()),
            if secured { Ok(()) } else { Err(Kind::Tls) }
        );
        assert_eq!(line.is_secured(), secured);
    }
}

#[tokio::test]
async fn a_probe_shakes_hands_and_says_how_far_it_came() {
    let (port, certificate) = secured(&["127.0.0.1"]).await;
    let endpoint = |host: &str, secure| Endpoint { host: host.to_owned(), port, secure };
    let client = trusting(vec![certificate]);
    let (trace, done) = client.dialer().probe(&endpoint("127.0.0.1", true), LONG).await;
    done.unwrap();
    assert_eq!(trace.remote, Some(([127, 0, 0, 1], port).into()));
    assert!(trace.connect_ms.is_some() && trace.tls_ms.is_some());
    let (trace, done) = client.dialer().probe(&endpoint("127.0.0.1", false), LONG).await;
    done.unwrap();
    assert_eq!(trace.tls_ms, None);
    let (trace, done) = trusting(Vec::new()).dialer().probe(&endpoint("127.0.0.1", true), LONG).await;
    assert_eq!(done.unwrap_err().kind(), Kind::Tls);
    assert!(trace.remote.is_some() && trace.tls_ms.is_none());
    let (trace, done) = client.dialer().probe(&endpoint("[::1]", true), LONG).await;
    assert_eq!((trace.remote, done.unwrap_err().kind()), (None, Kind::Refused));
}
