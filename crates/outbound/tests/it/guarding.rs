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

use tokio::{io::AsyncWriteExt, net::TcpListener};

use crate::server::{LONG, canned, client, head, policy, start};

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
async fn a_kept_connection_is_used_without_another_look_up() {
    let address = start(|mut stream| async move {
        while !head(&mut stream).await.is_empty() {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        }
    })
    .await;
    let resolver = Scripted::new(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let asked = Arc::clone(&resolver.asked);
    let client = Client::new(policy(), Arc::new(resolver)).unwrap();
    for reused in [false, true] {
        let (trace, outcome) = client.attempt(named(address)).await;
        assert_eq!(outcome.unwrap().status, 200);
        assert_eq!((trace.reused, trace.remote), (reused, Some(address)));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

/// One port at several addresses of this machine, each of which counts who comes.
async fn everywhere(addresses: &[&str]) -> (u16, Vec<Arc<AtomicUsize>>) {
    loop {
        let first = TcpListener::bind((addresses[0], 0)).await.unwrap();
        let port = first.local_addr().unwrap().port();
        let mut listeners = vec![first];
        for address in &addresses[1..] {
            // Somebody else may have the port there: then another one is looked for.
            listeners.extend(TcpListener::bind((*address, port)).await.ok());
        }
        if listeners.len() < addresses.len() {
            continue;
        }
        let count = |listener: TcpListener| {
            let came = Arc::new(AtomicUsize::new(0));
            let counting = Arc::clone(&came);
            tokio::spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    counting.fetch_add(1, Ordering::SeqCst);
                    tokio::spawn(async move {
                        head(&mut stream).await;
                        stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok").await
                    });
                }
            });
            came
        };
        return (port, listeners.into_iter().map(count).collect());
    }
}

/// A name that gives another mixture each time, of addresses that all would answer.
#[tokio::test]
async fn only_survivors_of_the_very_answer_are_dialled() {
    const ADDRESSES: [&str; 4] = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"];
    let (port, came) = everywhere(&ADDRESSES).await;
    // The second and the fourth are refused.
    let allow = vec!["127.0.0.1/32".parse().unwrap(), "127.0.0.3/32".parse().unwrap()];
    let answers: Vec<Vec<&str>> = (0..16_u32)
        .map(|bits| (0..4).filter(|at| bits >> at & 1 == 1).map(|at| ADDRESSES[at]).rev().collect())
        .collect();
    let resolver = Scripted::new(&answers.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let asked = Arc::clone(&resolver.asked);
    let client = Client::new(Policy::new("test/1").allow(allow), Arc::new(resolver)).unwrap();
    for (nth, answer) in answers.iter().enumerate() {
        let (trace, outcome) = client.attempt(named(([127, 0, 0, 1], port).into())).await;
        assert_eq!(asked.load(Ordering::SeqCst), nth + 1, "each connection asks once");
        let first = answer.iter().find(|address| ["127.0.0.1", "127.0.0.3"].contains(address));
        match (first, outcome) {
            (Some(first), Ok(_)) => assert_eq!(trace.remote.unwrap().ip().to_string(), *first, "{answer:?}"),
            (None, Err(error)) if answer.is_empty() => assert_eq!(error.kind(), Kind::Dns),
            (None, Err(error)) => assert_eq!(error.kind(), Kind::Refused, "{answer:?}"),
            (_, outcome) => panic!("{answer:?}: {outcome:?}"),
        }
    }
    let came: Vec<usize> = came.iter().map(|came| came.load(Ordering::SeqCst)).collect();
    assert_eq!((came[1], came[3]), (0, 0), "{came:?}");
    assert_eq!(came[0] + came[2], 12, "{came:?}");
}

/// A survivor that does not answer is no reason to try one that was refused.
#[tokio::test]
async fn a_survivor_that_is_down_leads_to_no_other() {
    let (port, came) = everywhere(&["127.0.0.2"]).await;
    let allow = vec!["127.0.0.1/32".parse().unwrap()];
    let resolver = Scripted::new(&[&["127.0.0.1", "127.0.0.2"]]);
    let client = Client::new(Policy::new("test/1").allow(allow), Arc::new(resolver)).unwrap();
    let error = client.send(named(([127, 0, 0, 1], port).into())).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Connect);
    assert_eq!(came[0].load(Ordering::SeqCst), 0);
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
    let resolver = Scripted::new(&[&["93.184.216.34"]]);
    let asked = Arc::clone(&resolver.asked);
    let strict = Client::new(Policy::new("test/1"), Arc::new(resolver)).unwrap();
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
        "localhost.",
        "LOCALHOST",
        "metadata.localhost",
        "a.localhost.",
        "127.0.0.1.",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "%31%32%37.0.0.1",
        "%6cocalhost",
        "[::ffff:7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2001::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "169.254.169.254",
        "255.255.255.255",
    ] {
        for scheme in ["http", "https"] {
            let request = Request::new(Method::GET, &format!("{scheme}://{host}/")).unwrap();
            let error = strict.send(request).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Refused, "{scheme}://{host}: {}", error.chain());
        }
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0, "what is an address is asked of nobody");
}

#[tokio::test]
async fn a_line_obeys_the_guard_too() {
    let address = canned("HTTP/1.1 200 OK\r\n\r\n").await;
    let mut line = client().line("127.0.0.1", address.port(), LONG);
    line.dial(false).await.unwrap();
    assert_eq!(line.trace().remote, Some(address));
    for host in ["[::1]", "::1", "10.0.0.1", "2130706434.", "0x7f000001"] {
        let strict = Client::new(Policy::new("test/1"), Arc::new(SystemResolver::default())).unwrap();
        let error = strict.line(host, address.port(), LONG).dial(false).await.unwrap_err();
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
