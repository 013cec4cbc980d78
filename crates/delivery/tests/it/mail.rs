//! Mail, against a server that keeps SMTP's rules.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use delivery::{AttemptRecord, Drain, Outcome, Reply, Surroundings};
use mail_parser::{MessageParser, MimeHeaders};
use outbound::{Client, Policy, SystemResolver};
use serde_json::{Value, json};
use store::{DeliveryId, DeliveryState};

use crate::{
    mail_server::{MailServer, Manners, Received},
    outbox::{Outbox, PATIENCE, finished, next},
    receiver::{Answer, Receiver},
};

const ACCOUNT: &str = "shop@example.com";
const PASSWORD: &str = "app-pass-0123456789";

/// A mail on its way.
struct Sent {
    outbox: Outbox,
    drain: Drain,
    id: DeliveryId,
}

/// What came of it.
struct Fate {
    outcomes: Vec<Outcome>,
    records: Vec<AttemptRecord>,
    received: Vec<Received>,
    outbox: Outbox,
    id: DeliveryId,
}

impl Fate {
    fn reason(&self) -> &str {
        self.records.last().unwrap().reason.as_deref().unwrap_or_default()
    }

    /// What was said in the last attempt.
    fn dialogue(&self) -> &str {
        match &self.records.last().unwrap().exchanges.last().unwrap().reply {
            Reply::Response(answer) => &answer.body.content,
            Reply::Error(error) => error.dialogue.as_ref().map_or("", |dialogue| &dialogue.content),
        }
    }

    fn status(&self) -> u16 {
        match &self.records.last().unwrap().exchanges.last().unwrap().reply {
            Reply::Response(answer) => answer.status,
            Reply::Error(error) => panic!("{error:?} is no answer"),
        }
    }
}

fn settings(server: &MailServer) -> Value {
    let security = if server.is_tls() { "tls" } else { "starttls" };
    json!({ "kind": "email", "host": "127.0.0.1", "port": server.port(), "security": security, "from": "Shop <shop@example.com>",
        "to": ["ann@example.com"], "subject": "News", "retry": ["1ms", "1ms", "1ms", "1ms"], "rate": [],
        "auth": { "type": "password", "username": ACCOUNT } })
}

async fn send(server: &MailServer, config: Value, secret: &str, body: Value) -> Sent {
    let outbox = Outbox::new().await;
    let secrets = if config["auth"]["type"] == "none" { json!({}) } else { json!({ "auth": secret }) };
    let destination = outbox.destination(config, secrets).await;
    let id = outbox.deliver_one(destination, body).await;
    let policy = Policy { trust: vec![server.certificate()], ..Policy::new("test/1") };
    let policy = policy.allow(vec!["127.0.0.0/8".parse().unwrap()]);
    let client = Client::new(policy, Arc::new(SystemResolver::default())).unwrap();
    let (store, clock, node) = (outbox.store.clone(), outbox.clock.clone(), outbox.node);
    let drain = Drain::start(Surroundings {
        store,
        client,
        clock,
        random: clock::Random::system(),
        node,
        measure: Arc::new(|_, _| {}),
    });
    Sent { outbox, drain, id }
}

/// Sends a mail until its server has it or will not have it.
async fn finish(server: &MailServer, config: Value, secret: &str, body: Value) -> Fate {
    let Sent { outbox, drain, id } = send(server, config, secret, body).await;
    let outcomes = finished(&mut drain.settled(), id).await;
    let records = outbox.records(id).await;
    let text = serde_json::to_string(&records).unwrap();
    for proof in
        [secret.to_owned(), STANDARD.encode(secret), STANDARD.encode(format!("\0{ACCOUNT}\0{secret}"))]
    {
        assert!(!text.contains(&proof), "{proof} stands in {text}");
    }
    Fate { outcomes, records, received: server.received(), outbox, id }
}

/// The same by the usual settings.
async fn usual(manners: Manners, body: Value) -> Fate {
    let server = MailServer::start(manners).await;
    finish(&server, settings(&server), PASSWORD, body).await
}

