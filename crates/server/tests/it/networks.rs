//! Sources that take requests from some networks only, behind proxies too.

use serde_json::{Value, json};

use crate::support::{Api, Home, Server, flow};

const ECHO: &str = "nodes:
  say: { kind: template, text: \"{{ input.query }}\" }
edges: [start -> say]
outputs: { text: \"{{ nodes.say.text }}\" }
";

fn from(networks: &[&str]) -> Value {
    json!({ "verification": { "scheme": "none" }, "allow_cidrs": networks })
}

#[tokio::test]
async fn only_the_networks_of_the_source_are_let_in() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    let body = json!({ "query": "x" });
    let near = owner.source("echo", from(&["::ffff:127.0.0.0/104"]), Value::Null).await;
    assert_eq!(near.post(&body).await.status, 202);
    let far = owner.source("echo", from(&["203.0.113.0/24", "::1"]), Value::Null).await;
    far.post(&body).await.problem(403, "address_not_allowed");
    let forged = [("x-forwarded-for", "203.0.113.7"), ("forwarded", "for=203.0.113.7")];
    far.post_with(&forged, &body).await.problem(403, "address_not_allowed");
    assert_eq!(owner.refusal(&far, "address_not_allowed").await["record"]["request"]["peer"], "127.0.0.1");
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_nearest_hop_that_is_none_counts() {
    let home = Home::new();
    let behind = home.serve().variable("LINCHPIN_TRUSTED_PROXIES", "[\"127.0.0.0/8\"]");
    let server = behind.variable("LINCHPIN_FORWARDED_BY", "forwarded").start().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    let source = owner.source("echo", from(&["203.0.113.0/24"]), Value::Null).await;
    let sent = async |headers: &[(&str, &str)]| source.post_with(headers, &json!({ "query": "x" })).await;
    assert_eq!(sent(&[("forwarded", "for=203.0.113.7")]).await.status, 202);
    let forged = "for=203.0.113.7, for=198.51.100.1";
    sent(&[("forwarded", forged)]).await.problem(403, "address_not_allowed");
    sent(&[("x-forwarded-for", "203.0.113.7")]).await.problem(403, "address_not_allowed");
}
