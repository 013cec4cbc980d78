//! Sources as members make and change them.

use serde_json::{Value, json};

use crate::support::{Api, Server, flow};

const TOKEN: &str = "a-token-of-the-shop-0001";

fn echo() -> String {
    flow(
        "echo",
        "nodes:\n  say: { kind: template, text: \"{{ input.query }}\" }\nedges: [start -> say]\noutputs: { text: \"{{ nodes.say.text }}\" }\n",
    )
}

fn guarded(name: &str) -> Value {
    json!({
        "name": name,
        "flow": "echo",
        "config": { "verification": { "scheme": "token" }, "reply": { "mode": "wait" } },
        "secrets": { "scheme": "token", "tokens": [TOKEN] },
    })
}

const PATH: &str = "/environments/production/sources";

#[tokio::test]
async fn a_source_is_made_changed_and_deleted() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &echo()).await;
    let made = owner.post(PATH, &guarded("Shop")).await;
    assert_eq!(made.status, 201);
    assert!(!made.text().contains(TOKEN), "a secret is shown");
    let made = made.ok();
    let source = owner.source_of(&made);
    assert_eq!(source.url, format!("{}/hooks/{}", server.url, source.id));
    let bearer = format!("Bearer {TOKEN}");
    let call = async || source.post_with(&[("authorization", &bearer)], &json!({ "query": "x" })).await;
    let event = {
        let answer = call().await;
        assert_eq!(answer.ok(), json!({ "text": "x" }));
        answer.header("linchpin-event").unwrap().to_owned()
    };

    let path = format!("/sources/{}", source.id);
    let mut change = guarded("Shop 2");
    change["secrets"] = Value::Null;
    change["config"]["limits"] = json!({ "body": "4B" });
    let changed = owner.put(&path, &change).await.ok();
    assert_eq!((&changed["id"], &changed["name"]), (&made["id"], &json!("Shop 2")));
    call().await.problem(413, "body_too_large");
    change["config"]["limits"] = json!({});
    owner.put(&path, &change).await.ok();
    assert_eq!(call().await.status, 200, "a change without secrets keeps what there was");
    let shown = owner.get(&path).await;
    assert!(!shown.text().contains(TOKEN) && shown.ok()["name"] == "Shop 2");
    assert_eq!(owner.get(PATH).await.ok().as_array().unwrap().len(), 1);

    assert_eq!(owner.delete(&path).await.status, 204);
    call().await.problem(404, "source_not_found");
    owner.get(&path).await.problem(404, "not_found");
    assert_eq!(owner.trace(&event).await["id"], event, "its events stay");
}

#[tokio::test]
async fn a_source_that_is_switched_off_takes_nothing_until_it_is_on() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &echo()).await;
    let mut wanted = guarded("Shop");
    wanted["enabled"] = false.into();
    let source = owner.source_of(&owner.post(PATH, &wanted).await.ok());
    let call = async || source.post_with(&[("x-webhook-token", TOKEN)], &json!({ "query": "x" })).await;
    let problem = call().await.problem(503, "source_unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("switched off"), "{problem}");
    wanted["enabled"] = true.into();
    owner.put(&format!("/sources/{}", source.id), &wanted).await.ok();
    assert_eq!(call().await.status, 200);
}

#[tokio::test]
async fn a_source_that_could_not_work_is_refused_with_what_to_write() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &echo()).await;
    let try_it = async |change: &dyn Fn(&mut Value)| {
        let mut source = guarded("Shop");
        change(&mut source);
        owner.post(PATH, &source).await
    };
    let said = async |change: &dyn Fn(&mut Value)| {
        try_it(change).await.problem(422, "invalid")["detail"].as_str().unwrap().to_owned()
    };
    let unverified = said(&|source| source["config"] = json!({})).await;
    assert!(unverified.contains("verification"), "there is no default: {unverified}");
    let short = said(&|source| source["secrets"]["tokens"] = json!(["hunter2"])).await;
    assert!(short.contains("16 characters") && !short.contains("hunter2"), "{short}");
    let without = said(&|source| source["secrets"] = Value::Null).await;
    assert!(without.contains("secrets"), "{without}");
    let field = said(&|source| {
        source["config"]["fields"] =
            json!({ "qeury": { "type": "string", "from": "body.q", "required": true } });
    });
    let field = field.await;
    assert!(field.contains("query"), "{field}");
    let misspelt = said(&|source| source["config"]["limtis"] = json!({})).await;
    assert!(misspelt.contains("limits"), "{misspelt}");
    try_it(&|source| source["flow"] = json!("unknown")).await.problem(404, "not_found");
    try_it(&|source| source["name"] = json!(" ")).await.problem(422, "invalid");

    try_it(&|_| ()).await.ok();
    let again = try_it(&|_| ()).await.problem(409, "conflict");
    assert!(again["detail"].as_str().unwrap().contains("name"), "{again}");
    owner.get("/sources/src_nonsense").await.problem(404, "not_found");
}

#[tokio::test]
async fn what_does_not_fit_is_named_with_its_place() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &echo()).await;
    let refused = async |change: &dyn Fn(&mut Value)| {
        let mut body = guarded("Shop");
        change(&mut body);
        owner.post(PATH, &body).await.problem(422, "invalid")["errors"].clone()
    };
    let errors = refused(&|body| body["config"]["limits"] = json!({ "body": "1GiB" })).await;
    assert_eq!(errors[0]["field"], "config.limits.body");
    assert_eq!(errors[0]["code"], "out_of_range");
    let errors = refused(&|body| body["secrets"]["tokens"] = json!(["short"])).await;
    assert_eq!(
        (errors[0]["field"].as_str(), errors[0]["code"].as_str()),
        (Some("secrets.tokens"), Some("too_short"))
    );
    assert_eq!(refused(&|body| body["name"] = json!(" ")).await[0]["field"], "name");
}

#[tokio::test]
async fn the_schema_tells_what_a_source_may_be() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let schema = owner.get("/source-schema").await.ok();
    assert_eq!(schema["config"]["required"], json!(["verification"]));
    assert_eq!(schema["config"]["properties"]["limits"]["type"], Value::Null, "it is a reference");
    assert!(schema["secrets"]["oneOf"].is_array());
    let codes = schema["refusals"].as_array().unwrap();
    let field = codes.iter().find(|code| code["code"] == "field_invalid").unwrap();
    assert!(field["status"] == 422 && field["advice_zh"].as_str().is_some_and(|text| !text.is_empty()));
}
