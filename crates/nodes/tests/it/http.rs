use engine::Program;
use flow::Resources;
use serde_json::{Map, json};
use vault::Secret;

use crate::{
    server::Server,
    world::{Fixture, failed, succeeded},
};

async fn with_secrets() -> Fixture {
    let f = Fixture::new().await;
    for (name, value) in [("TOKEN", "s3cret/token"), ("PASSWORD", "pass-w0rd"), ("OTHER", "not-mine-1")] {
        f.store.secret_set(f.place, name, &Secret::from(value)).await.unwrap();
    }
    f
}

#[tokio::test]
async fn a_request_is_made_and_its_answer_comes_back() {
    let f = Fixture::new().await;
    let server = Server::start(201, "application/json; charset=utf-8", r#"{ "id": 7 }"#).await;
    let node = format!(
        "kind: http\nmethod: POST\nurl: http://{}/orders?a=1\nquery: {{ q: '{{{{ input.q }}}}' }}\nheaders: {{ x-shop: '1' }}\nbody: {{ said: '{{{{ input.q }}}}', n: 1 }}",
        server.address
    );
    let timeline = f.run(&[("call", &node)], json!({ "q": "a \"b\" & 汉" })).await;
    let (output, input) = succeeded(&timeline, "call");
    assert_eq!((&output["status"], &output["body"]), (&json!(201), &json!({ "id": 7 })));
    assert_eq!(output["headers"]["x-twice"], "a, b");
    assert!(output["headers"].get("set-cookie").is_none());
    let seen = &server.requests()[0];
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/orders?a=1&q=a+%22b%22+%26+%E6%B1%89"));
    assert_eq!(seen.body, r#"{"said":"a \"b\" & 汉","n":1}"#);
    assert_eq!((seen.header("content-type"), seen.header("x-shop")), ("application/json", "1"));
    assert_eq!(seen.header("idempotency-key"), format!("{}:call:0:0", timeline.run.id));
    assert_eq!((&input["method"], &input["body"]["n"]), (&json!("POST"), &json!(1)));
}

#[tokio::test]
async fn secrets_go_out_and_stay_out_of_everything_else() {
    let f = with_secrets().await;
    let server = Server::start(200, "application/json", r#"{ "echo": "{seen}" }"#).await;
    let node = format!(
        "kind: http\nurl: http://{}/\nquery: {{ key: '{{{{ secret.TOKEN }}}}' }}\nheaders: {{ x-key: 'k {{{{ secret.TOKEN }}}}' }}\nauth: {{ basic: {{ username: ann, password: '{{{{ secret.PASSWORD }}}}' }} }}",
        server.address
    );
    let timeline = f.run(&[("call", &node)], json!({})).await;
    let seen = &server.requests()[0];
    assert_eq!((seen.path.as_str(), seen.header("x-key")), ("/?key=s3cret%2Ftoken", "k s3cret/token"));
    assert_eq!(seen.header("authorization"), "Basic YW5uOnBhc3MtdzByZA==");
    let (output, input) = succeeded(&timeline, "call");
    assert_eq!(input["query"]["key"], "{{ secret.TOKEN }}");
    assert_eq!(input["auth"]["basic"], json!({ "username": "ann", "password": "{{ secret.PASSWORD }}" }));
    assert!(output["body"]["echo"].as_str().unwrap().contains("x-key: k {{ secret.TOKEN }};"), "{output}");
    let kept = format!("{:?}", timeline.events);
    for secret in
        ["s3cret", "pass-w0rd", "YW5uOnBhc3Mtdzby", "YW5uOnBhc3Mtdzb", "\u{FDD0}", f.engine.secret_mark()]
    {
        assert!(!kept.contains(secret), "{secret} in {kept}");
    }
}

#[tokio::test]
async fn a_bearer_token_that_is_refused_does_not_show() {
    let f = with_secrets().await;
    let server = Server::start(401, "text/plain", "no: {seen}").await;
    let node =
        format!("kind: http\nurl: http://{}\nauth: {{ bearer: '{{{{ secret.TOKEN }}}}' }}", server.address);
    let (code, message, transient, input) = failed(&f.run(&[("call", &node)], json!({})).await, "call");
    assert!(code == "http_status" && !transient && message.contains("401"), "{message}");
    assert!(message.contains("check `auth`") && !message.contains("s3cret"), "{message}");
    assert_eq!(input["auth"]["bearer"], "{{ secret.TOKEN }}");
    assert_eq!(server.requests()[0].header("authorization"), "Bearer s3cret/token");
}

#[tokio::test]
async fn a_secret_that_is_not_set_is_named_before_anything_is_sent() {
    let f = Fixture::new().await;
    let server = Server::start(200, "text/plain", "").await;
    let node =
        format!("kind: http\nurl: http://{}\nauth: {{ bearer: '{{{{ secret.TOKEN }}}}' }}", server.address);
    let (code, message, _, _) = failed(&f.run(&[("call", &node)], json!({})).await, "call");
    assert!(code == "secret_missing" && message.contains("`TOKEN`"), "{message}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn statuses_are_judged_and_say_whether_a_retry_may_help() {
    let f = Fixture::new().await;
    for (status, transient) in [(404, false), (422, false), (301, false), (429, true), (503, true)] {
        let server = Server::start(status, "application/json", r#"{ "why": "because" }"#).await;
        let node = format!("kind: http\nurl: http://{}", server.address);
        let (code, message, may, _) = failed(&f.run(&[("call", &node)], json!({})).await, "call");
        assert_eq!((code.as_str(), may), ("http_status", transient), "{status}");
        assert!(message.contains(&status.to_string()) && message.contains("because"), "{message}");
    }
    let server = Server::start(404, "text/plain", "none").await;
    let node = format!("kind: http\nurl: http://{}\nsuccess: [2xx, 404]", server.address);
    let (output, _) = succeeded(&f.run(&[("call", &node)], json!({})).await, "call");
    assert_eq!((&output["status"], &output["body"]), (&json!(404), &json!("none")));
}

#[tokio::test]
async fn every_try_carries_the_same_idempotency_key() {
    let f = Fixture::new().await;
    let server = Server::start(503, "text/plain", "").await;
    let node = format!(
        "kind: http\nmethod: POST\nurl: http://{}\nbody: hi\nretry: {{ max: 1, backoff: 1ms }}",
        server.address
    );
    let timeline = f.run(&[("call", &node)], json!({})).await;
    let keys: Vec<_> =
        server.requests().iter().map(|seen| seen.header("idempotency-key").to_owned()).collect();
    let key = format!("{}:call:0:0", timeline.run.id);
    assert_eq!(keys, [key.clone(), key]);
    assert_eq!(server.requests()[0].header("content-type"), "text/plain; charset=utf-8");
    let own = format!("kind: http\nurl: http://{}\nheaders: {{ Idempotency-Key: mine }}", server.address);
    f.run(&[("call", &own)], json!({})).await;
    assert_eq!(server.requests()[2].header("idempotency-key"), "mine");
}

#[tokio::test]
async fn what_is_no_whole_answer_is_named() {
    let f = Fixture::new().await;
    let call = async |url: &str| {
        let node = format!("kind: http\nurl: {}", json!(url));
        let (code, message, transient, _) = failed(&f.run(&[("call", &node)], json!({})).await, "call");
        (code, message, transient)
    };
    let (code, message, transient) = call("http://10.1.2.3/").await;
    assert!(code == "address_refused" && !transient && message.contains("outbound.allow_cidrs"), "{message}");
    let closed = Server::start(200, "text/plain", "").await.address.port();
    // Nobody listens there: the port was free a moment ago on another address.
    let (code, _, transient) = call(&format!("http://127.7.7.7:{closed}/")).await;
    assert_eq!((code.as_str(), transient), ("connect_failed", true));
    let large = Server::start(200, "text/plain", "x".repeat((1 << 20) + 1)).await;
    let (code, message, transient) = call(&format!("http://{}/", large.address)).await;
    assert!(code == "answer_too_large" && !transient && message.contains("1048576"), "{message}");
    let broken = Server::start(200, "application/json", "{").await;
    assert_eq!(call(&format!("http://{}/", broken.address)).await.0, "answer_malformed");
    assert_eq!(call("{{ 'ftp://example.com' }}").await.0, "request_invalid");
}

#[tokio::test]
async fn mistakes_are_found_when_the_flow_is_checked() {
    let f = Fixture::new().await;
    let problems = |node: &str| {
        let text = format!(
            "linchpin: flow/v1\nname: t\nnodes: {{ call: {{ kind: http, {node} }} }}\nedges: [start -> call]"
        );
        let checked = Program::compile(&text, &Map::new(), f.registry(), &Resources::default());
        checked
            .err()
            .map(|problems| problems.iter().map(ToString::to_string).collect::<String>())
            .unwrap_or_default()
    };
    for (node, wanted) in [
        ("url: 'ftp://example.com'", "only http and https"),
        ("url: 'https://example.com/{{ secret.KEY }}'", "a secret may not stand here"),
        ("url: 'https://a.example', body: '{{ secret.KEY }}', method: POST", "a secret may not stand here"),
        ("url: 'https://a.example', body: hi", "GET"),
        ("url: 'https://a.example', headers: { Host: evil.example }", "set by the client itself"),
        ("url: 'https://a.example', auth: { barer: x }", "bearer"),
        ("url: 'https://a.example', success: []", "every answer is a failure"),
    ] {
        let said = problems(node);
        assert!(said.contains(wanted), "{node}: {said}");
    }
    assert_eq!(problems("url: 'https://a.example', auth: { bearer: '{{ secret.KEY }}' }"), "");
}
