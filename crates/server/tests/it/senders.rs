//! Requests that senders' own libraries sign, or independent ones, at the real binary; and what it delivers, verified by those
//! of receivers. They run in `cargo xtask test`,
//! which installs the libraries of `senders/`.

mod existing;
mod receiving;

use std::{collections::BTreeMap, path::PathBuf, process::Stdio};

use axum::http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, process::Command};

use crate::support::{Answer, Api, Receiver, Reply, Server, Source, flow};

const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const AES_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";

/// The folder of the senders' libraries and of what calls them.
fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../senders"))
}

/// A program that finds the libraries of Python where they were put; without that, those of the system.
fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    if let Some(libraries) = std::env::var_os("SENDERS_FOR_TESTS") {
        command.env("PYTHONPATH", libraries);
    }
    command
}

/// What a program says that is told something, line by line.
async fn said(program: &str, arguments: &[&str], told: String) -> Vec<Value> {
    let mut command = self::program(program);
    command.args(arguments).current_dir(folder()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let telling = tokio::spawn(async move { stdin.write_all(told.as_bytes()).await.unwrap() });
    let output = child.wait_with_output().await.unwrap();
    telling.await.unwrap();
    assert!(output.status.success(), "are the libraries of senders/ there? `cargo xtask test` installs them");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The answer of `sign.py` to a question.
async fn sign(sender: &str, question: Value) -> Value {
    let mut question = question;
    question["sender"] = sender.into();
    said("python3", &["sign.py"], format!("{question}\n")).await.remove(0)
}

async fn server() -> (Server, Api) {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let echo = "nodes:\n  say: { kind: template, text: \"{{ input.query }}\" }\nedges: [start -> say]\n";
    owner.deploy("echo", &flow("echo", echo)).await;
    (server, owner)
}

/// A source of a scheme; its flow's input comes from `from`.
async fn source(owner: &Api, verification: Value, secrets: Value, from: &str) -> Source {
    let fields = json!({ "query": { "type": "string", "from": from, "default": "none" } });
    owner.source("echo", json!({ "verification": verification, "fields": fields }), secrets).await
}

async fn post(source: &Source, headers: &Value, body: &str) -> Answer {
    let headers: BTreeMap<&str, &str> = headers
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
        .collect();
    let mut headers: Vec<_> = headers.into_iter().collect();
    headers.push(("content-type", "application/json"));
    source.send(Method::POST, &headers, body.to_owned()).await
}

/// A source's URL with a query.
fn at(source: &Source, query: &Value) -> Source {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let query = query.as_object().unwrap().iter();
    let query = query.map(|(name, value)| format!("{name}={}", encode(value.as_str().unwrap())));
    source.at(format!("{}?{}", source.url, query.collect::<Vec<_>>().join("&")))
}

#[tokio::test]
#[ignore = "needs the libraries of senders/: cargo xtask test"]
async fn standard_webhooks_gitlab_and_stripe() {
    let (_server, owner) = server().await;
    let standard = source(
        &owner,
        json!({ "scheme": "standard_webhooks" }),
        json!({ "scheme": "standard_webhooks", "signing_keys": [WHSEC] }),
        "body.query",
    );
    let gitlab = source(
        &owner,
        json!({ "scheme": "gitlab" }),
        json!({ "scheme": "gitlab", "signing_tokens": [WHSEC] }),
        "body.query",
    );
    let stripe = source(
        &owner,
        json!({ "scheme": "stripe" }),
        json!({ "scheme": "stripe", "signing_secrets": [WHSEC] }),
        "body.query",
    );
    let (standard, gitlab, stripe) = (standard.await, gitlab.await, stripe.await);
    let body = json!({ "id": "evt_1", "query": "你好" }).to_string();
    for (source, sender) in [
        (&standard, "standardwebhooks"),
        (&standard, "svix"),
        (&gitlab, "standardwebhooks"),
        (&stripe, "stripe"),
    ] {
        let question = json!({ "secret": WHSEC, "id": format!("msg_{sender}"), "body": body });
        let headers = sign(sender, question).await;
        let first = post(source, &headers, &body).await;
        assert_eq!((first.status, first.header("linchpin-duplicate")), (202, None), "{sender}: {first:?}");
        let again = post(source, &headers, &body).await;
        assert_eq!(again.header("linchpin-duplicate"), Some("true"), "{sender}");
        post(source, &headers, &body.replace("你好", "您好")).await.problem(401, "signature_invalid");
    }
    let question = json!({ "secret": "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "id": "m", "body": body });
    post(&standard, &sign("svix", question).await, &body).await.problem(401, "signature_invalid");
}

#[tokio::test]
#[ignore = "needs the libraries of senders/: cargo xtask test"]
async fn wecom_by_an_independent_implementation() {
    let (_server, owner) = server().await;
    let verification = json!({ "scheme": "wecom", "receive_id": "wx5823bf96d3bd56c7" });
    let secrets = json!({ "scheme": "wecom", "tokens": ["QDG6eK"], "aes_keys": [AES_KEY] });
    let source = source(&owner, verification, secrets, "query.none").await;
    let message = "<xml><FromUserName><![CDATA[ann]]></FromUserName><CreateTime>1348831860</CreateTime>\
                   <MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]></Content><MsgId>1234567890</MsgId></xml>";
    let question =
        json!({ "token": "QDG6eK", "key": AES_KEY, "receiver": "wx5823bf96d3bd56c7", "message": message });
    let signed = sign("wecom", question.clone()).await;
    let echoed = at(&source, &signed["echo"]).send(Method::GET, &[], "").await;
    assert_eq!((echoed.status, echoed.text()), (200, "1616140317555161061"));
    let body = signed["body"].as_str().unwrap().to_owned();
    let called = at(&source, &signed["query"]);
    let post = async |body: String| called.send(Method::POST, &[("content-type", "text/xml")], body).await;
    let first = post(body.clone()).await;
    assert_eq!((first.status, first.text()), (200, ""), "{first:?}");
    post(body.replacen("<Encrypt><![CDATA[", "<Encrypt><![CDATA[A", 1))
        .await
        .problem(401, "signature_invalid");

    // WeCom seals a message anew when it sends it again.
    let again = sign("wecom", question).await;
    let body = again["body"].as_str().unwrap().to_owned();
    let again = at(&source, &again["query"]).send(Method::POST, &[("content-type", "text/xml")], body).await;
    assert_eq!(again.header("linchpin-duplicate"), Some("true"), "{again:?}");
    assert_eq!(again.header("linchpin-event"), first.header("linchpin-event"));
}

#[tokio::test]
#[ignore = "needs the libraries of senders/: cargo xtask test"]
async fn dingtalk_by_an_independent_implementation() {
    let (_server, owner) = server().await;
    let verification = json!({ "scheme": "dingtalk_events", "receive_id": "ding_app" });
    let secrets = json!({ "scheme": "dingtalk_events", "tokens": ["tok"], "aes_keys": [AES_KEY] });
    let source = source(&owner, verification, secrets, "body.EventType").await;
    let known = json!({ "token": "tok", "key": AES_KEY, "receiver": "ding_app" });
    for (message, is_event) in [
        (json!({ "EventType": "check_url" }), false),
        (json!({ "EventType": "org_change", "TimeStamp": "1" }), true),
    ] {
        let mut question = known.clone();
        question["message"] = message.to_string().into();
        let signed = sign("dingtalk", question).await;
        let answer = post(&at(&source, &signed["query"]), &json!({}), signed["body"].as_str().unwrap()).await;
        assert_eq!((answer.status, answer.header("linchpin-event").is_some()), (200, is_event), "{answer:?}");
        let mut question = known.clone();
        question["answer"] = answer.text().into();
        assert_eq!(sign("opened", question).await["message"], "success");
    }
    assert_eq!(owner.list("events").await.len(), 1);
}

#[tokio::test]
#[ignore = "needs the libraries of senders/: cargo xtask test"]
async fn json_web_tokens_of_every_algorithm() {
    let claims = json!({ "iss": "https://issuer.example", "aud": "hooks", "exp": 4_000_000_000_u64 });
    let signed = sign("tokens", json!({ "claims": claims })).await;
    let jwks = signed["jwks"].clone();
    let issuer = Receiver::start(move |_, _| Reply::json(200, &jwks)).await;
    let (_server, owner) = server().await;
    let tokens = signed["tokens"].as_object().unwrap();
    let algorithms: Vec<&String> = tokens.keys().collect();
    assert_eq!(algorithms.len(), 7);
    let verification = json!({
        "scheme": "jwt", "algorithms": algorithms, "jwks_url": issuer.url("jwks"),
        "issuer": "https://issuer.example", "audience": ["hooks"],
    });
    let source = source(&owner, verification, json!({ "scheme": "jwt" }), "body.query").await;
    for (algorithm, token) in tokens {
        let bearer = json!({ "authorization": format!("Bearer {}", token.as_str().unwrap()) });
        let answer = post(&source, &bearer, "{}").await;
        assert_eq!(answer.status, 202, "{algorithm}: {answer:?}");
    }
    assert_eq!(issuer.seen().len(), 1);
}

#[tokio::test]
#[ignore = "needs the libraries of senders/: cargo xtask test"]
async fn every_example_of_githubs_payloads_signed_by_octokit() {
    let (_server, owner) = server().await;
    let secret = "It's a Secret to Everybody";
    let secrets = json!({ "scheme": "github", "secrets": [secret] });
    let source = source(&owner, json!({ "scheme": "github" }), secrets, "header.x-github-event").await;
    let examples = said("node", &["octokit.mjs", secret], String::new()).await;
    assert!(examples.len() > 300, "{} examples", examples.len());
    for (number, example) in examples.iter().enumerate() {
        let delivery = format!("delivery-{number}");
        let headers = json!({
            "x-github-event": example["event"],
            "x-github-delivery": delivery,
            "x-hub-signature-256": example["signature"],
        });
        let body = example["body"].as_str().unwrap();
        let answer = post(&source, &headers, body).await;
        assert_eq!(
            (answer.status, answer.header("linchpin-duplicate")),
            (202, None),
            "{}: {answer:?}",
            example["event"]
        );
        let mut tampered = body.to_owned();
        tampered.insert(body.len() - 1, ' ');
        post(&source, &headers, &tampered).await.problem(401, "signature_invalid");
    }
}
