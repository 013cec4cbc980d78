//! Calls through the operator's proxy.

use std::{net::SocketAddr, sync::Arc};

use http::Method;
use outbound::{Client, Error, Kind, Phase, Policy, Proxy, Request, Resolve, Timeouts};
use parking_lot::Mutex;
use tokio::{
    io::{AsyncWriteExt, copy_bidirectional},
    net::TcpStream,
    sync::mpsc,
};

use crate::{
    guarding::{Failing, Scripted},
    server::{LONG, SHORT, canned, get, hang, head, policy, start},
    tls::secured,
};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

/// A proxy that notes what it is asked for and connects to `target`, whatever that was.
async fn proxy(target: SocketAddr) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let address = start(move |mut stream| {
        let noted = Arc::clone(&noted);
        async move {
            let request = head(&mut stream).await;
            noted.lock().push(request);
            let mut target = TcpStream::connect(target).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 Connection established\r\nvia: test\r\n\r\n").await.unwrap();
            let _ = copy_bidirectional(&mut stream, &mut target).await;
        }
    })
    .await;
    (address, asked)
}

fn by(proxy: SocketAddr) -> Proxy {
    Proxy::new(&format!("http://ann:secret@{proxy}")).unwrap()
}

fn client(proxy: Proxy, resolver: impl Resolve) -> Client {
    Client::new(Policy { proxy: Some(proxy), ..policy() }, Arc::new(resolver)).unwrap()
}

fn shop(port: u16) -> Request {
    Request::new(Method::GET, &format!("http://shop.example:{port}/a?b"))
        .unwrap()
        .timeouts(Timeouts::total(LONG))
}

#[tokio::test]
async fn a_call_is_tunnelled_to_the_address_that_was_judged() {
    let (sender, mut seen) = mpsc::channel(1);
    let target = start(move |mut stream| {
        let sender = sender.clone();
        async move {
            sender.send(head(&mut stream).await.to_lowercase()).await.unwrap();
            stream.write_all(OK.as_bytes()).await.unwrap();
        }
    })
    .await;
    let (proxy, asked) = proxy(target).await;
    let resolver = Scripted::new(&[&["10.0.0.1", "127.0.0.1"], &["10.0.0.1"]]);
    let client = client(by(proxy), resolver);
    let (trace, outcome) = client.attempt(shop(target.port())).await;
    assert_eq!(&outcome.unwrap().body[..], b"ok");
    assert_eq!(trace.remote, Some(target), "what was called, and not by what");
    let request = asked.lock().concat();
    assert_eq!(
        request,
        format!(
            "CONNECT {target} HTTP/1.1\r\nhost: {target}\r\nproxy-authorization: Basic YW5uOnNlY3JldA==\r\n\r\n"
        )
    );
    let request = seen.recv().await.unwrap();
    assert!(
        request.starts_with("get /a?b http/1.1\r\n") && request.contains("host: shop.example:"),
        "{request}"
    );
    assert!(!request.contains("proxy-"), "the receiver learns nothing of the proxy: {request}");

    let error = client.send(shop(target.port())).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert_eq!(asked.lock().len(), 1, "what is refused does not get to the proxy");
}

#[tokio::test]
async fn a_secured_call_is_secured_to_the_receiver_and_not_to_the_proxy() {
    let (port, certificate) = secured(&["shop.example"]).await;
    let (proxy, asked) = proxy(([127, 0, 0, 1], port).into()).await;
    let policy = Policy { proxy: Some(by(proxy)), trust: vec![certificate], ..policy() };
    let client = Client::new(policy, Arc::new(Scripted::new(&[&["127.0.0.1"]]))).unwrap();
    let request = Request::new(Method::GET, &format!("https://shop.example:{port}/")).unwrap();
    assert_eq!(&client.send(request).await.unwrap().body[..], b"ok");
    assert!(asked.lock()[0].starts_with(&format!("CONNECT 127.0.0.1:{port} ")));
}

