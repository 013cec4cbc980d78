//! What a step that delivers would say, shown and tried before it is published.

use serde_json::{Value, json};

use crate::support::{Api, Receiver, Server};

const TOKEN: &str = "hunter2hunter2";

/// A flow whose step `ticket` says `body`, behind a step that gives an object.
fn desk(body: &str) -> String {
    format!(
        "linchpin: flow/v1\nname: desk\ninputs:\n  query: {{ type: string, required: true, example: My machine shows E3 }}\n  items: {{ type: array, \
         description: What was bought }}\nnodes:\n  note: {{ kind: set, values: {{ lines: '{{{{ input.items }}}}' }} }}\n  \
         ticket:\n    kind: deliver\n    destination: tickets\n    body: {body}\nedges: [start -> note -> ticket]\n"
    )
}

const BODY: &str = "{ title: \"{{ input.query }}\", lines: \"{{ nodes.note.lines }}\", fixed: 7 }";

async fn tickets(owner: &Api, receiver: &Receiver) -> String {
    let config = json!({ "kind": "webhook", "url": receiver.url("tickets"), "auth": { "type": "bearer" } });
    owner.destination("tickets", config, json!({ "auth": TOKEN })).await
}

#[tokio::test]
async fn a_draft_is_shown_with_the_data_of_a_run_and_sent_as_a_test() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let receiver = Receiver::accepting().await;
    tickets(&owner, &receiver).await;
    owner.deploy("desk", &desk("{ old: true }")).await;
    let source = owner.open_source("desk", "accept").await;
    let items = json!([{ "sku": "a-1", "count": 2 }]);
    let receipt = source.post(&json!({ "query": "It \"leaks\"", "items": items })).await.ok();
    let (event, run) = (&receipt["event_id"], &receipt["run_id"]);
    owner.settled(event.as_str().unwrap(), 1).await;

    let expected = json!({ "title": "It \"leaks\"", "lines": items, "fixed": 7 });
    let at = "/flows/desk/nodes/ticket";
    for data in [json!({ "run": run }), json!({ "event": event })] {
        let mut input = data;
        input["definition"] = desk(BODY).into();
        let shown = owner.post(&format!("{at}/preview"), &input).await.ok();
        assert_eq!(shown["message"]["body"], expected, "{shown}");
        let request = &shown["requests"][0];
        assert_eq!((&request["method"], &request["url"]), (&json!("POST"), &json!(receiver.url("tickets"))));
        let sent: Value = serde_json::from_str(request["body"]["content"].as_str().unwrap()).unwrap();
        assert_eq!(sent, expected, "JSON stays JSON");
        assert!(!shown.to_string().contains(TOKEN), "{shown}");
        assert_eq!(shown["problems"], json!([]));
    }
    assert_eq!(receiver.seen().len(), 1, "a preview sends nothing");

    let input = json!({ "run": run, "definition": desk(BODY) });
    let tried = owner.post(&format!("{at}/test"), &input).await.ok();
    assert_eq!(tried["outcome"], "delivered", "{tried}");
    let seen = receiver.seen().remove(1);
    assert_eq!(seen.json(), expected);
    assert_eq!(seen.header("authorization"), format!("Bearer {TOKEN}"));
    assert_eq!(seen.header("webhook-id"), tried["id"]);
    assert_eq!(owner.list("deliveries").await.len(), 1, "a test is no delivery");

    let version = owner.post(&format!("{at}/preview"), &json!({ "run": run, "version": 1 })).await.ok();
    assert_eq!(version["message"]["body"], json!({ "old": true }));
    let viewer = owner.key("viewer").await;
    viewer.post(&format!("{at}/preview"), &input).await.problem(403, "forbidden");
    owner.post("/flows/desk/nodes/gone/preview", &input).await.problem(404, "not_found");
    let unknown = json!({ "run": "run_01h455vb4pex5vsknk084sn02q" });
    let problem = owner.post(&format!("{at}/preview"), &unknown).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "run");
    let both = json!({ "run": run, "input": {} });
    owner.post(&format!("{at}/preview"), &both).await.problem(422, "invalid");
    let nothing = owner.post("/flows/desk/nodes/note/preview", &json!({})).await.problem(422, "invalid");
    assert!(nothing["detail"].as_str().unwrap().contains("sends nothing"), "{nothing}");
}

