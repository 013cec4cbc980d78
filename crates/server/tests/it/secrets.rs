//! Secrets go to whom they are for and are found nowhere else.

use axum::http::Method;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::support::{Answer, Api, Home, PASSWORD, Receiver, Reply, Server, flow};

/// Every secret, each of its own shape.
const SOURCE_TOKEN: &str = "source-token-5e1fd8a30c";
const STRANGERS_TOKEN: &str = "strangers-token-77aa01bc";
const BEARER: &str = "bearer-for-tickets-9c7e12";
const SECRET_HEADER: &str = "secret-header-4b31f0aa";
const SECRET_PATH: &str = "secret-path-0d9a8e";
const SIGNING_KEY: &str = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0";
const VAULTED: &str = "vaulted-erp-token-31d5c0";

/// What a customer wrote: no secret, but nobody who finds the disk reads it.
const CUSTOMERS_WORDS: &str = "the kettle leaks on my carpet";

const FLOW: &str = "nodes:
  look:
    kind: http
    method: POST
    url: \"{{ env.ERP }}\"
    headers: { x-erp: \"{{ secret.ERP_TOKEN }}\" }
    auth: { bearer: \"{{ secret.ERP_TOKEN }}\" }
    body: { query: \"{{ input.query }}\" }
  wrong:
    kind: http
    url: \"{{ env.ERP }}\"
    query: { token: \"{{ secret.ERP_TOKEN }}\" }
    success: [404]
    on_failure: branch
  tell: { kind: deliver, destination: tickets, body: { query: \"{{ input.query }}\", echo: \"{{ nodes.look.body }}\" } }
  hide: { kind: deliver, destination: robot, body: { query: \"{{ input.query }}\" } }
edges:
  - start -> look -> wrong
  - wrong.failed -> tell -> hide
outputs: { look: \"{{ nodes.look }}\" }
";

/// Answers with everything that it was asked with, as a careless debugging endpoint does.
async fn parrot() -> Receiver {
    Receiver::start(|nth, seen| {
        let headers: Vec<_> =
            seen.headers.iter().map(|(name, _)| (name.as_str(), seen.header(name.as_str()))).collect();
        let echo = json!({ "headers": headers, "path": seen.path, "query": seen.query });
        let status = if nth < 3 { 200 } else { 500 };
        Reply::json(status, &echo)
    })
    .await
}

async fn set_up(server: &Server, receiver: &Receiver) -> (Api, Answer) {
    let owner = Api::set_up(server).await;
    let set = async |path: &str, value: &str| {
        let path = format!("/environments/production/{path}");
        assert_eq!(owner.put(&path, &json!({ "value": value })).await.status, 204);
    };
    set("secrets/ERP_TOKEN", VAULTED).await;
    set("variables/ERP", &receiver.url("erp")).await;
    let tickets = json!({
        "kind": "webhook", "url": receiver.url("hook"), "auth": { "type": "bearer" }, "signing": "standard_webhooks",
        "retry": ["1ms"],
    });
    let secrets = json!({ "auth": BEARER, "headers": { "x-key": SECRET_HEADER }, "signing": [SIGNING_KEY] });
    owner.destination("tickets", tickets, secrets).await;
    let robot = json!({ "kind": "webhook", "retry": ["1ms"] });
    owner
        .destination(
            "robot",
            robot,
            json!({ "url": receiver.url(&format!("{SECRET_PATH}?key={SECRET_PATH}")) }),
        )
        .await;
    owner.deploy("secretive", &flow("secretive", FLOW)).await;

    let config = json!({ "verification": { "scheme": "token" }, "reply": { "mode": "wait" } });
    let mut source =
        owner.source("secretive", config, json!({ "scheme": "token", "tokens": [SOURCE_TOKEN] })).await;
    let body = json!({ "query": CUSTOMERS_WORDS });
    let refused = source.post_with(&[("authorization", &format!("Bearer {STRANGERS_TOKEN}"))], &body).await;
    refused.problem(401, "token_invalid");
    owner.refusal(&source, "token_invalid").await;
    let bare = source.url.clone();
    source.url = format!("{bare}?token={SOURCE_TOKEN}");
    let answer = source.post_with(&[("x-webhook-token", SOURCE_TOKEN)], &body).await;
    (owner, answer)
}

#[tokio::test]
async fn no_secret_is_in_the_trace_the_api_the_log_or_the_files() {
    let home = Home::new();
    let server = home.serve().variable("LINCHPIN_LOG__FILTER", "trace").start().await;
    let receiver = parrot().await;
    let (owner, answer) = set_up(&server, &receiver).await;
    let event = answer.header("linchpin-event").unwrap().to_owned();
    let trace = owner.settled(&event, 2).await;
    reached_whom_they_are_for(&receiver);
    assert_eq!(trace["runs"][0]["steps"][0]["state"], "succeeded", "{trace}");
    assert!(
        trace.to_string().contains("{{ secret.ERP_TOKEN }}"),
        "the trace says which one was used: {trace}"
    );

    let mut places =
        vec![("the answer".to_owned(), format!("{answer:?}")), ("the trace".to_owned(), trace.to_string())];
    let status = trace["status_url"].as_str().unwrap();
    places.push((
        "the status".to_owned(),
        format!("{:?}", owner.http.call(Method::GET, status, &[], "").await),
    ));
    places.push((
        "the metrics".to_owned(),
        owner.http.call(Method::GET, &format!("{}/metrics", server.url), &[], "").await.text().to_owned(),
    ));
    for list in
        ["sources", "destinations", "secrets", "variables", "events", "runs", "deliveries", "refusals"]
    {
        let shown = owner.get(&format!("/environments/production/{list}")).await;
        assert_eq!(shown.status, 200, "{list}: {shown:?}");
        places.push((list.to_owned(), shown.text().to_owned()));
    }
    for path in ["/flows", "/flows/secretive", "/flows/secretive/versions/1", "/api-keys", "/me"] {
        places.push((path.to_owned(), owner.get(path).await.text().to_owned()));
    }
    places.push(("the log".to_owned(), server.log()));
    let session = owner.credentials.as_ref().unwrap().1.split_once('=').unwrap().1.to_owned();
    let key = owner.key("viewer").await.credentials.unwrap().1.replace("Bearer ", "");
    let link = server.link_token().await;
    let secrets = secrets();
    let entries = [PASSWORD, &session, &key, &link];
    for secret in secrets.iter().copied().chain(entries) {
        for (place, text) in &places {
            assert!(!text.contains(secret), "{secret} is in {place}: {text}");
        }
    }
    server.kill().await;
    for (file, bytes) in files(&home) {
        for secret in secrets.iter().copied().chain(entries).chain([CUSTOMERS_WORDS]) {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} is in the file {file}");
        }
    }
}

fn secrets() -> [&'static str; 8] {
    let bare_key = SIGNING_KEY.strip_prefix("whsec_").unwrap();
    [SOURCE_TOKEN, STRANGERS_TOKEN, BEARER, SECRET_HEADER, SECRET_PATH, SIGNING_KEY, bare_key, VAULTED]
}

/// A test that hides too much would find nothing either.
fn reached_whom_they_are_for(receiver: &Receiver) {
    let seen = receiver.seen();
    let erp = seen.iter().find(|seen| seen.path == "/erp").unwrap();
    assert_eq!((erp.header("x-erp"), erp.header("authorization")), (VAULTED, &*format!("Bearer {VAULTED}")));
    let hook = seen.iter().find(|seen| seen.path == "/hook").unwrap();
    assert_eq!(
        (hook.header("authorization"), hook.header("x-key")),
        (&*format!("Bearer {BEARER}"), SECRET_HEADER)
    );
    Webhook::new(SIGNING_KEY).unwrap().verify(&hook.body, &hook.headers).unwrap();
    assert_eq!(hook.json()["query"], CUSTOMERS_WORDS);
    assert!(seen.iter().any(|seen| seen.path == format!("/{SECRET_PATH}")));
}

/// Every file in the data folder but the key, with the database among them unless it is on PostgreSQL.
fn files(home: &Home) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(home.path().join("data")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| !path.ends_with("key"));
    let files: Vec<_> =
        paths.map(|path| (path.display().to_string(), std::fs::read(path).unwrap())).collect();
    assert!(
        Home::is_on_postgres()
            || files.iter().any(|(name, bytes)| name.ends_with("linchpin.db-wal") && bytes.len() > 10_000),
        "{files:?}"
    );
    files
}

#[tokio::test]
async fn a_secret_is_set_and_never_shown() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let path = "/environments/production/secrets";
    owner.put(&format!("{path}/ERP_TOKEN"), &json!({ "value": VAULTED })).await.ok();
    let listed = owner.get(path).await;
    assert!(!listed.text().contains(VAULTED), "{listed:?}");
    assert_eq!(listed.ok()[0]["name"], "ERP_TOKEN");
    owner.put(&format!("{path}/NO-NAME"), &json!({ "value": "x" })).await.problem(422, "invalid");
    owner.key("viewer").await.get(path).await.problem(403, "forbidden");

    let leaking = flow(
        "leaking",
        "nodes:\n  say: { kind: template, text: \"{{ secret.ERP_TOKEN }}\" }\nedges: [start -> say]\n",
    );
    let checked = owner.put("/flows/leaking", &json!({ "definition": leaking })).await.ok();
    assert_eq!(checked["valid"], false, "a secret may stand only where it is dialled: {checked}");
    assert_eq!(owner.delete(&format!("{path}/ERP_TOKEN")).await.status, 204);
    owner.delete(&format!("{path}/ERP_TOKEN")).await.problem(404, "not_found");
    assert_eq!(owner.get(path).await.ok(), Value::Array(Vec::new()));
}