#[tokio::test]
async fn a_proxy_that_takes_names_is_given_names_that_pass() {
    let target = canned(OK).await;
    let (proxy, asked) = proxy(target).await;
    let by_name = || by(proxy).by_name(true);
    let port = target.port();

    let fine = client(by_name(), Scripted::new(&[&["127.0.0.1"]]));
    let (trace, outcome) = fine.attempt(shop(port)).await;
    assert_eq!(outcome.unwrap().status, 200);
    assert_eq!(trace.remote, Some(proxy), "only the proxy knows where it went");
    let unknown_here = client(by_name(), Failing);
    assert_eq!(unknown_here.send(shop(port)).await.unwrap().status, 200);
    for request in asked.lock().drain(..) {
        assert!(request.starts_with(&format!("CONNECT shop.example:{port} HTTP/1.1\r\n")), "{request}");
    }

    // The proxy may take any of the answers, so one that is refused is enough.
    let mixed = client(by_name(), Scripted::new(&[&["127.0.0.1", "10.0.0.1"]]));
    assert_eq!(mixed.send(shop(port)).await.unwrap_err().kind(), Kind::Refused);
    let strict = Policy { proxy: Some(by_name()), ..Policy::new("test/1") };
    let strict = Client::new(strict, Arc::new(Failing)).unwrap();
    for host in ["127.0.0.1", "0x7f.1", "[::1]", "localhost", "a.localhost.", "169.254.169.254"] {
        let error = strict.line(host, 25, LONG).dial(false).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Refused, "{host}: {}", error.chain());
    }
    for host in ["a\r\nx: y", "a b", "ann@b", "a/b", "a:1", "", "%6cocalhost"] {
        let error = strict.line(host, 25, LONG).dial(false).await.unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidRequest, "{host:?}: {}", error.chain());
    }
    assert_eq!(asked.lock().len(), 0);
}

#[tokio::test]
async fn what_the_operator_lets_pass_by_is_dialled_directly() {
    let target = canned(OK).await;
    let (proxy, asked) = proxy(target).await;
    for by_name in [false, true] {
        let passing = by(proxy).by_name(by_name).bypass(vec!["127.0.0.0/8".parse().unwrap()]);
        let client = client(passing, Scripted::new(&[&["127.0.0.1"]]));
        assert_eq!(client.send(shop(target.port())).await.unwrap().status, 200);
        assert_eq!(client.send(get(target)).await.unwrap().status, 200);
    }
    assert_eq!(asked.lock().len(), 0);
}

#[tokio::test]
async fn the_next_address_is_tried_when_the_proxy_does_not_reach_one() {
    let target = canned(OK).await;
    let proxy = start(move |mut stream| async move {
        let request = head(&mut stream).await;
        if request.starts_with("CONNECT 127.0.0.2:") {
            stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await.unwrap();
            return;
        }
        let mut target = TcpStream::connect(target).await.unwrap();
        stream.write_all(b"HTTP/1.0 200 fine\r\n\r\n").await.unwrap();
        let _ = copy_bidirectional(&mut stream, &mut target).await;
    })
    .await;
    let client = client(by(proxy), Scripted::new(&[&["127.0.0.2", "127.0.0.1"]]));
    let (trace, outcome) = client.attempt(shop(target.port())).await;
    assert_eq!(outcome.unwrap().status, 200);
    assert_eq!(trace.remote, Some(target));
}

#[tokio::test]
async fn a_proxy_that_does_not_let_a_call_through_says_why() {
    let long = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(100_000));
    for (answer, words) in [
        ("HTTP/1.1 403 No\r\n\r\n", ["403 Forbidden", "outbound.proxy_by_name"]),
        ("HTTP/1.1 407 Who\r\n\r\n", ["407 Proxy Authentication Required", "password in outbound.proxy"]),
        ("HTTP/1.1 503 \r\n\r\n", ["503 Service Unavailable", "made no connection"]),
        ("SSH-2.0-OpenSSH\r\n\r\n", ["does not speak HTTP", "made no connection"]),
        ("", ["the connection broke", "made no connection"]),
        (&long, ["its answer is too long", "made no connection"]),
    ] {
        let proxy = canned(answer).await;
        let client = client(by(proxy), Scripted::new(&[&["127.0.0.1"]]));
        let error = client.send(shop(80)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Connect);
        let said = error.chain();
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
        assert!(said.contains(&proxy.to_string()) && said.contains("127.0.0.1:80"), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_silent_or_gone_is_given_up_on() {
    let silent = client(by(start(hang).await), Scripted::new(&[&["127.0.0.1"]]));
    let error = silent.send(shop(80).timeouts(Timeouts::total(SHORT))).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { phase: Phase::Connect, .. }), "{error}");
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = client(by(gone), Scripted::new(&[&["127.0.0.1"]])).send(shop(80)).await.unwrap_err();
    assert!(error.to_string().contains("could not be reached itself"), "{error}");
}

#[tokio::test]
async fn nothing_is_lost_of_a_server_that_speaks_first() {
    let proxy = start(|mut stream| async move {
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n220 mail\r\n").await.unwrap();
    })
    .await;
    let client = client(by(proxy), Failing);
    let mut line = client.line("127.0.0.1", 25, LONG);
    line.dial(false).await.unwrap();
    assert_eq!(line.read().await.unwrap(), b"220 mail");
}
