//! How nodes are let in, and what they do while the server is gone.

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clock::Random;
use cluster::{Dropped, Heard, Nats, Settings};
use nkeys::KeyPair;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{connected, joined, keys, message, nats_server::NatsServer, next, node, settings, until};

#[tokio::test]
async fn a_server_that_goes_and_comes_back_is_used_again() {
    let mut server = NatsServer::start();
    let (one, two) = (connected(&server.url()).await, connected(&server.url()).await);
    let mut there = two.subscribe("a").await.unwrap();
    server.kill();
    until("both know", || !one.is_connected() && !two.is_connected()).await;
    assert_eq!(one.publish("a", b"lost"), Err(Dropped::Unconnected));
    server.run();
    until("both are connected", || one.is_connected() && two.is_connected()).await;
    assert_eq!(next(&mut there).await, Heard::Missed);
    one.publish("a", b"again").unwrap();
    assert_eq!(next(&mut there).await, message("again"), "the gap is told once");
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_waited_for_behind() {
    let mut server = NatsServer::absent("");
    let (one, two) = (node(&server.url()).await, node(&server.url()).await);
    let mut there = two.subscribe("a").await.unwrap();
    assert_eq!(one.publish("a", b"lost"), Err(Dropped::Unconnected));
    server.run();
    until("it is connected", || one.is_connected()).await;
    assert_eq!(next(&mut there).await, Heard::Missed);
    one.publish("a", b"x").unwrap();
    assert_eq!(next(&mut there).await, message("x"));
}

#[tokio::test]
async fn users_and_tokens_are_part_of_the_address() {
    let server = NatsServer::configured("authorization { user: ann, password: \"p@ss/word\" }");
    let with = |user: &str| server.url().replace("nats://", &format!("nats://{user}@"));
    connected(&with("ann:p%40ss%2Fword")).await;
    connected(&format!("nats://ann:p%40ss%2Fword@127.0.0.1:1, {}", server.url())).await;
    let refused = node(&with("ann:wrong")).await;
    until("it is turned away twice", || server.log().matches("authentication error").count() >= 2).await;
    assert!(!refused.is_connected());
    let server = NatsServer::configured("authorization { token: \"s3cret\" }");
    connected(&server.url().replace("nats://", "nats://s3cret@")).await;
}

#[tokio::test]
async fn a_file_of_credentials_lets_a_node_in() {
    let (operator, account, user) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_user());
    let limits = json!({ "subs": -1, "data": -1, "payload": -1, "conn": -1, "leaf": -1, "wildcards": true });
    let operators = token(&operator, &operator, &json!({ "type": "operator", "version": 2 }));
    let accounts = token(&operator, &account, &json!({ "type": "account", "version": 2, "limits": limits }));
    let users = token(
        &account,
        &user,
        &json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1 }),
    );
    let server = NatsServer::configured(&format!(
        "operator: {operators}\nresolver: MEMORY\nresolver_preload: {{ {}: {accounts} }}",
        account.public_key()
    ));
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("node.creds");
    let seed = user.seed().unwrap();
    let written = format!(
        "-----BEGIN NATS USER JWT-----\n{users}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    );
    std::fs::write(&file, written).unwrap();
    let settings = Settings { credentials: Some(file), ..settings(&server.url()) };
    joined(Nats::start(&settings, "here", keys(1), &Random::system()).await.unwrap()).await;
}

/// What an issuer says of somebody, signed.
fn token(issuer: &KeyPair, of: &KeyPair, nats: &Value) -> String {
    let claims = json!({
        "jti": "x", "iat": 1, "iss": issuer.public_key(), "sub": of.public_key(), "name": "test", "nats": nats,
    });
    let head = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let said = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let signature = URL_SAFE_NO_PAD.encode(issuer.sign(said.as_bytes()).unwrap());
    format!("{said}.{signature}")
}

#[tokio::test]
async fn permission_for_its_subjects_is_all_that_a_node_needs() {
    let server = NatsServer::configured(
        "authorization { users: [ { user: ann, password: x, permissions: { publish: \"linchpin.>\", subscribe: \
         \"linchpin.>\" } } ] }",
    );
    let url = server.url().replace("nats://", "nats://ann:x@");
    let (one, two) = (connected(&url).await, connected(&url).await);
    let mut there = two.subscribe("a").await.unwrap();
    one.publish("a", b"x").unwrap();
    assert_eq!(next(&mut there).await, message("x"));
}

#[tokio::test]
async fn tls_is_verified() {
    let home = tempfile::tempdir().unwrap();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let file = |name: &str, text: String| -> PathBuf {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (certificate, key) =
        (file("server.crt", cert.pem()), file("server.key", signing_key.serialize_pem()));
    let server = NatsServer::configured(&format!(
        "tls {{ cert_file: \"{}\", key_file: \"{}\" }}",
        certificate.display(),
        key.display()
    ));
    let secured = server.url().replace("nats://127.0.0.1", "tls://localhost");
    let start = async |url: &str, authority: Option<&PathBuf>| {
        let settings = Settings { authority: authority.cloned(), ..settings(url) };
        Nats::start(&settings, "here", keys(1), &Random::system()).await.unwrap()
    };
    let untrusting = start(&secured, None).await;
    until("it turns away", || server.log().contains("unknown certificate authority")).await;
    let misnamed = start(&server.url(), Some(&certificate)).await;
    until("it turns away", || server.log().contains("bad certificate")).await;
    let one = joined(start(&secured, Some(&certificate)).await).await;
    let two = joined(start(&secured, Some(&certificate)).await).await;
    let mut there = two.subscribe("a").await.unwrap();
    one.publish("a", b"x").unwrap();
    assert_eq!(next(&mut there).await, message("x"));
    assert!(!untrusting.is_connected() && !misnamed.is_connected());
}

#[tokio::test]
async fn nothing_is_said_in_the_clear_where_tls_is_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asking = node(&format!("tls://ann:pencil@{address}")).await;
    let (mut connection, _) = listener.accept().await.unwrap();
    connection.write_all(b"INFO {\"max_payload\":1048576,\"tls_required\":false}\r\n").await.unwrap();
    let mut first = [0; 3];
    connection.read_exact(&mut first).await.unwrap();
    assert_eq!(first[..2], [22, 3], "a TLS handshake comes first");
    assert!(!asking.is_connected());
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_at_once_and_not_quoted() {
    for url in [
        "",
        "http://ann:pencil@here",
        "nats://ann:pencil@here:port",
        "here:4222",
        "nats://ann:pen%ffcil@here",
    ] {
        let error = Nats::start(&settings(url), "here", keys(1), &Random::system()).await.unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(said.contains("nats://host:4222") && !said.contains("pencil"), "{url}: {said}");
    }
    let settings = Settings { credentials: Some("/nowhere/a.creds".into()), ..settings("nats://here") };
    let error = Nats::start(&settings, "here", keys(1), &Random::system()).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere/a.creds"), "{error}");
    let printed = format!("{:?}", Settings { url: "nats://ann:pencil@here".into(), ..settings });
    assert!(!printed.contains("pencil"), "{printed}");
}