#[tokio::test]
async fn what_is_wrong_is_told_with_its_field_and_not_sent() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let receiver = Receiver::accepting().await;
    tickets(&owner, &receiver).await;
    owner.put("/flows/desk", &json!({ "definition": desk(BODY) })).await.ok();
    let at = "/flows/desk/nodes/ticket";
    let wrong = async |body: &str, field: &str, code: &str| {
        let input = json!({ "definition": desk(body), "input": { "query": "x" } });
        let shown = owner.post(&format!("{at}/preview"), &input).await.ok();
        let problem = &shown["problems"][0];
        assert_eq!((&problem["node"], &problem["field"]), (&json!("ticket"), &json!(field)), "{shown}");
        assert_eq!((&problem["code"], &shown["requests"]), (&json!(code), &json!([])), "{shown}");
        let refused = owner.post(&format!("{at}/test"), &input).await.problem(422, "flow_invalid");
        assert_eq!(refused["problems"][0]["field"], field);
    };
    wrong("{ a: [1, \"{{ nodes.nobody.text }}\"] }", "body.a[1]", "unknown_name").await;
    wrong("{ a: \"{{ ai_output }}\" }", "body.a", "no_ai_output").await;
    wrong("{ a: \"{{ secret.KEY }}\" }", "body.a", "secret_not_allowed").await;
    wrong("{ a: \"{{ input.query + 1 }}\", b: \"{{ input.query }}\" }", "body.a", "template_failed").await;
    assert_eq!(receiver.seen().len(), 0);

    let broken = json!({ "definition": "nodes: [" });
    let shown = owner.post(&format!("{at}/preview"), &broken).await.ok();
    assert_eq!(shown["problems"].as_array().unwrap().len(), 1, "{shown}");
    owner.post(&format!("{at}/variables"), &broken).await.problem(422, "flow_invalid");

    // Without a run the examples of the inputs are taken.
    let shown = owner.post(&format!("{at}/preview"), &json!({})).await.ok();
    assert_eq!(shown["message"]["body"]["title"], "My machine shows E3");
}

#[tokio::test]
async fn variables_have_types_and_samples() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let receiver = Receiver::accepting().await;
    tickets(&owner, &receiver).await;
    owner.put("/environments/production/variables/SHOP", &json!({ "value": "north" })).await;
    owner.put("/flows/desk", &json!({ "definition": desk(BODY) })).await.ok();
    let data = json!({ "input": { "query": "x" }, "outputs": { "note": { "lines": ["y"] } } });
    let known = owner.post("/flows/desk/nodes/ticket/variables", &data).await.ok();
    let of =
        |path: &str| known.as_array().unwrap().iter().find(|known| known["path"] == path).unwrap().clone();
    assert_eq!(
        (&of("nodes.note.lines")["value"], &of("nodes.note.lines")["kind"]),
        (&json!(["y"]), &json!("set"))
    );
    assert_eq!(of("input.items")["declared"], "array");
    assert_eq!(of("input.items")["description"], "What was bought");
    assert_eq!(of("input.query")["value"], "x");
    assert_eq!(of("env.SHOP")["value"], "north");
}

#[tokio::test]
async fn a_draft_is_saved_on_the_revision_that_was_read() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let first = owner.put("/flows/desk", &json!({ "definition": desk("1") })).await.ok();
    assert_eq!(owner.get("/flows/desk").await.ok()["revision"], first["revision"]);
    let change = |revision: &Value, body: &str| json!({ "definition": desk(body), "revision": revision });
    let second = owner.put("/flows/desk", &change(&first["revision"], "2")).await.ok();
    let problem = owner.put("/flows/desk", &change(&first["revision"], "3")).await.problem(409, "conflict");
    assert!(problem["detail"].as_str().unwrap().contains("somebody else"), "{problem}");
    let flow = owner.get("/flows/desk").await.ok();
    assert_eq!((&flow["revision"], flow["draft"].as_str().unwrap()), (&second["revision"], &*desk("2")));
    owner.put("/flows/desk", &json!({ "definition": desk("4") })).await.ok();
}
