//! Fields from forms and from queries, by their own names.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Api, Server, Source, flow};

const ECHO: &str = "  count: { type: integer }
  tags: { type: array }
nodes:
  all: { kind: set, values: { query: \"{{ input.query }}\", count: \"{{ input.count }}\", tags: \"{{ input.tags }}\" } }
edges: [start -> all]
outputs: { all: \"{{ nodes.all }}\" }
";

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn echo(methods: Value) -> (Server, Api, Source) {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    let config =
        json!({ "verification": { "scheme": "none" }, "methods": methods, "reply": { "mode": "wait" } });
    let source = owner.source("echo", config, Value::Null).await;
    (server, owner, source)
}

fn all(answer: &Answer) -> Value {
    answer.ok()["all"].clone()
}

#[tokio::test]
async fn a_form_gives_its_fields_in_the_types_of_the_flow() {
    let (_server, owner, source) = echo(json!(["POST"])).await;
    let form = "query=a+b%20%E6%B4%97&count=7&tags=x&tags=y&unknown=z";
    let answer = source.send(Method::POST, &[FORM], form).await;
    assert_eq!(all(&answer), json!({ "query": "a b 洗", "count": 7, "tags": ["x", "y"] }));
    let trace = owner.trace(answer.header("linchpin-event").unwrap()).await;
    assert_eq!(trace["request"]["body"]["text"], form, "{trace}");
    let wrong = source.send(Method::POST, &[FORM], "query=a&count=many").await;
    let errors = wrong.problem(422, "field_invalid")["errors"].clone();
    assert_eq!((&errors[0]["field"], &errors[0]["expected"]), (&json!("count"), &json!("integer")));
}

#[tokio::test]
async fn a_get_gives_the_fields_of_its_query() {
    let (_server, _owner, mut source) = echo(json!(["GET"])).await;
    source.post(&json!({ "query": "x" })).await.problem(405, "method_not_allowed");
    let url = source.url.clone();
    source.url = format!("{url}?query=a+b%20%E6%B4%97&count=7&tags=x&tags=y");
    let answer = source.send(Method::GET, &[], "").await;
    assert_eq!(all(&answer), json!({ "query": "a b 洗", "count": 7, "tags": ["x", "y"] }));
    source.url = format!("{url}?count=7");
    let errors = source.send(Method::GET, &[], "").await.problem(422, "field_invalid")["errors"].clone();
    assert_eq!((&errors[0]["field"], &errors[0]["code"]), (&json!("query"), &json!("missing")));
}
