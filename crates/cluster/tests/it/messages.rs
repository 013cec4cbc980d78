//! What nodes hear of each other, and what they do not.

use clock::Random;
use cluster::{Dropped, Heard, Nats};
use metrics_exporter_prometheus::PrometheusBuilder;

use crate::{carrier, connected, joined, keys, message, nats_server::NatsServer, next, raw, settings};

#[tokio::test]
async fn nodes_hear_each_other_and_not_themselves() {
    let server = NatsServer::start();
    let (one, two) = (connected(&server.url()).await, connected(&server.url()).await);
    let (mut here, mut there) = (one.subscribe("a").await.unwrap(), two.subscribe("a").await.unwrap());
    let mut elsewhere = two.subscribe("b").await.unwrap();
    one.publish("a", b"from one").unwrap();
    assert_eq!(next(&mut there).await, message("from one"));
    two.publish("a", b"from two").unwrap();
    assert_eq!(next(&mut here).await, message("from two"));
    one.publish("b", b"to b").unwrap();
    assert_eq!(next(&mut elsewhere).await, message("to b"));
}

#[tokio::test]
async fn whoever_carries_them_reads_nothing_and_nobody_else_is_heard() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let server = NatsServer::start();
    let (one, two) = (connected(&server.url()).await, connected(&server.url()).await);
    let (mut there, mut other) = (two.subscribe("a").await.unwrap(), two.subscribe("b").await.unwrap());
    let (carrier, mut seen) = carrier(&server.url(), "linchpin.here.*").await;
    one.publish("a", b"the manual").unwrap();
    assert_eq!(next(&mut there).await, message("the manual"));
    let sealed = raw(&mut seen).await;
    assert_eq!(sealed.subject.as_str(), "linchpin.here.a");
    assert!(!sealed.payload.windows(6).any(|part| part == b"manual"), "{sealed:?}");

    let stranger = Nats::start(&settings(&server.url()), "here", keys(2), &Random::system()).await.unwrap();
    let stranger = joined(stranger).await;
    stranger.publish("a", b"forged").unwrap();
    carrier.publish("linchpin.here.a", "forged".into()).await.unwrap();
    // What was sealed for another subject is forged here.
    carrier.publish("linchpin.here.b", sealed.payload).await.unwrap();
    for _ in 0..3 {
        raw(&mut seen).await;
    }
    one.publish("a", b"true").unwrap();
    one.publish("b", b"true").unwrap();
    assert_eq!(next(&mut there).await, message("true"));
    assert_eq!(next(&mut other).await, message("true"));
    let counted = recorder.handle().render();
    for line in ["linchpin_bus_sent_total 4", "linchpin_bus_heard_total 3", "linchpin_bus_unopened_total 3"] {
        assert!(counted.lines().any(|known| known == line), "{line}: {counted}");
    }
}

#[tokio::test]
async fn installations_on_one_server_do_not_hear_each_other() {
    let server = NatsServer::start();
    let (one, two) = (connected(&server.url()).await, connected(&server.url()).await);
    let other = Nats::start(&settings(&server.url()), "elsewhere", keys(1), &Random::system()).await.unwrap();
    let other = joined(other).await;
    let mut there = two.subscribe("a").await.unwrap();
    let mut elsewhere = other.subscribe("a").await.unwrap();
    other.publish("a", b"elsewhere").unwrap();
    one.publish("a", b"here").unwrap();
    assert_eq!(next(&mut there).await, message("here"));
    let third = Nats::start(&settings(&server.url()), "elsewhere", keys(1), &Random::system()).await.unwrap();
    let third = joined(third).await;
    third.publish("a", b"third").unwrap();
    assert_eq!(next(&mut elsewhere).await, message("third"));
}

#[tokio::test]
async fn what_is_too_much_is_dropped_and_never_waited_for() {
    let server = NatsServer::configured("max_payload: 65536");
    let (one, two) = (connected(&server.url()).await, connected(&server.url()).await);
    let mut there = two.subscribe("a").await.unwrap();
    assert_eq!(one.publish("a", &vec![0; 65_536]), Err(Dropped::TooLarge));
    // The client works on this thread, so nothing is sent before this is done.
    let first_dropped = (0..100_000).find(|_| one.publish("a", b"x") == Err(Dropped::Full));
    assert!(first_dropped.is_some_and(|sent| sent > 100), "{first_dropped:?}");
    assert_eq!(next(&mut there).await, message("x"));
}

#[tokio::test]
async fn who_listens_too_slowly_is_told_so() {
    let server = NatsServer::start();
    let (one, two) = (connected(&server.url()).await, connected(&server.url()).await);
    let three = connected(&server.url()).await;
    let mut slow = two.subscribe("a").await.unwrap();
    let mut quick = three.subscribe("a").await.unwrap();
    for _ in 0..1_100 {
        one.publish("a", b"x").unwrap();
        assert_eq!(next(&mut quick).await, message("x"), "who takes what comes misses nothing");
    }
    assert_eq!(next(&mut slow).await, Heard::Missed);
    assert_eq!(next(&mut slow).await, message("x"));
}
