//! Pages of other origins that call a source from a browser.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Api, Server, Source, flow};

const TOKEN: &str = "a-token-of-the-shop-0001";
const SHOP: &str = "https://shop.example";

const ECHO: &str = "nodes:
  say: { kind: template, text: \"{{ input.query }}\" }
edges: [start -> say]
outputs: { text: \"{{ nodes.say.text }}\" }
";

async fn source(cors: Value) -> (Server, Api, Source) {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    let config = json!({ "verification": { "scheme": "token" }, "cors": cors, "limits": { "body": "64B" } });
    let source = owner.source("echo", config, json!({ "scheme": "token", "tokens": [TOKEN] })).await;
    (server, owner, source)
}

async fn preflight(source: &Source, origin: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization"),
    ];
    source.send(Method::OPTIONS, &headers, "").await
}

#[tokio::test]
async fn a_browser_is_told_what_a_page_may_send_and_may_read_every_answer() {
    let cors = json!({ "origins": [SHOP], "headers": ["Authorization"], "credentials": true });
    let (_server, owner, source) = source(cors).await;
    let answer = preflight(&source, SHOP).await;
    assert_eq!((answer.status, answer.text()), (204, ""), "nobody is asked for a token");
    assert_eq!(answer.header("access-control-allow-origin"), Some(SHOP));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
    let sent = answer.header("access-control-allow-headers").unwrap();
    assert!(sent.split(", ").any(|name| name == "authorization"), "{sent}");
    assert!(answer.headers.get_all("vary").iter().any(|vary| vary == "origin"));

    let bearer = format!("Bearer {TOKEN}");
    let (proof, page) = (("authorization", bearer.as_str()), ("origin", SHOP));
    let (good, long) = (json!({ "query": "x" }), json!({ "query": "x".repeat(99) }));
    let readable = |answer: &Answer, status: u16| {
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.header("access-control-allow-origin"), Some(SHOP), "{status}");
        assert!(answer.header("access-control-expose-headers").unwrap().contains("linchpin-event"));
    };
    readable(&source.post_with(&[proof, page], &good).await, 202);
    readable(&source.post_with(&[page], &good).await, 401);
    readable(&source.post_with(&[proof, page], &json!({})).await, 422);
    readable(&source.post_with(&[proof, page], &long).await, 413);
    readable(&source.send(Method::PUT, &[page], "").await, 405);
    let mut off = owner.get(&format!("/sources/{}", source.id)).await.ok();
    off["flow"] = json!("echo");
    off["enabled"] = json!(false);
    owner.put(&format!("/sources/{}", source.id), &off).await.ok();
    readable(&source.post_with(&[proof, page], &good).await, 503);
    assert_eq!(preflight(&source, SHOP).await.status, 204, "so that the page can read why");
}

#[tokio::test]
async fn other_pages_are_told_nothing() {
    let (_server, owner, source) = source(json!({ "origins": [SHOP] })).await;
    let answer = preflight(&source, "https://other.example").await;
    answer.problem(405, "method_not_allowed");
    assert_eq!(answer.header("access-control-allow-origin"), None);
    owner.refusal(&source, "method_not_allowed").await;
    let headers = [("x-webhook-token", TOKEN), ("origin", "https://other.example")];
    let answer = source.post_with(&headers, &json!({ "query": "x" })).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (202, None));
    assert_eq!(answer.header("vary"), Some("origin"), "a cache must tell pages apart");

    let config = json!({ "verification": { "scheme": "none" } });
    let closed = owner.source("echo", config, Value::Null).await;
    assert_eq!(preflight(&closed, SHOP).await.status, 405, "off by default");
    let answer = closed.post_with(&[("origin", SHOP)], &json!({ "query": "x" })).await;
    assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), (None, None));
}
