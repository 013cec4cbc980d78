//! Two sources of one flow: the interface of an older version beside that of the newest.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Api, Http, Server, flow};

fn version(inputs: &str, text: &str) -> String {
    let rest = format!(
        "nodes:\n  say: {{ kind: template, text: \"{text}\" }}\nedges: [start -> say]\noutputs: {{ text: \"{{{{ nodes.say.text }}}}\" }}\n"
    );
    flow("shop", &rest).replace("nodes:\n", &format!("{inputs}nodes:\n"))
}

fn config(contract: Value) -> Value {
    let mut config = json!({ "verification": { "scheme": "none" }, "reply": { "mode": "wait" } });
    if !contract.is_null() {
        config["contract"] = contract;
    }
    config
}

#[tokio::test]
async fn the_old_interface_is_served_beside_the_new_one() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let first = owner.deploy("shop", &version("", "old {{ input.query }}")).await;
    let deprecated = json!({
        "version": first, "deprecated": "2026-01-31T00:00:00Z", "sunset": "2026-12-31T00:00:00Z",
        "docs": "https://docs.example/v2",
    });
    let old = owner.source("shop", config(deprecated.clone()), Value::Null).await;
    let answer = old.post(&json!({ "query": "E3" })).await;
    assert_eq!((answer.ok(), answer.header("deprecation")), (json!({ "text": "old E3" }), None));

    let second =
        version("  lang: { type: string, required: true }\n", "new {{ input.query }} {{ input.lang }}");
    owner.put("/flows/shop", &json!({ "definition": second })).await.ok();
    let number = owner.post("/flows/shop/versions", &json!({})).await.ok()["number"].clone();
    let deployment = json!({ "environment": "production", "version": number });
    let refused = owner.post("/flows/shop/deployments", &deployment).await.problem(409, "conflict");
    let said = refused["detail"].as_str().unwrap();
    assert!(said.contains("requires `lang`") && said.contains("contract.defaults.lang"), "{said}");
    assert_eq!(
        old.post(&json!({ "query": "E3" })).await.ok(),
        json!({ "text": "old E3" }),
        "nothing was deployed"
    );

    let path = format!("/sources/{}", old.id);
    let mut changed = owner.get(&path).await.ok();
    changed["flow"] = json!("shop");
    changed["config"]["contract"]["defaults"] = json!({ "lang": "zh" });
    owner.put(&path, &changed).await.ok();
    owner.post("/flows/shop/deployments", &deployment).await.ok();
    let new = owner.source("shop", config(Value::Null), Value::Null).await;
    let answer = old.post(&json!({ "query": "E3", "lang": "en" })).await;
    assert_eq!(answer.ok(), json!({ "text": "new E3 zh" }));
    let refused = old.post(&json!({})).await;
    refused.problem(422, "field_invalid");
    for answer in [answer, refused] {
        assert_eq!(answer.header("deprecation"), Some("@1769817600"));
        assert_eq!(answer.header("sunset"), Some("Thu, 31 Dec 2026 00:00:00 GMT"));
        assert!(answer.header("link").unwrap().contains("rel=\"deprecation\""));
    }
    new.post(&json!({ "query": "E3" })).await.problem(422, "field_invalid");
    let answer = new.post(&json!({ "query": "E3", "lang": "en" })).await;
    assert_eq!((answer.ok(), answer.header("deprecation")), (json!({ "text": "new E3 en" }), None));

    let mut unknown = deprecated;
    unknown["version"] = json!(9);
    let source = json!({ "name": "unknown", "flow": "shop", "config": config(unknown) });
    let refused = owner.post("/environments/production/sources", &source).await.problem(422, "invalid");
    assert!(refused["detail"].as_str().unwrap().contains("no version 9"), "{refused}");
}

#[tokio::test]
async fn who_still_uses_a_source_is_counted() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("shop", &version("", "{{ input.query }}")).await;
    let mut filtered = config(Value::Null);
    filtered["filter"] = json!("{{ input.query == 'E3' }}");
    let used = owner.source("shop", filtered, Value::Null).await;
    let unused = owner.source("shop", config(Value::Null), Value::Null).await;
    for query in ["E3", "E4", "E3"] {
        assert_eq!(used.post(&json!({ "query": query })).await.status, 200);
    }
    used.post(&json!({})).await.problem(422, "field_invalid");
    let usage = async |id: &str| owner.get(&format!("/sources/{id}")).await.ok()["usage"].clone();
    let counted = usage(&used.id).await;
    assert_eq!((&counted["requests_24h"], &counted["requests_30d"]), (&json!(3), &json!(3)), "{counted}");
    assert!(counted["last_at"].as_str().unwrap().ends_with('Z'), "{counted}");
    assert_eq!(usage(&unused.id).await, json!({ "requests_24h": 0, "requests_30d": 0, "last_at": null }));
    let listed = owner.get("/environments/production/sources").await.ok();
    for source in listed.as_array().unwrap() {
        let expected = if source["id"] == used.id { 3 } else { 0 };
        assert_eq!(source["usage"]["requests_24h"], expected, "{source}");
    }
    let metrics = Http::new().call(Method::GET, &format!("{}/metrics", server.url), &[], "").await;
    let name = owner.get(&format!("/sources/{}", used.id)).await.ok()["name"].clone();
    let line = format!("linchpin_source_requests_total{{environment=\"production\",source={name}}} 4");
    assert!(metrics.text().lines().any(|known| known == line), "refused ones too: {}", metrics.text());
    assert!(!metrics.text().contains(&used.id), "an id is a permission to post");
}