fn manners() -> Manners {
    Manners::usual(ACCOUNT, PASSWORD)
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_said() {
    let body = json!({ "to": ["张三 <zhang@example.com>"], "bcc": "eve@example.com", "subject": "候选人：李四",
        "text": "第一行\n.\n..第三行", "html": "<p>漏水</p>",
        "attachments": [{ "name": "简历.txt", "text": ".\nx" }] });
    let fate = usual(manners(), body).await;
    assert_eq!(fate.outcomes, [Outcome::Delivered], "{:?}", fate.records);
    let [mail] = &fate.received[..] else { panic!("{} mails came", fate.received.len()) };
    assert!(mail.secured && mail.signed_in);
    assert_eq!(
        (mail.from.as_str(), mail.to.join(" ")),
        (ACCOUNT, "zhang@example.com eve@example.com".into())
    );
    let parsed = MessageParser::default().parse(&mail.message).unwrap();
    assert_eq!(
        (parsed.subject(), parsed.message_id()),
        (Some("候选人：李四"), Some(format!("{}@example.com", fate.id).as_str()))
    );
    assert_eq!(parsed.body_text(0).unwrap().trim_end(), "第一行\r\n.\r\n..第三行");
    assert_eq!(parsed.body_html(0).unwrap().trim_end(), "<p>漏水</p>");
    let part = parsed.attachments().next().unwrap();
    assert_eq!((part.attachment_name(), part.contents()), (Some("简历.txt"), &b".\nx"[..]));
    assert_eq!((fate.status(), fate.reason()), (250, ""));
    let expected = format!("> AUTH PLAIN •••\n< 235 welcome\n> MAIL FROM:<{ACCOUNT}> SIZE=");
    assert!(fate.dialogue().contains(&expected), "{}", fate.dialogue());
    let request = &fate.records[0].exchanges[0].request;
    assert_eq!((request.method.as_str(), &request.url[..17]), ("SMTP", "smtp://127.0.0.1:"));
    assert!(request.headers.contains(&("subject".into(), "候选人：李四".into())), "{:?}", request.headers);
    assert!(!request.headers.iter().any(|(name, _)| name == "webhook-id"), "what is shown is what was sent");
    assert!(request.body.content.starts_with("第一行"), "{:?}", request.body);
    let timing = fate.records[0].exchanges[0].timing;
    assert!(timing.tls_ms.is_some() && timing.first_byte_ms.is_some(), "{timing:?}");
}

#[tokio::test]
async fn tls_from_the_first_byte_and_every_way_to_sign_in() {
    for (tls, mechanisms) in [(true, "PLAIN"), (false, "LOGIN"), (true, "CRAM-MD5 LOGIN")] {
        let manners = Manners { tls, starttls: !tls, mechanisms, ..manners() };
        let fate = usual(manners, json!("漏水")).await;
        assert_eq!(fate.outcomes, [Outcome::Delivered], "{mechanisms}: {:?}", fate.records);
        assert!(fate.received[0].secured && fate.received[0].signed_in);
    }
}

#[tokio::test]
async fn a_server_on_the_same_network_may_go_without_tls() {
    let server = MailServer::start(Manners::default()).await;
    let mut config = settings(&server);
    (config["security"], config["auth"]) = ("none".into(), json!({ "type": "none" }));
    let fate = finish(&server, config, PASSWORD, json!("a")).await;
    assert_eq!(fate.outcomes, [Outcome::Delivered], "{:?}", fate.records);
    assert!(!fate.received[0].secured);
}

#[tokio::test]
async fn nothing_goes_to_a_server_whose_line_cannot_be_secured() {
    let server = MailServer::start(Manners { starttls: false, ..manners() }).await;
    let fate = finish(&server, settings(&server), PASSWORD, json!("a")).await;
    assert_eq!(fate.outcomes, [Outcome::Permanent]);
    assert!(fate.reason().contains("STARTTLS") && fate.reason().contains("`security`"), "{}", fate.reason());
    assert_eq!(server.commands(), ["EHLO example.com"], "neither a password nor an address");
}

#[tokio::test]
async fn what_is_written_into_the_line_before_tls_ends_it() {
    let fate = usual(manners().saying("STARTTLS", vec!["220 go ahead\r\n250 injected"; 5]), json!("a")).await;
    assert_eq!(fate.outcomes.last(), Some(&Outcome::Exhausted));
    assert!(fate.reason().contains("in the clear") && fate.received.is_empty(), "{}", fate.reason());
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_no_password() {
    let server = MailServer::start(manners()).await;
    let outbox = Outbox::new().await;
    let destination = outbox.destination(settings(&server), json!({ "auth": PASSWORD })).await;
    let id = outbox.deliver_one(destination, json!("a")).await;
    // This drain trusts the web's authorities alone.
    let drain = outbox.drain();
    assert_eq!(finished(&mut drain.settled(), id).await.last(), Some(&Outcome::Exhausted));
    assert!(!server.commands().iter().any(|line| line.starts_with("AUTH")), "{:?}", server.commands());
    let records = outbox.records(id).await;
    assert!(records[0].reason.as_ref().unwrap().contains("no secure connection"), "{records:?}");
}

#[tokio::test]
async fn a_wrong_password_is_a_dead_letter_that_names_the_secret() {
    let server = MailServer::start(manners()).await;
    let fate = finish(&server, settings(&server), "wrong-9876543210", json!("a")).await;
    assert_eq!((fate.outcomes.as_slice(), fate.status()), (&[Outcome::Permanent][..], 535));
    assert!(fate.reason().contains("secret `auth`"), "{}", fate.reason());
    let fate = usual(Manners { mechanisms: "GSSAPI", ..manners() }, json!("a")).await;
    assert!(fate.reason().contains("only by GSSAPI"), "{}", fate.reason());
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_does_not_is_not() {
    for (word, said, again) in [
        ("CONNECT", "421 too busy", true),
        ("CONNECT", "!", true),
        ("CONNECT", "554 not from there", false),
        ("EHLO", "421 closing", true),
        ("EHLO", "550 who?", false),
        ("STARTTLS", "454 not available", true),
        ("AUTH", "454 4.7.0 temporary failure", true),
        ("MAIL", "451 local error", true),
        ("MAIL", "452 no storage", true),
        ("MAIL", "553 not your address", false),
        ("ann@example.com", "421 bye", true),
        ("ann@example.com", "450 greylisted", true),
        ("ann@example.com", "550 5.1.1 no such user", false),
        ("DATA", "451 later", true),
        ("DATA", "554 no", false),
        ("MESSAGE", "452 full", true),
        ("MESSAGE", "552 5.2.2 mailbox full", false),
        ("MESSAGE", "554 5.7.1 spam", false),
        ("MESSAGE", "!", true),
        ("MAIL", "hello", true),
        ("MAIL", "999 hello", true),
    ] {
        let fate = usual(manners().saying(word, [said]), json!("a")).await;
        let expected: &[Outcome] =
            if again { &[Outcome::Retry, Outcome::Delivered] } else { &[Outcome::Permanent] };
        assert_eq!(fate.outcomes, expected, "{said} to {word}: {:?}", fate.records);
        assert_eq!(fate.received.len(), usize::from(again), "{said} to {word}");
        if !again {
            assert!(fate.reason().contains(said) && fate.reason().contains("replay"), "{}", fate.reason());
        }
    }
}

#[tokio::test]
async fn who_is_refused_is_named_and_the_others_have_it() {
    let body = json!({ "text": "a", "to": ["ann@example.com", "nobody@example.com"] });
    let manners = manners().saying("nobody@example.com", ["550 5.1.1 no such user"]);
    let fate = usual(manners, body).await;
    assert_eq!((fate.outcomes.as_slice(), fate.status()), (&[Outcome::Delivered][..], 250));
    assert_eq!(
        fate.reason(),
        "the mail server did not take it for nobody@example.com (550 5.1.1 no such user)"
    );
    assert_eq!(fate.received[0].to, ["ann@example.com"]);
}

#[tokio::test]
async fn who_is_put_off_gets_it_later_and_nobody_gets_it_twice() {
    let body =
        json!({ "text": "a", "to": ["ann@example.com", "bob@example.com"], "cc": ["nobody@example.com"] });
    let manners = manners()
        .saying("bob@example.com", ["450 greylisted", "451 later"])
        .saying("nobody@example.com", vec!["550 no such user"; 3]);
    let fate = usual(manners, body).await;
    assert_eq!(fate.outcomes, [Outcome::Retry, Outcome::Retry, Outcome::Delivered], "{:?}", fate.records);
    let to: Vec<&[String]> = fate.received.iter().map(|mail| mail.to.as_slice()).collect();
    assert_eq!(to, [["ann@example.com"], ["bob@example.com"]]);
    assert_eq!(fate.records[0].told, ["ann@example.com"]);
    assert!(fate.reason().contains("nobody@example.com"), "{}", fate.reason());
    let ids: Vec<_> = fate
        .received
        .iter()
        .map(|mail| MessageParser::default().parse(&mail.message).unwrap().message_id().unwrap().to_owned())
        .collect();
    assert_eq!(ids[0], ids[1], "a receiver can tell that it is the same");
}

#[tokio::test]
async fn what_a_server_does_not_take_is_not_sent_to_it() {
    let fate = usual(Manners { size: Some(2000), ..manners() }, json!("x".repeat(3000))).await;
    assert_eq!(fate.outcomes, [Outcome::Permanent]);
    assert!(fate.reason().contains("at most 2000"), "{}", fate.reason());
    let body = json!({ "text": "a", "to": ["用户@example.com"] });
    let fate = usual(manners(), body.clone()).await;
    assert_eq!(fate.outcomes, [Outcome::Permanent]);
    assert!(fate.reason().contains("SMTPUTF8"), "{}", fate.reason());
    let fate = usual(Manners { utf8: true, ..manners() }, body).await;
    assert_eq!(
        (fate.outcomes.as_slice(), fate.received[0].to[0].as_str()),
        (&[Outcome::Delivered][..], "用户@example.com")
    );
}

#[tokio::test]
async fn a_server_that_hangs_or_drips_holds_no_worker() {
    for (word, said) in [("CONNECT", "…"), ("CONNECT", "~"), ("EHLO", "~"), ("MESSAGE", "…")] {
        let server = MailServer::start(manners().saying(word, [said])).await;
        let mut config = settings(&server);
        config["timeout"] = "1s".into();
        let fate = finish(&server, config, PASSWORD, json!("a")).await;
        assert_eq!(fate.outcomes, [Outcome::Retry, Outcome::Delivered], "{said} to {word}");
        let reason = fate.records[0].reason.as_deref().unwrap();
        assert!(reason.contains("time ran out after 1000 ms"), "{reason}");
        let Reply::Error(error) = &fate.records[0].exchanges[0].reply else { panic!("there was no answer") };
        assert_eq!(error.kind, "timeout");
        assert_eq!(error.dialogue.is_none(), word == "CONNECT", "{error:?}");
    }
}

#[tokio::test]
async fn a_line_without_an_end_costs_no_memory() {
    let long = String::leak("2".repeat(100_000));
    let fate = usual(manners().saying("CONNECT", vec![&*long; 5]), json!("a")).await;
    assert_eq!(fate.outcomes.last(), Some(&Outcome::Exhausted));
    assert!(fate.reason().contains("no end"), "{}", fate.reason());
}

#[tokio::test]
async fn a_private_address_is_a_dead_letter_that_names_the_setting() {
    let server = MailServer::start(manners()).await;
    let outbox = Outbox::new().await;
    let destination = outbox.destination(settings(&server), json!({ "auth": PASSWORD })).await;
    let id = outbox.deliver_one(destination, json!("a")).await;
    let client = Client::new(Policy::new("test/1"), Arc::new(SystemResolver::default())).unwrap();
    let (store, clock, node) = (outbox.store.clone(), outbox.clock.clone(), outbox.node);
    let drain = Drain::start(Surroundings {
        store,
        client,
        clock,
        random: clock::Random::system(),
        node,
        measure: Arc::new(|_, _| {}),
    });
    assert_eq!(finished(&mut drain.settled(), id).await, [Outcome::Permanent]);
    let records = outbox.records(id).await;
    let reason = records[0].reason.as_deref().unwrap();
    assert!(reason.contains("127.0.0.1") && reason.contains(outbound::ALLOW_SETTING), "{reason}");
    assert!(server.commands().is_empty());
    assert_eq!(outbox.state(id).await.0, DeliveryState::Dead);
}

#[tokio::test]
async fn a_token_that_is_not_taken_any_more_is_renewed_at_once() {
    let giver = Receiver::start(|nth, _| {
        let token = if nth == 0 { "stale-0123456789" } else { "fresh-0123456789" };
        let body = json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600 });
        Answer::with(200, &[("content-type", "application/json")], body.to_string())
    })
    .await;
    let manners =
        Manners { account: Some((ACCOUNT, "fresh-0123456789")), mechanisms: "XOAUTH2", ..manners() };
    let server = MailServer::start(manners).await;
    let mut config = settings(&server);
    config["auth"] =
        json!({ "type": "oauth2", "username": ACCOUNT, "token_url": giver.url(), "client_id": "linchpin" });
    let fate = finish(&server, config, "client-s3cret", json!("a")).await;
    assert_eq!(fate.outcomes, [Outcome::Delivered], "{:?}", fate.records);
    assert_eq!((giver.seen().len(), fate.received.len()), (2, 1));
    let text = serde_json::to_string(&fate.records).unwrap();
    assert!(!text.contains("fresh-") && !text.contains("stale-"), "{text}");
    assert_eq!(fate.outbox.state(fate.id).await.0, DeliveryState::Delivered);
}

#[tokio::test]
async fn a_busy_server_trips_the_breaker_and_a_picky_one_does_not() {
    for (said, open) in [("421 too busy", true), ("450 later", false)] {
        let word = if open { "CONNECT" } else { "ann@example.com" };
        let server = MailServer::start(manners().saying(word, vec![said; 9])).await;
        let mut config = settings(&server);
        config["breaker"] = json!({ "failures": 2, "pause": "1m", "longest": "1m" });
        let Sent { outbox, drain, id } = send(&server, config, PASSWORD, json!("a")).await;
        let (mut settled, mut tripped) = (drain.settled(), drain.tripped());
        for _ in 0..2 {
            next(&mut settled).await;
        }
        if open {
            let told =
                tokio::time::timeout(PATIENCE, tripped.recv()).await.expect("the breaker did not move");
            assert!(told.unwrap().open.is_some() && outbox.view(id).await.attempts == 2);
        } else {
            assert_eq!(finished(&mut settled, id).await.last(), Some(&Outcome::Exhausted), "{said}");
        }
    }
}
