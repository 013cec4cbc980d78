//! Where the client will not go.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::Method;
use outbound::{Client, Error, Kind, Policy, Request, Resolve, Resolving, Rule, SystemResolver};

use crate::server::{LONG, canned, client, policy};

/// Gives each look-up the next of its answers, and the last one from then on.
pub(crate) struct Scripted {
    answers: Vec<Vec<IpAddr>>,
    pub(crate) asked: Arc<AtomicUsize>,
}

impl Scripted {
    pub(crate) fn new(answers: &[&[&str]]) -> Self {
        let parsed = answers.iter().map(|answer| answer.iter().map(|ip| ip.parse().unwrap()).collect());
        Self { answers: parsed.collect(), asked: Arc::default() }
    }
}

impl Resolve for Scripted {
    fn resolve(&self, _: &str) -> Resolving {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers[asked.min(self.answers.len() - 1)].clone();
        Box::pin(async move { Ok(answer) })
    }
}

fn named(address: SocketAddr) -> Request {
    Request::new(Method::GET, &format!("http://shop.example:{}/", address.port())).unwrap()
}

#[tokio::test]
async fn a_name_is_resolved_once_and_just_the_judged_address_is_dialled() {
    let address = canned("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    // A rebinding name: fine when it is checked, another host when it is asked again.
    let resolver = Scripted::new(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let asked = Arc::clone(&resolver.asked);
    let client = Client::new(policy(), Arc::new(resolver)).unwrap();
    let (trace, outcome) = client.attempt(named(address)).await;
    assert_eq!(outcome.unwrap().status, 200);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(trace.remote, Some(address));
    assert!(trace.dns_ms.is_some());

    let error = client.send(named(address)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Refused, "the second answer is judged too");
}

#[tokio::test]
async fn the_survivors_are_dialled_and_the_others_are_not() {
    let address = canned("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let resolver = Scripted::new(&[&["10.0.0.1", "169.254.169.254", "::1", "127.0.0.1"]]);
    let client = Client::new(policy(), Arc::new(resolver)).unwrap();
    let (trace, outcome) = client.attempt(named(address)).await;
    assert_eq!(outcome.unwrap().status, 200);
    assert_eq!(trace.remote, Some(address));
}

#[tokio::test]
async fn a_refusal_names_the_first_address_its_rule_and_the_setting() {
    let resolver = Scripted::new(&[&["169.254.169.254", "10.0.0.1"]]);
    let client = Client::new(policy(), Arc::new(resolver)).unwrap();
    let error = client.send(Request::new(Method::GET, "http://shop.example/").unwrap()).await.unwrap_err();
    let Error::Refused(refusal) = &error else { panic!("{error}") };
    assert_eq!(refusal.rule, Rule::Metadata);
    assert!(!error.is_transient());
    let message = error.to_string();
    for part in ["shop.example", "169.254.169.254", "metadata", "outbound.allow_cidrs"] {
        assert!(message.contains(part), "{part} in {message}");
    }
}

#[tokio::test]
async fn literal_addresses_are_judged_in_every_spelling() {
    let strict = Client::new(Policy::new("test/1"), Arc::new(SystemResolver::default())).unwrap();
    for host in [
        "127.0.0.1",
        "0x7f.1",
        "2130706433",
        "017700000001",
        "127.1",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "localhost",
        "169.254.169.254",
        "255.255.255.255",
    ] {
        for scheme in ["http", "https"] {
            let request = Request::new(Method::GET, &format!("{scheme}://{host}/")).unwrap();
            let error = strict.send(request).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Refused, "{scheme}://{host}: {}", error.chain());
        }
    }
}

#[tokio::test]
async fn the_dialer_obeys_the_guard_too() {
    let address = canned("HTTP/1.1 200 OK\r\n\r\n").await;
    let dialer = client().dialer().clone();
    let stream = dialer.dial("127.0.0.1", address.port(), LONG).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap(), address);
    for host in ["[::1]", "::1", "10.0.0.1", "2130706434.", "0x7f000001"] {
        let strict =
            outbound::Dialer::new(Policy::new("test/1"), Arc::new(SystemResolver::default())).unwrap();
        let error = strict.dial(host, address.port(), LONG).await.unwrap_err();
        assert!(matches!(error.kind(), Kind::Refused | Kind::Dns), "{host}: {}", error.chain());
    }
}

pub(crate) struct Failing;

impl Resolve for Failing {
    fn resolve(&self, _: &str) -> Resolving {
        Box::pin(async { Err(io::Error::other("no such zone")) })
    }
}

#[tokio::test]
async fn a_name_without_addresses_is_a_dns_error() {
    let request = || Request::new(Method::GET, "http://nowhere.example/").unwrap();
    let failing = Client::new(policy(), Arc::new(Failing)).unwrap();
    let error = failing.send(request()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Dns);
    assert!(error.is_transient());
    assert_eq!(error.chain(), "the name nowhere.example could not be resolved: no such zone");
    let empty = Client::new(policy(), Arc::new(Scripted::new(&[&[]]))).unwrap();
    assert_eq!(empty.send(request()).await.unwrap_err().kind(), Kind::Dns);
}
